"""When to say again what has been said: soon, but never in a storm."""

from __future__ import annotations

_PAUSE_FIRST = 0.5  # seconds
_PAUSE_LONGEST = 8.0


class Pace:
    """Grants at once, then 1, 2, 4 and 8 s apart; after relax(), in half a second.

    For requests for key frames: a member without the key fails on every frame.
    If each failure asked for a key frame, the sender would send hardly anything
    else, to everybody. It is not locked: one thread at a time.

    Attributes:
        granted: how often it has granted.
    """

    def __init__(self) -> None:
        """Start with nothing wanted."""
        self.granted = 0
        self._is_wanted = False
        self._pause = _PAUSE_FIRST
        self._latest = float("-inf")

    def want(self) -> None:
        """Have the next grant() that is not too soon say yes."""
        self._is_wanted = True

    def relax(self) -> None:
        """Grant soon again: when the key has come, a key frame is still needed."""
        self._pause = _PAUSE_FIRST

    def grant(self, now: float) -> bool:
        """Tell whether it is time, now being seconds of a monotonic clock."""
        if not self._is_wanted or now < self._latest + self._pause:
            return False
        self._is_wanted = False
        self._latest = now
        self._pause = min(2 * self._pause, _PAUSE_LONGEST)
        self.granted += 1
        return True
