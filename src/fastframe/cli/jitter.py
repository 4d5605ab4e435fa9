"""A jitter buffer: opened frames wait here until it is their turn."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastframe.cli.parcels import Delivery


class JitterBuffer:
    """Puts the opened frames of one track back in order, for the decoder.

    A frame that does not come is given up when one arrives that is patience
    frames further on; what comes after that is too late and left out.
    """

    def __init__(self, patience: int) -> None:
        """Wait for frame 0."""
        self._patience = patience
        self._next = 0
        # No index is in it twice: the opener lets no frame pass again.
        self._waiting: list[tuple[int, bytes, Delivery]] = []

    def put(self, data: bytes, delivery: Delivery) -> list[tuple[bytes, Delivery]]:
        """Take a frame; give those whose turn it is, in order."""
        index = delivery.parcel.frame.index
        if index < self._next:
            return []
        heappush(self._waiting, (index, data, delivery))
        ready = []
        while self._waiting and (
            self._waiting[0][0] == self._next
            or index - self._waiting[0][0] >= self._patience
        ):
            first, data, delivery = heappop(self._waiting)
            ready.append((data, delivery))
            self._next = first + 1
        return ready

    def drain(self) -> list[tuple[bytes, Delivery]]:
        """Give all that still waits, in order."""
        rest = [(data, delivery) for _, data, delivery in sorted(self._waiting)]
        self._waiting.clear()
        return rest
