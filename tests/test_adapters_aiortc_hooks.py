"""What the aiortc adapter relies on in aiortc, and what it says when it moves."""

from __future__ import annotations

import asyncio
import itertools
import re
from importlib.metadata import version

import pytest
from support import ROOT

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

import av
from aiortc import RTCPeerConnection, rtcrtpsender
from aiortc.codecs import get_encoder
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from calls import LiveTrack, PacketTrack, encode
from clips import draw, sound

from fastframe.adapters.aiortc import (
    MovedHook,
    SealedTrack,
    hooks,
    on_encoded,
    open_receiver,
)
from fastframe.adapters.aiortc.chunks import Chunks
from fastframe.adapters.pace import Pace

VP8 = RTCRtpCodecParameters("video/VP8", clockRate=90000, payloadType=96)
H264 = RTCRtpCodecParameters("video/H264", clockRate=90000, payloadType=97)


def new_receiver():
    """Make a receiver that never receives."""
    return RTCPeerConnection().addTransceiver("video").receiver


def new_sealer(codec=None):
    """Make a sealer on a new key."""
    return ff.Sealer("insertable", ff.generate_key(), codec=codec)


def at_once(scene):
    """Run a scene on an event loop, which aiortc's objects need."""

    async def wrapped():
        return await scene() if asyncio.iscoroutinefunction(scene) else scene()

    return asyncio.run(wrapped())


def test_extra_names_the_versions_that_are_known():
    """The message and the extra must not tell different stories."""
    text = (ROOT / "pyproject.toml").read_text()
    low, high = re.search(r'"aiortc>=([\d.]+),<1\.(\d+)"', text).groups()
    assert f"{low} to 1.{int(high) - 1}" == hooks.KNOWN
    assert (1, 14) <= tuple(map(int, version("aiortc").split(".")[:2])) < (1, int(high))


@pytest.mark.parametrize(
    ("name", "use"),
    [
        (hooks.JITTER_BUFFER, lambda r: open_receiver(r, ff.Opener("insertable"))),
        (hooks.DECODER_QUEUE, lambda r: on_encoded(r, print)),
    ],
)
def test_moved_hook_is_named_with_the_version(name, use):
    """A new aiortc must fail loudly when it is set up, not pass ciphertext on."""

    def scene():
        receiver = new_receiver()
        delattr(receiver, name)
        with pytest.raises(MovedHook, match=version("aiortc")) as caught:
            use(receiver)
        assert name.rpartition("__")[2] in str(caught.value)

    at_once(scene)


def test_receiver_is_opened_once():
    """Frames opened twice would all be refused."""

    def scene():
        receiver = new_receiver()
        open_receiver(receiver, ff.Opener("insertable"))
        with pytest.raises(ff.UsageError, match="already"):
            open_receiver(receiver, ff.Opener("insertable"))

    at_once(scene)


def test_moved_encoder_factory_is_refused(monkeypatch):
    """Without it, raw frames could not be sealed."""
    monkeypatch.delattr(rtcrtpsender, "get_encoder")
    with pytest.raises(MovedHook, match="get_encoder"):
        at_once(lambda: SealedTrack(LiveTrack("video"), new_sealer()))


def test_untaught_encoder_cannot_encode_a_frame_to_be_sealed():
    """An encoder that a hook has not reached must fail, never send plaintext."""

    async def scene():
        frame = await SealedTrack(LiveTrack("video"), new_sealer("vp8")).recv()
        for codec in (VP8, H264):
            with pytest.raises((AssertionError, AttributeError, TypeError)):
                get_encoder(codec).encode(frame)

    at_once(scene)


def test_encoder_that_cuts_elsewhere_is_refused(monkeypatch):
    """Payloads that did not pass the sealer must not be sent."""

    async def scene():
        frame = await SealedTrack(LiveTrack("video"), new_sealer("vp8")).recv()
        encoder = rtcrtpsender.get_encoder(VP8)
        encoder.encode.args[0].__class__ = type("Vp8Encoder2", (), {})
        with pytest.raises(MovedHook, match="_packetize"):
            encoder.encode(frame)

    at_once(scene)


