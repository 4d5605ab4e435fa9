"""The relay: who gets in, who hears what, what is kept and what is told."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re

import pytest
from relays import ROOM, Guest, guests, relay_and, run

from fastframe.keys import Identity, protocol
from fastframe.keys.relay import Relay, log_to

TOKEN, OTHER = "token of ours", "token of others"


def refused_hello(code, *, options=None, **fields):
    """Say hello with such fields; it must be refused with this code."""

    async def test():
        async with Relay(**(options or {})) as relay:
            guest = await Guest.knock(relay)
            await guest.hello(**fields)
            assert await guest.refusal() == code
            assert await guest.until_closed() == protocol.CloseCode.REFUSED
            assert relay.metrics.snapshot()["hellos_total"] == {code: 1}

    run(test())


# -- carrying --


def test_blob_reaches_the_one_it_is_for_and_nobody_else():
    """A wrapped key opens for one member; the others need not even see it."""

    async def test():
        async with relay_and(3) as (_, alice, bob, carol):
            await alice.send(bob.public_key, b"for bob")
            fields = await bob.next()
            assert fields == {
                "type": "deliver",
                "from": alice.text,
                "blob": protocol.to_text(b"for bob"),
            }
            assert await carol.is_silent()
            assert await alice.is_silent()

    run(test())


def test_blob_to_all_reaches_all_others():
    """To tell everybody is one message, and not one of one's own."""

    async def test():
        async with relay_and(4) as (relay, alice, *others):
            await alice.send(None, b"for all")
            for other in others:
                assert await other.blob() == b"for all"
            assert await alice.is_silent()
            counts = relay.metrics.snapshot()
            assert counts["blobs_received_total"] == 2  # the echo is one
            assert counts["blobs_relayed_total"] == 4

    run(test())


def test_blobs_of_one_member_keep_their_order():
    """Rooms bear disorder, but a relay that made it would cost resends."""

    async def test():
        async with relay_and(2) as (_, alice, bob):
            sent = [str(number).encode() for number in range(500)]
            for blob in sent:
                await alice.send(bob.public_key, blob)
            assert [await bob.blob() for _ in sent] == sent

    run(test())


def test_any_blob_up_to_the_largest_passes_unchanged():
    """The relay parses no blob, so there is nothing it could dislike."""

    async def test():
        async with relay_and(2) as (_, alice, bob):
            whole = random.Random(1).randbytes(protocol.BLOB_MAX)
            for blob in (b"", b"{", b"\0\xff", whole):
                await alice.send(bob.public_key, blob)
                assert await bob.blob() == blob

    run(test())


def test_members_are_told_who_is_there_who_comes_and_who_goes():
    """A room greets those who come and changes its keys for those who go."""

    async def test():
        async with Relay() as relay:
            alice = await Guest.come(relay)
            assert alice.welcome["public_keys"] == []
            bob = await Guest.come(relay)
            assert bob.welcome["public_keys"] == [alice.text]
            joined = {"type": "joined", "public_key": bob.text}
            assert await alice.next() == joined
            await bob.close()
            assert await alice.next() == {"type": "left", "public_key": bob.text}
            await alice.close()

    run(test())


def test_connection_that_breaks_is_a_member_that_has_left():
    """Whoever loses its connection may be gone for good."""

    async def test():
        async with relay_and(2) as (relay, alice, bob):
            bob.socket.transport.abort()
            assert (await alice.next())["type"] == "left"
            assert relay.metrics.snapshot()["disconnects_total"] == {"lost": 1}

    run(test())


# -- isolation --


def test_rooms_hear_nothing_of_each_other():
    """Not blobs, not comings and goings, not even with a member's public key."""

    async def test():
        async with Relay() as relay, guests(relay, 2) as (alice, _):
            stranger = await Guest.come(relay, "another room")
            assert stranger.welcome["public_keys"] == []
            await stranger.send(None, b"for all")
            await stranger.send(alice.public_key, b"for alice")
            assert await stranger.refusal() == "no_such_member"
            await stranger.close()
            assert await alice.is_silent()

    run(test())


def test_one_identity_may_be_in_two_rooms():
    """A member of two meetings is one person with one key."""

    async def test():
        async with Relay() as relay, guests(relay, 1) as (alice,):
            same = await Guest.come(relay, "another room", alice.identity)
            await same.send(None, b"nobody hears this")
            assert await same.is_silent()
            assert await alice.is_silent()
            await same.close()

    run(test())


