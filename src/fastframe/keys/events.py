"""Events of one track: each change at once, what goes on at most once a second.

A missing key is not a failure: the one is cured by waiting, the other never.
Who shows "waiting for the key" and who raises an alarm must be able to tell.
"""

from __future__ import annotations

from fastframe import Status

PERIOD = 1.0  # seconds
OPENING = "opening"

# What a status says of the track. A repeated or a late frame says nothing: the
# network makes them.
_CLAIMS = {
    Status.OK: OPENING,
    Status.UNKNOWN_KEY: "missing_key",
    Status.MALFORMED: "decryption_failed",
    Status.UNSUPPORTED_VERSION: "decryption_failed",
    Status.AUTH_FAILED: "decryption_failed",
    Status.NOT_ENCRYPTED: "unencrypted_frame",
}


class TrackEvents:
    """Tells what is new from what merely goes on."""

    __slots__ = ("_counts", "_state", "_told_at")

    def __init__(self) -> None:
        """Nothing is known of the track; that its first frame opens is no news."""
        self._state = OPENING
        self._told_at: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def see(self, status: Status, now: float) -> tuple[str, int] | None:
        """Take a frame's status; give an event's name and count if there is one."""
        claim = _CLAIMS.get(status)
        if claim == self._state == OPENING or claim is None:
            return None
        if claim == self._state:
            return self.repeat(claim, now)
        self._state = claim
        return self._tell("decryption_resumed" if claim == OPENING else claim, now)

    def repeat(self, name: str, now: float) -> tuple[str, int] | None:
        """Count what goes on; tell it when a second has passed."""
        told_at = self._told_at.get(name)
        if told_at is not None and now - told_at < PERIOD:
            self._counts[name] = self._counts.get(name, 0) + 1
            return None
        return self._tell(name, now)

    def _tell(self, name: str, now: float) -> tuple[str, int]:
        self._told_at[name] = now
        return name, self._counts.pop(name, 0) + 1
