"""docs/keys.md: its pictures are the script's, its program runs."""

from __future__ import annotations

import ast
import asyncio
import importlib
import re
import sys

import pytest
from relays import ROOM, Relay, run, until, url_of
from support import ROOT

from fastframe.keys import Identity, Room, RoomMedia, Track
from fastframe.keys.client import Client

sys.path.insert(0, str(ROOT / "tools"))
import draw_sequences

TEXT = (ROOT / "docs" / "keys.md").read_text()


@pytest.mark.parametrize("path", draw_sequences.pictures(), ids=lambda path: path.name)
def test_picture_is_what_the_script_draws(path):
    """A picture that nobody can draw again is one that stays wrong."""
    assert path.read_text() == draw_sequences.pictures()[path]
    assert f"({path.name})" in TEXT


def test_names_that_the_document_imports_exist():
    """The first thing that a reader does is to copy the program."""
    program = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1]
    imported = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert len(imported) >= 5
    for module, name in imported:
        assert hasattr(importlib.import_module(module), name)


def test_program_of_the_document_opens_what_others_seal():
    """Room, media and client fit together as it says."""

    class Person:
        def __init__(self, url):
            self.identity = Identity.generate()
            self.room = Room(self.identity, ROOM, trust=lambda _: True)
            tracks = {"audio": Track(has_key_frames=False)}
            self.media = RoomMedia(self.room, tracks)
            self.client = Client(url, self.identity, self.room)

        async def read(self):
            async for action in self.client:
                self.media.apply([action], self.client.now())

    async def test():
        async with Relay() as relay:
            alice, bob = Person(url_of(relay)), Person(url_of(relay))
            async with alice.client, bob.client:
                readers = [asyncio.ensure_future(one.read()) for one in (alice, bob)]
                await until(lambda: alice.room.members and bob.room.members)
                for number in range(1000):
                    frame = b"frame %d" % number
                    now = alice.client.now()
                    sealed = alice.media.sealers["audio"].seal(frame, now)
                    alice_key = alice.identity.public_key
                    opened = bob.media.open(alice_key, sealed, now, track="audio")
                    if opened.frame == frame:
                        break
                    await asyncio.sleep(0.01)
                assert opened.frame == frame
                assert bob.media.stats().to_dict()["members"] == 1
            await asyncio.gather(*readers)
            for one in (alice, bob):
                one.media.close(one.client.now())

    run(test())
