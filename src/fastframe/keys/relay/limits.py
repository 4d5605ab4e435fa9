"""How much a relay takes from whom."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fastframe import UsageError
from fastframe.keys.protocol import BLOB_MAX

KB = 1024
MB = 1024 * KB


@dataclass(frozen=True)
class Limits:
    """What one relay bears. All numbers are above 0.

    Memory is bounded by connections times unsent_bytes, and is far below that
    unless every member stops reading at once.

    Attributes:
        connections: at once, those that have not said hello included.
        rooms: at once; a room is there as long as it has a member.
        members: in one room at once.
        comings_per_second: into one room, in the long run.
        comings_at_once: into one room after a silence; when the relay was
            restarted, all come at once.
        blob_bytes: of one blob.
        unsent_bytes: waiting for one member before it is dropped as too slow.
        messages_per_second: that one member may send, in the long run. While
            people come into a room of 256, each member there has twice 255 a
            second for the others: a ratchet step, and what it acknowledges.
        messages_at_once: that one member may send after a silence.
        bytes_per_second: that one member may have sent to others in the long
            run; a blob to all others counts once for each.
        bytes_at_once: the same after a silence. 200 members that give each
            other a kilobyte when they rotate need far less.
        refusals_at_once: after which a member that goes on is put out; one
            more is forgiven each second.
        hello_seconds: until whoever connects must have said hello.
        heartbeat_seconds: between pings, and until one must be answered.
        close_seconds: for a member to agree to the end of its connection.
        log_lines_per_second: the rest is counted and left out.
    """

    connections: int = 1000
    rooms: int = 1000
    members: int = 256
    comings_per_second: float = 20
    comings_at_once: float = 512
    blob_bytes: int = BLOB_MAX
    unsent_bytes: int = 4 * MB
    messages_per_second: float = 1000
    messages_at_once: float = 10_000
    bytes_per_second: float = 4 * MB
    bytes_at_once: float = 32 * MB
    refusals_at_once: float = 32
    hello_seconds: float = 10
    heartbeat_seconds: float = 20
    close_seconds: float = 5
    log_lines_per_second: float = 50

    def __post_init__(self) -> None:
        """Refuse what would let nothing through, or nothing end."""
        for field in fields(self):
            number = getattr(self, field.name)
            if not 0 < number < float("inf"):
                raise UsageError(f"{field.name} must be above 0, got {number}")
        if self.blob_bytes > BLOB_MAX:
            # Members of this version would not take it.
            raise UsageError(f"blob_bytes must be at most {BLOB_MAX}")