def test_encoder_that_goes_round_its_cut_is_refused():
    """The cut is there and is not called: that is plaintext, too."""

    async def scene():
        frame = await SealedTrack(LiveTrack("video"), new_sealer("vp8")).recv()
        encoder = rtcrtpsender.get_encoder(VP8)
        taught = encoder.encode
        sly = taught.func
        with pytest.raises(MovedHook, match="call of"):
            sly(encoder, lambda _raw, _force: ([b"plain"], 0), "video/VP8", frame)

    at_once(scene)


def test_other_tracks_are_encoded_as_ever():
    """Teaching encoders must not change what other senders send."""

    def scene():
        SealedTrack(LiveTrack("video"), new_sealer("vp8"))
        taught, plain = rtcrtpsender.get_encoder(VP8), get_encoder(VP8)
        plain.picture_id = taught.picture_id
        for number in range(3):  # a key frame, and two that are none
            assert taught.encode(draw(number)) == plain.encode(draw(number))

    at_once(scene)


def test_sealed_track_of_a_sealed_track_is_refused(caplog):
    """Sealed twice, a frame opens for nobody."""

    async def scene():
        inner = SealedTrack(LiveTrack("video"), new_sealer("vp8"))
        outer = SealedTrack(inner, new_sealer("vp8"))
        with pytest.raises(MediaStreamError):
            await outer.recv()
        assert "already" in str(outer.error)

    at_once(scene)


def test_h264_without_its_codec_is_refused(caplog):
    """The packetiser would find no start code and send nothing, silently."""

    async def scene():
        track = SealedTrack(PacketTrack("video", encode("h264", 2)), new_sealer())
        with pytest.raises(MediaStreamError):
            await track.recv()
        live = SealedTrack(LiveTrack("video"), new_sealer())
        frame = await live.recv()
        with pytest.raises(MediaStreamError):
            rtcrtpsender.get_encoder(H264).encode(frame)
        for one in (track, live):
            assert 'codec="h264"' in str(one.error)
            assert one.tally.ok == 0

    at_once(scene)


def test_requests_for_key_frames_thin_out():
    """A member without the key must not make the sender send key frames only."""
    pace = Pace()
    granted = []
    for tick in range(1000):  # 100 s at 10 frames a second
        pace.want()
        if pace.grant(tick / 10):
            granted.append(tick / 10)
    gaps = [b - a for a, b in itertools.pairwise(granted)]
    assert granted[0] == 0
    assert gaps[:3] == pytest.approx([1, 2, 4])
    assert max(gaps) == pytest.approx(8)
    pace.relax()
    assert not pace.grant(granted[-1] + 0.4)
    pace.want()
    assert pace.grant(granted[-1] + 0.5)


def test_sound_that_changes_is_cut_on():
    """A track may go over to another rate or layout in the middle of a call."""
    chunks = Chunks()
    for samples in (1024, 700, 1024):
        chunks.put(sound(0, samples=samples))
    other = sound(0, samples=441)
    other.sample_rate = 44100
    for _ in range(4):
        chunks.put(other)
    lengths = [piece.samples for piece in iter(chunks.take, None)]
    assert lengths == [960, 960, 882, 882]


def test_no_request_without_a_failure():
    """Frames that open cost no PLI."""
    pace = Pace()
    pace.relax()
    assert not pace.grant(5.0)


def test_mp4_packets_are_turned_to_start_codes(tmp_path):
    """H.264 out of MP4 has lengths in front, which aiortc cannot cut."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=30)
        stream.width, stream.height = 160, 120
        for number in range(12):
            sink.mux(stream.encode(draw(number)))
        sink.mux(stream.encode(None))

    async def scene():
        key = ff.generate_key()
        sealer = ff.Sealer("insertable", key, codec="h264")
        opener = ff.Opener("insertable", {0: key}, codec="h264")
        with av.open(str(path)) as source:
            packets = [packet for packet in source.demux(video=0) if packet.size]
            before = [bytes(packet) for packet in packets]
            track = SealedTrack(PacketTrack("video", packets), sealer)
            opened = [opener.open(bytes(await track.recv())) for _ in packets]
            assert [bytes(packet) for packet in packets] == before
        decoder = av.CodecContext.create("h264", "r")
        pictures = [p for frame in opened for p in decoder.decode(av.Packet(frame))]
        assert len(pictures + decoder.decode(None)) == 12

    at_once(scene)
