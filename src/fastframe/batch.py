"""Batch: frames in one preallocated arena; BatchResult: what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from fastframe import _native
from fastframe._guard import Unclonable
from fastframe.errors import Status, UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# Bound here: append() runs once per frame.
_append = _native.batch_append
_pin = _native.pin_to_read
_NULL = _native.NULL
_SOURCES_MAX = _native.SOURCES_MAX


class BatchResult:
    """What became of the frames of one batch, in their order.

    The frames stand in the batch's arena: valid until the batch is run again
    or cleared. bytes(result[i]) copies one out. Behind each frame that the
    arena for results holds stand 64 zeroed bytes, for decoders that read past
    the end (not so with in_place=True).

    Attributes:
        ok: how many frames have Status.OK.
    """

    __slots__ = ("_tables", "_turn", "ok")

    def __init__(self, tables: _native.Tables, ok: int) -> None:
        """Read the outcome of the call that just ended from its tables."""
        self._tables = tables
        self._turn = tables.handle.turn
        self.ok = ok

    def __repr__(self) -> str:
        """Show how many frames came out well."""
        return f"<BatchResult {self.ok} of {len(self)} frames ok>"

    def __len__(self) -> int:
        """Count the frames, rejected ones too."""
        return int(self._current().handle.ran)

    @property
    def status(self) -> memoryview:
        """One uint8 per frame: its Status."""
        return self._table("status", "B")

    @property
    def counters(self) -> memoryview:
        """One uint64 per frame: the counter it was sealed with or claims."""
        return self._table("counter", "Q")

    @property
    def key_ids(self) -> memoryview:
        """One uint64 per frame: the key id it names (unverified if rejected)."""
        return self._table("key_id", "Q")

    @overload
    def __getitem__(self, index: int) -> memoryview: ...
    @overload
    def __getitem__(self, index: slice) -> list[memoryview]: ...
    def __getitem__(self, index: int | slice) -> memoryview | list[memoryview]:
        """Give a frame's bytes, without a copy; empty if it was rejected."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        count = len(self)
        at = index + count if index < 0 else index
        if not 0 <= at < count:
            raise IndexError(f"frame {index} of {count}")
        return self._tables.result(at)

    def __iter__(self) -> Iterator[memoryview]:
        """Go through the frames in order."""
        return map(self._current().result, range(len(self)))

    def raise_first(self) -> None:
        """Raise the error of the first frame that is not OK, if there is one."""
        for index, code in enumerate(self.status):
            if code != Status.OK:
                named = self._table("names_key", "B")[index]
                key_id = self.key_ids[index] if named else None
                _native.raise_status(code, key_id=key_id, index=index)

    def _table(self, field: str, code: Literal["B", "Q"]) -> memoryview:
        return self._current().view(field, code)[: len(self)].toreadonly()

    def _current(self) -> _native.Tables:
        if self._tables.handle.turn != self._turn:
            raise UsageError(
                "this result is out of date: its batch was run again or cleared"
            )
        return self._tables


class Batch(Unclonable):
    """Frames in one preallocated arena, to be sealed or opened in one call.

    Reuse it: fill, run, read the result, clear(). Nothing is allocated per
    frame. Frames stay until clear(), so one batch can be run several times
    (unless in_place=True wrote over it). Two threads may not use one Batch at
    once: the second gets a UsageError and nothing is touched.

    Args:
        capacity: most frames it holds, 1 to 65536.
        arena: most bytes of frames and aad together; the memory taken is
            twice that and 256 bytes per frame of capacity.
    """

    __slots__ = ("_handle", "_view", "tables")

    def __init__(self, capacity: int = 64, arena: int = 1 << 20) -> None:
        """Allocate and pin both arenas and all tables."""
        _native.check_int(capacity, "capacity", 1, _native.BATCH_MAX)
        _native.check_int(arena, "arena", 1, 2**40)
        size = arena + capacity * _native.FRAME_ROOM
        memory = bytearray(size)
        self.tables = _native.Tables(capacity, size, memory, arena)
        self._handle = self.tables.handle
        self._view = memoryview(memory)

    def __len__(self) -> int:
        """Count the frames appended since the last clear()."""
        return int(self._handle.count)

    def __repr__(self) -> str:
        """Show how full it is."""
        return f"<Batch {len(self)} of {self.capacity} frames>"

    @property
    def capacity(self) -> int:
        """Most frames it holds."""
        return int(self._handle.capacity)

    def append(
        self,
        frame: _native.Buffer,
        key_frame: bool | None = None,
        source: int = 0,
        *,
        aad: _native.Buffer | None = None,
        counter: int | None = None,
    ) -> None:
        """Copy one frame into the arena.

        Args:
            frame: any C-contiguous buffer, up to 16 MiB.
            key_frame: whether it is a key frame; None seals it as a delta
                frame, and opens it as whichever it is.
            source: which object of seal_many or open_many it is for.
            aad: caller bytes to authenticate, where the format takes them.
            counter: for opening, where the format sends no counter.

        Raises:
            UsageError: the batch is full, or in use on another thread.
        """
        pinned = frame if type(frame) is bytes else _pin(frame, "frame")
        size = len(pinned)
        kind = _native.kind_of(key_frame)
        if type(source) is not int or not 0 <= source < _SOURCES_MAX:
            _check_source(source)
        if aad is None and counter is None:
            error = _append(self._handle, pinned, size, kind, source, _NULL)
        else:
            extra = _native.Extra(aad, counter)
            error = _append(self._handle, pinned, size, kind, source, extra.handle)
        if error:
            self._raise(error, size)

    def reserve(
        self,
        size: int,
        key_frame: bool | None = None,
        source: int = 0,
        *,
        aad: _native.Buffer | None = None,
        counter: int | None = None,
    ) -> memoryview:
        """Add a frame of size bytes and give its memory, to encode into.

        The memory is not cleared: write all of it before the batch is run.
        Arguments and errors are those of append().
        """
        _native.check_int(size, "size", 0, _native.FRAME_MAX)
        _check_source(source)
        extra = _native.make_extra(aad, counter)
        kind = _native.kind_of(key_frame)
        at = _native.batch_reserve(self._handle, size, kind, source, extra.handle)
        if at < 0:
            self._raise(-at, size)
        return self._view[at : at + size]

    def clear(self) -> None:
        """Forget all frames and results; the memory is kept."""
        error = _native.batch_clear(self._handle)
        if error:
            _native.raise_error(error, "batch")

    def _raise(self, error: int, size: int) -> None:
        _native.raise_error(error, f"{self!r}, frame of {size} bytes")


def run_batch(
    call: Callable[[_native.Handle, int], int], tables: _native.Tables, in_place: bool
) -> BatchResult:
    """Run the core's call over described frames, or raise why it was refused."""
    if type(in_place) is not bool:
        raise UsageTypeError(
            f"in_place must be True or False, got {type(in_place).__name__}"
        )
    ok = call(tables.handle, in_place)
    if ok < 0:
        where = f", frame {tables.handle.bad_index}"
        about_one = -ok in _native.FRAME_ERRORS
        _native.raise_error(-ok, f"batch{where if about_one else ''}")
    return BatchResult(tables, ok)


def _check_source(source: int) -> None:
    _native.check_int(source, "source", 0, _SOURCES_MAX - 1)
