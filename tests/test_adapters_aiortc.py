"""The aiortc adapter in calls between two peers of this process."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

import aioice.ice
import av
from calls import Call, ChangingTrack, LiveTrack, PacketTrack, encode, run, tampered

from fastframe.adapters.aiortc import SealedTrack, on_encoded, open_receiver

OK = ff.Status.OK


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    """Keep calls on 127.0.0.1, which aioice leaves out where it finds others."""
    monkeypatch.setattr(
        aioice.ice, "get_host_addresses", lambda *_, **__: ["127.0.0.1"]
    )


@pytest.fixture
def key():
    """Give a new key."""
    return ff.generate_key()


def pair_of(key, codec=None, **options):
    """Make a sealer and an opener of one format and codec."""
    return (
        ff.Sealer("insertable", key, key_id=1, codec=codec, **options),
        ff.Opener("insertable", {1: key}, codec=codec),
    )


def kind_of(codec):
    """Tell sound from pictures."""
    return "audio" if codec == "opus" else "video"


@pytest.mark.parametrize("is_live", [False, True], ids=["packets", "live"])
@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_sealed_call_is_decoded(key, codec, is_live):
    """Pictures and sound come through, be they encoded before or by aiortc."""

    async def scene():
        (video_sealer, video_opener), (sealer, opener) = (
            pair_of(key, codec),
            pair_of(key),
        )
        if is_live:
            sources = LiveTrack("video"), LiveTrack("audio")
        else:
            sources = (
                PacketTrack("video", encode(codec, 60)),
                PacketTrack("audio", encode("opus", 90)),
            )
        video = SealedTrack(sources[0], video_sealer)
        audio = SealedTrack(sources[1], sealer)
        async with Call([video, audio], codec) as call:
            pictures = open_receiver(call.receivers["video"], video_opener)
            sounds = open_receiver(call.receivers["audio"], opener)
            await call.start()
            await call.until(
                lambda: len(call.decoded["video"]) > 30 and sounds.tally.ok > 30
            )
            assert pictures.tally.counts().keys() == {OK}
            assert sounds.tally.counts().keys() == {OK}
            assert video.tally.ok >= pictures.tally.ok
            assert {frame.width for frame in call.decoded["video"]} == {160}
            assert pictures.requests == 0

    run(scene())


@pytest.mark.parametrize("samples", [160, 960, 1024, 4096])
def test_sound_of_any_length_goes_frame_by_frame(key, samples):
    """AAC's 1024 samples make two packets at times, under one timestamp."""

    async def scene():
        sealer, opener = pair_of(key)
        source = LiveTrack("audio", pause=samples / 960 / 100, samples=samples)
        async with Call([SealedTrack(source, sealer)]) as call:
            receiver = open_receiver(call.receivers["audio"], opener)
            await call.start()
            await call.until(lambda: receiver.tally.total >= 60)
            assert receiver.tally.counts().keys() == {OK}

    run(scene())


def test_sealed_frames_are_noise_to_others(key):
    """What travels does not contain the frames that went in."""

    async def scene():
        packets = encode("opus", 40)
        track = SealedTrack(PacketTrack("audio", packets), pair_of(key)[0])
        sealed = [bytes(await track.recv()) for _ in packets]
        assert all(
            bytes(packet)[4:] not in noise
            for packet, noise in zip(packets, sealed, strict=True)
        )

    run(scene())


def test_packet_that_was_handed_over_is_left_alone(key):
    """Others may hold the packet: it is sealed into another one."""

    async def scene():
        packets = encode("vp8", 3)
        before = [bytes(packet) for packet in packets]
        track = SealedTrack(PacketTrack("video", packets), pair_of(key, "vp8")[0])
        sealed = [await track.recv() for _ in packets]
        assert [bytes(packet) for packet in packets] == before
        assert [p.pts for p in sealed] == [p.pts for p in packets]
        assert [p.is_keyframe for p in sealed] == [True, False, False]

    run(scene())


