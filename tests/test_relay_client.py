"""The client: rooms over a relay, outages, relays that lie, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from relays import (
    ROOM,
    Guest,
    Person,
    Relay,
    relay_and,
    run,
    until,
    until_keyed,
    url_of,
)
from websockets.asyncio.server import serve

import fastframe as ff
from fastframe.keys import Identity, RelayRefused, protocol
from fastframe.keys.actions import AddKey, UseKey
from fastframe.keys.client import Client
from fastframe.keys.relay import Limits
from fastframe.keys.room import Room


@contextlib.asynccontextmanager
async def people_at(url, count):
    """Have so many people in a room, who all open each other's frames."""
    async with contextlib.AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Person(url)) for _ in range(count)]
        await until_keyed(people)
        yield people


def test_everybody_opens_what_everybody_seals():
    """The whole of it: identities, room, client and relay, and real frames."""

    async def test():
        async with Relay() as relay, people_at(url_of(relay), 4) as people:
            people[0].rotate()
            generation = people[0].room.generation
            await until(lambda: people[0].room.generation > generation)
            await until_keyed(people)

    run(test())


def test_whoever_leaves_opens_nothing_that_is_sealed_afterwards():
    """Leaving the `async with` says so, and the others change their keys."""

    async def test():
        async with Relay() as relay, people_at(url_of(relay), 3) as people:
            async with Person(url_of(relay)) as leaver:
                await until_keyed([*people, leaver])
                before = [one.own for one in people]
            await until(lambda: all(one.own not in before for one in people))
            await until_keyed(people)
            assert not any(leaver.opens(one) for one in people)
            assert all("member_left" in one.events for one in people)

    run(test())


def test_relay_that_drops_a_connection_costs_time_alone():
    """Mobile networks do it all day; the member comes back by itself."""

    async def test():
        async with Relay() as relay, people_at(url_of(relay), 3) as people:
            connection = people[0].client._connection
            connection._socket.transport.abort()
            await until(lambda: people[0].client.stats.connects == 2)
            await until_keyed(people)
            assert people[0].events.count("disconnected") == 1

    run(test())


def test_client_waits_for_a_relay_that_is_not_there_yet():
    """Services start in any order."""

    async def test():
        async with Relay() as relay:
            url, port = url_of(relay), relay.port
        async with Person(url) as one, Person(url) as other:
            await until(lambda: "disconnected" in one.events)
            async with Relay(port=port):
                await until_keyed([one, other])
                # However many tries it took, it was one outage.
                assert one.events.count("disconnected") == 1

    run(test())


def test_second_client_of_one_identity_ends_the_first_for_good():
    """Two that threw each other out would never stop."""

    async def test():
        async with Relay() as relay:
            identity = Identity.generate()
            room = Room(identity, ROOM, trust=[])
            async with Client(url_of(relay), identity, room) as client:
                await until(lambda: client.is_connected)
                guest = await Guest.come(relay, identity=identity)
                with pytest.raises(RelayRefused) as caught:
                    async for _ in client:
                        pass
                assert caught.value.code == "replaced"
                await guest.close()

    run(test())


def test_refusal_for_good_is_raised_and_not_retried():
    """A wrong token stays wrong; a program must hear of it."""

    async def test():
        async with Relay(admit=lambda *_: False) as relay:
            identity = Identity.generate()
            room = Room(identity, ROOM, trust=[])
            async with Client(url_of(relay), identity, room) as client:
                with pytest.raises(RelayRefused, match="not_admitted"):
                    async for _ in client:
                        pass
            assert relay.metrics.snapshot()["hellos_total"] == {"not_admitted": 1}

    run(test())


def test_full_room_is_tried_again():
    """A place may become free."""

    async def test():
        async with (
            relay_and(1, limits=Limits(members=1)) as (relay, guest),
            Person(url_of(relay)) as person,
        ):
            hellos = relay.metrics.hellos.labels("room_full")
            await until(lambda: hellos._value.get() > 1)
            await guest.close()
            await until(lambda: person.client.is_connected)

    run(test())


@pytest.mark.parametrize("when", ["connecting", "connected", "refused", "away"])
def test_client_leaves_no_task_behind(when):
    """run() looks for tasks after the end, whatever state the client was in."""

    async def test():
        admits = when != "refused"
        async with Relay(admit=lambda *_: admits) as relay:
            person = Person(url_of(relay))
            if when == "away":
                await relay.close()
            async with person.client as client:
                if when == "connected":
                    await until(lambda: client.is_connected)
                elif when != "connecting":
                    await asyncio.sleep(0.1)

    run(test())


def test_cancelled_iteration_loses_no_action():
    """A program that waits with a time-out must not miss a key by it."""

    async def test():
        async with Relay() as relay, people_at(url_of(relay), 1) as (other,):
            person = Person(url_of(relay))
            names = []
            async with person.client as client:
                while "AddKey" not in names:
                    with contextlib.suppress(asyncio.TimeoutError):
                        action = await asyncio.wait_for(anext(client), 0.001)
                        names.append(type(action).__name__)
                assert other.public_key in person.room.members
            assert "UseKey" in names

    run(test())


def test_cancelled_program_still_leaves_the_room():
    """Ctrl-C is how most programs end, and the others should know at once."""

    async def test():
        async with Relay() as relay, people_at(url_of(relay), 1) as (other,):
            person = Person(url_of(relay))

            async def program():
                async with person.client as client:
                    async for _ in client:
                        pass

            task = asyncio.ensure_future(program())
            await until(lambda: person.public_key in other.room.members)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: "member_left" in other.events)

    run(test())


