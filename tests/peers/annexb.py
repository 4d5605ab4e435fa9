"""Make H.264 and H.265 access units with start codes, as encoders do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from peers.shapes import Frame, payload, share

if TYPE_CHECKING:
    import random

SHORT = b"\0\0\1"
LONG = b"\0\0\0\1"
# H.265: from this type on a NAL unit is no slice (table 7-1).
FIRST_NON_SLICE = 32
IRAP_FIRST = 16

# No slice header is shorter. livekit-client overlooks a last NAL unit of 3 bytes
# and then does not even open its own frames.
SLICE_MIN = 3

# A NAL unit, and whether it is a slice.
Nal = tuple[bytes, bool]


class Bits:
    """Bits of a slice header, most significant first."""

    def __init__(self) -> None:
        """Start with none."""
        self._text = ""

    def golomb(self, value: int) -> Bits:
        """Write ue(v) of H.264, 9.1."""
        digits = f"{value + 1:b}"
        self._text += "0" * (len(digits) - 1) + digits
        return self

    def fill(self, rng: random.Random) -> bytes:
        """Give all bytes, the last one filled up at random."""
        missing = -len(self._text) % 8
        self._text += "".join(rng.choice("01") for _ in range(missing))
        return int(self._text, 2).to_bytes(len(self._text) // 8, "big")


def protect(body: bytes) -> bytes:
    """Make a valid NAL unit payload: no start code within, no zero at the end."""
    if body.endswith(b"\0") or not body:
        body += b"\x80"  # where the stop bit would be
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\0\0\3", body)


def join(rng: random.Random, nals: list[Nal], *, is_key: bool) -> Frame:
    """Put start codes before NAL units: all short, all long, or mixed."""
    only = rng.choice([SHORT, LONG, None])
    data, long_head, normal = bytearray(), bytearray(), bytearray()
    is_head = True
    for nal, is_slice in nals:
        code = only or rng.choice([SHORT, LONG])
        data += code + nal
        long_head += (LONG if is_head else code) + nal
        normal += LONG + nal
        is_head = is_head and not is_slice
    return Frame(bytes(data), is_key, bytes(long_head), bytes(normal))


def make_h264(rng: random.Random, size: int) -> Frame:
    """Make an access unit: AUD, SPS, PPS, SEI as they come, then slices."""
    is_key = rng.random() < 0.2
    nals: list[Nal] = []
    if rng.random() < 0.3:
        nals.append((b"\x09" + rng.choice([b"\x10", b"\x30", b"\xf0"]), False))
    if is_key:
        sps = b"\x67\x42\xc0\x1f" + payload(rng, rng.randrange(4, 30))
        nals.append((protect(sps), False))
        nals.append((protect(b"\x68" + payload(rng, rng.randrange(2, 8))), False))
    if rng.random() < 0.2:
        sei = payload(rng, rng.randrange(1, 300))
        nals.append((protect(b"\x06\x05" + sei), False))
    for index, part in enumerate(share(rng, size, rng.choice([1, 1, 1, 2, 4]))):
        first = b"\x65" if is_key else rng.choice([b"\x41", b"\x61", b"\x01"])
        head = h264_slice_header(rng, index * rng.randrange(1, 400), is_key=is_key)
        body = head + payload(rng, max(part, SLICE_MIN))
        nals.append((first + protect(body), True))
    return join(rng, nals, is_key=is_key)


def h264_slice_header(rng: random.Random, first_mb: int, *, is_key: bool) -> bytes:
    """Write first_mb_in_slice, slice_type, pic_parameter_set_id and some more."""
    kind = rng.choice([2, 7] if is_key else [0, 1, 5, 6])
    pps = rng.choice([0, 0, 0, 1, 30])
    bits = Bits().golomb(first_mb).golomb(kind).golomb(pps)
    return bits.golomb(rng.randrange(16)).fill(rng)


def h265_nal(rng: random.Random, kind: int, body: bytes) -> Nal:
    """Put the two header bytes before body: layer 0, temporal id 0 to 2."""
    temporal = rng.randrange(3) if kind < IRAP_FIRST else 0
    return bytes([kind << 1, 1 + temporal]) + protect(body), kind < FIRST_NON_SLICE


def make_h265(rng: random.Random, size: int) -> Frame:
    """Make an access unit: AUD, VPS, SPS, PPS, SEI as they come, then slices."""
    is_key = rng.random() < 0.2
    bodies: list[tuple[int, bytes]] = []
    if rng.random() < 0.3:
        bodies.append((35, b"\x50"))
    if is_key:
        bodies += [(kind, payload(rng, rng.randrange(4, 40))) for kind in (32, 33, 34)]
    if rng.random() < 0.2:
        bodies.append((39, b"\x05" + payload(rng, rng.randrange(1, 300))))
    kind = rng.choice([16, 19, 20, 21] if is_key else [0, 1, 2, 3, 6, 7, 8, 9])
    parts = share(rng, size, rng.choice([1, 1, 1, 2, 4]))
    bodies += [(kind, payload(rng, max(part, SLICE_MIN))) for part in parts]
    nals = [h265_nal(rng, kind, body) for kind, body in bodies]
    return join(rng, nals, is_key=is_key)
