"""What may have been done to frames on the way, undone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastframe.diagnosis import annexb
from fastframe.diagnosis.findings import Cause
from fastframe.diagnosis.variants import MARKED, UNMARKED
from fastframe.livekit import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

_COPIED_MAX = 1024 * 1024  # bytes of a frame that is written anew
_END_LEN = 260  # where the end of a padded frame is looked for
_AFTER_MAX = 32  # stray bytes that are tried one by one
_BEFORE_MAX = 16
_MARKS_MAX = 6
_PLAUSIBLE = {
    "livekit": re.compile(rb"(?<=\x0c).", re.DOTALL),
    "jitsi": re.compile(rb"(?<=\x0c)[\0-\x0f]", re.DOTALL),
    "stream": re.compile(rb"\xe2\xee\xfe\xed"),
    "dave": re.compile(rb"(?<=\xfa)\xfa"),
}
_RED_BLOCK = 4  # bytes of the header of a redundant block (RFC 2198, 3)

# How far a repaired frame is from the one given, and how many other things may
# be wrong besides: more where many lengths are tried.
_PADDING = (1.0, 3.0)
_SURE = (1.0, 3.0)
_MARK = (1.2, 3.0)
_TRIED = (1.3, 2.4)


@dataclass(frozen=True, slots=True)
class Repair:
    """A frame as it may have been sent.

    cause None: as it came. num: bytes taken off. formats: those that it is
    worth reading as.
    """

    cause: Cause | None
    data: bytes | memoryview
    num: int = 0
    weight: float = 0.0
    cut: float = 3.0
    formats: tuple[str, ...] = (*MARKED, *UNMARKED)


def repairs(data: bytes) -> Iterator[Repair]:
    """List a frame as it came, then each way in which it may be mended."""
    yield Repair(None, data)
    yield from _without_metadata(data)
    yield from _without_padding(data)
    yield from _without_red(data)
    if len(data) <= _COPIED_MAX:
        for changed in annexb.rewritten(data):
            num = len(data) - len(changed)
            yield Repair(Cause.START_CODES, changed, num, *_SURE)
    yield from _up_to_marks(data)
    view = memoryview(data)
    for num in range(1, min(_AFTER_MAX, len(data) - 1) + 1):
        after = Cause.STRAY_BYTES_AFTER
        yield Repair(after, view[:-num], num, *_TRIED, formats=UNMARKED)
    for num in range(1, min(_BEFORE_MAX, len(data) - 1) + 1):
        yield Repair(Cause.STRAY_BYTES_BEFORE, view[num:], num, *_TRIED)


def _without_metadata(data: bytes) -> Iterator[Repair]:
    sealed, metadata = read_metadata(data)
    if metadata is not None:
        num = len(data) - len(sealed)
        yield Repair(Cause.FRAME_METADATA, sealed, num, *_SURE, formats=("livekit",))


def padding_len(data: bytes) -> int:
    """Give the bytes of RTP padding that the last byte counts (RFC 3550, 5.1)."""
    num = data[-1] if data else 0
    return num if 0 < num < len(data) else 0


def _without_padding(data: bytes) -> Iterator[Repair]:
    num = padding_len(data)
    if num:
        yield Repair(Cause.RTP_PADDING, memoryview(data)[:-num], num, *_PADDING)


def _up_to_marks(data: bytes) -> Iterator[Repair]:
    """Cut a frame off behind what marks its end in some format."""
    for format_, pattern in _PLAUSIBLE.items():
        base = max(len(data) - _END_LEN, 0)
        ends = [base + m.end() for m in pattern.finditer(data, base)]
        for end in ends[::-1][:_MARKS_MAX]:
            num = len(data) - end
            if num and num != padding_len(data):
                view = memoryview(data)[:end]
                after = Cause.STRAY_BYTES_AFTER
                yield Repair(after, view, num, *_MARK, formats=(format_,))


def _without_red(data: bytes) -> Iterator[Repair]:
    """Unpack redundant audio: the newest frame is the last block (RFC 2198)."""
    at = behind = 0
    while at + _RED_BLOCK < len(data) and data[at] & 0x80:
        behind += int.from_bytes(data[at + 2 : at + 4], "big") & 0x3FF
        at += _RED_BLOCK
    start = at + 1 + behind
    if at and start < len(data) and not data[at] & 0x80:
        yield Repair(Cause.RED, memoryview(data)[start:], start, *_SURE)
