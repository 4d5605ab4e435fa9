"""A lock for Python code that a forked child can still take.

os.fork() copies a lock that another thread holds, and nobody in the child ever
releases it. The few places that lock in Python (never once per frame) use this.
"""

from __future__ import annotations

import os
import threading
import weakref

_all: weakref.WeakSet[ForkLock] = weakref.WeakSet()


class ForkLock:
    """A lock, made anew in the child of a fork: `with lock.raw:`.

    It is re-entrant, because the collector may run a finaliser that takes it
    on a thread that holds it. The with statement gets the interpreter's own
    object: a Python-level __enter__ could be interrupted by a signal between
    taking the lock and saying so, and then nobody would release it.
    """

    __slots__ = ("__weakref__", "raw")

    def __init__(self) -> None:
        """Start free."""
        self.raw = threading.RLock()
        _all.add(self)


def _renew_all() -> None:
    for lock in list(_all):
        lock.raw = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_all)
