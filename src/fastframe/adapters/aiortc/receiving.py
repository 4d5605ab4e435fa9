"""Opening what a receiver receives, between its jitter buffer and decoder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.adapters.aiortc.hooks import JITTER_BUFFER, find
from fastframe.adapters.pace import Pace
from fastframe.adapters.tally import Tally, try_open

if TYPE_CHECKING:
    from aiortc import RTCRtpReceiver


class OpenedReceiver:
    """A receiver whose frames are opened before they are decoded.

    Attributes:
        tally: how many frames met which status.
    """

    def __init__(self, receiver: RTCRtpReceiver, opener: ff.Opener) -> None:
        """Take over the receiver's jitter buffer; MovedHook if that has moved."""
        inner = find(receiver, JITTER_BUFFER, "add")
        if isinstance(inner, _OpeningBuffer):
            raise ff.UsageError("this receiver's frames are being opened already")
        self.tally = Tally()
        self._receiver = receiver
        self._opener = opener
        self._pace = Pace()
        setattr(receiver, JITTER_BUFFER, _OpeningBuffer(inner, self))

    @property
    def requests(self) -> int:
        """Count the key frames asked for because a frame did not open."""
        return self._pace.granted

    def open(self, sealed: bytes) -> bytes | None:
        """Open one frame; None if it is to be dropped."""
        status, opened = try_open(self._opener, sealed)
        self.tally.add(status)
        if status == ff.Status.OK:
            self._pace.relax()
            return opened
        if status != ff.Status.REPLAYED:  # a second copy spoils no picture
            self._pace.want()
        return None

    def asks_for_key_frame(self) -> bool:
        """Tell whether a key frame is to be asked for now."""
        track = self._receiver.track
        is_video = track is not None and track.kind == "video"
        return is_video and self._pace.grant(time.monotonic())

    def __repr__(self) -> str:
        """Show what became of the frames."""
        return f"<OpenedReceiver {self.tally!r}>"


def open_receiver(receiver: RTCRtpReceiver, opener: ff.Opener) -> OpenedReceiver:
    """Open every frame of a receiver before it is decoded.

    Call it when setRemoteDescription() has returned, or in the "track" event.
    A frame that does not open is dropped and counted; for video a key frame is
    asked for (PLI), every half second at most, and less often while nothing
    opens. The decoder never sees a sealed frame, so nothing a peer sends can
    end its thread. Openers may be shared between receivers.

    Raises:
        MovedHook: this version of aiortc is not known.
        UsageError: the receiver's frames are being opened already.
    """
    return OpenedReceiver(receiver, opener)


class _OpeningBuffer:
    """Stands in for a receiver's jitter buffer and gives out opened frames."""

    def __init__(self, inner: Any, owner: OpenedReceiver) -> None:
        self._inner = inner
        self._owner = owner

    def add(self, packet: Any) -> tuple[bool, Any]:
        """Take an RTP packet; give whether to send a PLI, and a whole frame."""
        asks, frame = self._inner.add(packet)
        if frame is not None:
            # JitterFrame carries no key flag: the opener finds out by itself.
            opened = self._owner.open(frame.data)
            if opened is None:
                frame = None
            else:
                frame.data = opened
        # aiortc sends the PLI, and sends none twice.
        return self._owner.asks_for_key_frame() or asks, frame

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
