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
    """A threading.Lock, made anew in the child of a fork."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        """Start free."""
        self._lock = threading.Lock()
        _all.add(self)

    def __enter__(self) -> None:
        """Wait for the lock."""
        self._lock.acquire()

    def __exit__(self, *_exc: object) -> None:
        """Release it."""
        self._lock.release()

    def renew(self) -> None:
        """Be free again, whoever held it."""
        self._lock = threading.Lock()


def _renew_all() -> None:
    for lock in list(_all):
        lock.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_all)
