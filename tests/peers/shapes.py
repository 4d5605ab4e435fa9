"""What all makers of frames share: the frame itself, sizes, payloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True)
class Frame:
    """One encoded frame and what the peers' rules make of it.

    A frame is put together from its parts, so what a peer would make of it is
    known from the parts and needs no parser that might share ours' mistakes.

    Attributes:
        data: as the encoder gives it.
        key_frame: None for audio.
        long_head: with 4-byte start codes up to and with the first slice's.
        normal: with 4-byte start codes everywhere; for AV1 as RTP carries it.
    """

    data: bytes
    key_frame: bool | None
    long_head: bytes
    normal: bytes

    @classmethod
    def plain(cls, data: bytes, key_frame: bool | None) -> Frame:
        """Make a frame that no rule changes."""
        return cls(data, key_frame, data, data)


def draw_size(rng: random.Random) -> int:
    """Draw 1 byte to 20 kB, small ones as often as large ones."""
    return int(2 ** rng.uniform(0, 14.29))


def payload(rng: random.Random, size: int) -> bytes:
    """Make size bytes; a third of them has runs of zeros and of small bytes."""
    if rng.random() < 0.67:
        return rng.randbytes(size)
    parts: list[bytes] = []
    have = 0
    while have < size:
        run = rng.choice(
            [
                bytes(rng.randrange(1, 40)),
                rng.randbytes(rng.randrange(1, 200)),
                bytes(rng.choices(range(4), k=rng.randrange(1, 12))),
                b"\0\0\3" * rng.randrange(1, 4),
            ]
        )
        parts.append(run)
        have += len(run)
    return b"".join(parts)[:size]


def share(rng: random.Random, size: int, count: int) -> list[int]:
    """Divide size into count parts."""
    cuts = sorted(rng.randrange(size + 1) for _ in range(count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, size], strict=True)]
