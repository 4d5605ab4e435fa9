"""Make AV1 temporal units in the low-overhead format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peers.shapes import Frame, payload, share

if TYPE_CHECKING:
    import random

SEQUENCE, DELIMITER, METADATA, FRAME, PADDING = 1, 2, 5, 6, 15


def leb128(value: int, padding: int = 0) -> bytes:
    """Write leb128 (AV1, 4.10.5), with some bytes more than needed."""
    out = bytearray()
    while value > 0x7F or padding:
        padding -= value <= 0x7F
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


@dataclass(frozen=True)
class Obu:
    """One open bitstream unit (AV1, 5.3); extension is None without that byte."""

    kind: int
    body: bytes
    extension: int | None
    padding: int

    def write(self, *, has_size: bool, padding: int = 0) -> bytes:
        """Give its bytes; the last unit of a temporal unit may lack a size."""
        has_extension = self.extension is not None
        head = bytes([self.kind << 3 | has_extension << 2 | has_size << 1])
        if self.extension is not None:
            head += bytes([self.extension << 3])
        size = leb128(len(self.body), padding) if has_size else b""
        return head + size + self.body


def make_av1(rng: random.Random, size: int) -> Frame:
    """Make a temporal unit.

    Its normal form has no delimiter and no padding unit, which RTP does not
    carry, and the shortest sizes. The last unit has none; where that was
    padding, the one before keeps its own.
    """
    is_key = rng.random() < 0.2
    bodies = [(DELIMITER, b"")] if rng.random() < 0.7 else []
    if is_key:
        bodies.append((SEQUENCE, rng.randbytes(11)))
    if rng.random() < 0.2:
        bodies.append((METADATA, payload(rng, rng.randrange(1, 60))))
    parts = share(rng, size, rng.choice([1, 2]))
    bodies += [(FRAME, payload(rng, max(part, 1))) for part in parts]
    if rng.random() < 0.1:
        bodies.append((PADDING, bytes(rng.randrange(1, 20))))
    units = [
        Obu(
            kind,
            body,
            rng.randrange(32) if rng.random() < 0.3 else None,
            rng.choice([0, 0, 0, 1]),
        )
        for kind, body in bodies
    ]
    last_has_size = rng.random() < 0.7
    data = b"".join(
        unit.write(
            has_size=unit is not units[-1] or last_has_size, padding=unit.padding
        )
        for unit in units
    )
    kept = [unit for unit in units if unit.kind not in {DELIMITER, PADDING}]
    normal = b"".join(unit.write(has_size=unit is not units[-1]) for unit in kept)
    return Frame(data, is_key, data, normal)
