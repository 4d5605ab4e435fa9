"""What a relay bears: limits, slow members, floods and garbage."""

from __future__ import annotations

import asyncio
import random

import pytest
from relays import ROOM, Guest, relay_and, run

from fastframe.keys import Identity, protocol
from fastframe.keys.relay import Limits, Relay
from fastframe.keys.relay.carrier import Carrier
from fastframe.keys.relay.metrics import Metrics
from fastframe.keys.relay.seat import Seat


def test_full_room_takes_nobody_and_goes_on():
    """One more than there is place for must not cost the others theirs."""

    async def test():
        async with relay_and(2, limits=Limits(members=2)) as (relay, alice, bob):
            third = await Guest.knock(relay)
            await third.hello()
            assert await third.refusal() == "room_full"
            again = await Guest.come(relay, identity=bob.identity)
            await again.close()
            await third.close()
            assert (await alice.next())["type"] == "left"

    run(test())


def test_there_are_only_so_many_rooms_at_once():
    """Rooms are memory, and anybody can name one."""

    async def test():
        async with Relay(limits=Limits(rooms=1)) as relay:
            alice = await Guest.come(relay)
            other = await Guest.knock(relay)
            await other.hello("another room")
            assert await other.refusal() == "too_many_rooms"
            await alice.close()
            await other.close()
            # A room ends with its last member.
            await (await Guest.come(relay, "another room")).close()

    run(test())


def test_there_are_only_so_many_connections_at_once():
    """Whoever says nothing costs a socket too."""

    async def test():
        async with Relay(limits=Limits(connections=2)) as relay:
            there = [await Guest.knock(relay) for _ in range(2)]
            with pytest.raises(Exception, match="503"):
                await Guest.knock(relay)
            for guest in there:
                await guest.close()
            await (await Guest.come(relay)).close()

    run(test())


def test_coming_and_going_has_a_rate():
    """All others are told of each; a stranger could keep a room busy by it."""

    async def test():
        limits = Limits(comings_per_second=0.01, comings_at_once=3)
        async with relay_and(2, limits=limits) as (relay, alice, bob):
            again = await Guest.come(relay, identity=bob.identity)
            stranger = await Guest.knock(relay)
            await stranger.hello()
            assert await stranger.refusal() == "rate_limited"
            # It is the room that is busy, and not the relay.
            other = await Guest.come(relay, "another room", stranger.identity)
            assert [(await alice.next())["type"] for _ in "12"] == ["left", "joined"]
            assert await alice.is_silent()
            for guest in (again, stranger, other):
                await guest.close()

    run(test())


class Deaf:
    """A connection whose member has stopped reading, without its kernel buffers."""

    def __init__(self):
        """Be its own transport."""
        self.transport = self

    def is_closing(self):
        """Have nothing written."""
        return True

    def get_write_buffer_size(self):
        """Have far too much waiting."""
        return 2**30

    async def close(self, *_):
        """Say goodbye to nobody."""

    def abort(self):
        """Be gone."""


def test_whole_room_that_stops_reading_is_dropped_at_once():
    """Each that is dropped is news for the others, who are too slow for it, too."""
    limits = Limits(members=1000)

    async def test():
        carrier = Carrier(limits, Metrics())
        seats = []
        for number in range(500):  # Python nests 1 000 calls
            hello = protocol.Hello(ROOM, b"%d" % number, b"")
            seats.append(Seat(Deaf(), hello, limits, 0.0))
            carrier.rooms.enter(seats[-1], 0.0)
        carrier.take(seats[0], protocol.encode("send", to=None, blob=b""))
        assert carrier.rooms.everyone() == seats[:1]
        await carrier.finish()

    run(test())


def test_silence_instead_of_a_hello_is_cut_short():
    """Open connections that say nothing must not pile up."""

    async def test():
        async with Relay(limits=Limits(hello_seconds=0.1)) as relay:
            guest = await Guest.knock(relay)
            assert await guest.refusal() == "timed_out"
            assert await guest.until_closed() == protocol.CloseCode.REFUSED

    run(test())


