"""Where a sealer's counters come from: a number, or a file."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Protocol

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.counter import PersistentCounter
from fastframe.material import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Supply:
    """The counters of one sealer, handed to the core range by range.

    Without a file the core is granted all there are; with one, only what is
    reserved on disk, and more when a call needs more.
    """

    __slots__ = ("_first", "_last", "_lock", "_owner", "_persistent")

    def __init__(self, owner: object, counter: object, last: int) -> None:
        """Check counter= and bind a PersistentCounter to its owner."""
        self._owner = weakref.ref(owner)
        self._lock = ForkLock()
        self._persistent: PersistentCounter | None = None
        self._first, self._last = 0, last
        if isinstance(counter, PersistentCounter):
            self._persistent = counter
            counter.attach(owner)
        else:
            self._first = _native.check_int(counter, "counter", 0, last)

    def begin(self, fingerprint: str) -> tuple[int, int]:
        """Give the first and last counter that a new key may use."""
        if self._persistent is not None:
            return self._persistent.reserve(fingerprint, 1)
        first, self._first = self._first, 0  # the next key starts at 0
        return first, self._last

    def extend(self, handle: _native.Handle, count: int) -> None:
        """Reserve on disk, then grant to the core, what count frames still need."""
        if self._persistent is None:
            return
        with self._lock.raw:
            facts = _native.read_sealer(handle)
            missing = facts.next + count - 1 - facts.granted
            if missing > 0:
                name = fingerprint_of(facts.mark)
                _, last = self._persistent.reserve(name, missing)
                # A rotation may have come between: then nothing is granted,
                # and the core asks again under its new key. An interrupted
                # call may have left a gap below: nobody else used it, because
                # file, key and prefix have one owner.
                _native.grant_sealer(handle, facts.mark, last)

    def close(self) -> None:
        """Let another sealer use the file."""
        if self._persistent is not None:
            self._persistent.detach(self._owner())


class Reserver(Protocol):
    """What reserving() needs of a sealer."""

    def reserve(self, count: int) -> None:
        """Have counters reserved until count frames can be sealed."""


def reserving(
    needs: Callable[[], dict[Reserver, int]], call: Any, batch: Any, in_place: int
) -> int:
    """Run a batch call, and again after reserving what each sealer needs."""
    while (ok := call(batch, in_place)) == -_native.RESERVE_FIRST:
        for sealer, count in needs().items():
            sealer.reserve(count)
    return int(ok)
