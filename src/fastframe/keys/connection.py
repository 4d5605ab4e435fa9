"""One connection to a relay: the proof made, frames in, frames out at its pace."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidURI
from websockets.uri import parse_uri

from fastframe import UsageError
from fastframe.keys.bucket import Bucket
from fastframe.keys.errors import RelayRefused
from fastframe.keys.protocol import (
    BLOB_MAX,
    KEY_MAX,
    PROOF_PURPOSE,
    RUN_LEN,
    VERSION,
    CloseCode,
    Errors,
    ProtocolError,
    decode,
    encode,
    proof_input,
    read_challenge,
    take_bytes,
    take_keys,
)
from fastframe.keys.tasks import run_within

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

    from fastframe.keys.identity import Identity

# As many as fit a relay's largest room, with room to spare.
_MEMBERS_MAX = 4096
_FRAME_MAX = 8 * 1024 * 1024
_UNREAD_FRAMES = 64
# A goodbye that is not answered by then is not worth waiting for.
_CLOSE_SECONDS = 1
# Clocks and ways differ, and what is refused must be sent again.
_SHARE_OF_RATES = 0.8
# What a relay says is not believed where it would mean never to send again, or
# where no sums can be done with it.
_LEAST_RATE, _MOST_RATE = 1.0, 1e9


@dataclass(frozen=True, slots=True)
class Joined:
    """The relay says that a member is there."""

    public_key: bytes


@dataclass(frozen=True, slots=True)
class Left:
    """The relay says that a member has gone."""

    public_key: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """A blob; the relay says from whom."""

    sender: bytes
    blob: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The relay did not carry something that was sent."""

    code: str


News = Joined | Left | Delivered | Refused


class Connection:
    """An open connection on which the relay has let this identity in.

    Attributes:
        members: the public keys of the others, as the relay has them now.
        run: names the relay's run: another one knows nothing of the last.
    """

    def __init__(self, socket: ClientConnection, welcome: dict[str, Any]) -> None:
        """Take over a socket after its "members" frame; see open_connection()."""
        self.members = set(take_keys(welcome, "public_keys", _MEMBERS_MAX))
        self.run = take_bytes(welcome, "run", RUN_LEN, RUN_LEN)
        self._socket = socket
        now = time.monotonic()
        rates = welcome.get("rates")
        self._messages = Bucket(*_rate(rates, "messages"), now)
        self._bytes = Bucket(*_rate(rates, "bytes"), now)

    async def send(self, to: bytes | None, blob: bytes) -> None:
        """Send a blob to one member, None for all others.

        Waits as long as the relay would refuse it. Raises ConnectionClosed.
        """
        frame = encode("send", to=to, blob=blob)
        receivers = len(self.members) if to is None else 1
        for bucket, amount in (
            (self._messages, 1),
            (self._bytes, len(frame) * receivers),
        ):
            await _take(bucket, amount)
        await self._socket.send(frame)

    async def news(self) -> AsyncIterator[News]:
        """Give what comes, until the connection ends.

        Raises RelayRefused if the relay ended it for good, ProtocolError if it
        speaks another language, ConnectionClosed if the connection was lost.
        """
        try:
            while True:
                item = _read(await self._socket.recv())
                if item is None:
                    continue
                self._note(item)
                yield item
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == CloseCode.REPLACED:
                # To come back would only throw out the other, and so for ever.
                raise RelayRefused("replaced") from None
            raise

    def _note(self, news: News) -> None:
        if isinstance(news, Joined):
            if len(self.members) >= _MEMBERS_MAX:
                raise ProtocolError(Errors.ROOM_FULL, "more members than there can be")
            self.members.add(news.public_key)
        elif isinstance(news, Left):
            self.members.discard(news.public_key)

    async def close(self) -> None:
        """End the connection; to the others this member has left."""
        with contextlib.suppress(asyncio.TimeoutError):
            await run_within(_CLOSE_SECONDS, self._socket.close())
        # A relay that has stopped reading must not keep the socket.
        self._socket.transport.abort()


