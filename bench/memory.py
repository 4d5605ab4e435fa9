"""What many frames leave behind, and what one batch allocates."""

from __future__ import annotations

import gc
import os
import resource
import sys
import tracemalloc
from pathlib import Path

import fastframe as ff

STATM = Path("/proc/self/statm")
KEY_LEN, SIZE, LENGTH = 16, 100, 64
WARM_UP = 200  # turns until caches of Python and malloc are full
KB = 1024


def resident() -> int:
    """Give the resident size of this process in bytes."""
    if STATM.exists():
        pages = int(STATM.read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KB


class Link:
    """Both ends with their batches, as a bot would keep them."""

    def __init__(self) -> None:
        """Put LENGTH frames into the sender's batch."""
        key = os.urandom(KEY_LEN)
        self._sealer = ff.Sealer("insertable", key)
        self._opener = ff.Opener("insertable", {0: key})
        self._batch = ff.Batch(LENGTH, LENGTH * SIZE)
        self._arrived = ff.Batch(LENGTH, LENGTH * (SIZE + self._sealer.overhead))
        for _ in range(LENGTH):
            self._batch.append(bytes(SIZE))
        for _ in range(WARM_UP):
            self.turn()

    def turn(self) -> None:
        """Send all frames across once."""
        self._arrived.clear()
        for sealed in self._sealer.seal_batch(self._batch):
            self._arrived.append(sealed)
        assert self._opener.open_batch(self._arrived).ok == LENGTH

    def seal(self) -> ff.BatchResult:
        """Seal all frames."""
        return self._sealer.seal_batch(self._batch)


def left_behind(total: int) -> dict[str, int]:
    """Send total frames across; what that added to the process."""
    link = Link()
    gc.collect()
    blocks, size = sys.getallocatedblocks(), resident()
    for _ in range(total // LENGTH):
        link.turn()
    gc.collect()
    return {
        "frames": total // LENGTH * LENGTH,
        "resident kB": (resident() - size) // KB,
        "Python objects": sys.getallocatedblocks() - blocks,
    }


def made_by_batch() -> dict[str, float]:
    """Seal one batch: Python objects made by the call, and bytes for each frame."""
    link = Link()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        result = link.seal()
        made = sys.getallocatedblocks() - before
        tracemalloc.start()
        base = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = link.seal()
        peak = tracemalloc.get_traced_memory()[1] - base
    finally:
        tracemalloc.stop()
        gc.enable()
    count = len(result)
    return {
        "Python objects per call": made,
        "Python objects per frame": made / count,
        "bytes per frame": peak / count,
    }
