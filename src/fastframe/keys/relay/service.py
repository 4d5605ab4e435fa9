"""The relay service: its sockets, from the first connection to the last."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from fastframe import UsageError
from fastframe.keys.protocol import CloseCode, Errors, ProtocolError, frame_max
from fastframe.keys.relay.carrier import Carrier
from fastframe.keys.relay.door import greet
from fastframe.keys.relay.limits import Limits
from fastframe.keys.relay.log import LIBRARY_LOGGER, say
from fastframe.keys.relay.metrics import Metrics
from fastframe.keys.relay.pages import Pages
from fastframe.keys.relay.seat import Seat, push, refusal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from types import TracebackType

    from websockets.asyncio.server import Server, ServerConnection

    from fastframe.keys.relay.door import Admit

# Frames of one connection that have come and were not looked at yet.
_UNREAD_FRAMES = 4
# What shutting down may take beyond what closing a connection may.
_SPARE_SECONDS = 1


class Relay:
    """A WebSocket service that carries blobs between the members of a room.

    It keeps public keys in memory for as long as their members are connected,
    and nothing else of them. It never parses a blob. Use it as an asynchronous
    context manager, or start() and close() it.

    Attributes:
        metrics: what it counts.
        port: where members connect, once started.
        metrics_port: where the figures are, None without.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        metrics_port: int | None = None,
        limits: Limits | None = None,
        admit: Admit | None = None,
        origins: Sequence[str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            host: address to listen on.
            port: 0 takes any free one.
            metrics_port: for /metrics, /stats and /healthz; 0 takes any free one.
            limits: what it bears; see Limits.
            admit: called with a room's name and the token of the hello (or
                None), and not to be awaited: True lets in, False turns away.
                Without it everybody may join.
            origins: web origins whose pages may connect, as "https://a.example".
                Programs send none and may always. Without it any page may.
            tls: for wss://; without it a proxy in front should have it.
        """
        self.port = port
        self.metrics_port = metrics_port
        self._host = host
        self._limits = limits or Limits()
        self._admit = admit
        self._origins = None if origins is None else [*origins, None]
        self._tls = tls
        self._open: set[ServerConnection] = set()
        self._servers: list[Server] = []
        self._watch: asyncio.Task[None] | None = None
        self.metrics = Metrics()
        self._carrier = Carrier(self._limits, self.metrics)
        self._pages = Pages(self.metrics, self._is_full)
        self._show_gauges()

    def _show_gauges(self) -> None:
        rooms = self._carrier.rooms
        show = self.metrics.show
        show("connections", "Open connections", lambda: len(self._open))
        show("rooms", "Rooms with members", lambda: len(rooms))
        show("members", "Members in rooms", lambda: len(rooms.everyone()))
        show(
            "unsent_bytes",
            "Waiting for members to read",
            lambda: sum(seat.unsent for seat in rooms.everyone()),
        )

    async def start(self) -> None:
        """Listen; OSError if that cannot be."""
        if self._servers or self._carrier.is_closing:
            raise UsageError("a relay starts once")
        limits = self._limits
        try:
            self.port = await self._listen(
                self._handle,
                self.port,
                ssl=self._tls,
                origins=self._origins,
                process_request=self._pages.public,
                ping_interval=limits.heartbeat_seconds,
                ping_timeout=limits.heartbeat_seconds,
                max_size=frame_max(limits.blob_bytes),
                max_queue=_UNREAD_FRAMES,
            )
            if self.metrics_port is not None:
                self.metrics_port = await self._listen(
                    _turn_away,
                    self.metrics_port,
                    process_request=self._pages.private,
                )
        except OSError:
            await self.close()
            raise
        self._watch = asyncio.get_running_loop().create_task(self._carrier.watch())
        say("started", port=self.port, metrics_port=self.metrics_port)

    async def _listen(self, handler: Any, port: int, **options: Any) -> int:
        server = await serve(
            handler,
            self._host,
            port,
            open_timeout=self._limits.hello_seconds,
            close_timeout=self._limits.close_seconds,
            # Blobs are random bytes, and what little else there is to squeeze
            # would only let sizes tell more than they do.
            compression=None,
            server_header=None,
            logger=LIBRARY_LOGGER,
            **options,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Tell the members, close their connections with 1001, and let go."""
        if self._carrier.is_closing:
            return
        self._carrier.is_closing = True
        push(self._carrier.rooms.everyone(), refusal(Errors.CLOSING))
        for server in self._servers:
            server.close()
        ends = [asyncio.ensure_future(server.wait_closed()) for server in self._servers]
        patience = self._limits.close_seconds + _SPARE_SECONDS
        if ends:
            await asyncio.wait(ends, timeout=patience)
        for connection in self._open:
            # Whoever does not read would have the library wait for ever.
            connection.transport.abort()
        await asyncio.gather(*ends)
        if self._watch is not None:
            self._watch.cancel()
        await self._carrier.finish()
        say("stopped")

    async def __aenter__(self) -> Relay:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.close()

    def _is_full(self) -> bool:
        return len(self._open) >= self._limits.connections

    async def _handle(self, connection: ServerConnection) -> None:
        """See one connection through."""
        self._open.add(connection)
        try:
            seat = await self._let_in(connection)
            if seat is not None:
                await self._serve(seat, connection)
        except ConnectionClosed:
            pass
        finally:
            self._open.discard(connection)
            _unknot(connection)

    async def _let_in(self, connection: ServerConnection) -> Seat | None:
        try:
            hello = await greet(connection, self._admit, self._limits.hello_seconds)
            seat = Seat(connection, hello, self._limits, time.monotonic())
            self._carrier.enter(seat)
        except ProtocolError as error:
            self.metrics.hellos.labels(error.code.value).inc()
            say("refused", logging.WARNING, code=error.code.value)
            await connection.send(refusal(error.code))
            await connection.close(CloseCode.REFUSED, error.code.value)
            return None
        self.metrics.hellos.labels("accepted").inc()
        return seat

    async def _serve(self, seat: Seat, connection: ServerConnection) -> None:
        reason = "lost"
        try:
            async for frame in connection:
                # What is still said by one who is being put out does not count.
                if seat.end_code is None:
                    self._carrier.take(seat, frame)
            reason = "left"
        except ConnectionClosed as closed:
            if closed.sent is not None and closed.sent.code == CloseCode.TOO_BIG:
                reason = "too_big"
        finally:
            self._carrier.leave(seat, reason)


def _unknot(connection: ServerConnection) -> None:
    """Let a connection that broke go at once, with its buffers.

    The library keeps the exception that ended its parser, whose traceback
    leads back to the connection: a cycle. The collector comes by once a
    thousand such have piled up.
    """
    error = getattr(connection.protocol, "parser_exc", None)
    if error is not None:
        error.__traceback__ = None


async def _turn_away(connection: ServerConnection) -> None:
    """Speak no WebSocket where the figures are; pages answer all requests."""
    await connection.close(CloseCode.REFUSED)
