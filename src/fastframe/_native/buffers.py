"""Borrowing buffers: where bytes stand, for the length of one call."""

from __future__ import annotations

import itertools
import operator
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from fastframe._ffi import ffi
from fastframe._native.core import (
    COUNTER_MAX,
    KINDS,
    NULL,
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


def _find_bytes_data() -> int | None:
    """Give how far behind id() the bytes of a bytes object stand.

    Borrowing a buffer costs as much as sealing 100 bytes. CPython's id() is
    an object's address and a bytes object keeps its bytes inside itself, so
    for a list of them an addition does. None where that is not so.
    """
    if sys.implementation.name != "cpython":
        return None
    offset = bytes.__basicsize__ - 1  # the terminating NUL counts there
    for sample in (b"fastframe", bytes(1000)):
        if int(ffi.cast("uintptr_t", pin(sample))) != id(sample) + offset:
            return None
    return offset


_BYTES_DATA = _find_bytes_data()


class Located(NamedTuple):
    """Where many buffers stand; they stay there while this lives.

    Attributes:
        keep: what holds them.
        ids: their addresses less offset, or None: then keep has pointers.
        offset: see ids.
        lens: bytes of each.
    """

    keep: tuple[Any, ...]
    ids: list[int] | None
    offset: int
    lens: list[int]


def locate(buffers: tuple[Buffer, ...], what: str) -> Located:
    """Borrow many buffers at once."""
    # By identity: a metaclass may claim to equal bytes.
    all_bytes = all(map(operator.is_, map(type, buffers), itertools.repeat(bytes)))
    if all_bytes and _BYTES_DATA is not None:
        return Located(buffers, [*map(id, buffers)], _BYTES_DATA, [*map(len, buffers)])
    try:
        pins = tuple(map(pin, buffers))
    except (TypeError, ValueError, BufferError):
        pins = tuple(
            pin_to_read(buffer, f"{what} {index}")
            for index, buffer in enumerate(buffers)
        )
    return Located(pins, None, 0, [*map(len, pins)])


def clamp(lens: list[int]) -> list[int]:
    """Make lengths fit the core's 32 bits: longer than any frame is enough."""
    return [min(length, UINT32_MAX) for length in lens]


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
