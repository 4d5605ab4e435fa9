"""Borrowing buffers: where bytes stand, for the length of one call."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from fastframe._ffi import ffi, lib
from fastframe._native.core import (
    COUNTER_MAX,
    KINDS,
    NULL,
    SEALED_MAX,
    UINT32_MAX,
    Buffer,
    Handle,
    check_int,
)
from fastframe.errors import UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

# Bound here: called once per frame.
pin: Callable[[Buffer], Handle] = ffi.from_buffer


def pin_to_read(buffer: Buffer, what: str) -> Handle:
    """Borrow a C-contiguous buffer, or say what came instead."""
    try:
        return ffi.from_buffer(buffer)
    except TypeError:
        raise UsageTypeError(
            f"{what} must be bytes-like, got {type(buffer).__name__}"
        ) from None
    except (ValueError, BufferError):
        raise UsageError(
            f"{what} must be C-contiguous; this {type(buffer).__name__} is not"
        ) from None


def copy_bytes(buffer: Buffer, what: str) -> bytes:
    """Copy a C-contiguous buffer."""
    return bytes(ffi.buffer(pin_to_read(buffer, what)))


class Located(NamedTuple):
    """Where many buffers stand; they stay there while this lives.

    Attributes:
        keep: what holds them: pointers, or (lens None) bytes objects, which
            the core reads by itself.
        lens: bytes of each.
        size: bytes of all.
    """

    keep: tuple[Any, ...]
    lens: list[int] | None
    size: int

    @classmethod
    def of_pins(cls, pins: tuple[Handle, ...]) -> Located:
        """Measure buffers that are borrowed one by one."""
        lens = [*map(len, pins)]
        return cls(pins, lens, sum(lens))

    def clamp(self) -> Located:
        """Make lengths fit the core's 32 bits: longer than any frame is enough.

        size becomes what results may take: longer frames are refused, so no
        memory is needed for them.
        """
        if self.lens is None:  # the core has seen that none is too long
            return self
        lens = [min(length, UINT32_MAX) for length in self.lens]
        return Located(self.keep, lens, sum(min(n, SEALED_MAX) for n in lens))

    def pointers(self) -> tuple[Handle, ...]:
        """Give a pointer to each."""
        return tuple(map(pin, self.keep)) if self.lens is None else self.keep


class BytesLayout:
    """How CPython lays out bytes objects and the tuple that holds them.

    Its id() is an object's address and __basicsize__ the bytes before what
    varies in length. So one call of the core finds many frames, where a buffer
    borrowed for each would cost as much as sealing 100 bytes.
    """

    __slots__ = ("_items_at", "handle")

    def __init__(self) -> None:
        """Describe the layout; works() says whether it is so."""
        pointer = ffi.sizeof("void *")
        self._items_at = tuple.__basicsize__
        self.handle = ffi.new("ff_layout *")
        self.handle.type = id(bytes)
        self.handle.type_at = object.__basicsize__ - pointer  # a head's last word
        self.handle.len_at = object.__basicsize__
        self.handle.data_at = bytes.__basicsize__ - 1  # the closing NUL counts there

    def items(self, objects: tuple[Any, ...]) -> int:
        """Give the address of a tuple's items."""
        return id(objects) + self._items_at

    def size(self, objects: tuple[Any, ...]) -> int:
        """Add up the lengths; negative if one is not of type bytes, or too long."""
        return _objects_size(self.handle, self.items(objects), len(objects))

    def works(self) -> bool:
        """Try it on samples, whose own addresses and heads are asked for."""
        if sys.implementation.name != "cpython":
            return False
        good = (b"", b"x", b"fastframe", bytes(1000))
        mixed = (b"fastframe", bytearray(9))
        starts = [self.handle.data_at + id(sample) for sample in good]
        found = [int(ffi.cast("uintptr_t", pin(sample))) for sample in good]
        total = sum(map(len, good))
        return starts == found and self.size(good) == total and self.size(mixed) < 0


_objects_size: Callable[..., int] = lib.ff_objects_size
BYTES_LAYOUT = BytesLayout()
_WORKS = BYTES_LAYOUT.works()


def locate(buffers: tuple[Buffer, ...], what: str) -> Located:
    """Borrow many buffers at once."""
    if _WORKS and (size := BYTES_LAYOUT.size(buffers)) >= 0:
        return Located(buffers, None, size)
    try:
        pins = tuple(map(pin, buffers))
    except (TypeError, ValueError, BufferError):
        pins = tuple(
            pin_to_read(buffer, f"{what} {index}")
            for index, buffer in enumerate(buffers)
        )
    return Located.of_pins(pins)


def pin_to_write(buffer: Buffer, what: str) -> Handle:
    """Borrow a writable C-contiguous buffer, or say what came instead."""
    try:
        # A keyword here would double the cost of the whole call.
        return ffi.from_buffer("uint8_t[]", buffer, True)  # noqa: FBT003
    except TypeError:
        raise UsageTypeError(
            f"{what} must be a writable buffer, got {type(buffer).__name__}"
        ) from None
    except BufferError:
        raise _explain_unwritable(buffer, what) from None
    except ValueError:
        raise UsageError(
            f"{what} must be C-contiguous; this {type(buffer).__name__} is not"
        ) from None


def _explain_unwritable(buffer: Buffer, what: str) -> UsageError:
    kind = type(buffer).__name__
    if memoryview(buffer).readonly:
        return UsageTypeError(f"{what} must be writable; this {kind} is read-only")
    return UsageError(f"{what} must be C-contiguous; this {kind} is not")


class Extra:
    """An ff_extra with the caller's bytes held for as long as it lives."""

    __slots__ = ("_aad", "handle")

    def __init__(self, aad: Buffer | None, counter: int | None) -> None:
        """Pin aad (None: no bytes) beside a counter (None: 0)."""
        self.handle = ffi.new("ff_extra *")
        if counter is not None:
            self.handle.counter = check_int(counter, "counter", 0, COUNTER_MAX)
        self._aad = None
        if aad is not None:
            self._aad = pin_to_read(aad, "aad")
            self.handle.aad = ffi.cast("uint8_t *", self._aad)
            self.handle.aad_len = len(self._aad)


class _NoExtra:
    """Stands for an Extra without content: a NULL ff_extra."""

    handle = NULL


_NO_EXTRA = _NoExtra()


def make_extra(aad: Buffer | None, counter: int | None) -> Extra | _NoExtra:
    """Give what goes beside a frame; keep it until the call is over."""
    if aad is None and counter is None:
        return _NO_EXTRA
    return Extra(aad, counter)


def is_overlapping(a: Handle | bytes, b: Handle | bytes) -> bool:
    """Whether two pinned buffers share memory; bytes share none."""
    if isinstance(a, bytes) or isinstance(b, bytes):
        return False
    x, y = (int(ffi.cast("uintptr_t", ffi.cast("void *", one))) for one in (a, b))
    return x < y + len(b) and y < x + len(a)


def kind_of(key_frame: object) -> int:
    """Give the ff_key_frame of True, False or None."""
    try:
        return KINDS[key_frame]
    except (KeyError, TypeError):
        raise UsageTypeError(
            f"key_frame must be True, False or None, got {type(key_frame).__name__}"
        ) from None
