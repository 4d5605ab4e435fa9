"""Janus's recordings of sealed calls: read in bounds, opened frame by frame."""

from __future__ import annotations

import random
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mjr import MAGIC, packets, payloads, record, rtp

import fastframe as ff
from fastframe.adapters.janus import JanusRecording
from fastframe.adapters.rtp import PAYLOADS, parse

CODECS = sorted(PAYLOADS)


def frames_for(codec, count=40):
    """Make frames of many lengths, in the shape that the codec's packets need."""
    dice = random.Random(codec)
    frames = [dice.randbytes(dice.choice((40, 700, 1500))) for _ in range(count)]
    if codec != "h264":
        return frames
    body = [bytes(byte or 1 for byte in frame) for frame in frames]
    parameters = b"\0\0\0\1\x67sps\0\0\0\1\x68pps"
    return [parameters + b"\0\0\0\1\x65" + body[0]] + [
        b"\0\0\0\1\x41" + one for one in body[1:]
    ]


def written(tmp_path, codec, sent, **header):
    """Write a recording and give its path."""
    path = tmp_path / f"{codec}.mjr"
    path.write_bytes(record(codec, sent, **header))
    return path


def complete(recording):
    """List the bytes of the frames that are whole."""
    return [frame.data for frame in recording.frames() if frame.is_complete]


@pytest.mark.parametrize("codec", CODECS)
def test_frames_come_back_whole(tmp_path, codec):
    """Past wrapping numbers, padding, header extensions and CSRCs."""
    frames = frames_for(codec)
    recording = JanusRecording(written(tmp_path, codec, packets(codec, frames)))
    assert complete(recording) == frames
    assert recording.is_marked_sealed
    assert recording.kind == ("audio" if codec == "opus" else "video")
    assert (recording.missing, recording.damaged) == (0, 0)
    stamps = [frame.timestamp for frame in recording.frames()]
    step = stamps[1]
    assert stamps == [step * number for number in range(len(frames))]
    assert step in (960, 3000)


@pytest.mark.parametrize("codec", CODECS)
def test_late_and_repeated_packets_find_their_place(tmp_path, codec):
    """Retransmissions come out of order, and sometimes twice."""
    frames = frames_for(codec)
    sent = packets(codec, frames)
    dice = random.Random(2)
    for _ in range(30):
        at = dice.randrange(1, len(sent) - 6)
        sent.insert(at + dice.randrange(5), sent.pop(at))
    for at in range(5, len(sent), 9):
        sent.insert(at + 3, sent[at])
    recording = JanusRecording(written(tmp_path, codec, sent))
    assert complete(recording) == frames


@pytest.mark.parametrize("codec", ["h264", "vp8", "vp9"])
def test_frame_with_a_missing_packet_is_marked(tmp_path, codec):
    """Never handed on as whole: it could not open, and would look like forgery."""
    frames = frames_for(codec)
    sent = packets(codec, frames)
    for lost in (3, 20, 41, len(sent) - 1):
        kept = sent[:lost] + sent[lost + 1 :]
        recording = JanusRecording(written(tmp_path, codec, kept))
        found = complete(recording)
        assert len(frames) - 2 <= len(found) < len(frames)
        rest = iter(frames)
        assert all(one in rest for one in found)


def test_probes_for_bandwidth_are_no_frames(tmp_path):
    """Packets of padding alone carry nothing."""
    sent = packets("opus", [b"one", b"two"], sequence=10)
    sent.insert(1, rtp(9, 5, b"", padding=200))
    assert complete(JanusRecording(written(tmp_path, "opus", sent))) == [b"one", b"two"]


def test_reading_goes_on_behind_damage(tmp_path):
    """A hole in the file costs what was in it, and is told."""
    frames = frames_for("opus", 200)
    path = written(tmp_path, "opus", packets("opus", frames))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    recording = JanusRecording(path)
    found = complete(recording)
    assert 180 < len(found) < 200
    assert set(found) - set(frames) <= {one for one in found if b"\0" * 9 in one}
    assert recording.damaged >= 2000
    assert recording.missing == 200 - len(found)


