"""A browser's member over a real relay, among Python's clients."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from peers.node import HERE, need_node, node_major
from relays import ROOM, Person, run, until, until_keyed, url_of
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from fastframe.keys import protocol
from fastframe.keys.relay import Relay

# From then on Node has a browser's WebSocket without being asked.
WEBSOCKET_SINCE = 22


@pytest.fixture(autouse=True)
def _node():
    need_node()


def read(text):
    """Read bytes as the page prints them."""
    return protocol.from_text(text, "bytes", protocol.KEY_MAX)


class Page:
    """A member in Node, which prints its keys."""

    def __init__(self, process, public_key):
        """Take over a process; see opened()."""
        self._process = process
        self.public_key = public_key
        self.own = None
        self.keys = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, url):
        """Start it, and let it leave at the end."""
        flag = [] if node_major() >= WEBSOCKET_SINCE else ["--experimental-websocket"]
        script = str(Path(HERE) / "browser-member.mjs")
        pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
        process = await asyncio.create_subprocess_exec(
            "node", *flag, script, url, ROOM, **pipes
        )
        told = json.loads(await process.stdout.readline())
        page = cls(process, read(told["publicKey"]))
        reading = asyncio.ensure_future(page._read())
        try:
            yield page
        finally:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except asyncio.TimeoutError:
                process.kill()
                raise
            await reading

    async def _read(self):
        async for line in self._process.stdout:
            [(what, told)] = json.loads(line).items()
            if what == "use":
                self.own = told["keyId"], read(told["key"])
                continue
            theirs = self.keys.setdefault(read(told["sender"]), {})
            if what == "add":
                theirs[told["keyId"]] = read(told["key"])
            else:
                theirs.pop(told["keyId"], None)

    opens = Person.opens


def test_page_and_clients_share_a_room_over_a_relay():
    """Everybody opens what everybody seals; who leaves is shut out."""

    async def test():
        async with contextlib.AsyncExitStack() as stack:
            relay = await stack.enter_async_context(Relay())
            page = await stack.enter_async_context(Page.opened(url_of(relay)))
            one = await stack.enter_async_context(Person(url_of(relay)))
            async with Person(url_of(relay)) as other:
                await until_keyed([page, one, other])
                assert page.public_key in one.room.members
            await until(lambda: not other.opens(page))
            await until_keyed([page, one])

    run(test())


def test_clients_shut_a_page_out_that_leaves():
    """It says goodbye, and the relay says so too: one departure all the same."""

    async def test():
        async with Relay() as relay, Person(url_of(relay)) as one:
            async with Page.opened(url_of(relay)) as page:
                await until_keyed([page, one])
            held = page.keys.get(one.public_key, {})
            assert held == {}  # retired as it left
            await until(lambda: page.public_key not in one.room.members)
            assert one.events.count("member_left") == 1

    run(test())


def test_page_comes_back_to_a_relay_that_was_restarted():
    """No key is lost, and none is drawn for it."""

    async def test():
        async with contextlib.AsyncExitStack() as stack:
            relay = await stack.enter_async_context(Relay())
            url, port = url_of(relay), relay.port
            page = await stack.enter_async_context(Page.opened(url))
            one = await stack.enter_async_context(Person(url))
            await until_keyed([page, one])
            before = page.own
            await relay.__aexit__(None, None, None)
            async with Relay(port=port):
                await until(lambda: one.client.stats.connects == 2)
                async with Person(url) as late:
                    await until_keyed([page, one, late])
            assert page.own != before  # for the newcomer, who reads no past

    run(test())


@contextlib.asynccontextmanager
async def false_relay(talk):
    """Serve connections with talk(socket); give the address."""
    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def challenge(nonce=bytes(protocol.NONCE_LEN)):
    """Write a relay's first words."""
    return protocol.encode("challenge", version=protocol.VERSION, nonce=nonce)


@pytest.mark.parametrize(
    ("nonces", "answers"),
    [([bytes(32)] * 3, 1), ([bytes(16)], 0), ([bytes(64)], 0)],
    ids=["asked again", "short", "long"],
)
def test_page_signs_once_for_a_relay(nonces, answers):
    """Its signatures are for relays to ask for, one a connection, over 32 bytes."""
    first = []

    async def talk(socket):
        heard = 0
        with contextlib.suppress(ConnectionClosed):
            for nonce in nonces:
                await socket.send(challenge(nonce))
            async for _ in socket:
                heard += 1
        first.append(heard)

    async def test():
        async with false_relay(talk) as url, Page.opened(url):
            await until(lambda: first)
            assert first[0] <= answers

    run(test())


def test_page_that_was_replaced_does_not_come_back():
    """Two tabs of one identity would throw each other out for ever."""
    connected = []

    async def talk(socket):
        connected.append(socket)
        await socket.close(protocol.CloseCode.REPLACED)

    async def test():
        async with false_relay(talk) as url, Page.opened(url) as page:
            await asyncio.wait_for(page._process.wait(), 20)
            assert len(connected) == 1

    run(test())
