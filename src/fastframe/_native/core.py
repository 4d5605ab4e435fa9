"""Constants of the compiled core, and its numbers turned into exceptions."""

from __future__ import annotations

from typing import Any, NoReturn

from fastframe._ffi import ffi, lib
from fastframe.errors import (
    REJECTIONS,
    FastframeError,
    KeyExhausted,
    LibraryFailure,
    Status,
    UsageError,
    UsageTypeError,
)

Handle = Any  # a cdata object
Buffer = Any  # any object with a C-contiguous buffer; 3.12 names it abc.Buffer

NULL: Handle = ffi.NULL
FRAME_MAX: int = lib.FF_FRAME_MAX
SEALED_MAX: int = lib.FF_SEALED_MAX
UINT32_MAX = 2**32 - 1
BATCH_MAX: int = lib.FF_BATCH_MAX
SOURCES_MAX: int = lib.FF_SOURCES_MAX
WINDOW_MAX: int = lib.FF_WINDOW_MAX
WORKERS_MAX: int = lib.FF_WORKERS_MAX
NONCE_LEN: int = lib.FF_NONCE_LEN
TAG_LEN: int = lib.FF_TAG_LEN
SPARE: int = lib.FF_SPARE
FRAME_ROOM: int = lib.FF_FRAME_ROOM
NO_ROOM: int = lib.FF_NO_ROOM
FIRST_ERROR: int = lib.FF_BAD_ARGUMENT  # statuses are below, call errors above
COUNTER_MAX = 2**64 - 1
RATCHET_MAX: int = lib.FF_RATCHET_MAX
RESERVE_FIRST: int = lib.FF_RESERVE_FIRST
KINDS: dict[object, int] = {None: lib.FF_EITHER, False: lib.FF_DELTA, True: lib.FF_KEY}
# These are about one frame of the batch, the one at bad_index.
FRAME_ERRORS = (
    lib.FF_BAD_LENGTH,
    lib.FF_BAD_SPAN,
    lib.FF_BAD_OVERLAP,
    lib.FF_BAD_SOURCE,
    lib.FF_BAD_AAD,
)

_LIBRARY_ERRORS = (lib.FF_LIB_MEMORY, lib.FF_LIB_CRYPTO)


def text_of(code: int) -> str:
    """Give C's words for a status or error number."""
    return str(ffi.string(lib.ff_status_text(code)).decode())


def raise_error(code: int, what: str) -> NoReturn:
    """Raise for an ff_error: why the call as a whole was refused."""
    if code in _LIBRARY_ERRORS:
        raise LibraryFailure(f"{what}: {text_of(code)}")
    raise UsageError(f"{what}: {text_of(code)}")


def raise_status(
    code: int, *, key_id: int | None = None, index: int | None = None
) -> NoReturn:
    """Raise for an ff_status: what became of one frame."""
    status = Status(code)
    where = "" if index is None else f"frame {index}: "
    if status in REJECTIONS:
        named = "" if key_id is None else f" (it names key id {key_id})"
        raise REJECTIONS[status](
            f"{where}{status.name}: {text_of(code)}{named}",
            status=status,
            key_id=key_id,
            index=index,
        )
    message = f"{where}{text_of(code)}"
    if status is Status.KEY_EXHAUSTED:
        raise KeyExhausted(message)
    if status is Status.NO_ROOM:
        raise UsageError(message)
    if status is Status.INTERNAL:
        raise LibraryFailure(message)
    raise FastframeError(message)


def check_int(value: object, what: str, least: int, most: int) -> int:
    """Accept an int from least to most (a bool is none)."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageTypeError(f"{what} must be an int, got {type(value).__name__}")
    if not least <= value <= most:
        # Python refuses to print numbers of thousands of digits.
        came = value if abs(value) < 10**40 else "a far larger number"
        raise UsageError(f"{what} must be {least} to {most}, got {came}")
    return value


def check_workers(workers: object) -> int:
    """Accept how many threads one batch may take."""
    return check_int(workers, "workers", 1, WORKERS_MAX)


def check(error: int, what: str) -> None:
    """Raise unless error is FF_DONE."""
    if error:
        raise_error(error, what)
