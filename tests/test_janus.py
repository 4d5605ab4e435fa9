"""Sealed calls between aiortc peers through a live Janus."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

import pytest

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")
pytest.importorskip("websockets", reason="Janus is asked through a websocket")

import av
import numbered
from calls import until
from clips import TONE
from janus_calls import JanusCall
from keyed import Keyed
from live_peers import Publisher, Subscriber
from loopback import run
from mjr import packets, record

from fastframe.adapters.aiortc import on_encoded
from fastframe.adapters.janus import JanusRecording
from fastframe.cli import main

OK = ff.Status.OK
ENOUGH = 60  # pictures with one key
VP8_START = b"\x9d\x01\x2a"  # RFC 6386 section 9.1
PIECE = 16  # bytes that chance does not repeat


@pytest.mark.parametrize("codec", [None, "vp8"], ids=["whole", "clear start"])
def test_every_frame_opens_and_every_picture_is_right(tmp_path, codec):
    """Janus forwards what it cannot read, and receivers have all of it."""

    async def scene():
        keyed = Keyed(codec)
        async with JanusCall(tmp_path) as call:
            await call.publish(Publisher(keyed.tracks()))
            subscriber = Subscriber(keyed.openers)
            await call.subscribe(subscriber)
            await until(
                lambda: len(subscriber.numbers) > 60 and len(subscriber.pitches) > 60
            )
        assert keyed.openers["video"].after_the_first == {OK}
        assert keyed.openers["audio"].after_the_first == {OK}
        numbers = subscriber.numbers
        assert None not in numbers
        assert numbers == sorted(set(numbers))
        assert median(subscriber.pitches) == pytest.approx(TONE, rel=0.05)

    run(scene())


def test_rotation_stalls_nobody(tmp_path):
    """Receivers hold the new key before the sender takes it: no frame is lost."""

    async def scene():
        keyed = Keyed()
        async with JanusCall(tmp_path) as call:
            await call.publish(Publisher(keyed.tracks()))
            subscriber = Subscriber(keyed.openers)
            await call.subscribe(subscriber)
            await until(lambda: len(subscriber.numbers) > ENOUGH)
            new = ff.generate_key()
            for kind, opener in keyed.openers.items():
                opener.opener.keys[2] = new
                keyed.sealers[kind].sealer.rotate(new, key_id=2)
            before = len(subscriber.numbers)
            await until(lambda: len(subscriber.numbers) > before + ENOUGH)
        for opener in keyed.openers.values():
            assert opener.after_the_first == {OK}
            assert opener.opener.stats().keys[1].frames_opened > ENOUGH // 2
            assert opener.opener.stats().keys[2].frames_opened > ENOUGH // 2
        assert max(b - a for a, b in pairwise(subscriber.numbers)) < 15

    run(scene())


@pytest.mark.parametrize(
    ("keys", "status"),
    [({}, ff.Status.UNKNOWN_KEY), ({1: bytes(16)}, ff.Status.AUTH_FAILED)],
    ids=["no key", "wrong key"],
)
def test_member_without_the_key_harms_nobody(tmp_path, keys, status):
    """Nothing gets out to it; for the others there are pictures, not key frames."""

    async def scene():
        keyed = Keyed()
        seen = []
        async with JanusCall(tmp_path) as call:
            await call.publish(Publisher(keyed.tracks()))
            member = Subscriber(keyed.openers)
            await call.subscribe(member)
            await until(lambda: len(member.numbers) > 15)
            openers = keyed.more_openers(dict(keys))
            outsider = Subscriber(openers)
            await call.subscribe(outsider)
            on_encoded(outsider.receivers["video"], seen.append)
            on_encoded(outsider.receivers["audio"], seen.append)
            before = len(member.numbers)
            await until(lambda: len(openers["video"].statuses) > 90)
            assert set(openers["video"].statuses) == {status}
            assert set(openers["audio"].statuses) == {status}
            assert seen == outsider.numbers == outsider.pitches == []
            assert outsider.decoder_lives("video")
            assert len(member.numbers) > before + 60
            assert keyed.openers["video"].after_the_first == {OK}
            # One to begin with, one or two for each who joins, and those asked for.
            requests = outsider.opened["video"].requests
            assert 1 <= requests <= 5
            assert keyed.sealers["video"].key_frames <= 5 + requests
            openers["video"].opener.keys[1] = keyed.key
            await until(lambda: len(outsider.numbers) > 5)

    run(scene())


def test_recording_holds_ciphertext_and_opens_to_what_was_sent(tmp_path):
    """Who runs the server has frames' sizes and times; a member has the call."""

    async def scene():
        keyed = Keyed(codec=None)
        async with JanusCall(tmp_path) as call:
            handle = await call.publish(Publisher(keyed.tracks()))
            await call.room.record(handle, call.server.recordings / "call")
            await until(lambda: len(keyed.sealers["video"].frames) > 90)
            await call.room.stop_recording(handle)
        return keyed, sorted(call.server.recordings.glob("*.mjr"))

    keyed, paths = run(scene())
    assert len(paths) == 2
    for kind, path in zip(("audio", "video"), paths, strict=True):
        frames = keyed.sealers[kind].frames
        assert plain_in(path.read_bytes(), frames) == []
        # What is looked for would be found: the same call as it is unsealed.
        codec = "opus" if kind == "audio" else "vp8"
        assert len(plain_in(record(codec, packets(codec, frames)), frames)) > 60
    assert VP8_START not in paths[1].read_bytes()
    assert JanusRecording(paths[1]).is_marked_sealed
    opened = [open_with_cli(path, keyed.key) for path in paths]
    assert len(numbers_in(opened[1])) > 60
    assert None not in numbers_in(opened[1])
    with av.open(str(opened[0])) as source:
        assert len(list(source.decode(audio=0))) > 60


def plain_in(content, frames):
    """Give the frames of which 16 bytes, anywhere but at the start, are there."""
    return [
        frame
        for frame in frames
        if any(
            frame[at : at + PIECE] in content
            for at in range(PIECE, min(len(frame), 200) - PIECE, PIECE)
        )
    ]


def open_with_cli(path, key):
    """Open a recording as people do; give the file that came of it."""
    key_file, out = path.with_suffix(".key"), path.with_suffix(".mkv")
    key_file.write_text(key.hex())
    words = ["open", path, out, "--format", "insertable", "--json"]
    words += ["--key-file", key_file, "--key-id", "1"]
    main([str(word) for word in words])
    return out


def numbers_in(path):
    """Decode a file's pictures and read their numbers."""
    with av.open(str(path)) as source:
        return [numbered.read(picture) for picture in source.decode(video=0)]
