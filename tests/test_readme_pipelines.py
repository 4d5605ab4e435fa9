"""What the README and docs/pipelines.md show, run as it is written."""

from __future__ import annotations

import asyncio
import shlex
import shutil

import pytest

import fastframe as ff
from fastframe.cli import main

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

import aioice.ice
import av
from aiortc.contrib.media import MediaPlayer
from calls import Call, PacketTrack, encode
from clips import make_clip, packets_of
from documents import examples, execute

from fastframe.adapters.aiortc import SealedTrack, open_receiver


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Give a recording."""
    path = tmp_path_factory.mktemp("clip") / "meeting.mkv"
    return make_clip(path, ["vp8", "opus"], seconds=2)


@pytest.fixture
def meeting(clip, tmp_path, monkeypatch):
    """Work in a folder with a recording and a key."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(clip, "meeting.mkv")
    (tmp_path / "meeting.key").write_bytes(ff.generate_key().hex().encode())
    return tmp_path


def test_call_of_the_readme_is_seen(meeting, monkeypatch):
    """Sending and receiving, three lines each, with a real player."""
    monkeypatch.setattr(
        aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"]
    )
    send, receive, _ = examples("python")
    key = ff.generate_key()

    async def scene():
        call = Call([])
        player = MediaPlayer("meeting.mkv", decode=False)
        sealer = ff.Sealer("insertable", key, codec="vp8")
        names = {"pc": call.sender, "player": player, "sealer": sealer}
        await execute(send, names)
        await call.sender.setLocalDescription(await call.sender.createOffer())
        opener = ff.Opener("insertable", {0: key}, codec="vp8")
        names = {"pc": call.receiver, "opener": opener}
        names["offer"] = call.sender.localDescription
        await execute(receive, names)
        (receiver,) = names["receivers"]
        await call.start()
        await call.until(lambda: receiver.tally.ok > 10)
        assert receiver.tally.counts().keys() == {ff.Status.OK}
        await call.sender.close()
        await call.receiver.close()
        player.audio.stop()

    asyncio.run(scene())


def test_commands_of_the_readme_give_the_recording_back(meeting, capsys):
    """Copied into a shell, line by line."""
    (commands,) = examples("sh")
    for line in commands.splitlines():
        program, *words = shlex.split(line)
        assert program == "fastframe"
        assert main(words) == 0
    assert packets_of("meeting-again.mkv") == packets_of("meeting.mkv")


def test_recording_of_the_readme_comes_back(meeting):
    """The same from Python."""
    names = {"key": ff.generate_key()}
    asyncio.run(execute(examples("python")[2], names))
    assert names["report"].is_whole
    assert packets_of("meeting-again.mkv") == packets_of("meeting.mkv")


def test_recording_of_the_documents_is_read_from_its_middle(meeting):
    """Wound to a moment, pictures come from there on."""
    names = {"key": ff.generate_key()}
    asyncio.run(execute(examples("python")[2], names))
    (text,) = examples("python", "docs/pipelines.md", "## Recordings")
    asyncio.run(execute(text, names))
    assert 25 < len(names["pictures"]) < 60


def test_tap_of_the_documents_records_a_call(meeting, monkeypatch):
    """A file of what was sent, not encoded anew."""
    monkeypatch.setattr(
        aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"]
    )
    (text,) = examples("python", "docs/pipelines.md", "## aiortc")
    key = ff.generate_key()
    packets = encode("opus", 60)

    async def scene():
        track = SealedTrack(PacketTrack("audio", packets), ff.Sealer("insertable", key))
        async with Call([track]) as call:
            receiver = call.receivers["audio"]
            opened = open_receiver(receiver, ff.Opener("insertable", {0: key}))
            with av.open("call.mkv", "w") as container:
                stream = container.add_stream("libopus", rate=48000)
                names = {"receiver": receiver, "container": container}
                names["stream"] = stream
                await execute(text, names)
                await call.start()
                await call.until(lambda: opened.tally.ok > 40)
                names["tap"].close()

    asyncio.run(scene())
    found = [one[1] for one in packets_of("call.mkv")]
    assert len(found) > 40
    assert found == [bytes(packet) for packet in packets[: len(found)]]
