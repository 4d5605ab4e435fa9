"""A token bucket: so much at once, and so much a second from then on."""

from __future__ import annotations


class Bucket:
    """Measures a rate on both ends: the relay refuses by it, a member waits.

    It has no clock of its own; now is in seconds, from one clock.
    """

    __slots__ = ("_at_once", "_left", "_now", "_per_second")

    def __init__(self, per_second: float, at_once: float, now: float) -> None:
        """Start full."""
        self._per_second = per_second
        self._at_once = at_once
        self._left = at_once
        self._now = now

    def take(self, amount: float, now: float) -> bool:
        """Take so much if it is there, else nothing."""
        self._fill(now)
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def wait(self, amount: float, now: float) -> float:
        """Give the seconds until so much can be taken, 0 if it can be now.

        More than fits at once is infinity: no waiting helps.
        """
        self._fill(now)
        if amount > self._at_once:
            return float("inf")
        return max(0.0, (amount - self._left) / self._per_second)

    def _fill(self, now: float) -> None:
        # A clock that goes back must neither give nor take.
        grown = self._left + max(0.0, now - self._now) * self._per_second
        self._left = min(self._at_once, grown)
        self._now = max(self._now, now)
