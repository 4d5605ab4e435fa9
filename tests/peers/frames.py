"""Make frames shaped like those of real encoders, the same for every seed."""

from __future__ import annotations

import random
import re
from functools import cache

from peers.annexb import make_h264, make_h265
from peers.av1 import make_av1
from peers.shapes import Frame, draw_size, payload

HUGE = 200_000
# One Opus frame at most, with its TOC byte (RFC 6716, 3.4).
OPUS_MAX = 1276


@cache
def make(codec: str | None, count: int = 1000, seed: int = 9605) -> tuple[Frame, ...]:
    """Make count frames; no codec means video that nobody named.

    Four of them are larger than any real encoder's frame but a screen share's.
    """
    rng = random.Random(f"{codec} {seed}")
    sizes = [draw_size(rng) for _ in range(count)]
    for at in rng.sample(range(count), min(4, count // 100)):
        sizes[at] = HUGE + rng.randrange(100)
    return tuple(MAKERS[codec](rng, size) for size in sizes)


def make_opus(rng: random.Random, size: int) -> Frame:
    """Make a TOC byte and what follows."""
    size = size if size >= HUGE else 1 + (size - 1) % OPUS_MAX
    return Frame.plain(rng.randbytes(1) + payload(rng, size - 1), None)


def make_vp8(rng: random.Random, size: int) -> Frame:
    """Make a VP8 frame whose P bit (RFC 6386, 9.1) says what it is."""
    is_key = rng.random() < 0.2
    tag = rng.randrange(1 << 24) & ~1 | (not is_key)
    head = tag.to_bytes(3, "little")
    if is_key:
        head += b"\x9d\x01\x2a" + rng.randbytes(4)
    return Frame.plain(head + payload(rng, max(0, size - len(head))), is_key)


def make_vp9(rng: random.Random, size: int) -> Frame:
    """Make a VP9 frame: frame marker 2, profile 0 to 2, then the frame type."""
    is_key = rng.random() < 0.2
    profile = rng.choice([0, 0, 0, 0x10, 0x20])
    first = 0x80 | profile | (0 if is_key else 4) | rng.randrange(4)
    return Frame.plain(bytes([first]) + payload(rng, size - 1), is_key)


def make_unnamed(rng: random.Random, size: int) -> Frame:
    """Make video of which nothing is known, and no start code in it.

    At least 10 bytes, which LiveKit leaves clear in a key frame.
    """
    body = re.sub(rb"\x00\x00(?=\x01)", b"\0\2", payload(rng, max(10, size)))
    return Frame.plain(b"\xaa" + body[1:], rng.random() < 0.2)


MAKERS = {
    "opus": make_opus,
    "vp8": make_vp8,
    "vp9": make_vp9,
    "h264": make_h264,
    "h265": make_h265,
    "av1": make_av1,
    None: make_unnamed,
}
