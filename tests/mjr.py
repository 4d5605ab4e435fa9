"""Writing Janus recordings of sealed calls, for the tests that read them."""

from __future__ import annotations

import json
import struct

MAGIC = b"MJR00002"
_CHUNK = 100  # bytes of a frame in one packet
_CLOCKS = {"opus": 48000 // 50, "vp8": 3000, "vp9": 3000, "h264": 3000}
_FU_A, _STAP_A = 28, 24


def rtp(sequence, timestamp, payload, *, marker=False, padding=0, extension=b""):
    """Make an RTP packet with one CSRC, so that lengths matter."""
    first = 0x81 | (0x20 if padding else 0) | (0x10 if extension else 0)
    head = struct.pack(
        "!BBHII4s",
        first,
        (0x80 if marker else 0) | 100,
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        0xCAFE,
        b"csrc",
    )
    if extension:
        head += struct.pack("!HH", 0xBEDE, len(extension) // 4) + extension
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return head + payload + tail


def payloads(codec, frame):
    """Cut a frame as the codec's payload format does."""
    if codec == "opus":
        return [frame]
    if codec == "h264":
        return list(_cut_h264(frame))
    parts = [frame[at : at + _CHUNK] for at in range(0, len(frame), _CHUNK)] or [b""]
    if codec == "vp9":
        return [
            bytes([0x80 | (8 if i == 0 else 0)]) + b"\x81\x02" + part
            for i, part in enumerate(parts)
        ]
    # VP8 with a long picture id, TL0PICIDX and TID in front.
    return [
        bytes([0x90 if i == 0 else 0x80]) + b"\xe0\x81\x02\x03\x04" + part
        for i, part in enumerate(parts)
    ]


def _cut_h264(frame):
    units = [unit for unit in frame.split(b"\0\0\0\1") if unit]
    small = []
    for unit in units:
        if len(unit) <= _CHUNK:
            small.append(unit)
            continue
        if small:
            yield _aggregate(small)
            small = []
        body = unit[1:]
        for at in range(0, len(body), _CHUNK):
            first = 0x80 if at == 0 else 0
            last = 0x40 if at + _CHUNK >= len(body) else 0
            head = bytes([unit[0] & 0xE0 | _FU_A, first | last | unit[0] & 0x1F])
            yield head + body[at : at + _CHUNK]
    if small:
        yield small[0] if len(small) == 1 else _aggregate(small)


def _aggregate(units):
    joined = b"".join(struct.pack("!H", len(unit)) + unit for unit in units)
    return bytes([_STAP_A]) + joined


def packets(codec, frames, *, sequence=65500, timestamp=2**32 - 9000):
    """Send frames as RTP packets; sequence and timestamp wrap on the way."""
    out = []
    for frame in frames:
        cut = payloads(codec, frame)
        for number, payload in enumerate(cut):
            is_last = number == len(cut) - 1
            out.append(
                rtp(
                    sequence,
                    timestamp,
                    payload,
                    marker=is_last,
                    padding=5 * (len(out) % 2),
                    extension=b"\x10\xff\0\0" if len(out) % 3 == 0 else b"",
                )
            )
            sequence += 1
        timestamp += _CLOCKS[codec]
    return out


def record(codec, sent, **header):
    """Write packets as Janus does."""
    kind = "a" if codec == "opus" else "v"
    head = json.dumps({"t": kind, "c": codec, "s": 1, "u": 2, "e": True} | header)
    body = b"".join(
        b"MEET" + struct.pack("!IH", 20 * number, len(packet)) + packet
        for number, packet in enumerate(sent)
    )
    return MAGIC + struct.pack("!H", len(head)) + head.encode() + body