def test_frame_above_the_limit_ends_its_connection():
    """The library stops reading it, so it never is in memory as a whole."""

    async def test():
        async with relay_and(2) as (relay, alice, bob):
            await alice.socket.send("x" * (protocol.frame_max() + 1))
            assert await alice.until_closed() == protocol.CloseCode.TOO_BIG
            assert (await bob.next())["type"] == "left"
            assert relay.metrics.snapshot()["disconnects_total"] == {"too_big": 1}

    run(test())


def test_blob_above_the_limit_is_refused():
    """A relay can take less than members could bear."""

    async def test():
        async with relay_and(2, limits=Limits(blob_bytes=100)) as (_, alice, bob):
            await alice.send(bob.public_key, bytes(101))
            assert await alice.refusal() == "too_large"
            await alice.send(bob.public_key, bytes(100))
            assert await bob.blob() == bytes(100)

    run(test())


def test_member_that_sends_too_many_is_refused_and_others_are_not():
    """One flood must not become everybody's."""

    async def test():
        limits = Limits(messages_per_second=0.01, messages_at_once=5)
        async with relay_and(2, limits=limits) as (relay, alice, bob):
            for number in range(8):
                await alice.send(bob.public_key, bytes([number]))
            codes = [await alice.refusal() for _ in range(3)]
            assert codes == ["rate_limited"] * 3
            assert [await bob.blob() for _ in range(5)] == [
                bytes([n]) for n in range(5)
            ]
            await bob.send(alice.public_key, b"mine")
            assert await alice.blob() == b"mine"
            refused = relay.metrics.snapshot()["blobs_refused_total"]
            assert refused == {"rate_limited": 3}

    run(test())


def test_bytes_count_once_for_each_receiver():
    """A blob to all is what makes much out of little."""

    async def test():
        limits = Limits(bytes_per_second=0.01, bytes_at_once=4 * 1000)
        async with relay_and(4, limits=limits) as (_, alice, *others):
            blob = bytes(750)  # 1 000 in base64
            await alice.send(None, blob)
            await alice.send(None, blob)
            assert await alice.refusal() == "rate_limited"
            await alice.send(others[0].public_key, blob)
            assert [await others[0].blob() for _ in "12"] == [blob, blob]

    run(test())


def test_member_that_goes_on_sending_what_is_refused_is_put_out():
    """Refusing costs something, too, and a flood would have it for ever."""

    async def test():
        limits = Limits(refusals_at_once=3)
        async with relay_and(2, limits=limits) as (relay, alice, bob):
            for _ in range(6):
                await alice.socket.send("no frame")
            assert await alice.until_closed() == protocol.CloseCode.MISBEHAVED
            assert (await bob.next())["type"] == "left"
            ends = relay.metrics.snapshot()["disconnects_total"]
            assert ends == {"misbehaved": 1}

    run(test())


def test_writing_to_those_who_have_left_is_no_misdeed():
    """It happens to everyone in a room that people come to and leave."""

    async def test():
        limits = Limits(refusals_at_once=3)
        async with relay_and(2, limits=limits) as (_, alice, bob):
            gone = Identity.generate().public_key
            for _ in range(20):
                await alice.send(gone, b"too late")
                assert await alice.refusal() == "no_such_member"
            await alice.send(bob.public_key, b"still here")
            assert await bob.blob() == b"still here"

    run(test())


async def flood(sender, receiver, size, count):
    """Send blobs of a size to one, as fast as they go."""
    for _ in range(count):
        await sender.send(receiver.public_key, bytes(size))


