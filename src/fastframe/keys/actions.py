"""What a room asks of the program around it: send, take up a key, let one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NoReturn

from fastframe import UsageTypeError

Moment = Literal["now", "key_frame"]


@dataclass(frozen=True, slots=True)
class Send:
    """Hand a message to the relay.

    Attributes:
        to: the recipient's public key, None for everybody in the room.
        message: at most messages.MESSAGE_MAX bytes.
    """

    to: bytes | None
    message: bytes


@dataclass(frozen=True, slots=True)
class UseKey:
    """Seal under this key, which has been sent to those who may have it.

    Attributes:
        key_id: what frames say of it.
        key: yours to wipe.
        at: "now", before another frame is sealed, or at the next "key_frame".
        until: when to go over at the latest: a stream may have no key frames.
    """

    key_id: int
    key: bytearray = field(repr=False)
    at: Moment
    until: float

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold the key in the clear."""
        raise UsageTypeError("a UseKey cannot be copied or pickled")


@dataclass(frozen=True, slots=True)
class StepKey:
    """Ratchet the key in use one step on, where the format does so in place.

    Attributes:
        key_id: the slot, which stays.
    """

    key_id: int


@dataclass(frozen=True, slots=True)
class StopSealing:
    """Seal nothing from here on, and wipe the keys: this member has left."""


@dataclass(frozen=True, slots=True)
class AddKey:
    """Open frames of sender that name key_id with this key, from now on.

    Attributes:
        sender: a member's public key.
        key_id: the slot; whatever it held is replaced.
        key: yours to wipe.
    """

    sender: bytes
    key_id: int
    key: bytearray = field(repr=False)

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold the key in the clear."""
        raise UsageTypeError("an AddKey cannot be copied or pickled")


@dataclass(frozen=True, slots=True)
class RetireKey:
    """Wipe a key of sender's."""

    sender: bytes
    key_id: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something has changed that people or programs may want to know.

    Attributes:
        name: "member_joined", "member_left", "key_rotated", or of a track
            "missing_key", "decryption_failed", "decryption_resumed",
            "unencrypted_frame", "frames_dropped".
        member: whom it is about: the public key of a member or of this one.
        at: when, by the clock that was handed in, in seconds.
        track: the track's name, empty for what concerns the whole member.
        key_id: the key, None where none is meant.
        count: how many times since the last event of this name and track.
    """

    name: str
    member: bytes
    at: float
    track: str = ""
    key_id: int | None = None
    count: int = 1


Action = Send | UseKey | StepKey | StopSealing | AddKey | RetireKey | Event
