"""Whether an encoded frame stands alone, read from its bytes."""

from __future__ import annotations

_IDR_SLICE = 5  # ITU-T H.264 table 7-1
_SLICES = (1, _IDR_SLICE)
_VP9_PROFILE_3 = 0x30


def is_key_frame(codec: str, frame: bytes) -> bool:
    """Tell whether a frame of "vp8", "vp9" or "h264" is a key frame.

    Other codecs' frames are taken for ones that stand alone, as sound does.
    """
    name = codec.lower()
    if name == "vp8":
        # RFC 7741 section 4.3: the first bit of the frame header, inverse.
        return bool(frame) and not frame[0] & 1
    if name == "vp9":
        return bool(frame) and _is_vp9_key_frame(frame[0])
    if name == "h264":
        return _has_idr_slice(frame)
    return True


def _is_vp9_key_frame(first: int) -> bool:
    # VP9 bitstream section 6.2: marker 2, profile 2 (and a zero for profile 3),
    # show_existing_frame, frame_type.
    shift = 1 if first & _VP9_PROFILE_3 == _VP9_PROFILE_3 else 2
    return first >> shift & 0x03 == 0


def _has_idr_slice(frame: bytes) -> bool:
    """Look at the type of the first slice of an H.264 frame with start codes."""
    at = frame.find(b"\0\0\1")
    while 0 <= at < len(frame) - 3:
        nal_type = frame[at + 3] & 0x1F
        if nal_type in _SLICES:
            return nal_type == _IDR_SLICE
        at = frame.find(b"\0\0\1", at + 3)
    return False
