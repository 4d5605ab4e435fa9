"""A batch out of a plain sequence: frames are read where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe.batch import Batch, BatchResult, raise_batch_error
from fastframe.errors import UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kinds = "bool | None | Sequence[bool | None]"


def run_batch(
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
        return frames.run(call, in_place=in_place)
    if in_place:
        raise UsageError("in_place=True needs a Batch: it writes over its arena")
    tables = _describe(frames, growth, **options)
    try:
        ok = call(tables.handle, False)  # noqa: FBT003 - a C call takes no names
    finally:
        tables.release()
    if ok < 0:
        raise_batch_error(-ok, tables)
    return BatchResult(tables, ok)


def _describe(
    frames: Sequence[_native.Buffer],
    growth: int,
    *,
    key_frame: bool | None | Sequence[bool | None] = None,
    aad: _native.Buffer | None | Sequence[_native.Buffer] = None,
    counter: Sequence[int] | None = None,
) -> _native.Tables:
    try:
        items = tuple(frames)
    except TypeError:
        raise UsageTypeError(
            "a batch is a Batch or a sequence of bytes-like objects, got "
            f"{type(frames).__name__}"
        ) from None
    count = len(items)
    if count > _native.BATCH_MAX:
        raise UsageError(f"a batch holds at most {_native.BATCH_MAX} frames")
    pins = _native.pin_all(items, "frame")
    per_frame = growth + _native.SPARE
    tables = _native.Tables(
        count, None, sum(map(len, pins)) + count * per_frame + _native.SPARE
    )
    tables.gather(pins, _kinds(key_frame, count))
    if aad is not None:
        each = _per_frame(aad, count, "aad")
        tables.gather_aad(_native.pin_all(each, "aad of frame"))
    if counter is not None:
        for index, value in enumerate(_exactly(counter, count, "counter")):
            tables.counters[index] = _native.check_int(
                value, "counter", 0, _native.COUNTER_MAX
            )
    return tables


def _kinds(key_frame: Any, count: int) -> bytes:
    if key_frame is None or isinstance(key_frame, bool):
        return bytes([_native.kind_of(key_frame)]) * count
    return bytes(map(_native.kind_of, _exactly(key_frame, count, "key_frame")))


def _per_frame(value: Any, count: int, what: str) -> tuple[Any, ...]:
    """Spread one buffer over all frames; a list or tuple holds one for each."""
    if isinstance(value, (list, tuple)):
        return _exactly(value, count, what)
    return (value,) * count


def _exactly(values: Any, count: int, what: str) -> tuple[Any, ...]:
    try:
        items = tuple(values)
    except TypeError:
        raise UsageTypeError(
            f"{what} must be a sequence, got {type(values).__name__}"
        ) from None
    if len(items) != count:
        raise UsageError(f"{what} must have {count} items, got {len(items)}")
    return items
