"""A relay under 200 members: nothing lost, memory flat, no key in it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter

import pytest
from relays import PATIENCE, Guest, Person, RelayProcess, run, until, until_keyed

from fastframe.keys import Identity, protocol

MEMBERS = 200
AT_ONCE = 20
FOR_ONE = 100
MB = 1024 * 1024
# Debian and Ubuntu let a process be read by those alone that have started it,
# unless it says otherwise: PR_SET_PTRACER, PR_SET_PTRACER_ANY.
READABLE = (
    "import ctypes, sys; from fastframe import cli;"
    "ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0);"
    "sys.exit(cli.main())"
)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="no /proc here")


class Crowd:
    """Members of one room, each of which counts what it hears from whom."""

    def __init__(self, url):
        """Begin with nobody."""
        self.url = url
        self.room = os.urandom(4).hex()
        self.guests = []
        self.heard = Counter()
        self._identities = [Identity.generate() for _ in range(MEMBERS)]
        self._readers = []

    async def come(self):
        """Come in, a few at a time."""
        for start in range(0, MEMBERS, AT_ONCE):
            some = self._identities[start : start + AT_ONCE]
            self.guests += await asyncio.gather(
                *(Guest.come(self.url, self.room, one) for one in some)
            )
        self._readers = [asyncio.ensure_future(self._read(g)) for g in self.guests]

    async def _read(self, guest):
        with contextlib.suppress(Exception):
            async for frame in guest.socket:
                if '"deliver"' in frame:
                    fields = json.loads(frame)
                    self.heard[guest.text, fields["from"], fields["blob"]] += 1

    async def talk(self, word):
        """Have each say a word to all others, and one to the next member.

        A few at a time: how much waits on the way, and so what the relay's
        memory peaks at, is then not the machine's load.
        """
        self.heard.clear()
        after = self.guests[1:] + self.guests[:1]
        pairs = list(zip(self.guests, after, strict=True))
        for start in range(0, MEMBERS, AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            for guest, other in some:
                await guest.send(None, word)
                await guest.send(other.public_key, word * FOR_ONE)
            whole = (start + len(some)) * MEMBERS  # MEMBERS - 1 each, one for you
            await until(lambda whole=whole: self.heard.total() >= whole)

    def expected(self, word):
        """Give what must have been heard, and nothing else."""
        texts = [guest.text for guest in self.guests]
        whole = Counter(
            (to, sender, protocol.to_text(word))
            for to in texts
            for sender in texts
            if to != sender
        )
        mine = protocol.to_text(word * FOR_ONE)
        for sender, to in zip(texts, texts[1:] + texts[:1], strict=True):
            whole[to, sender, mine] += 1
        return whole

    async def go(self):
        """Leave all at once."""
        for guest in self.guests:
            guest.socket.transport.abort()
        await asyncio.gather(*self._readers)
        self.guests = []


@linux_only
def test_two_hundred_members_lose_nothing_and_memory_stays_flat():
    """What is said is heard, once each; and what is over leaves nothing behind."""

    async def session(relay, word):
        crowd = Crowd(relay.url)
        await crowd.come()
        await crowd.talk(word)
        assert crowd.heard == crowd.expected(word)
        size = relay.resident()
        await crowd.go()
        return size

    with RelayProcess() as relay:
        warm = run(session(relay, b"x" * 300))
        size = max(run(session(relay, b"y" * 300)) for _ in range(2))
        # A session is 40 000 blobs, 8 MB of them for one member each, and 200
        # connections: to keep any of that would show.
        assert size - warm < 8 * MB
        code, log = relay.end()
        assert code == 0
        # To write to those who have just gone is nothing to fill a disk with.
        assert [line for line in log.splitlines() if not line.startswith("{")] == []


# -- no key in its memory --


def within(data):
    """Give the texts that data leaves in base64 of something around it."""
    for before in range(3):
        text = base64.urlsafe_b64encode(bytes(before) + data)
        # The first and last characters hold bits of what stands around.
        yield text[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]


def forms(secret):
    """Give what a secret may look like in a memory that has come upon it."""
    once = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    once += within(secret)
    once += [text.replace(b"-", b"+").replace(b"_", b"/") for text in once[3:]]
    # Blobs are base64url again.
    return {*once, *(text for form in once for text in within(form))}


def is_in(memory, secret):
    """Tell whether a memory holds a secret in any form."""
    return any(form in memory for form in forms(secret))


@pytest.fixture
def dump(tmp_path):
    """Give the whole memory of a process, as gdb's gcore writes it."""
    if shutil.which("gcore") is None:
        reason = "gcore is not installed: it is in the package gdb"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)

    def take(pid):
        subprocess.run(  # noqa: S603 - gdb's program
            ["gcore", "-a", "-o", str(tmp_path / "core"), str(pid)],  # noqa: S607
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )
        return (tmp_path / f"core.{pid}").read_bytes()

    return take


def test_forms_are_found_wherever_a_secret_stands():
    """A search that misses would prove nothing; at all offsets, wrapped twice."""
    secret = bytes(range(100, 116))
    for before in range(7):
        inner = b"{" + b" " * before + secret + b"}"
        for text in (inner, base64.urlsafe_b64encode(inner), secret.hex().encode()):
            message = b'{"key":"' + text + b'"}'
            for memory in (message, base64.urlsafe_b64encode(b"." * before + message)):
                assert is_in(b"..." + memory + b"...", secret)
    assert not is_in(os.urandom(10_000), secret)


@linux_only
def test_no_content_key_is_in_the_memory_of_a_relay(dump):
    """The relay's operator, or who breaks into it, opens no frame."""
    controls = [os.urandom(16) for _ in range(3)]

    async def test(relay):
        async with contextlib.AsyncExitStack() as stack:
            people = [
                await stack.enter_async_context(Person(relay.url)) for _ in range(4)
            ]
            await until_keyed(people)
            for person in people:
                own = person.own
                person.rotate()
                await until(lambda p=person, o=own: p.own != o)
            await until_keyed(people)
            async with Person(relay.url) as leaver:
                await until_keyed([*people, leaver])
            await until_keyed(people)
            planted = await plant(relay, controls)
            memory = await asyncio.to_thread(dump, relay.pid)
            for guest in planted:
                guest.socket.transport.abort()
        keys = set().union(*(person.seen for person in people), leaver.seen)
        return memory, keys, [person.public_key for person in people]

    with RelayProcess(program=("-c", READABLE)) as relay:
        memory, keys, public_keys = run(test(relay))
    # Four first keys, four rotations, and what joining and leaving changed.
    assert len(keys) >= 12
    assert [key for key in keys if is_in(memory, key)] == []
    # What a relay does hold is found by the same search, so it would find a key.
    assert all(is_in(memory, key) for key in [*public_keys, *controls])


async def plant(relay, secrets):
    """Have secrets in a relay's memory: as names, and in a blob nobody reads."""
    names = [secret.hex() for secret in secrets[:2]]
    guests = [await Guest.come(relay.url, name) for name in names]
    deaf = await Guest.come(relay.url, names[0])
    deaf.socket.transport.pause_reading()
    for _ in range(100):  # more than the kernel takes on the way, less than 4 MB
        await guests[0].send(deaf.public_key, bytes(20_000))
    leak = b'{"key":"' + base64.urlsafe_b64encode(secrets[2]) + b'"}'
    await guests[0].send(deaf.public_key, leak)
    await guests[0].send(guests[0].public_key, b"echo")
    while await guests[0].blob() != b"echo":
        pass
    return [*guests, deaf]