def check_url(url: str) -> None:
    """Raise UsageError unless url is one of a WebSocket."""
    try:
        parse_uri(url)
    except InvalidURI:
        raise UsageError("the relay's url must begin with ws:// or wss://") from None


async def open_connection(
    url: str,
    room: str,
    identity: Identity,
    *,
    token: str | None = None,
    tls: ssl.SSLContext | None = None,
    patience: float = 10,
) -> Connection:
    """Connect to a relay and be let into a room.

    Args:
        url: as "wss://relay.example/".
        room: the room's name.
        identity: whose private key makes the proof.
        token: what the relay asks of those who join, if it does.
        tls: for wss://, other than the usual trust in certificates.
        patience: seconds that connecting may take, and each answer.

    Raises:
        RelayRefused: the relay does not let this member in.
        OSError, TimeoutError, WebSocketException, ProtocolError: none was reached.
    """
    options: dict[str, Any] = {} if tls is None else {"ssl": tls}
    socket = await connect(
        url,
        open_timeout=patience,
        close_timeout=_CLOSE_SECONDS,
        max_size=_FRAME_MAX,
        max_queue=_UNREAD_FRAMES,
        compression=None,
        **options,
    )
    try:
        return await run_within(patience, _introduce(socket, room, identity, token))
    except BaseException:
        # Cancelled or refused, the socket must not outlive the attempt.
        socket.transport.abort()
        raise


async def _introduce(
    socket: ClientConnection, room: str, identity: Identity, token: str | None
) -> Connection:
    challenge = read_challenge(decode(await socket.recv()))
    signed = proof_input(challenge.nonce, room, identity.public_key)
    hello: dict[str, Any] = {
        "version": VERSION,
        "room": room,
        "public_key": identity.public_key,
        "proof": identity.sign(signed, purpose=PROOF_PURPOSE),
    }
    if token is not None:
        hello["token"] = token
    await socket.send(encode("hello", **hello))
    answer = decode(await socket.recv())
    if answer["type"] == "error":
        raise RelayRefused(_code(answer))
    if answer["type"] != "members":
        raise ProtocolError(Errors.MALFORMED, "expected members or error")
    return Connection(socket, answer)


async def _take(bucket: Bucket, amount: float) -> None:
    """Wait until a bucket gives so much; more than it holds waits for all."""
    while not bucket.take(amount, time.monotonic()):
        seconds = bucket.wait(amount, time.monotonic())
        if math.isinf(seconds):
            return  # the relay will say no, and it is its to say
        await asyncio.sleep(seconds)


def _rate(rates: Any, name: str) -> tuple[float, float]:
    """Read how much may be sent: a second, and at once."""
    pair = rates.get(name) if isinstance(rates, dict) else None
    if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - a pair
        raise ProtocolError(Errors.MALFORMED, f"expected two numbers as {name}")
    for number in pair:
        if not isinstance(number, (int, float)) or not number > 0:
            raise ProtocolError(Errors.MALFORMED, f"expected numbers as {name}")
    per_second, at_once = (
        max(_LEAST_RATE, min(number, _MOST_RATE) * _SHARE_OF_RATES) for number in pair
    )
    return per_second, at_once


def _read(frame: str | bytes) -> News | None:
    """Read what a relay says of others; None for what is not known here."""
    fields = decode(frame)
    kind = fields["type"]
    if kind == "joined":
        return Joined(take_bytes(fields, "public_key", KEY_MAX))
    if kind == "left":
        return Left(take_bytes(fields, "public_key", KEY_MAX))
    if kind == "deliver":
        sender = take_bytes(fields, "from", KEY_MAX)
        return Delivered(sender, take_bytes(fields, "blob", BLOB_MAX, 0))
    if kind == "error":
        return Refused(_code(fields))
    return None


def _code(fields: dict[str, Any]) -> str:
    """Give an error's code, one of ours or "unknown": it ends up in messages."""
    code = fields.get("code")
    known = {error.value for error in Errors}
    return code if isinstance(code, str) and code in known else "unknown"