def test_every_truncation_is_read_to_its_end(tmp_path):
    """A recorder that was killed leaves half a record."""
    frames = frames_for("vp8", 6)
    path = written(tmp_path, "vp8", packets("vp8", frames))
    content = path.read_bytes()
    head = content.index(b"MEET")
    for end in range(head, len(content)):
        path.write_bytes(content[:end])
        found = complete(JanusRecording(path))
        assert found == frames[: len(found)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MJR00001\0\5video",
        MAGIC,
        MAGIC + b"\0",
        MAGIC + b"\xff\xff{}",
        MAGIC + b"\0\2[]",
        MAGIC + b"\0\4\xff\xfe\xfd\xfc",
        MAGIC + b"\0\2{}",
        MAGIC + struct.pack("!H", 13) + b'{"c": "h265"}',
        MAGIC + struct.pack("!H", 9) + b'{"c": []}',
        MAGIC + struct.pack("!H", 60000) + b"[" * 60000,
    ],
)
def test_other_files_are_refused_in_words(tmp_path, content):
    """Whatever is given: a sentence, no traceback out of the parser."""
    path = tmp_path / "x.mjr"
    path.write_bytes(content)
    with pytest.raises(ff.UsageError, match=r"x\.mjr|header"):
        JanusRecording(path)


@given(content=st.binary(max_size=300))
def test_any_bytes_behind_the_header_are_survived(tmp_path_factory, content):
    """The packets were sent by strangers."""
    path = tmp_path_factory.mktemp("mjr") / "x.mjr"
    for codec in CODECS:
        path.write_bytes(record(codec, []) + content)
        recording = JanusRecording(path)
        assert sum(len(frame.data) for frame in recording.frames()) <= 8 * len(content)


@given(payload=st.binary(max_size=60), codec=st.sampled_from(CODECS))
def test_any_payload_is_survived(payload, codec):
    """A payload that makes no sense is no part of a frame."""
    part = PAYLOADS[codec](payload)
    # Start codes are put in for lengths of two bytes.
    assert part is None or len(part.data) <= 2 * len(payload) + 4


@given(data=st.binary(max_size=60))
def test_any_packet_is_survived(data):
    """Lengths are checked before they are used."""
    packet = parse(data)
    assert packet is None or len(packet.payload) <= len(data) - 12


@pytest.mark.parametrize("codec", CODECS)
def test_every_cut_payload_is_survived(codec):
    """Truncated descriptors are refused, not read past."""
    for payload in payloads(codec, frames_for(codec)[0]):
        for end in range(len(payload)):
            PAYLOADS[codec](payload[:end])


def test_aggregate_that_claims_more_than_it_holds_is_refused():
    """A length is checked before it is used."""
    whole = b"\x18" + b"\0\2ab" + b"\0\1c"
    assert PAYLOADS["h264"](whole).data == b"\0\0\0\1ab\0\0\0\1c"
    assert PAYLOADS["h264"](whole[:-1]) is None
    assert PAYLOADS["h264"](b"\x18\0\xffab") is None


def test_vp9_scalability_structure_is_skipped():
    """Key frames of Chromium's VP9 carry one."""
    structure = bytes([0b0011_1000]) + struct.pack("!HHHH", 320, 180, 640, 360)
    structure += bytes([2, 0b0000_0100, 1, 0b0000_1000, 1, 2])
    head = bytes([0x80 | 0x20 | 0x08 | 0x02]) + b"\x81\x02" + b"\x00\x07"
    part = PAYLOADS["vp9"](head + structure + b"frame")
    assert (part.data, part.is_first) == (b"frame", True)
    assert PAYLOADS["vp9"](head + structure[:3]) is None


def test_long_recording_takes_no_more_memory(tmp_path):
    """Reading is streaming: what was given out is let go."""
    frame = bytes(1000)
    for count, path in ((400, tmp_path / "short.mjr"), (8000, tmp_path / "long.mjr")):
        path.write_bytes(record("opus", packets("opus", [frame] * count)))
    peaks = []
    for name in ("short", "long"):
        recording = JanusRecording(tmp_path / f"{name}.mjr")
        tracemalloc.start()
        assert sum(1 for _ in recording.frames()) in (400, 8000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_endless_frame_is_cut_off(tmp_path, monkeypatch):
    """Packets of one timestamp without end must not fill the memory."""
    monkeypatch.setattr("fastframe.adapters.janus._PARTS_MAX", 5000)
    sent = [rtp(number, 7, b"\x10" + bytes(900)) for number in range(300)]
    recording = JanusRecording(written(tmp_path, "vp8", sent))
    (frame,) = recording.frames()
    assert len(frame.data) <= 5000
    assert not frame.is_complete
