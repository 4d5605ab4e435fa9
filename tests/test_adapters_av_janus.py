"""Janus's recordings of sealed calls, opened into files that play."""

from __future__ import annotations

import pytest

import fastframe as ff

pytest.importorskip("av", reason="the av extra is not installed")

import av
from clips import ENCODERS, HEIGHT, WIDTH, draw, make_clip, packets_of
from mjr import packets, record

from fastframe.adapters.av import NothingOpened, kind_of_janus, open_janus
from fastframe.adapters.keyframes import is_key_frame

CALLS = ["vp8", "vp9", "h264", "opus"]


@pytest.fixture(scope="module")
def frames_of(tmp_path_factory):
    """Give the encoded frames of a codec, as a call would send them."""
    folder = tmp_path_factory.mktemp("calls")

    def give(codec):
        if codec == "h264":
            return _call_frames_h264()
        path = folder / f"{codec}.{ENCODERS[codec][2]}"
        if not path.exists():
            make_clip(path, [codec])
        return [one[1] for one in packets_of(path)]

    return give


def _call_frames_h264():
    """Encode as a call does: start codes, no frames out of order."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.framerate = 30
    context.time_base = draw(0).time_base
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    made = [p for n in range(60) for p in context.encode(draw(n))]
    return [
        bytes(p).replace(b"\0\0\0\1", b"\0\0\1").replace(b"\0\0\1", b"\0\0\0\1")
        for p in made
    ]


def sealed_call(frames, codec, path):
    """Write a sealed call as Janus records it; give the opener's keys."""
    key = ff.generate_key()
    named = None if codec in ("opus", "vp9") else codec
    sealer = ff.Sealer("insertable", key, key_id=7, codec=named)
    path.write_bytes(record(codec, packets(codec, [sealer.seal(f) for f in frames])))
    return ff.Opener("insertable", {7: key}, codec=named)


@pytest.mark.parametrize("codec", CALLS)
def test_recorded_call_opens_and_plays(frames_of, tmp_path, codec):
    """Every frame bit for bit, and pictures or sound out of each."""
    frames = frames_of(codec)
    path = tmp_path / "call.mjr"
    opener = sealed_call(frames, codec, path)
    report = open_janus(path, tmp_path / "call.mkv", opener)
    assert report.is_whole
    assert report.tracks[0].opened == len(frames)
    with av.open(str(tmp_path / "call.mkv")) as source:
        stream = source.streams[0]
        assert stream.type == kind_of_janus(path)
        found = [bytes(p) for p in source.demux() if p.size]
        if codec != "h264":  # Matroska has lengths where calls have start codes
            assert found == frames
        source.seek(0)
        assert len(list(source.decode(stream))) == len(frames)


def test_lost_packets_are_told_from_forgery(frames_of, tmp_path):
    """Incomplete before it was recorded is one thing, not authentic another."""
    frames = frames_of("vp8")
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key, key_id=7, codec="vp8")
    sealed = [sealer.seal(frame) for frame in frames]
    sealed[9] = sealed[9][:-1] + bytes([sealed[9][-1] ^ 1])
    sent = packets("vp8", sealed)
    assert len(sent) > len(frames)
    path = tmp_path / "call.mjr"
    path.write_bytes(record("vp8", sent[:1] + sent[2:]))  # of the first frame
    opener = ff.Opener("insertable", {7: key}, codec="vp8")
    track = open_janus(path, tmp_path / "call.mkv", opener).tracks[0]
    assert track.incomplete == 1
    assert track.statuses == {ff.Status.OK: len(frames) - 2, ff.Status.AUTH_FAILED: 1}


def test_wrong_key_leaves_no_file(frames_of, tmp_path):
    """Nothing opened: that is said, and no empty file looks like success."""
    path = tmp_path / "call.mjr"
    sealed_call(frames_of("opus"), "opus", path)
    opener = ff.Opener("insertable", {7: bytes(16)})
    with pytest.raises(NothingOpened, match="AUTH_FAILED"):
        open_janus(path, tmp_path / "call.mkv", opener)
    assert [one.name for one in tmp_path.iterdir()] == ["call.mjr"]


def test_damage_is_told(frames_of, tmp_path):
    """A hole in the recording shows in the report."""
    path = tmp_path / "call.mjr"
    opener = sealed_call(frames_of("opus"), "opus", path)
    content = bytearray(path.read_bytes())
    content[5000:5900] = bytes(900)
    path.write_bytes(content)
    report = open_janus(path, tmp_path / "call.mkv", opener)
    assert not report.is_whole
    assert "bytes" in report.trouble


@pytest.mark.parametrize(
    ("codec", "frame", "is_key"),
    [
        ("VP8", b"\x10rest", True),
        ("vp8", b"\x11rest", False),
        ("vp8", b"", False),
        ("vp9", b"\x82", True),
        ("vp9", b"\x86", False),
        ("vp9", b"\xb1", True),
        ("vp9", b"\xb2", False),
        ("vp9", b"\x88", False),
        ("vp9", b"", False),
        ("H264", b"\0\0\0\1\x67sps\0\0\1\x65idr", True),
        ("h264", b"\0\0\0\1\x67sps\0\0\1\x41slice\0\0\1\x65idr", False),
        ("h264", b"\0\0\1", False),
        ("opus", b"", True),
    ],
)
def test_key_flag_is_read_from_the_frame(codec, frame, is_key):
    """Files need it to be wound, and no RTP header carries it."""
    assert is_key_frame(codec, frame) is is_key
