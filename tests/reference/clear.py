"""Which bytes of a frame stay readable: every codec rule of every format.

A rule gives the length of the clear prefix, from the frame's bytes and, where
they do not tell, from whether the caller calls it a key frame.
"""

from __future__ import annotations

from typing import NamedTuple

from reference import obu
from reference.errors import Refused

KEY_CLEAR = 10
DELTA_CLEAR = 3
AUDIO_CLEAR = 1
START_CODE = b"\0\0\1"
NAL_CODECS = ("h264", "h265")
H264_SLICES = (1, 5)
H265_SLICES = (*range(10), *range(16, 22))
CODECS = ("vp8", "vp9", "h264", "h265", "av1", "opus")


class Clear(NamedTuple):
    """How long the clear prefix is, and whether the rest is escaped."""

    length: int
    escaped: bool


def check_codec(codec: str | None) -> None:
    """Refuse names that nobody has a rule for."""
    if codec is not None and codec not in CODECS:
        raise Refused(f"no codec called {codec}")


# -- what the bytes of a frame tell --


def nal_units(frame: bytes) -> list[int]:
    """List where NAL units begin: behind each 00 00 01 that has a byte behind it.

    A four-byte start code is a three-byte one with a zero in front.
    """
    found = []
    at = frame.find(START_CODE)
    while at >= 0 and at + 3 < len(frame):
        found.append(at + 3)
        at = frame.find(START_CODE, at + 3)
    return found


def nal_type(codec: str, header: int) -> int:
    """Read the type from a NAL unit header's first byte."""
    return header & 0x1F if codec == "h264" else header >> 1 & 0x3F


def is_slice(codec: str, header: int) -> bool:
    """Tell a slice (1, 5 in H.264; 0 to 9 and 16 to 21 in H.265) from the rest."""
    slices = H264_SLICES if codec == "h264" else H265_SLICES
    return nal_type(codec, header) in slices


def slice_end(codec: str, frame: bytes) -> int:
    """Reach up to the first slice's NAL unit header byte and one more.

    0 without a slice. More than the frame where it ends in that header byte.
    """
    for at in nal_units(frame):
        if is_slice(codec, frame[at]):
            return at + 2
    return 0


def vp9_is_key(first: int) -> bool | None:
    """Read frame_type from the uncompressed header's first byte (VP9 6.2).

    Two bits frame_marker (2), two bits profile, low bit first, a reserved bit
    in profile 3, show_existing_frame, frame_type (0: key). A frame that only
    shows an old one is no key frame.
    """
    if first >> 6 != 2:
        return None
    is_profile_3 = first >> 4 & 3 == 3
    show_existing, frame_type = (2, 1) if is_profile_3 else (3, 2)
    return not (first >> show_existing & 1 or first >> frame_type & 1)


def key_frame_of(codec: str | None, frame: bytes) -> bool | None:
    """Read from the bytes whether it is a key frame; None where they do not tell.

    VP8: the P bit (RFC 6386 9.1). VP9: frame_type. H.264 and H.265: whether
    the first slice is an IDR (5) or IRAP (16 to 21) one. AV1: see obu.is_key.
    """
    if not frame:
        return None
    if codec == "av1":
        return obu.is_key(frame)
    if codec == "vp8":
        return not frame[0] & 1
    if codec == "vp9":
        return vp9_is_key(frame[0])
    end = slice_end(codec, frame) if codec in NAL_CODECS else 0
    if codec not in NAL_CODECS or not end:
        return None
    kind = nal_type(codec, frame[end - 2])
    return kind == 5 if codec == "h264" else kind >= 16


def frame_types(codec: str | None, sealed: bytes, key_frame: bool | None) -> list[bool]:
    """List the frame types to try where a sealed frame does not say it.

    What the caller knows, else both: first what the clear bytes seem to say.
    """
    if key_frame is not None:
        return [key_frame]
    likely = bool(key_frame_of(codec, sealed))
    return [likely, not likely]


def by_frame_type(*, key_frame: bool) -> int:
    """10 bytes of a key frame, 3 of a delta frame."""
    return KEY_CLEAR if key_frame else DELTA_CLEAR


def canonical(clear: bytes) -> bytes:
    """Write every start code of a clear prefix with four bytes.

    libwebrtc's depacketisers rebuild all of them so; what is authenticated
    must be what the receiver will have.
    """
    out = bytearray()
    for at, byte in enumerate(clear):
        is_start = clear[at : at + 3] == START_CODE
        if is_start and (at == 0 or clear[at - 1] != 0):
            out.append(0)
        out.append(byte)
    return bytes(out)


# -- fastframe's own supersets: insertable, insertable-bare, sframe --


