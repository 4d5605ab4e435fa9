"""Who is in which room, for as long as they are connected, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.keys.bucket import Bucket
from fastframe.keys.protocol import Errors, ProtocolError

if TYPE_CHECKING:
    from fastframe.keys.relay.limits import Limits
    from fastframe.keys.relay.seat import Seat


class Room:
    """Who is in one room: public key -> seat; and how often somebody may come."""

    __slots__ = ("comings", "seats")

    def __init__(self, limits: Limits, now: float) -> None:
        """Begin empty."""
        self.seats: dict[bytes, Seat] = {}
        self.comings = Bucket(limits.comings_per_second, limits.comings_at_once, now)


class Rooms:
    """Public keys by room, in memory alone.

    A room begins with its first member and ends with its last one. Nothing of
    a member is kept once it has gone.
    """

    def __init__(self, limits: Limits) -> None:
        """Begin with no rooms."""
        self._limits = limits
        self._rooms: dict[str, Room] = {}

    def __len__(self) -> int:
        """Count the rooms."""
        return len(self._rooms)

    def everyone(self) -> list[Seat]:
        """List the seats of all rooms."""
        return [seat for room in self._rooms.values() for seat in room.seats.values()]

    def enter(self, seat: Seat, now: float) -> Seat | None:
        """Seat a member; give the seat that it had in this room until now.

        Raises ProtocolError if there is no place, or if too many have come: all
        others are told of each, so coming and going is a flood, too.
        """
        room = self._rooms.get(seat.room)
        if room is None:
            if len(self._rooms) >= self._limits.rooms:
                raise ProtocolError(Errors.TOO_MANY_ROOMS, "there are enough rooms")
            room = Room(self._limits, now)
        before = room.seats.get(seat.public_key)
        if before is None and len(room.seats) >= self._limits.members:
            raise ProtocolError(Errors.ROOM_FULL, "the room has enough members")
        if not room.comings.take(1, now):
            raise ProtocolError(Errors.RATE_LIMITED, "too many come into the room")
        room.seats[seat.public_key] = seat
        self._rooms[seat.room] = room
        return before

    def leave(self, seat: Seat) -> bool:
        """Take a member out; False if the seat is not, or no longer, its own."""
        room = self._rooms.get(seat.room)
        if room is None or room.seats.get(seat.public_key) is not seat:
            return False
        del room.seats[seat.public_key]
        if not room.seats:
            del self._rooms[seat.room]
        return True

    def find(self, name: str, public_key: bytes) -> Seat | None:
        """Find a member of this room, and of no other."""
        room = self._rooms.get(name)
        return None if room is None else room.seats.get(public_key)

    def others(self, seat: Seat) -> dict[bytes, Seat]:
        """Give all members of a member's room but itself: public key -> seat."""
        room = self._rooms.get(seat.room)
        if room is None:
            return {}
        return {key: one for key, one in room.seats.items() if key != seat.public_key}