def test_member_that_does_not_read_is_dropped_and_others_are_not():
    """What waits for one must neither grow without end nor hold up a room."""

    async def test():
        limits = Limits(unsent_bytes=200_000, close_seconds=0.2)
        async with relay_and(3, limits=limits) as (relay, alice, bob, carol):
            bob.socket.transport.pause_reading()
            # What the kernel takes on the way is not the relay's memory.
            for _ in range(400):
                await alice.send(None, bytes(60_000))
                assert await carol.blob() == bytes(60_000)
                if relay.metrics.snapshot()["members"] == 2:
                    break
            ends = relay.metrics.snapshot()["disconnects_total"]
            assert ends == {"too_slow": 1}
            assert (await carol.next())["public_key"] == bob.text
            await asyncio.sleep(0.5)
            counts = relay.metrics.snapshot()
            assert counts["unsent_bytes"] == 0
            # Cut off, for it did not read the close frame either.
            assert counts["connections"] == 2
            bob.socket.transport.abort()

    run(test())


def test_member_that_stalls_is_found_without_being_sent_more():
    """A ping cannot find it: it would wait behind what is not read."""

    async def test():
        limits = Limits(heartbeat_seconds=0.1, close_seconds=0.1)
        async with relay_and(3, limits=limits) as (relay, alice, bob, carol):
            bob.socket.transport.pause_reading()
            while relay.metrics.snapshot()["unsent_bytes"] == 0:
                await flood(alice, bob, 60_000, 1)
                assert await carol.is_silent()
            left = await carol.next("left")
            assert left["public_key"] == bob.text
            ends = relay.metrics.snapshot()["disconnects_total"]
            assert ends == {"too_slow": 1}
            bob.socket.transport.abort()

    run(test())


def test_dead_connection_is_found_by_its_silence():
    """A network that swallows everything tells nobody that a member has gone."""

    async def test():
        limits = Limits(heartbeat_seconds=0.1, close_seconds=0.1)
        async with relay_and(2, limits=limits) as (_, alice, bob):
            bob.socket.transport.pause_reading()  # so that no pong goes out
            assert (await alice.next("left"))["public_key"] == bob.text
            bob.socket.transport.abort()

    run(test())


# -- garbage --


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "7",
        '"send"',
        "{}",
        '{"type":7}',
        '{"type":"hello"}',
        '{"type":"send"}',
        '{"type":"send","to":7,"blob":""}',
        '{"type":"send","to":"**","blob":""}',
        '{"type":"send","to":null,"blob":7}',
        '{"type":"send","to":null,"blob":"AB"}',
        '{"type":"send","to":null,"blob":"A=="}',
        '{"type":"send","to":null,"blob":"\\ud800"}',
        "[" * 60_000,
        '{"type":"send","blob":' + "[" * 60_000,
        '{"type":' + "1" * 50_000 + "}",
        b"\0binary",
    ],
    ids=lambda frame: repr(frame[:30]),
)
def test_garbage_is_refused_and_the_member_stays(frame):
    """A bug in one member's program must not take its room down."""

    async def test():
        async with relay_and(2) as (_, alice, bob):
            await alice.socket.send(frame)
            assert await alice.refusal() == "malformed"
            await alice.send(bob.public_key, b"still here")
            assert await bob.blob() == b"still here"

    run(test())


def test_random_changes_to_good_frames_never_break_the_relay():
    """Whatever comes, before the hello or after it, others are served on."""
    dice = random.Random(20)
    good = [
        protocol.encode("hello", version=1, room=ROOM, public_key=b"k", proof=b"p"),
        protocol.encode("send", to=b"somebody", blob=b"something"),
        protocol.encode("send", to=None, blob=b"x"),
    ]

    def changed():
        frame = list(dice.choice(good))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(frame))
            frame[at : at + dice.randint(0, 4)] = dice.choice('"{}[],:\0\\uaé1n')
        return "".join(frame)

    async def test():
        limits = Limits(refusals_at_once=10_000)
        async with relay_and(2, limits=limits) as (relay, alice, bob):
            for _ in range(1000):
                await alice.socket.send(changed())
            for _ in range(100):
                stranger = await Guest.knock(relay)
                await stranger.socket.send(changed())
                assert await stranger.until_closed() == protocol.CloseCode.REFUSED
            await alice.send(bob.public_key, b"the end")
            while await bob.blob() != b"the end":
                pass
            assert relay.metrics.snapshot()["members"] == 2

    run(test())
