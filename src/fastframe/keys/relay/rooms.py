"""Who is in which room, for as long as they are connected, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.keys.protocol import Errors, ProtocolError

if TYPE_CHECKING:
    from fastframe.keys.relay.seat import Seat


class Rooms:
    """Public keys by room, in memory alone.

    A room begins with its first member and ends with its last one. Nothing of
    a member is kept once it has gone.
    """

    def __init__(self, rooms_max: int, members_max: int) -> None:
        """Begin with no rooms."""
        self._rooms: dict[str, dict[bytes, Seat]] = {}
        self._rooms_max = rooms_max
        self._members_max = members_max

    def __len__(self) -> int:
        """Count the rooms."""
        return len(self._rooms)

    def everyone(self) -> list[Seat]:
        """List the seats of all rooms."""
        return [seat for room in self._rooms.values() for seat in room.values()]

    def enter(self, name: str, public_key: bytes, seat: Seat) -> Seat | None:
        """Seat a member; give the seat that it had in this room until now.

        Raises ProtocolError if there is no place.
        """
        room = self._rooms.get(name)
        if room is None:
            if len(self._rooms) >= self._rooms_max:
                raise ProtocolError(Errors.TOO_MANY_ROOMS, "there are enough rooms")
            room = self._rooms[name] = {}
        before = room.pop(public_key, None)
        if before is None and len(room) >= self._members_max:
            raise ProtocolError(Errors.ROOM_FULL, "the room has enough members")
        room[public_key] = seat
        return before

    def leave(self, name: str, public_key: bytes, seat: Seat) -> bool:
        """Take a member out; False if the seat is not, or no longer, its own."""
        room = self._rooms.get(name, {})
        if room.get(public_key) is not seat:
            return False
        del room[public_key]
        if not room:
            del self._rooms[name]
        return True

    def find(self, name: str, public_key: bytes) -> Seat | None:
        """Find a member of this room, and of no other."""
        return self._rooms.get(name, {}).get(public_key)

    def others(self, name: str, public_key: bytes) -> dict[bytes, Seat]:
        """Give all members of this room but one: public key -> seat."""
        room = self._rooms.get(name, {})
        return {key: seat for key, seat in room.items() if key != public_key}
