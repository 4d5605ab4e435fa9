"""Cutting frames into RTP payloads, as the payload formats say."""

from __future__ import annotations

import struct

import pytest

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

_MOST = 1200  # bytes of a payload
_AP, _FU = 48, 49  # RFC 7798 table 5
_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING = 2, 8, 15  # AV1 section 6.2.2
_SEQUENCE_HEADER = 1


def cut(codec, frame, *, is_key):
    """Give a frame's payloads; only VP9's and AV1's descriptors tell key frames."""
    if codec == "vp8":
        return Vp8Encoder._packetize(frame, 0x1234)
    if codec == "vp9":
        return _cut_vp9(frame, is_key=is_key)
    if codec == "h264":
        return H264Encoder._packetize(H264Encoder._split_bitstream(frame))
    if codec == "h265":
        return _cut_h265(list(H264Encoder._split_bitstream(frame)))
    if codec == "av1":
        return _cut_av1(frame)
    return [frame]


def _cut_vp9(frame, *, is_key):
    """RFC 9628 section 4.2: I (picture id), P where it depends on others, B, E."""
    parts = [frame[at : at + _MOST] for at in range(0, len(frame), _MOST)]
    return [
        bytes(
            [
                0x80
                | (0 if is_key else 0x40)
                | (0x08 if number == 0 else 0)
                | (0x04 if number == len(parts) - 1 else 0)
            ]
        )
        + b"\x92\x34"
        + part
        for number, part in enumerate(parts)
    ]


def _cut_h265(units):
    """RFC 7798 section 4.4: single units, aggregates of small ones, fragments."""
    out, small = [], []
    for unit in units:
        if len(unit) <= _MOST:
            small.append(unit)
            continue
        out += _joined(small) + _fragments(unit)
        small = []
    return out + _joined(small)


def _joined(units):
    if len(units) < 2:
        return units
    head = bytes([units[0][0] & 0x81 | _AP << 1, units[0][1]])
    return [head + b"".join(struct.pack("!H", len(unit)) + unit for unit in units)]


def _fragments(unit):
    head = bytes([unit[0] & 0x81 | _FU << 1, unit[1]])
    kind, body = unit[0] >> 1 & 0x3F, unit[2:]
    return [
        head
        + bytes(
            [(0x80 if at == 0 else 0) | (0x40 if at + _MOST >= len(body) else 0) | kind]
        )
        + body[at : at + _MOST]
        for at in range(0, len(body), _MOST)
    ]


def _cut_av1(frame):
    """One payload of the AV1 RTP format, section 4.4: units without sizes.

    N is set where a coded video sequence begins, each unit but the last has its
    length before it (W is 0), and delimiters and padding are left out.
    """
    units = [
        (kind, unit)
        for kind, unit in obus(frame)
        if kind not in (_TEMPORAL_DELIMITER, _TILE_LIST, _PADDING)
    ]
    begins = any(kind == _SEQUENCE_HEADER for kind, _ in units)
    count = len(units) if len(units) <= 3 else 0
    body = b"".join(
        (b"" if number == count else leb128(len(unit))) + unit
        for number, (_, unit) in enumerate(units, 1)
    )
    return [bytes([count << 4 | begins << 3]) + body]


def obus(frame):
    """List the units of a low-overhead AV1 frame: type, and bytes without size.

    Raises ValueError if a size leads out of the frame.
    """
    found, at = [], 0
    while at < len(frame):
        header = frame[at]
        start = at + (2 if header & 0x04 else 1)
        size, body = len(frame) - start, start
        if header & 0x02:
            size, body = _read_leb128(frame, start)
        if header & 0x80 or body + size > len(frame):
            raise ValueError("no AV1 unit")
        head = bytes([header & ~0x02]) + frame[at + 1 : start]
        found.append((header >> 3 & 0x0F, head + frame[body : body + size]))
        at = body + size
    return found


def leb128(value):
    """Write a size as AV1 does (section 4.10.5)."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def _read_leb128(data, at):
    value = 0
    for shift in range(0, 56, 7):
        if at >= len(data):
            break
        value |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
    raise ValueError("no AV1 size")
