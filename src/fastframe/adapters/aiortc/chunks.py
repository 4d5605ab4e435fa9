"""Cutting live sound to the 20 ms that go into one packet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from av import AudioFrame, AudioResampler

if TYPE_CHECKING:
    from av.frame import Frame

_PER_SECOND = 50  # packets; what aiortc's encoders of sound make


class Chunks:
    """Raw frames that wait to be sent; sound in pieces of 20 ms.

    From longer pieces aiortc's encoder makes two packets now and then, and
    both get one timestamp. Receivers take them for one frame, which then does
    not open (and would not have been heard either).
    """

    def __init__(self) -> None:
        """Start with nothing waiting."""
        self._waiting: deque[Frame] = deque()
        self._resampler: AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def put(self, frame: Frame) -> None:
        """Take a frame of whatever length."""
        if not isinstance(frame, AudioFrame):
            self._waiting.append(frame)
            return
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:
            # A track may change its sound; what is left of the old one goes.
            size = frame.sample_rate // _PER_SECOND
            self._resampler = AudioResampler(*shape, frame_size=size)
            self._shape = shape
        self._waiting.extend(self._resampler.resample(frame))

    def take(self) -> Frame | None:
        """Give the next piece, None if there is not enough for one."""
        return self._waiting.popleft() if self._waiting else None