def test_keys_that_nobody_took_are_wiped_at_the_end():
    """They would be in memory until somebody else needs it."""

    async def test():
        async with Relay() as relay:
            person = Person(url_of(relay))
            async with person.client as client:
                waiting = [
                    action.key
                    for action in client._mailbox._ready
                    if isinstance(action, (AddKey, UseKey))
                ]
                assert any(map(any, waiting))
            assert not any(map(any, waiting))

    run(test())


def test_flood_of_news_waits_for_the_program():
    """Whoever does not iterate must not have everything pile up in memory."""

    async def test():
        async with relay_and(1) as (relay, guest):
            identity = Identity.generate()
            room = Room(identity, ROOM, trust=[])
            async with Client(url_of(relay), identity, room) as client:
                await until(lambda: client.is_connected)
                most = 1024
                client.perform([AddKey(b"", 0, bytearray(1))] * most)
                received = client.stats.received
                for _ in range(100):
                    await guest.send(identity.public_key, b"{}")
                await guest.send(guest.public_key, b"echo")
                while await guest.blob() != b"echo":
                    pass
                assert client.stats.received <= received + 1
                for _ in range(10):
                    await anext(client)
                await until(lambda: client.stats.received >= received + 100)

    run(test())


def test_member_keeps_to_the_pace_that_the_relay_asks_for():
    """What is refused must be sent again, so nothing should be."""

    async def test():
        limits = Limits(messages_per_second=200, messages_at_once=20)
        async with Relay(limits=limits) as relay, people_at(url_of(relay), 8) as people:
            for person in people:
                person.rotate()
            await until_keyed(people)
            assert [person.client.stats.refused for person in people] == [{}] * 8

    run(test())


def test_url_that_is_none_is_refused_at_once():
    """It would be tried for ever."""
    identity = Identity.generate()
    with pytest.raises(ff.UsageError, match="ws://"):
        Client("http://x", identity, Room(identity, ROOM, trust=[]))


# -- relays that are not what they should be --


@contextlib.asynccontextmanager
async def false_relay(*frames, welcome=None):
    """Have a relay that lets everybody in, and then says these frames."""
    greeting = {"public_keys": [], "run": bytes(8), "blob_max": 9}
    greeting["rates"] = {"messages": [1e3, 1e3], "bytes": [1e6, 1e6]}
    greeting |= welcome or {}
    visits = []

    async def handle(socket):
        visits.append(socket)
        nonce = bytes(protocol.NONCE_LEN)
        await socket.send(protocol.encode("challenge", version=1, nonce=nonce))
        await socket.recv()
        await socket.send(protocol.encode("members", **greeting))
        for frame in frames:
            await socket.send(frame)
        await socket.wait_closed()

    async with serve(handle, "127.0.0.1", 0, close_timeout=0.1) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}", visits
        for socket in visits:
            # Closing would wait for a member that has stopped reading.
            socket.transport.abort()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[" * 100_000,
        b"\0",
        '{"type":"joined"}',
        '{"type":"left","public_key":"**"}',
        '{"type":"deliver","from":"AA","blob":7}',
    ],
    ids=lambda frame: repr(frame[:20]),
)
def test_relay_that_breaks_the_table_is_left_and_tried_again(frame):
    """It may be another service's port, or a proxy's page; it may pass."""

    async def test():
        async with false_relay(frame) as (url, visits), Person(url) as person:
            await until(lambda: len(visits) > 1)
            assert person.room.members == frozenset()

    run(test())


@pytest.mark.parametrize(
    "welcome",
    [
        {"rates": None},
        {"rates": {"messages": [0, 1], "bytes": [1, 1]}},
        {"rates": {"messages": [float("nan"), 1], "bytes": [1, 1]}},
        {"rates": {"messages": [1], "bytes": [1, 1]}},
        {"public_keys": [bytes(1)] * 5000},
        {"run": b"short"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_welcome_that_breaks_the_table_is_no_welcome(welcome):
    """A rate of nothing would silence a member for ever."""

    async def test():
        relay = false_relay(welcome=welcome)
        async with relay as (url, visits), Person(url) as person:
            await until(lambda: len(visits) > 1)
            assert person.client.stats.connects == 0

    run(test())


@pytest.mark.parametrize(
    "rate", [10**400, float("inf"), 1e-300], ids=["huge", "endless", "tiny"]
)
def test_absurd_rates_are_borne(rate):
    """Numbers of any size are JSON, and sums are done with these."""

    async def test():
        rates = {"messages": [rate, rate], "bytes": [rate, rate]}
        relay = false_relay(welcome={"rates": rates})
        async with relay as (url, _), Person(url) as person:
            await until(lambda: person.client.stats.connects == 1)
            await asyncio.sleep(0.1)
            assert person.client.is_connected

    run(test())


def test_members_that_a_relay_makes_up_get_no_key():
    """It can say that anybody is there, and hold no private key for them."""

    async def test():
        strangers = [Identity.generate().public_key for _ in range(20)]
        frames = [protocol.encode("joined", public_key=key) for key in strangers]
        frames.append(protocol.encode("deliver", **{"from": strangers[0], "blob": b""}))
        async with false_relay(*frames) as (url, _), Person(url) as person:
            await until(lambda: person.client.stats.received)
            assert person.room.members == frozenset()
            assert "member_joined" not in person.events

    run(test())


def test_endless_members_are_more_than_there_can_be():
    """Each would be remembered."""

    async def test():
        frames = [
            json.dumps(
                {"type": "joined", "public_key": protocol.to_text(b"%d" % number)}
            )
            for number in range(5000)
        ]
        async with false_relay(*frames) as (url, visits), Person(url) as person:
            await until(lambda: len(visits) > 1)
            connection = person.client._connection
            assert connection is None or len(connection.members) <= 4096

    run(test())
