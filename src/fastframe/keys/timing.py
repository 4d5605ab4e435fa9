"""How long a room waits for what."""

from __future__ import annotations

from dataclasses import dataclass

from fastframe import UsageError


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds. The defaults suit calls over the internet.

    Attributes:
        grace: how long a key is held once another has taken its place. Frames
            and key messages that are at most this late still meet.
        use_after: how long a sealer waits for all to have acknowledged a new
            key; not when somebody has left, for then it goes over at once.
        key_frame_limit: how long it then waits for a key frame.
        resend_first, resend_most: the pause after which a key message that
            was not acknowledged is repeated; it doubles from the first to the
            most, and ends after resends.
        resends: after so many repeats only a heartbeat asks anew.
        heartbeat: how often members tell each other what they have, at least;
            it grows by heartbeat_per_member with each member of the room.
        silence: after how much of it a member counts as gone, in heartbeats.
    """

    grace: float = 3.0
    use_after: float = 1.0
    key_frame_limit: float = 2.0
    resend_first: float = 0.4
    resend_most: float = 5.0
    resends: int = 8
    heartbeat: float = 5.0
    heartbeat_per_member: float = 0.1
    silence: float = 4.0

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} must be 0 or more")

    def overlap(self, at: str) -> float:
        """Give how long the key before one that is used at this time is needed."""
        wait = self.use_after + self.key_frame_limit if at == "later" else 0.0
        return wait + self.grace

    def pause(self, tries: int) -> float:
        """Give how long to wait for an answer after so many tries."""
        return min(self.resend_first * 2.0 ** min(tries, 16), self.resend_most)

    def beat(self, members: int) -> float:
        """Give the time between two heartbeats in a room of so many."""
        return self.heartbeat + self.heartbeat_per_member * members
