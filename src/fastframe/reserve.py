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

    __slots__ = ("_facts", "_first", "_lock", "_owner", "_persistent")

    def __init__(
        self, owner: object, counter: object, facts: _native.FormatFacts
    ) -> None:
        """Check counter= and bind a PersistentCounter to its owner."""
        self._facts = facts
        self._owner = weakref.ref(owner)
        self._lock = ForkLock()
        self._persistent: PersistentCounter | None = None
        self._first = 0
        if isinstance(counter, PersistentCounter):
            self._persistent = counter
            counter.attach(owner)
        else:
            most = facts.counter_max
            self._first = _native.check_int(counter, "counter", 0, most)

    def begin(self, fingerprint: str) -> tuple[int, int]:
        """Give the first and last counter that a new key may use."""
        least, most = self._facts.counter_min, self._facts.counter_max
        if self._persistent is not None:
            first, last = self._persistent.reserve(fingerprint, 1 + least, most)
            return max(first, least), last
        first, self._first = self._first, 0  # the next key starts anew
        return max(first, least), most

    def extend(self, handle: _native.Handle, count: int) -> None:
        """Reserve on disk, then grant to the core, what count frames still need."""
        if self._persistent is None:
            return
        with self._lock.raw:
            facts = _native.read_sealer(handle)
            most = self._facts.counter_max
            wanted = facts.next + _native.counters_for(handle, count) - 1
            missing = min(wanted, most) - facts.granted
            if missing > 0:
                name = fingerprint_of(facts.mark)
                _, last = self._persistent.reserve(name, missing, most)
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
