"""A room over a relay, for asyncio: connects, comes back, and tells what to do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.exceptions import WebSocketException

from fastframe.keys.actions import Event
from fastframe.keys.connection import (
    Delivered,
    Joined,
    Left,
    Refused,
    check_url,
    open_connection,
)
from fastframe.keys.errors import RelayRefused
from fastframe.keys.mailbox import Mailbox
from fastframe.keys.protocol import Errors, ProtocolError
from fastframe.keys.tasks import run_together, run_within

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterable
    from types import TracebackType

    from fastframe.keys.actions import Action
    from fastframe.keys.connection import Connection, News
    from fastframe.keys.identity import Identity
    from fastframe.keys.room import Room

_LOGGER = logging.getLogger("fastframe.keys.client")
# How often the room hears the time: its shortest pauses are tenths of a second.
_TICK_SECONDS = 0.05
# Pauses before coming back: they double from the first to the last, and begin
# anew when a connection has lasted as long as the last.
_PAUSE_FIRST, _PAUSE_LAST = 0.1, 10.0
# What to say goodbye may take.
_LEAVE_SECONDS = 1.0
# What may pass by itself, so that it is worth to come back.
_PASSING = (
    Errors.ROOM_FULL,
    Errors.TOO_MANY_ROOMS,
    Errors.RATE_LIMITED,
    Errors.TIMED_OUT,
    Errors.CLOSING,
)
_PASSING_CODES = {error.value for error in _PASSING}
_LOST = (OSError, asyncio.TimeoutError, WebSocketException, ProtocolError)


@dataclass
class ClientStats:
    """What a client has done; numbers only go up.

    Attributes:
        connects: how many times the relay has let it in.
        sent: messages handed to the relay.
        received: messages that the relay delivered.
        refused: messages that the relay did not carry, by its code.
    """

    connects: int = 0
    sent: int = 0
    received: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Client:
    """Keeps one room in touch with its members by a relay.

    ::

        async with Client(url, identity, room) as client:
            async for action in client:
                ...  # UseKey, AddKey, RetireKey, StepKey or Event

    Whatever breaks, it comes back, and the room finds out what was missed: a
    relay that restarts costs time and no key. It sends the room's messages
    itself; everything else the room asks for comes out of the iteration, and
    the Events "connected" and "disconnected" of its own. The iteration ends
    when the client is closed, and raises RelayRefused when the relay turns this
    member away for good. Leaving the `async with` leaves the room: what the
    room then asks for, to wipe its keys, is for RoomMedia.close() to do.

    One event loop only; not for sharing between threads.

    Attributes:
        stats: what it has done so far.
    """

    def __init__(
        self,
        url: str,
        identity: Identity,
        room: Room,
        *,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = 10,
        settle: float = 10,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            url: the relay's, as "wss://relay.example/".
            identity: the room's own.
            room: a Room that has not been joined yet.
            token: what the relay asks of those who join, if it does.
            tls: for wss://, other than the usual trust in certificates.
            patience: seconds that connecting may take, and each answer.
            settle: seconds that members have to come back to a relay that was
                restarted, before the room is told that they have left.
        """
        check_url(url)
        self._url = url
        self._identity = identity
        self._room = room
        self._token = token
        self._tls = tls
        self._patience = patience
        self._settle = settle
        self._mailbox = Mailbox()
        self._settled_at: float | None = None  # when who is missing has left
        self._run: bytes | None = None
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._was_told: bool | None = None  # connected or not, by an event
        self.stats = ClientStats()

    @staticmethod
    def now() -> float:
        """Give the time as the room is told it, in seconds."""
        return time.monotonic()

    @property
    def is_connected(self) -> bool:
        """Whether the relay has let this member in, and is still there."""
        return self._connection is not None

    def perform(self, actions: Iterable[Action]) -> None:
        """Do what the room asked for when the caller called it directly."""
        self._mailbox.put(actions)

    async def __aenter__(self) -> Client:
        """Join the room; the connection may take longer."""
        self.perform(self._room.join(self.now()))
        self._task = asyncio.get_running_loop().create_task(self._work())
        self._task.add_done_callback(lambda _: self._mailbox.bell.ring())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the room and end everything that was begun."""
        task, self._task = self._task, None
        if task is None:
            return
        try:
            self.perform(self._room.leave(self.now()))
            if self._connection is not None and not task.done():
                with contextlib.suppress(asyncio.TimeoutError):
                    await run_within(_LEAVE_SECONDS, self._mailbox.until_sent())
        finally:
            task.cancel()
            self._mailbox.wipe()
            # Its own failure was raised to whoever iterated.
            await asyncio.gather(task, return_exceptions=True)
            self._mailbox.bell.ring()

    def __aiter__(self) -> AsyncIterator[Action]:
        """Iterate over what the room asks for."""
        return self

    async def __anext__(self) -> Action:
        """Give the next action; cancelling loses none."""
        while (action := self._mailbox.take()) is None:
            if self._task is None:
                raise StopAsyncIteration
            if self._task.done():
                self._task.result()
            await self._mailbox.bell.wait()
        return action

    # -- the work behind it --

    async def _work(self) -> None:
        await run_together(self._keep_connected(), self._keep_time())

    async def _keep_time(self) -> None:
        while True:
            await self._mailbox.until_taken()
            now = self.now()
            connection = self._connection
            is_due = self._settled_at is not None and now >= self._settled_at
            if connection is not None and is_due:
                self._settled_at = None
                self.perform(self._room.members_are(connection.members, now))
            self.perform(self._room.tick(now))
            await asyncio.sleep(_TICK_SECONDS)

    async def _keep_connected(self) -> None:
        tries = 0
        while True:
            began = self.now()
            try:
                await self._connect_once()
            except RelayRefused as refused:
                if refused.code not in _PASSING_CODES:
                    raise
            except _LOST as error:
                _LOGGER.info("the relay was lost: %s", type(error).__name__)
            self._note(is_connected=False)
            await self._mailbox.until_taken()
            if self.now() - began > _PAUSE_LAST:
                tries = 0
            pause = min(_PAUSE_FIRST * 2 ** min(tries, 16), _PAUSE_LAST)
            tries += 1
            # Spread out: all members of a relay that died come back at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret

    async def _connect_once(self) -> None:
        connection = await open_connection(
            self._url,
            self._room.id,
            self._identity,
            token=self._token,
            tls=self._tls,
            patience=self._patience,
        )
        try:
            self._arrive(connection)
            await run_together(self._read(connection), self._write(connection))
        finally:
            self._connection = None
            await connection.close()

    def _arrive(self, connection: Connection) -> None:
        """Tell the room who is there, and who may have gone meanwhile."""
        now = self.now()
        # The same run would know of all who are still connected. A new one
        # knows nobody yet, and 200 members that believed it would all change
        # their keys for nothing.
        is_new = connection.run != self._run
        self._settled_at = now + self._settle if is_new else now
        self._run = connection.run
        self._connection = connection
        self.stats.connects += 1
        self._note(is_connected=True)
        for public_key in connection.members:
            self.perform(self._room.member_joined(public_key, now))
        self._mailbox.bell.ring()

    async def _read(self, connection: Connection) -> None:
        async for news in connection.news():
            self._hear(news)
            await self._mailbox.until_taken()

    def _hear(self, news: News) -> None:
        now = self.now()
        if isinstance(news, Delivered):
            self.stats.received += 1
            self.perform(self._room.receive(news.sender, news.blob, now))
        elif isinstance(news, Joined):
            self.perform(self._room.member_joined(news.public_key, now))
        elif isinstance(news, Left):
            self.perform(self._room.member_left(news.public_key, now))
        elif isinstance(news, Refused):
            refused = self.stats.refused
            refused[news.code] = refused.get(news.code, 0) + 1

    async def _write(self, connection: Connection) -> None:
        while True:
            send = await self._mailbox.next_message()
            await connection.send(send.to, send.message)
            self._mailbox.message_sent()
            self.stats.sent += 1

    def _note(self, *, is_connected: bool) -> None:
        """Tell of a change; an outage is one event, however many tries it has."""
        if is_connected != self._was_told:
            self._was_told = is_connected
            name = "connected" if is_connected else "disconnected"
            self.perform([Event(name, self._identity.public_key, self.now())])
