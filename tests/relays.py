"""What the tests of the relay share: members without a room, relays that run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("websockets")

from websockets.asyncio.client import connect

import fastframe as ff
from fastframe.keys import Identity, actions, protocol
from fastframe.keys.client import Client
from fastframe.keys.relay import Relay
from fastframe.keys.room import Room

ROOM = "a room"
# Seconds after which a test counts as hanging; none waits for it otherwise.
PATIENCE = 40
PAGE = 4096


def run(coroutine):
    """Run a coroutine, fail if it hangs or leaves tasks behind."""

    async def whole():
        result = await asyncio.wait_for(coroutine, PATIENCE)
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert left == set(), f"left running: {left}"
        return result

    return asyncio.run(whole())


def url_of(relay):
    """Give the address that members connect to."""
    return f"ws://127.0.0.1:{relay.port}/"


class Guest:
    """A member without a room: speaks the relay's protocol frame by frame."""

    def __init__(self, socket, identity):
        """Take over an open socket; see come()."""
        self.socket = socket
        self.identity = identity
        self.public_key = identity.public_key
        self.text = protocol.to_text(self.public_key)
        self.welcome = None

    @classmethod
    async def come(cls, where, room=ROOM, identity=None, **fields):
        """Connect and say hello; fields go into it, over what would be there."""
        guest = await cls.knock(where, identity)
        await guest.hello(room, **fields)
        guest.welcome = await guest.next()
        assert guest.welcome["type"] == "members", guest.welcome
        return guest

    @classmethod
    async def knock(cls, where, identity=None, **options):
        """Connect, and take the challenge."""
        url = where if isinstance(where, str) else url_of(where)
        # A guest that closes without having read all would wait for long.
        options = {"close_timeout": 0.2, "proxy": None, **options}
        socket = await connect(url, max_size=2**23, compression=None, **options)
        guest = cls(socket, identity or Identity.generate())
        guest.nonce = protocol.read_challenge(await guest.next()).nonce
        return guest

    async def hello(self, room=ROOM, **fields):
        """Say hello with a good proof, unless fields have another."""
        if "proof" not in fields:
            signed = protocol.proof_input(self.nonce, room, self.public_key)
            fields["proof"] = self.identity.sign(signed, purpose=protocol.PROOF_PURPOSE)
        whole = {"version": 1, "room": room, "public_key": self.public_key}
        await self.say("hello", **{**whole, **fields})

    async def say(self, kind, **fields):
        """Send a frame."""
        await self.socket.send(protocol.encode(kind, **fields))

    async def send(self, to, blob):
        """Send a blob."""
        await self.say("send", to=to, blob=blob)

    async def next(self, kind=None):
        """Give the next frame, or the next one of a kind."""
        while True:
            fields = protocol.decode(await self.socket.recv())
            if kind in (None, fields["type"]):
                return fields

    async def blob(self):
        """Give the next blob that is delivered."""
        return protocol.take_bytes(await self.next("deliver"), "blob", 2**20, 0)

    async def refusal(self):
        """Give the code of the next error."""
        return (await self.next("error"))["code"]

    async def is_silent(self):
        """Tell whether nothing but what was sent by this guest itself comes."""
        # The relay keeps the order: what it had for us comes before the echo.
        await self.send(self.public_key, b"echo")
        fields = await self.next()
        return fields["type"] == "deliver" and fields["from"] == self.text

    async def until_closed(self):
        """Read until the connection ends; give the close code."""
        with contextlib.suppress(Exception):
            while True:
                await self.socket.recv()
        return self.socket.close_code

    async def close(self):
        """Leave."""
        await self.socket.close()


@contextlib.asynccontextmanager
async def guests(relay, count, room=ROOM):
    """Have some guests in a room, who have all heard of each other."""
    there = []
    try:
        for _ in range(count):
            guest = await Guest.come(relay, room)
            for other in there:
                assert (await other.next())["public_key"] == guest.text
            there.append(guest)
        yield there
    finally:
        for guest in there:
            await guest.close()


@contextlib.asynccontextmanager
async def relay_and(count, **options):
    """Have a relay with so many guests in a room."""
    async with Relay(**options) as relay, guests(relay, count) as there:
        yield relay, *there


class RelayProcess:
    """A relay in a process of its own, as `fastframe relay` starts it."""

    def __init__(self, *options, port=0, program=("-m", "fastframe")):
        """Start it and wait until it listens."""
        command = [sys.executable, *program, "relay", "--port", str(port)]
        command += ["--metrics-port", "0", *map(str, options)]
        # A pipe that nobody reads would fill up, and have it wait for ever.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed at the end
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.url = self.process.stdout.readline().split()[1] + "/"
        self.metrics_url = self.process.stdout.readline().split()[1]
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))

    @property
    def pid(self):
        """The process's number."""
        return self.process.pid

    def resident(self):
        """Read its resident size in bytes."""
        statm = Path(f"/proc/{self.pid}/statm").read_text()
        return int(statm.split()[1]) * PAGE

    def end(self, number=signal.SIGTERM):
        """End it by a signal; give its exit code and what it logged."""
        if self.process.poll() is None:
            os.kill(self.pid, number)
        self.process.communicate(timeout=PATIENCE)
        self._log.seek(0)
        return self.process.returncode, self._log.read()

    def __enter__(self):
        """Be it."""
        return self

    def __exit__(self, *_):
        """Leave no process behind."""
        self.end(signal.SIGKILL)
        self._log.close()


class Person:
    """A member with a room and a client, that keeps the keys it is given.

    Attributes:
        keys: sender's public key → key id → key.
        own: key id and key that this member seals under.
        events: names of what happened, in order.
        seen: every content key that it ever had.
    """

    def __init__(self, url, **options):
        """Prepare; take part in an `async with`."""
        self.identity = Identity.generate()
        self.public_key = self.identity.public_key
        self.room = Room(self.identity, ROOM, trust=lambda _: True, **options)
        self.client = Client(url, self.identity, self.room, patience=5)
        self.keys = {}
        self.own = None
        self.events = []
        self.seen = set()

    async def __aenter__(self):
        """Join."""
        await self.client.__aenter__()
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *error):
        """Leave."""
        await self.client.__aexit__(*error)
        await self._reading

    async def _read(self):
        async for action in self.client:
            if isinstance(action, actions.UseKey):
                self.own = action.key_id, bytes(action.key)
                self.seen.add(bytes(action.key))
            elif isinstance(action, actions.AddKey):
                theirs = self.keys.setdefault(action.sender, {})
                theirs[action.key_id] = bytes(action.key)
                self.seen.add(bytes(action.key))
            elif isinstance(action, actions.RetireKey):
                self.keys.get(action.sender, {}).pop(action.key_id, None)
            elif isinstance(action, actions.Event):
                self.events.append(action.name)

    def rotate(self):
        """Take a new key."""
        self.client.perform(self.room.rotate(self.client.now()))

    def opens(self, other):
        """Tell whether a frame that another seals now opens here."""
        key_id, key = other.own
        sealed = ff.Sealer("insertable", key, key_id=key_id).seal(b"a frame")
        held = self.keys.get(other.public_key, {})
        opener = ff.Opener("insertable", held)
        return opener.open_batch([sealed]).ok == 1


async def until(is_so):
    """Wait until something is so; run() says when that takes too long."""
    while not is_so():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.02)


async def until_keyed(people):
    """Wait until everybody opens what everybody else seals."""
    await until(
        lambda: all(
            one.own is not None and (one is other or other.opens(one))
            for one in people
            for other in people
        )
    )