@pytest.mark.parametrize("codec", ["vp8", "h264", "opus"])
def test_rotation_in_the_middle_loses_nothing(key, codec):
    """Receivers learn the new key first; then no frame is in between."""

    async def scene():
        kind = kind_of(codec)
        sealer, opener = pair_of(key, codec if kind == "video" else None)
        source = PacketTrack(kind, encode(codec, 60))

        def rotate(number):
            if number == 25:
                new = ff.generate_key()
                opener.keys[2] = new
                sealer.rotate(new, key_id=2)

        source.before = rotate
        async with Call([SealedTrack(source, sealer)], codec) as call:
            receiver = open_receiver(call.receivers[kind], opener)
            await call.start()
            await call.until(lambda: receiver.tally.total >= 50)
            assert receiver.tally.counts().keys() == {OK}
            assert opener.stats().keys[1].frames_opened >= 20
            assert opener.stats().keys[2].frames_opened >= 20

    run(scene())


@pytest.mark.parametrize(
    ("keys", "status"),
    [({1: bytes(16)}, ff.Status.AUTH_FAILED), ({}, ff.Status.UNKNOWN_KEY)],
    ids=["wrong key", "no key"],
)
def test_member_without_the_key_sees_nothing_and_lives(key, keys, status):
    """No crash, no noise in the decoder, every frame accounted for; few PLIs."""

    async def scene():
        source = LiveTrack("video")
        track = SealedTrack(source, pair_of(key, "vp8")[0])
        async with Call([track]) as call:
            opener = ff.Opener("insertable", keys, codec="vp8")
            receiver = open_receiver(call.receivers["video"], opener)
            to_the_decoder = []
            on_encoded(call.receivers["video"], to_the_decoder.append)
            await call.start()
            await call.until(lambda: receiver.tally.total >= 60)
            assert receiver.tally.counts().keys() == {status}
            assert to_the_decoder == []
            assert call.decoded["video"] == []
            assert call.decoder_lives("video")
            assert 1 <= receiver.requests <= 4
            # The key arrives: a key frame is asked for, and pictures begin.
            opener.keys[1] = key
            await call.until(lambda: len(call.decoded["video"]) > 5)
            assert receiver.tally.ok > 5

    run(scene())


@pytest.mark.parametrize("codec", ["vp8", "h264", "opus"])
def test_tampered_frames_cost_themselves_and_a_request(key, codec):
    """A courier's changes are refused, the decoder goes on, a PLI is sent."""

    async def scene():
        kind = kind_of(codec)
        sealer, opener = pair_of(key, codec if kind == "video" else None)
        track = SealedTrack(PacketTrack(kind, encode(codec, 80, gop=10)), sealer)
        async with Call([ChangingTrack(track, tampered(every=8))], codec) as call:
            receiver = open_receiver(call.receivers[kind], opener)
            await call.start()
            await call.until(lambda: receiver.tally.total >= 72)
            await call.until(lambda: len(call.decoded[kind]) > 40)
            counts = receiver.tally.counts()
            assert counts[OK] == receiver.tally.total * 7 // 8
            # A changed bit may look like an escape that H.264 has not.
            assert counts.keys() <= {OK, ff.Status.AUTH_FAILED, ff.Status.MALFORMED}
            assert (receiver.requests > 0) is (kind == "video")
            assert call.decoder_lives(kind)

    run(scene())


def test_key_frame_request_reaches_the_sender(key):
    """A live sender answers with a key frame, so that pictures come back."""

    async def scene():
        sealer, opener = pair_of(key, "vp8")
        track = SealedTrack(LiveTrack("video"), sealer)
        async with Call([track]) as call:
            receiver = call.receivers["video"]
            opened = open_receiver(receiver, opener)
            seen = []
            on_encoded(receiver, lambda frame: seen.append(frame.key_frame))
            await call.start()
            await call.until(lambda: len(seen) > 10)
            assert seen.count(True) == 1  # aiortc makes one in 3000 by itself
            del opener.keys[1]
            await call.until(lambda: opened.requests > 0)
            opener.keys[1] = key
            await call.until(lambda: seen.count(True) > 1)

    run(scene())


