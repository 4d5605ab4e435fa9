"""A batch out of a plain sequence: frames are read where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe.batch import Batch, BatchResult, run_batch
from fastframe.errors import UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run_any(
    call: Callable[[_native.Handle, int], int],
    frames: Batch | Sequence[_native.Buffer],
    growth: int,
    options: dict[str, Any],
    *,
    in_place: bool,
) -> BatchResult:
    """Run the core's call over a Batch or over a sequence of buffers."""
    if isinstance(frames, Batch):
        given = [name for name, value in options.items() if value is not None]
        if given:
            raise UsageError(f"a Batch takes {given[0]}= in append(), not here")
        return run_batch(call, frames.tables, in_place)
    if in_place:
        raise UsageError("in_place=True needs a Batch: it writes over its arena")
    tables = _describe(frames, growth, **options)
    try:
        return run_batch(call, tables, in_place)
    finally:
        tables.release()


def _describe(
    frames: Sequence[_native.Buffer],
    growth: int,
    *,
    key_frame: bool | Sequence[bool | None] | None = None,
    aad: _native.Buffer | Sequence[_native.Buffer] | None = None,
    counter: Sequence[int] | None = None,
) -> _native.Tables:
    try:
        items = tuple(frames)
    except (TypeError, ValueError):
        raise UsageTypeError(
            "a batch is a Batch or a sequence of bytes-like objects, got "
            f"{type(frames).__name__}"
        ) from None
    count = len(items)
    if count > _native.BATCH_MAX:
        raise UsageError(f"a batch holds at most {_native.BATCH_MAX} frames")
    located = _native.locate(items, "frame")
    if located.size > _native.FRAME_MAX:  # there may be a frame that is too long
        located = located.clamp()
    out_size = located.size + count * (growth + _native.SPARE) + _native.SPARE
    tables = _native.Tables(count, out_size, None, 0)
    is_one = key_frame is None or isinstance(key_frame, int)
    tables.gather(located, _native.kind_of(key_frame if is_one else None))
    if not is_one:
        kinds = map(_native.kind_of, _exactly(key_frame, count, "key_frame"))
        tables.view("key_frame", "B")[:] = bytes(kinds)
    if aad is not None:
        each = _per_frame(aad, count, "aad")
        tables.gather_aad(_native.locate(each, "aad of frame"))
    if counter is not None:
        table = tables.view("counter", "Q")
        for index, value in enumerate(_exactly(counter, count, "counter")):
            table[index] = _native.check_int(value, "counter", 0, _native.COUNTER_MAX)
    return tables


def _per_frame(value: Any, count: int, what: str) -> tuple[Any, ...]:
    """Spread one buffer over all frames; a list or tuple holds one for each."""
    if isinstance(value, (list, tuple)):
        return _exactly(value, count, what)
    return (value,) * count


def _exactly(values: Any, count: int, what: str) -> tuple[Any, ...]:
    try:
        items = tuple(values)
    except (TypeError, ValueError):
        raise UsageTypeError(
            f"{what} must be a sequence, got {type(values).__name__}"
        ) from None
    if len(items) != count:
        raise UsageError(f"{what} must have {count} items, got {len(items)}")
    return items
