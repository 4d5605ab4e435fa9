"""Sealing what aiortc encodes itself, between encoding and cutting to payloads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aiortc import rtcrtpsender
from av.frame import Frame

from fastframe.adapters.aiortc.hooks import MovedHook
from fastframe.adapters.keyframes import is_key_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    Seal = Callable[[bytes, "bool | None"], "bytes | None"]
    Payloads = tuple[list[bytes], int]

# Where encoders cut a whole encoded frame: H.264's into NAL units, VP8's into
# payloads. Sound is not cut: each payload is a frame.
_CUTS = ("_split_bitstream", "_packetize")


class LiveFrame(Frame):
    """A raw frame that is to leave sealed.

    No encoder but a taught one can make anything of it, so a frame can never
    leave in the clear because a hook is not in place.
    """

    raw: Frame
    seal: Seal


def wrap(raw: Frame, seal: Seal) -> LiveFrame:
    """Wrap a raw frame with the means to seal what it is encoded to."""
    frame = LiveFrame()
    frame.raw = raw
    frame.seal = seal
    return frame


def teach_encoders() -> None:
    """Have every encoder that aiortc makes from now on know LiveFrame.

    Other frames are encoded as ever. Raises MovedHook if encoders are made
    elsewhere now.
    """
    make = getattr(rtcrtpsender, "get_encoder", None)
    if not callable(make):
        raise MovedHook("rtcrtpsender.get_encoder()")
    if not getattr(make, "makes_taught_encoders", False):
        taught: Any = partial(_make_taught, make)
        taught.makes_taught_encoders = True
        setattr(rtcrtpsender, "get_encoder", taught)  # noqa: B010 - not exported


def _make_taught(make: Callable[[Any], Any], codec: Any) -> Any:
    encoder = make(codec)
    encoder.encode = partial(_encode, encoder, encoder.encode, codec.mimeType)
    return encoder


def _encode(
    encoder: Any,
    plain: Callable[[Frame, bool], Payloads],
    mime_type: str,
    frame: Frame,
    force_keyframe: bool = False,
) -> Payloads:
    """Encode one frame; a LiveFrame is sealed before it is cut."""
    if not isinstance(frame, LiveFrame):
        return plain(frame, force_keyframe)
    if mime_type.startswith("audio/"):
        payloads, timestamp = plain(frame.raw, force_keyframe)
        sealed = [frame.seal(payload, None) for payload in payloads]
        return [payload for payload in sealed if payload is not None], timestamp
    name = next((name for name in _CUTS if hasattr(encoder, name)), None)
    if name is None:
        raise MovedHook(f"{type(encoder).__name__}.{' or '.join(_CUTS)}")
    codec = mime_type.rpartition("/")[2]
    cut = _SealingCut(getattr(encoder, name), frame.seal, codec)
    setattr(encoder, name, cut)
    try:
        payloads, timestamp = plain(frame.raw, force_keyframe)
    finally:
        delattr(encoder, name)
    if payloads and not cut.was_called:
        raise MovedHook(f"call of {type(encoder).__name__}.{name}()")
    return payloads, timestamp


class _SealingCut:
    """Stands in for an encoder's way to cut a frame; seals it first."""

    def __init__(self, cut: Callable[..., Any], seal: Seal, codec: str) -> None:
        self._cut = cut
        self._seal = seal
        self._codec = codec
        self.was_called = False

    def __call__(self, data: bytes, *rest: Any) -> Any:
        self.was_called = True
        sealed = None
        if data:  # an encoder may drop a picture to keep its bit rate
            frame = bytes(data)
            sealed = self._seal(frame, is_key_frame(self._codec, frame))
        return [] if sealed is None else self._cut(sealed, *rest)
