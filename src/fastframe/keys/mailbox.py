"""What waits between a room, its relay and its caller: bounded, and wiped."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fastframe.keys.actions import AddKey, Send, UseKey
from fastframe.keys.tasks import Bell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastframe.keys.actions import Action

# Actions that nobody has taken yet: above this, nothing more is read.
_READY_MAX = 1024
# Messages for the relay: above this, they are left out, and the room sends them
# again when nobody answers.
_UNSENT_MAX = 4096


class Mailbox:
    """Sorts a room's actions: messages for the relay, the others for the caller.

    Attributes:
        bell: rings when anything has come or gone.
        left_out: messages that found no place.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.bell = Bell()
        self.left_out = 0
        self._ready: deque[Action] = deque()
        self._unsent: deque[Send] = deque()

    def put(self, actions: Iterable[Action]) -> None:
        """Take what a room asked for."""
        for action in actions:
            if not isinstance(action, Send):
                self._ready.append(action)
            elif len(self._unsent) < _UNSENT_MAX:
                self._unsent.append(action)
            else:
                self.left_out += 1
        self.bell.ring()

    def take(self) -> Action | None:
        """Give the caller's next action, None if there is none."""
        if not self._ready:
            return None
        self.bell.ring()
        return self._ready.popleft()

    async def until_taken(self) -> None:
        """Wait for the caller: what a peer sends must not pile up."""
        while len(self._ready) >= _READY_MAX:
            await self.bell.wait()

    async def next_message(self) -> Send:
        """Give the next message for the relay; it stays until message_sent()."""
        while not self._unsent:
            await self.bell.wait()
        return self._unsent[0]

    def message_sent(self) -> None:
        """Forget the message that next_message() gave.

        Not before it has gone: a connection that is lost meanwhile loses no
        message then, and one that comes twice does no harm.
        """
        self._unsent.popleft()
        self.bell.ring()

    async def until_sent(self) -> None:
        """Wait until no message is left."""
        while self._unsent:
            await self.bell.wait()

    def wipe(self) -> None:
        """Wipe the keys that nobody took."""
        for action in self._ready:
            if isinstance(action, (AddKey, UseKey)):
                action.key[:] = bytes(len(action.key))
        self._ready.clear()
