"""Choosing the one picture that --save-frame draws."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastframe.cli.parcels import Delivery

_RECENT = 64  # deliveries remembered: decoders hold frames back


class Snapshot:
    """Keeps one decoded picture and the sealed frame that it came from.

    It takes the last picture before the wanted moment from the unbroken run
    at the start: once a frame is missing, decoders show what is left of the
    pictures that lean on it.

    Attributes:
        picture: the decoded picture, None as long as there is none.
        sealed: the sealed frame that it came from.
    """

    def __init__(self, moment: float) -> None:
        """Look for a picture at about moment, in seconds."""
        self._moment = moment
        self._recent: deque[Delivery] = deque(maxlen=_RECENT)
        self._next_index = 0
        self._unbroken_until: int | None = None
        self.picture: Any = None
        self.sealed = b""

    def remember(self, delivery: Delivery) -> None:
        """Note a delivery that was opened."""
        self._recent.append(delivery)
        index = delivery.parcel.frame.index
        if index == self._next_index:
            self._next_index += 1
        elif self._unbroken_until is None and index > self._next_index:
            self._unbroken_until = self._next_index

    def offer(self, picture: Any) -> None:
        """Consider a decoded picture."""
        found = next((d for d in self._recent if _stamp(d) == picture.pts), None)
        if found is None:
            return
        frame = found.parcel.frame
        is_broken = (
            self._unbroken_until is not None and frame.index >= self._unbroken_until
        )
        if self.picture is None or (frame.at <= self._moment and not is_broken):
            self.picture, self.sealed = picture, found.sealed


def _stamp(delivery: Delivery) -> int | None:
    return delivery.parcel.frame.pts
