"""Single calls off the beaten path: caller bytes, outside counters, refusals.

Sealer and Opener make the plain call themselves, once per frame, and come here
for everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from fastframe import _native
from fastframe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def prepare_call(
    function: Callable[..., int],
    handle: _native.Handle,
    target: tuple[Any, int],
    frame: tuple[Any, int],
    key_frame: object,
    aad: _native.Buffer | None,
    counter: int | None = None,
) -> Callable[[], int]:
    """Check all arguments of a single call and make it ready to be made.

    target and frame are a pinned buffer and its length each.
    """
    kind = _native.kind_of(key_frame)
    extra = _native.make_extra(aad, counter)

    def call() -> int:
        return function(handle, *target, *frame, kind, extra.handle)

    return call


def pin_target(out: _native.Buffer) -> tuple[Any, int]:
    """Pin what the caller wants written, and give its length."""
    pinned = _native.pin_to_write(out, "out")
    return pinned, len(pinned)


def raise_refusal(
    code: int, who: object, size: int, needed: int, room: int
) -> NoReturn:
    """Raise for the status or error that a single call came back with."""
    if code == _native.NO_ROOM:
        raise UsageError(f"out must hold at least {needed} bytes, got {room}")
    if code >= _native.FIRST_ERROR:
        _native.raise_error(code, f"{who!r}, frame of {size} bytes")
    _native.raise_status(code)
