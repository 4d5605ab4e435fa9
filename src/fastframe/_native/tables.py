"""The memory of a batch: its tables, its arenas, frames gathered into it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

from fastframe._ffi import ffi, lib
from fastframe._native import arenas
from fastframe._native.buffers import BYTES_LAYOUT, Located, pin
from fastframe._native.core import NULL, Handle, check

if TYPE_CHECKING:
    from collections.abc import Callable

batch_reserve: Callable[..., int] = lib.ff_batch_reserve
batch_append: Callable[..., int] = lib.ff_batch_append
_gather: Callable[..., int] = lib.ff_batch_gather
_gather_objects: Callable[..., int] = lib.ff_batch_gather_objects
batch_clear: Callable[[Handle], int] = lib.ff_batch_clear


# Results are written before they are shown, so clearing their memory first
# would be work for nothing: as much as sealing, for large frames.
_allocate = ffi.new_allocator(should_clear_after_alloc=False)


class Tables:
    """The memory of one ff_batch, pinned once, with views for Python.

    Frames stand in the bytearray arena, or (arena None) wherever gather()
    says. Results go to memory of out_size bytes.
    """

    __slots__ = (
        "_aads",
        "_arena",
        "_base",
        "_frames",
        "_out",
        "_pooled",
        "_results",
        "_tables",
        "_views",
        "handle",
    )

    def __init__(
        self, capacity: int, out_size: int, arena: bytearray | None, limit: int
    ) -> None:
        """Lay out tables for capacity frames; limit: the arena's frame bytes."""
        # Never empty: an empty bytearray stands at no particular address.
        tables = bytearray(lib.ff_batch_tables_size(max(capacity, 1)))
        self._base = pin(tables)
        self._pooled: bytearray | None = None
        if arena is None and out_size >= arenas.LEAST:
            self._pooled = arenas.take(out_size)
            self._out = pin(self._pooled)
        else:
            self._out = _allocate("uint8_t[]", max(out_size, 1))
        self._arena = NULL if arena is None else pin(arena)
        self.handle = ffi.new("ff_batch *")
        size = 0 if arena is None else len(arena)
        error = lib.ff_batch_init(
            self.handle,
            self._base,
            capacity,
            self._out,
            out_size,
            self._arena,
            size,
            limit,
        )
        check(error, "batch")
        self._tables = tables
        self._views: dict[str, memoryview] = {}
        self._results: tuple[memoryview, ...] = ()
        self._frames: Located | None = None
        self._aads: Located | None = None

    def __del__(self) -> None:
        """Let the next list have the memory of these results."""
        if (memory := getattr(self, "_pooled", None)) is not None:
            self._results = ()
            self._out = None
            arenas.give(memory)

    def view(self, field: str, code: Literal["B", "H", "I", "Q"]) -> memoryview:
        """Give one table as a memoryview of struct code items."""
        if field not in self._views:
            start = ffi.cast("uint8_t *", getattr(self.handle, field))
            at = start - ffi.cast("uint8_t *", self._base)
            size = self.handle.capacity * struct.calcsize(code)
            self._views[field] = memoryview(self._tables)[at : at + size].cast(code)
        return self._views[field]

    def result(self, index: int) -> memoryview:
        """Give the bytes of one result, empty if the frame was rejected."""
        if not self._results:
            # Where results stand: in the arena out, or (in place) in the input.
            kept = self._pooled
            out = ffi.buffer(self._out) if kept is None else kept
            own = memoryview(out).cast("B")
            arena = self._arena
            over = own if arena == NULL else memoryview(ffi.buffer(arena)).cast("B")
            self._results = (own, over)
        at = self.view("out_at", "Q")[index]
        end = at + self.view("out_len", "I")[index]
        return self._results[int(self.handle.in_place)][at:end]

    def gather(self, frames: Located, kind: int) -> None:
        """Point at frames where they stand, all of one ff_key_frame."""
        self._frames = frames
        if frames.lens is None:
            layout = BYTES_LAYOUT
            items, count = layout.items(frames.keep), len(frames.keep)
            error = _gather_objects(self.handle, layout.handle, items, count, kind)
        else:
            lens = frames.lens
            error = _gather(self.handle, frames.keep, lens, len(lens), kind)
        check(error, "batch")

    def gather_aad(self, aads: Located) -> None:
        """Point at caller bytes where they stand, one buffer for each frame."""
        pointed = Located.of_pins(aads.pointers()).clamp()
        self._aads = pointed
        error = lib.ff_batch_gather_aad(self.handle, pointed.keep, pointed.lens)
        check(error, "batch")

    def release(self) -> None:
        """Let go of the caller's buffers once the call is over."""
        self._frames = self._aads = None
