"""What a wrapped key is bound to, as bytes that can mean one thing only."""

from __future__ import annotations

from dataclasses import dataclass

from fastframe import UsageError, UsageTypeError

LENGTH_LEN = 4
NUMBER_LEN = 8
NUMBER_MAX = 2 ** (8 * NUMBER_LEN) - 1
ROOM_MAX = 255  # bytes of UTF-8: as file names and DNS names are bounded


def join_fields(*fields: bytes) -> bytes:
    """Join fields so that no other fields give the same bytes.

    Each has its length in front, 4 bytes, big-endian. Without it "ab" + "c"
    and "a" + "bc" would be one, and a key wrapped for one room would open in
    another.
    """
    return b"".join(len(field).to_bytes(LENGTH_LEN, "big") + field for field in fields)


@dataclass(frozen=True, slots=True)
class Context:
    """What a content key is for. Both ends must say the same.

    Attributes:
        room: the room's name, 1 to 255 bytes of UTF-8.
        sender: the public key of the member who seals under the key.
        key_id: the key id that its frames carry.
        generation: goes up with each key of this sender, and never back: a
            receiver that keeps the highest one it has seen takes no key twice.
    """

    room: str
    sender: bytes
    key_id: int
    generation: int

    def __post_init__(self) -> None:
        """Refuse what could not be encoded."""
        encode_room(self.room)
        if not isinstance(self.sender, bytes):
            raise UsageTypeError("sender must be the public key's bytes")
        for name in ("key_id", "generation"):
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool):
                raise UsageTypeError(f"{name} must be an int")
            if not 0 <= number <= NUMBER_MAX:
                raise UsageError(f"{name} must be 0 to {NUMBER_MAX}, got {number}")

    def encode(self) -> tuple[bytes, ...]:
        """Give the fields as bytes, in the order they are bound in."""
        numbers = (self.key_id, self.generation)
        return (
            encode_room(self.room),
            self.sender,
            *(number.to_bytes(NUMBER_LEN, "big") for number in numbers),
        )


def encode_room(room: str) -> bytes:
    """Give a room's name as bytes; UsageError if it is none."""
    if not isinstance(room, str):
        raise UsageTypeError("room must be a str")
    try:
        name = room.encode()
    except UnicodeEncodeError:
        raise UsageError("room must be text that UTF-8 can say") from None
    if not 1 <= len(name) <= ROOM_MAX:
        raise UsageError(f"room must be 1 to {ROOM_MAX} bytes, got {len(name)}")
    return name