def own_longest(codec: str | None) -> int:
    """Give the longest prefix whose absence the sealed bytes may not show.

    Only VP8's rule reads a byte that is the header's where nothing is clear.
    H.264 and H.265 show it: a run that is escaped whole has no start code.
    """
    return KEY_CLEAR if codec == "vp8" else 0


def own_rule(codec: str | None, frame: bytes) -> int:
    """Give what the codec asks for, however short the frame is."""
    check_codec(codec)
    if codec == "av1":
        raise Refused("AV1 has no clear prefix: its packetisers need whole OBUs")
    if codec == "vp8" and frame:
        return by_frame_type(key_frame=not frame[0] & 1)
    if codec in NAL_CODECS:
        return slice_end(codec, frame)
    return 0


def own_clear(codec: str | None, frame: bytes) -> int:
    """Give the clear prefix of fastframe's supersets; too short a frame has none."""
    rule = own_rule(codec, frame)
    return rule if rule <= len(frame) else 0


def own_split(codec: str | None, frame: bytes) -> tuple[bytes, bytes]:
    """Cut a frame into its clear prefix, in canonical form, and the rest."""
    length = own_clear(codec, frame)
    prefix = frame[:length]
    clear = canonical(prefix) if codec in NAL_CODECS else prefix
    return clear, frame[length:]


# -- LiveKit, as livekit-client 2.23.0 --


def livekit_nal_units(frame: bytes) -> list[int]:
    """List NAL units as LiveKit's scanner finds them, those near the end as well.

    Anything but zeros before the first start code makes it give up ("leading
    data").
    """
    units = nal_units(frame)
    if not units or frame[: units[0] - 3].strip(b"\0"):
        return []
    return units


def livekit_misses(frame: bytes, at: int) -> bool:
    """Tell whether LiveKit's scanner passes over a unit: in the last three bytes.

    Behind a trailer its receiver would find that unit, so no sealed frame may
    have one.
    """
    return at > len(frame) - 4


def livekit_slice(frame: bytes) -> int | None:
    """Find the first slice: any H.264 slice first, only then one of H.265.

    The label plays no part. It would only be asked where the bytes show
    neither, and then there is no slice of the labelled codec to find either.
    """
    units = livekit_nal_units(frame)
    for codec in NAL_CODECS:
        for at in units:
            if is_slice(codec, frame[at]):
                return at
    return None


def livekit_clear(codec: str | None, frame: bytes, *, key_frame: bool | None) -> Clear:
    """Give LiveKit's clear prefix: not cut to the frame's length.

    codec None is unlabelled video, treated as H.264 and H.265 are: by the
    first slice, else by frame type without escaping. The frame type is the
    caller's word, else the codec's bytes', else delta.
    """
    check_codec(codec)
    if codec == "av1":
        raise Refused("LiveKit does not encrypt AV1")
    if codec == "opus":
        return Clear(AUDIO_CLEAR, escaped=False)
    if codec == "vp9":
        return Clear(0, escaped=False)
    at = None if codec == "vp8" else livekit_slice(frame)
    if at is not None:
        return Clear(at + 2, escaped=True)
    if key_frame is None:
        key_frame = bool(key_frame_of(codec, frame))
    return Clear(by_frame_type(key_frame=key_frame), escaped=False)


# -- Jitsi: by frame type alone, whatever the codec --


def jitsi_clear(codec: str | None, *, key_frame: bool) -> int:
    """Give Jitsi's clear prefix: not cut to the frame's length."""
    check_codec(codec)
    return AUDIO_CLEAR if codec == "opus" else by_frame_type(key_frame=key_frame)


# -- GetStream --


def stream_clear(codec: str | None, frame: bytes, *, key_frame: bool | None) -> Clear:
    """Give GetStream's clear prefix, cut to the frame's length.

    No codec means audio there: a frame with a frame type is video, which
    without a codec, or under Opus, has no rule and is refused. For VP8 and VP9
    without a frame type the bytes decide, else it counts as a delta frame; the
    opener reads the length from the trailer, so it need not agree.
    """
    check_codec(codec)
    if codec in (None, "opus"):
        if key_frame is not None:
            raise Refused("a frame type makes it video, and that needs a codec")
        return Clear(min(AUDIO_CLEAR, len(frame)), escaped=False)
    if codec in ("vp8", "vp9"):
        if key_frame is None:
            key_frame = bool(key_frame_of(codec, frame))
        return Clear(min(by_frame_type(key_frame=key_frame), len(frame)), escaped=False)
    if codec == "h264":
        length = min(slice_end("h264", frame), len(frame))
        return Clear(length, escaped=length > 0)
    raise Refused(f"GetStream has no rule for {codec}")
