"""Start codes of H.264 and H.265: finding slices, undoing rewritten codes."""

# ruff: noqa: PLR2004 - the standards' numbers, each beside its name

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_START = re.compile(b"\0\0\1")
_CODES_MAX = 64  # looked at in one frame
_SUBSETS_MAX = 4  # start codes of which every combination is tried
_SLICE_HEADER = 2  # bytes of a slice that stay clear, its NAL header among them
_H264_SLICES = (1, 5)


def begins_clean(data: bytes) -> bool:
    """Tell whether a frame begins with a start code and a NAL unit behind it."""
    first = len(data) - len(data.lstrip(b"\0"))
    return first >= 2 and data[first : first + 1] == b"\1" and len(data) > first + 1


def units(data: bytes) -> list[int]:
    """Give the places of the first NAL unit headers."""
    found = []
    for match in _START.finditer(data):
        if match.end() < len(data):
            found.append(match.end())
        if len(found) >= _CODES_MAX:
            break
    return found


def is_h265(data: bytes, starts: list[int]) -> bool:
    """Guess which of the two it is by the first NAL unit header."""
    at = starts[0]
    # Two bytes: zero bit, type 6, layer 0, temporal id 1 (7.3.1.2).
    return data[at + 1 : at + 2] == b"\1" and data[at] & 0x81 == 0


def is_h265_slice(header: int) -> bool:
    """Tell whether a NAL unit header is that of a slice."""
    kind = header >> 1 & 0x3F
    return kind <= 9 or 16 <= kind <= 21


def prefix_len(data: bytes) -> int:
    """Give how many bytes stand clear before and in the first slice."""
    starts = units(data)
    if not starts or not begins_clean(data):
        return 0
    h265 = is_h265(data, starts)
    for at in starts:
        is_slice = data[at] & 0x1F in _H264_SLICES
        if is_h265_slice(data[at]) if h265 else is_slice:
            return min(at + _SLICE_HEADER, len(data))
    return 0


def rewritten(data: bytes) -> Iterator[bytes]:
    """Undo in each likely way what may have become of start codes."""
    end = prefix_len(data)
    tails = [(end, data)] if end else []
    if data.endswith(b"\xfa\xfa"):  # DAVE leaves them clear all through the frame
        tails.append((len(data), data))
    seen = {data}
    for reach, whole in tails:
        starts = [at for at in units(whole) if at <= reach]
        for lengths in _lengths(whole, starts):
            changed = _write(whole, starts, lengths)
            if changed not in seen:
                seen.add(changed)
                yield changed


def code_len(data: bytes, at: int) -> int:
    """Give the length of the start code that ends before at."""
    return 4 if at >= 4 and data[at - 4] == 0 else 3


def _lengths(data: bytes, starts: list[int]) -> Iterator[tuple[int, ...]]:
    """List how long the start codes may have been."""
    num = len(starts)
    yield (4,) * num
    yield (3,) * num
    # Encoders begin an access unit, and parameter sets, with four bytes.
    yield (4,) + (3,) * (num - 1) if num else ()
    yield tuple(4 if data[at] & 0x1F in (7, 8, 9) else 3 for at in starts)
    if num <= _SUBSETS_MAX:
        yield from product((3, 4), repeat=num)


def _write(data: bytes, starts: list[int], lengths: tuple[int, ...]) -> bytes:
    parts, done = [], 0
    for at, length in zip(starts, lengths, strict=True):
        parts.append(data[done : at - code_len(data, at)])
        parts.append(b"\0\0\0\1"[-length:])
        done = at
    parts.append(data[done:])
    return b"".join(parts)
