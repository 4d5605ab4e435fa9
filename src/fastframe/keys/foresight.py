"""Keys that a frame's key id tells how to ratchet to, before the room says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.keys.bucket import Bucket
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastframe import Opener
    from fastframe.keys.opening import ReceivedTrack
    from fastframe.keys.room import Room

TRIALS_PER_SECOND = 20
TRIALS_AT_ONCE = 20
SECONDS = 3.0
KEPT_MAX = 8  # for each sender


class Foresight:
    """Tries the keys ahead of those that are held, for one sender.

    A key id is not authenticated: only a frame that opens under such a key
    makes it stay, as long as it is ahead of the newest one that the room has
    brought, and then for a while. To let go of it earlier and lend it anew would
    open once more what has been opened: an opener forgets that with the key.
    """

    __slots__ = ("_kept", "_room", "_sender", "_trials")

    def __init__(self, room: Room, sender: bytes, now: float) -> None:
        """Have tried nothing."""
        self._room = room
        self._sender = sender
        self._kept: dict[int, float] = {}
        self._trials = Bucket(TRIALS_PER_SECOND, TRIALS_AT_ONCE, now)

    def lend(self, opener: Opener, key_id: int | None, now: float) -> bool:
        """Put the key that a frame names into an opener, for one try."""
        if key_id is None or len(self._kept) >= KEPT_MAX:
            return False
        if not self._trials.take(1, now):
            return False
        key = self._room.foresee(self._sender, key_id)
        if key is None:
            return False
        opener.keys[key_id] = key
        wipe(key)
        return True

    def keep(
        self, tracks: Mapping[str, ReceivedTrack], key_id: int, now: float
    ) -> None:
        """Hold a key that has opened a frame, on all tracks."""
        key = self._room.foresee(self._sender, key_id)
        if key is None:
            return
        self._kept[key_id] = now + SECONDS
        for track in tracks.values():
            track.opener.keys[key_id] = key
        wipe(key)

    def confirm(self, key_id: int) -> None:
        """Leave a key to the room, which has brought it."""
        self._kept.pop(key_id, None)

    def expire(self, tracks: Mapping[str, ReceivedTrack], now: float) -> None:
        """Let go of keys that the room has passed by, or whose sender has left."""
        for key_id, until in list(self._kept.items()):
            if self._room.foresees(self._sender, key_id):
                self._kept[key_id] = now + SECONDS
            elif until <= now:
                del self._kept[key_id]
                for track in tracks.values():
                    track.opener.keys.pop(key_id, None)
