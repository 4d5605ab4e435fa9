"""What a room's media has done, in numbers that can be written as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SealedTrackStats:
    """What this member sealed on one track.

    Attributes:
        track: its name.
        key_id: the key in use; None before the first one.
        fingerprint: of that key, 8 bytes of SHA-256 in hex.
        frames_sealed, bytes_in, bytes_out: since the track began.
        frames_refused: frames that could not be sealed, and were not sent.
        key_changes: how often another key was taken up.
        total_seal_time, max_seal_time: seconds.
    """

    track: str
    key_id: int | None
    fingerprint: str
    frames_sealed: int
    bytes_in: int
    bytes_out: int
    frames_refused: int
    key_changes: int
    total_seal_time: float
    max_seal_time: float


@dataclass(frozen=True, slots=True)
class OpenedKeyStats:
    """What was opened under one key that is held now."""

    key_id: int
    fingerprint: str
    frames_opened: int
    frames_failed_auth: int
    frames_replayed: int
    frames_too_old: int


@dataclass(frozen=True, slots=True)
class OpenedTrackStats:
    """What came from one sender on one track.

    frames_received is the sum of all that follows it, and of what is parked.

    Attributes:
        sender: fingerprint of the sender's public key.
        track: its name.
        frames_received: all frames given to open().
        frames_opened: those that opened, at once or late.
        frames_missing_key: dropped since their key did not come in time, or
            since too many waited already.
        frames_failed_auth, frames_replayed, frames_too_old,
        frames_not_encrypted, frames_malformed: rejected, by status.
        frames_parked: those that wait now.
        frames_opened_late: of those opened, the ones that had waited.
        frames_turned_away: of those missing their key, the ones that found
            no room to wait.
        total_open_time, max_open_time: seconds spent opening.
        total_parked_time: seconds that late frames waited, in all.
        keys: for each key that is held now.
    """

    sender: str
    track: str
    frames_received: int
    frames_opened: int
    frames_missing_key: int
    frames_failed_auth: int
    frames_replayed: int
    frames_too_old: int
    frames_not_encrypted: int
    frames_malformed: int
    frames_parked: int
    frames_opened_late: int
    frames_turned_away: int
    bytes_in: int
    bytes_out: int
    total_open_time: float
    max_open_time: float
    total_parked_time: float
    keys: tuple[OpenedKeyStats, ...]


@dataclass(frozen=True, slots=True)
class RoomStats:
    """A snapshot of a room.

    Attributes:
        room: its name.
        encryption: "required" or "off".
        member: fingerprint of this member's public key.
        members: how many others are here.
        generation: of the own key in use.
        messages_refused: messages that made no sense or were not authentic.
        frames_parked, bytes_parked: what waits now.
        frames_refused: frames of more senders than are kept account of.
        sealed: each track of this member's.
        opened: each track of each sender's that a frame has come from.
    """

    room: str
    encryption: str
    member: str
    members: int
    generation: int
    messages_refused: int
    frames_parked: int
    bytes_parked: int
    frames_refused: int
    sealed: tuple[SealedTrackStats, ...]
    opened: tuple[OpenedTrackStats, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as what json.dumps() takes."""
        return asdict(self)
