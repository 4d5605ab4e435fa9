"""Keys stay in the process that drew them: what os.fork() copies must not seal."""

from __future__ import annotations

import os

from fastframe import UsageError


class Process:
    """Remembers the process it was made in.

    A forked child has the same keys, and would draw the next ones by the same
    ratchet. Sealers know that they were copied; a key that is not in one yet
    does not, and both processes would count from 0 under it.
    """

    __slots__ = ("_pid",)

    def __init__(self) -> None:
        """Remember this one."""
        self._pid = os.getpid()

    def check(self) -> None:
        """Raise UsageError in any other."""
        if self._pid != os.getpid():
            raise UsageError(
                "the room was joined before os.fork() and cannot be used in the "
                "child: make a new Room there"
            )
