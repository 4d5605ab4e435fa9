"""AV1's OBUs (5.3 of its specification), as peers read them from a frame."""

from __future__ import annotations

from typing import NamedTuple

SEQUENCE_HEADER = 1
FRAME_KINDS = (3, 6, 7)  # those that begin with a frame header
SIZE_BIT = 0x02
EXTENSION_BIT = 0x04
SIZE_MAX = 8  # bytes (4.10.5)


class Obu(NamedTuple):
    """One OBU; size is not kept: it is the payload's."""

    header: int
    extension: bytes
    payload: bytes

    @property
    def kind(self) -> int:
        """Give obu_type."""
        return self.header >> 3 & 0xF


def _read_size(data: bytes) -> tuple[int, int] | None:
    """Read one ULEB128: (value, bytes taken); None if it has no end.

    Peers read longer ones than AV1 allows; a frame with one is no row of OBUs
    here, and sealed whole, which they open all the same.
    """
    value = 0
    for at, byte in enumerate(data[:SIZE_MAX]):
        value |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return value, at + 1
    return None


def read_one(frame: bytes, at: int) -> tuple[Obu, int] | None:
    """Read the OBU at a place: (it, where it ends); None if it reaches outside.

    One that has nothing behind its header ends the reading, too.
    """
    header, extension = frame[at], b""
    at += 1
    if header & EXTENSION_BIT:
        extension, at = frame[at : at + 1], at + 1
    if at >= len(frame):
        return None
    size = len(frame) - at
    if header & SIZE_BIT:
        told = _read_size(frame[at:])
        if told is None or at + sum(told) > len(frame):
            return None
        size, at = told[0], at + told[1]
    return Obu(header, extension, frame[at : at + size]), at + size


def read_all(frame: bytes) -> list[tuple[Obu, int]] | None:
    """Read a whole frame: each OBU and where it ends; None: it is no row of them."""
    found, at = [], 0
    while at < len(frame):
        one = read_one(frame, at)
        if one is None:
            return None
        found.append(one)
        at = one[1]
    return found


def is_key(frame: bytes) -> bool | None:
    """Tell a key frame; None where the bytes do not.

    A sequence header comes only with one. Else show_existing_frame and
    frame_type, the frame header's first three bits, are all zero (5.9.2).
    """
    found, at = None, 0
    while at < len(frame):
        one = read_one(frame, at)
        if one is None:
            return None
        unit, at = one
        if unit.kind == SEQUENCE_HEADER:
            return True
        if unit.kind not in FRAME_KINDS:
            continue
        if not unit.payload:
            return None
        if unit.payload[0] < 0x20:
            return True
        found = False
    return found
