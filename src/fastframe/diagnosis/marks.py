"""What frames say of themselves: marks of formats, read without any key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from fastframe.diagnosis.repairs import padding_len
from fastframe.errors import FrameRejected
from fastframe.info import FrameInfo, inspect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastframe.diagnosis.bench import Bench
    from fastframe.diagnosis.case import Frame

STREAM_MAGIC = b"\xe2\xee\xfe\xed"
STREAM_VERSION = 1
XOR_MAGIC = b"\xde\xad\xbe\xef"
DAVE_MAGIC = b"\xfa\xfa"
_BEHIND_MAX = 255
_TAIL_LEN = 30  # of a LiveKit or Jitsi frame
_IV_MARK = 12  # the length of the IV, right before the key index
_JUMP_MAX = 1 << 20  # between counters of frames that belong together
_SOME = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """A format's mark: where it ends, and what stands beside it.

    kind: "stream", "dave", "xor" or "tail" (LiveKit's and Jitsi's).
    behind: bytes between it and the end of the frame.
    """

    kind: str
    behind: int
    key_id: int | None = None
    version: int | None = None


def mark_of(data: bytes, bench: Bench) -> Mark | None:
    """Find the mark of a frame, at its end or a little before."""
    return (
        _at_end(data, 0, bench)
        or _behind(data, STREAM_MAGIC, bench)
        or _padded(data, bench)
        or _behind(data, DAVE_MAGIC, bench)
    )


def _at_end(data: bytes, behind: int, bench: Bench) -> Mark | None:
    if data.endswith(XOR_MAGIC) and len(data) > len(XOR_MAGIC):
        return Mark("xor", behind, data[-len(XOR_MAGIC) - 1])
    if data.endswith(STREAM_MAGIC) and len(data) > len(STREAM_MAGIC):
        version = data[-len(STREAM_MAGIC) - 1]
        info = bench.claim("stream", None, data)
        if info is not None or version != STREAM_VERSION:
            key_id = info.key_id if info else None
            return Mark("stream", behind, key_id, version)
    if data.endswith(DAVE_MAGIC) and bench.claim("dave", None, data) is not None:
        return Mark("dave", behind)
    if len(data) >= _TAIL_LEN and data[-2] == _IV_MARK:
        return Mark("tail", behind, data[-1])
    return None


def _padded(data: bytes, bench: Bench) -> Mark | None:
    num = padding_len(data)
    return _at_end(data[:-num], num, bench) if num else None


def _behind(data: bytes, magic: bytes, bench: Bench) -> Mark | None:
    at = data.rfind(magic, max(len(data) - _BEHIND_MAX - len(magic), 0))
    end = at + len(magic)
    return _at_end(data[:end], len(data) - end, bench) if at >= 0 else None


# -- formats without a mark: what follows from frame to frame --


@dataclass(frozen=True, slots=True)
class Row:
    """How well frames fit a format one after another.

    confidence: that they are of it. key_ids: those named, most frequent first.
    step: between counters, in the middle; read a byte off, it is 256 times that.
    """

    format: str
    confidence: float
    key_ids: tuple[int, ...]
    step: int = 0


def row_of(format_: str, codec: str | None, frames: Iterable[Frame]) -> Row | None:
    """Judge frames by key ids and counters; None if they do not fit."""
    infos, num = [], 0
    for frame in frames:
        num += 1
        try:
            infos.append(inspect(format_, frame.data, codec=codec))
        except FrameRejected:
            continue
    infos = [info for info in infos if not info.is_plain]
    if not infos or 10 * len(infos) < 9 * num:
        return None
    ids = Counter(info.key_id for info in infos if info.key_id is not None)
    key_ids = tuple(key_id for key_id, _ in ids.most_common())
    is_same = format_ == "insertable-bare" or ids.most_common(1)[0][1] * 5 >= 4 * num
    if len(infos) < _SOME:
        return Row(format_, 0.3, key_ids)
    if not is_same:
        return None
    step = _step(infos)
    if step:
        return Row(format_, 0.9, key_ids, step)
    return Row(format_, 0.6, key_ids) if format_ == "insertable" else None


def _step(infos: list[FrameInfo]) -> int:
    """Give by how much counters go up under the same IV prefix; 0 if they do not."""
    prefixes = Counter(info.nonce and info.nonce[:4] for info in infos)
    if prefixes.most_common(1)[0][1] * 5 < 4 * len(infos):
        return 0
    counters = [info.counter or 0 for info in infos]
    steps = [after - before for before, after in pairwise(counters)]
    near = sorted(step for step in steps if 0 < step < _JUMP_MAX)
    return near[len(near) // 2] if len(near) * 5 >= 4 * len(steps) else 0