def test_sender_is_the_one_who_proved_to_be_it():
    """A "from" of the sender's own making must not get through."""

    async def test():
        async with relay_and(3) as (_, alice, bob, carol):
            await alice.say("send", to=bob.public_key, blob=b"x", **{"from": b"carol"})
            assert (await bob.next())["from"] == alice.text
            assert await carol.is_silent()

    run(test())


# -- who gets in --


def test_public_key_of_another_is_not_enough():
    """An impostor would read what is sent to its victim, and have it "leave"."""
    victim = Identity.generate().public_key
    refused_hello("not_proven", public_key=victim)


def test_proof_for_another_room_is_not_enough():
    """A malicious relay of one room must not enter another in its member's name."""

    async def test():
        async with Relay() as relay:
            guest = await Guest.knock(relay)
            signed = protocol.proof_input(guest.nonce, ROOM, guest.public_key)
            purpose = protocol.PROOF_PURPOSE
            proof = guest.identity.sign(signed, purpose=purpose)
            await guest.hello("another room", proof=proof)
            assert await guest.refusal() == "not_proven"
            await guest.close()

    run(test())


def test_proof_is_good_for_one_connection():
    """Whoever has recorded a hello must not be able to say it again."""

    async def test():
        async with Relay() as relay:
            first = await Guest.knock(relay)
            second = await Guest.knock(relay, first.identity)
            assert first.nonce != second.nonce
            second.nonce = first.nonce
            await second.hello()
            assert await second.refusal() == "not_proven"
            for guest in (first, second):
                await guest.close()

    run(test())


def test_signature_for_another_purpose_is_no_proof():
    """What a member signs elsewhere must not open the door in its name."""

    async def test():
        async with Relay() as relay:
            guest = await Guest.knock(relay)
            signed = protocol.proof_input(guest.nonce, ROOM, guest.public_key)
            await guest.hello(proof=guest.identity.sign(signed, purpose="room"))
            assert await guest.refusal() == "not_proven"
            await guest.close()

    run(test())


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("not_proven", {"public_key": b"no key"}),
        ("not_proven", {"proof": bytes(64)}),
        ("not_proven", {"proof": b"short"}),
        ("unsupported_version", {"version": 2}),
        ("unsupported_version", {"version": None}),
        ("malformed", {"room": "", "proof": bytes(64)}),
        ("malformed", {"room": "x" * 256, "proof": bytes(64)}),
        ("malformed", {"room": "\ud800", "proof": bytes(64)}),
        ("malformed", {"room": ["a room"], "proof": bytes(64)}),
        ("malformed", {"public_key": ""}),
        ("malformed", {"public_key": "AB=="}),
        ("malformed", {"public_key": "AB"}),  # spare bits set: a second spelling
        ("malformed", {"public_key": bytes(2049)}),
        ("malformed", {"proof": None}),
        ("malformed", {"token": 7}),
        ("malformed", {"token": "x" * 513}),
    ],
)
def test_hello_that_breaks_the_table_is_refused(code, fields):
    """Two spellings of one key would be two members; what is long, memory."""
    refused_hello(code, **fields)


def test_only_whom_the_hook_admits_gets_in():
    """Who may use a relay is its operator's choice, room by room."""

    def admit(room, token):
        return (room, token) == (ROOM, TOKEN)

    async def test():
        async with Relay(admit=admit) as relay:
            for room, token in ((ROOM, None), (ROOM, OTHER), ("x", TOKEN)):
                guest = await Guest.knock(relay)
                await guest.hello(room, token=token)
                assert await guest.refusal() == "not_admitted"
                await guest.close()
            await (await Guest.come(relay, token=TOKEN)).close()

    run(test())


def test_same_identity_takes_the_place_of_its_old_connection():
    """A phone that changes networks is back before its old socket is dead."""

    async def test():
        async with relay_and(2) as (relay, alice, bob):
            again = await Guest.come(relay, identity=bob.identity)
            assert [(await alice.next())["type"] for _ in "12"] == ["left", "joined"]
            assert await bob.until_closed() == protocol.CloseCode.REPLACED
            await alice.send(bob.public_key, b"to the new one")
            assert await again.blob() == b"to the new one"
            # The old connection's end must not take the new one's seat.
            assert await alice.is_silent()
            assert relay.metrics.snapshot()["members"] == 2
            await again.close()

    run(test())


