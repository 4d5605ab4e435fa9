"""A member's seat: what it may send, what waits for it, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from websockets.asyncio.server import broadcast

from fastframe.keys.bucket import Bucket
from fastframe.keys.protocol import CloseCode, Errors, ProtocolError, encode
from fastframe.keys.tasks import run_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from websockets.asyncio.server import ServerConnection

    from fastframe.keys.protocol import Hello
    from fastframe.keys.relay.limits import Limits

FORGIVEN_PER_SECOND = 1


class Seat:
    """The connection of one who has proven to hold a public key, in one room.

    Attributes:
        room: the room's name.
        public_key: the key that the others know the member by.
        connection: what it sits on.
        pushed: bytes handed to the connection so far.
        end_code: why the relay is ending the connection, None as long as it is not.
    """

    def __init__(
        self, connection: ServerConnection, hello: Hello, limits: Limits, now: float
    ) -> None:
        """Take over an open connection."""
        self.room = hello.room
        self.public_key = hello.public_key
        self.end_code: CloseCode | None = None
        self.connection = connection
        self._limits = limits
        self._messages = Bucket(
            limits.messages_per_second, limits.messages_at_once, now
        )
        self._bytes = Bucket(limits.bytes_per_second, limits.bytes_at_once, now)
        self._refusals = Bucket(FORGIVEN_PER_SECOND, limits.refusals_at_once, now)
        self.pushed = 0
        self._drained = -1

    def charge_message(self, now: float) -> None:
        """Take one message from what it may send; ProtocolError if none is left."""
        if not self._messages.take(1, now):
            raise ProtocolError(Errors.RATE_LIMITED, "too many messages")

    def charge_bytes(self, size: int, now: float) -> None:
        """Take so many bytes from what it may send; ProtocolError if it is spent."""
        if not self._bytes.take(size, now):
            raise ProtocolError(Errors.RATE_LIMITED, "too many bytes")

    def bear(self, now: float) -> bool:
        """Note a refusal; tell whether the member may go on."""
        return self._refusals.take(1, now)

    @property
    def unsent(self) -> int:
        """Bytes that wait until the member reads."""
        return int(self.connection.transport.get_write_buffer_size())

    def is_too_slow(self) -> bool:
        """Tell whether more waits for it than it may keep waiting."""
        return self.unsent > self._limits.unsent_bytes

    def has_stalled(self) -> bool:
        """Tell whether it has read nothing since the last time this was asked.

        A ping cannot tell: it would wait behind what is not read.
        """
        unsent = self.unsent
        drained = self.pushed - unsent
        stalled = unsent > 0 and drained <= self._drained
        self._drained = drained
        return stalled

    async def end(self) -> None:
        """Close the connection with end_code, politely while that takes no time."""
        code = self.end_code or CloseCode.LEFT
        closing = self.connection.close(code, code.name.lower().replace("_", " "))
        with contextlib.suppress(asyncio.TimeoutError):
            await run_within(self._limits.close_seconds, closing)
        # Closing waits for the write buffer without a limit, and a member that
        # does not read would keep its memory for ever.
        self.connection.transport.abort()


def push(seats: Iterable[Seat], frame: str) -> None:
    """Send a frame to members without waiting for any.

    Waiting for the slowest would let it hold up a room, and a queue for each
    would be one more copy: the transport has a buffer, and is_too_slow() looks
    at it.
    """
    # To write to a connection that has broken is a line of asyncio's log each.
    listed = [seat for seat in seats if not seat.connection.transport.is_closing()]
    broadcast([seat.connection for seat in listed], frame)
    for seat in listed:
        seat.pushed += len(frame)


def refusal(code: Errors) -> str:
    """Write an error frame."""
    return encode("error", code=code.value)
