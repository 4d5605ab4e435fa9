"""What SFUs read of a payload, as docs/sfu.md describes it, not as they write it.

Each rule takes one RTP payload and tells whether the server would take it for
the beginning of a key frame. Rules are written from their description, so that
a mistake of ours and one of theirs are not the same.
"""

from __future__ import annotations

SPS_H264 = 7
PARAMETER_SETS_H265 = (33, 34)
_VP8_START = b"\x9d\x01\x2a"


# -- VP8: RFC 7741 section 4.2, then the frame's own first bytes --


def mediasoup_vp8(payload):
    """S, partition 0, and the frame's first bit; without X it looks at nothing."""
    at = _vp8_frame_at(payload)
    has_x = bool(payload[0] & 0x80)
    begins = payload[0] & 0x17 == 0x10
    return has_x and begins and at < len(payload) and not payload[at] & 1


def livekit_vp8(payload):
    """S and the frame's first bit."""
    at = _vp8_frame_at(payload)
    return bool(payload[0] & 0x10) and at < len(payload) and not payload[at] & 1


def livekit_vp8_size(payload):
    """Width and height out of a key frame's bytes 3 to 9; None without them."""
    head = payload[_vp8_frame_at(payload) :][:10]
    if not livekit_vp8(payload) or len(head) < 10 or head[3:6] != _VP8_START:
        return None
    sizes = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:], "little")
    return sizes[0] & 0x3FFF, sizes[1] & 0x3FFF


def janus_vp8(payload):
    """S, the frame's first bit, and the start code in bytes 3 to 5."""
    at = _vp8_frame_at(payload)
    begins = len(payload) >= 16 and payload[0] & 0x10 and not payload[at] & 1
    return bool(begins) and payload[at + 3 : at + 6] == _VP8_START


def _vp8_frame_at(payload):
    at = 1
    if payload[0] & 0x80:
        extended = payload[1]
        at = 2
        if extended & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(extended & 0x40) + bool(extended & 0x30)
    return at


# -- VP9: RFC 9628 section 4.2 --


def mediasoup_vp9(payload):
    """B without P, in the descriptor alone (layer 0, or no layers)."""
    return bool(payload[0] & 0x08) and not payload[0] & 0x40


def livekit_vp9(payload):
    """B, and the first byte of the frame: marker 2, shown now, a key frame."""
    at = 1
    if payload[0] & 0x80:
        at += 2 if payload[1] & 0x80 else 1
    first = payload[at]
    is_profile_3 = first >> 4 & 3 == 3
    told = first & (0x06 if is_profile_3 else 0x0C)
    return bool(payload[0] & 0x08) and first >> 6 == 2 and told == 0


# -- H.264 and H.265: NAL unit types at the start of units --


def any_h264(payload):
    """All three: a parameter set of the sequence begins in this payload."""
    return SPS_H264 in h264_types(payload)


def h264_types(payload):
    """List the types of the NAL units that begin in a payload of RFC 6184."""
    kind = payload[0] & 0x1F
    if kind == 24:
        return [unit[0] & 0x1F for unit in _units(payload, 1)]
    if kind in (28, 29):
        return [payload[1] & 0x1F] if payload[1] & 0x80 else []
    return [kind]


def livekit_h265(payload):
    """Look for a parameter set of sequence or picture, also in an aggregate."""
    kind = payload[0] >> 1 & 0x3F
    if kind == 48:
        kinds = [unit[0] >> 1 & 0x3F for unit in _units(payload, 2)]
        return any(one in PARAMETER_SETS_H265 for one in kinds)
    return kind in PARAMETER_SETS_H265


def livekit_h265_layer(payload):
    """Give the temporal layer, out of the second byte of the payload."""
    return (payload[1] & 0x07) - 1


def _units(payload, at):
    """Give the units of an aggregate, each behind two bytes of length."""
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        yield payload[at + 2 : at + 2 + size]
        at += 2 + size


# -- AV1: the aggregation header of its RTP format, section 4.4 --


def janus_av1(payload):
    """Z is 0 and N is 1."""
    return payload[0] & 0x88 == 0x08


def livekit_av1(payload):
    """Look for that, a sequence header first, and a shown key frame behind it."""
    if not janus_av1(payload):
        return False
    kinds = []
    count, at = payload[0] >> 4 & 3, 1
    for number in range(1, count + 1):
        if number < count:
            size, at = payload[at], at + 1  # all of ours are shorter than 128
        else:
            size = len(payload) - at
        unit, at = payload[at : at + size], at + size
        kinds.append(unit[0] >> 3 & 0x0F)
        if kinds[0] == 1 and kinds[-1] in (3, 6):
            return not unit[1] & 0xE0
    return False


# -- Opus: RFC 6716 section 3.1 --


def mediasoup_opus(payload):
    """Give what it takes a payload for: "sound", "silence", "nothing" at all."""
    code = payload[0] & 3 if payload else None
    if code is None or (code >= 2 and len(payload) == 1):
        return "nothing"
    silent = len(payload) == 1 if code < 2 else code == 2 and len(payload) == 2
    return "silence" if silent else "sound"