def test_page_of_another_origin_is_turned_away():
    """Any page that a browser opens could connect in its user's name."""

    async def test():
        own = "https://meet.example"
        async with Relay(origins=[own]) as relay:
            for origin in (None, own):
                await (await Guest.knock(relay, origin=origin)).close()
            with pytest.raises(Exception, match="403"):
                await Guest.knock(relay, origin="https://evil.example")

    run(test())


# -- what it keeps and what it tells --


def test_nothing_of_a_member_is_kept_once_it_has_gone():
    """Public keys are there for the length of a session, and no longer."""

    async def test():
        async with Relay() as relay:
            async with guests(relay, 3):
                assert relay.metrics.snapshot()["rooms"] == 1
            # The relay has no event for it.
            while relay.metrics.snapshot()["connections"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            counts = relay.metrics.snapshot()
            assert (counts["rooms"], counts["members"]) == (0, 0)
            assert relay._carrier.rooms._rooms == {}

    run(test())


@pytest.fixture
def log():
    """Collect the relay's log lines."""

    class Lines(list):
        left_out = 0

        def write(self, text):
            self.extend(text.splitlines())

        def flush(self):
            pass

        def leave_out(self):
            self.left_out += 1

    lines = Lines()
    handlers = []

    def start(per_second=1000):
        handlers.append(log_to(lines, per_second, lines.leave_out))
        return lines

    yield start
    for handler in handlers:
        logging.getLogger("fastframe.keys.relay").removeHandler(handler)


def test_log_has_facts_and_no_secrets(log):
    """Whoever reads the log learns neither who meets whom nor what they say."""
    lines = log()

    async def test():
        async with Relay(admit=lambda _, token: token == TOKEN) as relay:
            alice = await Guest.come(relay, token=TOKEN)
            await alice.send(None, b"some blob")
            stranger = await Guest.knock(relay)
            await stranger.hello(token=OTHER)
            await stranger.until_closed()
            await alice.close()
            return alice

    alice = run(test())
    events = [json.loads(line) for line in lines]
    names = [event["event"] for event in events]
    assert names == ["started", "joined", "refused", "left", "stopped"]
    assert events[2]["code"] == "not_admitted"
    whole = "\n".join(lines)
    for secret in (ROOM, alice.text[:20], TOKEN, OTHER, "some blob"):
        assert secret not in whole


def test_log_lines_are_bounded_by_the_second(log):
    """Whoever can connect must not be able to fill a disk."""
    lines = log(5)

    async def test():
        async with Relay() as relay:
            for _ in range(30):
                guest = await Guest.knock(relay)
                await guest.socket.send("garbage")
                await guest.until_closed()

    run(test())
    # Five at once, and five a second for as long as it took.
    assert len(lines) + lines.left_out == 32
    assert lines.left_out > 0
    assert len(lines) <= 5 + 5 * (
        1 + json.loads(lines[-1])["time"] - json.loads(lines[0])["time"]
    )


def test_handshake_that_is_none_leaves_no_traceback(capfd):
    """Port scanners would fill the log with the library's own words."""

    async def test():
        async with Relay() as relay:
            for request in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01 tls?", b""):
                reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
                writer.write(request)
                writer.write_eof()
                await reader.read()
                writer.close()
                await writer.wait_closed()

    run(test())
    out, err = capfd.readouterr()
    assert not re.search("Traceback|websockets", out + err)


def check_lets_nobody_in(admit, got, caplog):
    """Check that a hook turns everybody away, and that the log says why."""

    async def test():
        async with Relay(admit=admit) as relay:
            guest = await Guest.knock(relay)
            await guest.hello()
            assert await guest.refusal() == "not_admitted"
            await guest.close()

    run(test())
    facts = [one.facts for one in caplog.records if one.message == "admit_failed"]
    assert facts == [{"got": got}]


def test_async_admit_lets_nobody_in(caplog):
    """Its coroutine counts as true, whatever it would come to say."""

    async def never(_room, _token):
        return False

    answer = never(ROOM, None)
    check_lets_nobody_in(lambda *_: answer, "coroutine", caplog)
    answer.close()


def test_failing_admit_lets_nobody_in(caplog):
    """A database that is down is no reason to open the door, nor to be silent."""

    def fail(_room, _token):
        raise OSError("down")

    check_lets_nobody_in(fail, "OSError", caplog)