def test_closed_opener_drops_frames_and_call_goes_on(key):
    """An application's slip must not end aiortc's transport."""

    async def scene():
        sealer, opener = pair_of(key, "vp8")
        track = SealedTrack(LiveTrack("video"), sealer)
        async with Call([track]) as call:
            receiver = open_receiver(call.receivers["video"], opener)
            await call.start()
            await call.until(lambda: receiver.tally.ok > 5)
            opener.close()
            await call.until(lambda: receiver.tally[ff.Status.NOT_RUN] > 5)
            assert call.decoder_lives("video")
            assert call.receiver.connectionState == "connected"

    run(scene())


def test_spent_sealer_ends_the_track_in_order(key, caplog):
    """Nothing is sent in the clear, the track says why, and close() returns."""

    async def scene():
        sealer, opener = pair_of(key, "vp8", counter=2**64 - 10)
        track = SealedTrack(LiveTrack("video"), sealer)
        async with Call([track]) as call:
            receiver = open_receiver(call.receivers["video"], opener)
            await call.start()
            await call.until(lambda: track.readyState == "ended")
            assert isinstance(track.error, ff.KeyExhausted)
            assert track.tally[ff.Status.KEY_EXHAUSTED] == 1
            assert receiver.tally.counts().keys() <= {OK}

    run(scene())
    assert "nothing is sent any more" in caplog.text


def test_tap_records_without_decoding(key):
    """The frames shown are the sender's, bit for bit, and make a file."""

    async def scene():
        sealer, opener = pair_of(key)
        packets = encode("opus", 60)
        track = SealedTrack(PacketTrack("audio", packets), sealer)
        frames = []
        async with Call([track]) as call:
            receiver = call.receivers["audio"]
            on_encoded(receiver, frames.append)  # before it is opened: no matter
            open_receiver(receiver, opener)
            await call.start()
            await call.until(lambda: len(frames) >= 50)
        assert [f.data for f in frames] == [bytes(p) for p in packets[: len(frames)]]
        assert frames[1].timestamp == 960
        assert {(f.mime_type, f.clock_rate) for f in frames} == {("audio/opus", 48000)}
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as sink:
            stream = sink.add_stream("libopus", rate=48000)
            for frame in frames:
                packet = frame.as_packet()
                packet.stream = stream
                sink.mux(packet)
        file.seek(0)
        with av.open(file) as source:
            assert sum(frame.samples for frame in source.decode(audio=0)) > 40 * 960

    run(scene())


def test_failing_callback_is_counted_and_told_once(key, caplog):
    """A recorder's mistake must not end the call."""

    async def scene():
        sealer, opener = pair_of(key, "vp8")
        async with Call([SealedTrack(LiveTrack("video"), sealer)]) as call:
            receiver = call.receivers["video"]
            open_receiver(receiver, opener)
            tap = on_encoded(receiver, lambda _frame: 1 / 0)
            await call.start()
            await call.until(lambda: tap.failures > 5)
            tap.close()
            await call.until(lambda: len(call.decoded["video"]) > 5)

    run(scene())
    assert caplog.text.count("ZeroDivisionError") == 1


def test_shared_track_is_sealed_for_each_sender(key):
    """Two members get the same pictures; the counters of both are apart."""

    async def scene():
        sealer, opener = pair_of(key, "vp8")
        async with contextlib.AsyncExitStack() as stack:
            receivers = []
            for _ in range(2):
                track = SealedTrack(LiveTrack("video"), sealer)
                call = await stack.enter_async_context(Call([track]))
                receivers.append(open_receiver(call.receivers["video"], opener))
                await call.start()
            await asyncio.gather(
                *(call.until(lambda r=r: r.tally.total > 20) for r in receivers)
            )
            assert {s for r in receivers for s in r.tally.counts()} == {OK}

    run(scene())
