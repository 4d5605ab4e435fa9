"""Every frame accounted for: how many met which status."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import fastframe as ff

Buffer = Any  # any object with a C-contiguous buffer; 3.12 names it abc.Buffer


class Tally:
    """Counts frames by status; they only go up. Threads may share it."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._counts: Counter[ff.Status] = Counter()
        self._lock = threading.Lock()

    def add(self, status: ff.Status) -> None:
        """Count one frame."""
        with self._lock:
            self._counts[status] += 1

    def __getitem__(self, status: ff.Status) -> int:
        """Give how many frames met a status."""
        with self._lock:
            return self._counts[status]

    def counts(self) -> dict[ff.Status, int]:
        """Copy the counts of the statuses that were met."""
        with self._lock:
            return {status: self._counts[status] for status in sorted(self._counts)}

    @property
    def ok(self) -> int:
        """How many frames came out well."""
        return self[ff.Status.OK]

    @property
    def total(self) -> int:
        """How many frames there were."""
        with self._lock:
            return sum(self._counts.values())

    def __repr__(self) -> str:
        """Show the counts by name."""
        shown = ", ".join(f"{s.name} {count}" for s, count in self.counts().items())
        return f"<Tally {shown or 'empty'}>"


def try_open(opener: ff.Opener, sealed: Buffer) -> tuple[ff.Status, bytes]:
    """Open one frame and give its status, with no bytes if it did not open.

    Nothing is raised: whoever calls this stands in somebody else's loop, which
    an exception would end. A closed opener gives NOT_RUN.
    """
    try:
        return ff.Status.OK, opener.open(sealed)
    except ff.FastframeError as error:
        return status_of(error), b""


def status_of(error: Exception) -> ff.Status:
    """Name what became of the frame for which this was raised."""
    if isinstance(error, ff.FrameRejected):
        return error.status
    if isinstance(error, ff.KeyExhausted):
        return ff.Status.KEY_EXHAUSTED
    if isinstance(error, ff.UsageError):
        return ff.Status.NOT_RUN
    return ff.Status.INTERNAL
