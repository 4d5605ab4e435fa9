"""Listening to a receiver's encoded frames, to record without re-encoding."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from fastframe.adapters.aiortc.hooks import DECODER_QUEUE, find
from fastframe.adapters.keyframes import is_key_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCRtpReceiver

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One frame on its way to the decoder.

    Attributes:
        data: its bytes, opened if the receiver is (see open_receiver).
        timestamp: in ticks of clock_rate from the first frame on.
        clock_rate: ticks per second: 90000 for video, 48000 for Opus.
        mime_type: "video/VP8", "video/H264", "audio/opus" …
        key_frame: whether it stands alone, as its bytes say.
    """

    data: bytes
    timestamp: int
    clock_rate: int
    mime_type: str
    key_frame: bool

    def as_packet(self) -> av.Packet[Any]:
        """Give it as a packet for PyAV's muxers: set .stream and mux it."""
        packet = av.Packet(self.data)
        packet.pts = packet.dts = self.timestamp
        packet.time_base = Fraction(1, self.clock_rate)
        packet.is_keyframe = self.key_frame
        return packet


class Tap:
    """A callback on a receiver's encoded frames.

    Attributes:
        failures: calls of the callback that raised.
    """

    def __init__(
        self, receiver: RTCRtpReceiver, callback: Callable[[EncodedFrame], object]
    ) -> None:
        """Take over the receiver's decoder queue; MovedHook if that has moved."""
        inner = find(receiver, DECODER_QUEUE, "put")
        self._callback: Callable[[EncodedFrame], object] | None = callback
        self.failures = 0
        setattr(receiver, DECODER_QUEUE, _TappedQueue(inner, self))

    def close(self) -> None:
        """Stop listening; the receiver goes on.

        Before what the callback writes to is closed: a frame may still come,
        and PyAV does not survive mux() on a closed container.
        """
        self._callback = None

    def tell(self, codec: Any, frame: Any) -> None:
        """Show a frame to the callback, whose mistakes stay its own."""
        if self._callback is None:
            return
        data = bytes(frame.data)
        shown = EncodedFrame(
            data=data,
            timestamp=frame.timestamp,
            clock_rate=codec.clockRate,
            mime_type=codec.mimeType,
            key_frame=is_key_frame(codec.name, data),
        )
        try:
            self._callback(shown)
        except Exception:  # noqa: BLE001 - it would end the transport, and the call
            self.failures += 1
            if self.failures == 1:
                _log.exception("on_encoded: the callback failed; told once")


def on_encoded(
    receiver: RTCRtpReceiver, callback: Callable[[EncodedFrame], object]
) -> Tap:
    """Call back with every encoded frame of a receiver, before it is decoded.

    With open_receiver() on the same receiver, before or after this call,
    frames are shown opened. The callback runs on the event loop: it must be
    quick, and hand long work to somebody else. What it raises is counted, and
    logged once.

    Raises:
        MovedHook: this version of aiortc is not known.
    """
    return Tap(receiver, callback)


class _TappedQueue:
    """Stands in for a receiver's decoder queue and shows what goes in."""

    def __init__(self, inner: Any, owner: Tap) -> None:
        self._inner = inner
        self._owner = owner

    def put(self, item: Any) -> None:
        """Pass on a codec and its frame, or None, which ends the decoder."""
        if item is not None:
            self._owner.tell(*item)
        self._inner.put(item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
