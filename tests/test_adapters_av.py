"""Recordings sealed packet by packet: what survives, and what is refused."""

from __future__ import annotations

import contextlib
import os
import shutil

import pytest

import fastframe as ff

pytest.importorskip("av", reason="the av extra is not installed")

import av
from clips import ENCODERS, SOUNDS, decoded, make_clip, packets_of, sound

from fastframe.adapters.av import (
    READ_OPTIONS,
    NothingOpened,
    SealedFile,
    containers,
    open_packet,
    open_recording,
    seal_packet,
    seal_recording,
)
from fastframe.adapters.av.packets import PADDING, padded

OK = ff.Status.OK
MADE_HERE = [codec for codec in ENCODERS if codec != "h264-annexb"]
KEPT = [
    (codec, ending)
    for codec in MADE_HERE
    for ending in containers._KEEPS[codec]
    if (codec, ending) != ("h264", ".nut")
] + [("h264", ".nut"), ("h264-annexb", ".nut")]


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Give a clip of each codec, or several; made once."""
    folder = tmp_path_factory.mktemp("clips")

    def give(*codecs, ending=None):
        ending = ending or ENCODERS[codecs[0]][2]
        path = folder / f"{'-'.join(codecs)}.{ending}"
        return path if path.exists() else make_clip(path, codecs)

    return give


@pytest.fixture
def key():
    """Give a new key."""
    return ff.generate_key()


@pytest.fixture
def call_clip(clip):
    """Give a clip with pictures and sound."""
    return clip("h264", "aac")


@pytest.mark.parametrize(("codec", "ending"), KEPT)
def test_recording_comes_back_bit_for_bit(clip, tmp_path, key, codec, ending):
    """Bytes, times and key flags survive sealing in every container allowed."""
    source = clip(codec)
    report = seal_recording(source, tmp_path / f"sealed{ending}", key)
    back = tmp_path / f"back{source.suffix}"
    opened = open_recording(report.path, back, key)
    assert opened.is_whole
    assert opened.tracks[0].lost == 0
    before, after = packets_of(source), packets_of(back)
    assert [one[1] for one in after] == [one[1] for one in before]
    assert [one[3] for one in after] == [one[3] for one in before]
    # Muxers move the beginning to 0, and Matroska rounds to milliseconds.
    shift = after[0][2] - before[0][2]
    assert [one[2] - shift for one in after] == pytest.approx(
        [one[2] for one in before], abs=0.0011
    )
    if codec != "aac" or ending in (".mp4", ".mov"):
        # Where AAC's sound begins is known to MP4's edit lists alone, and how
        # much of the last sound is played is rounded to milliseconds.
        end = -1 if codec in SOUNDS else None
        assert decoded(back)[0][:end] == decoded(source)[0][:end]


@pytest.mark.parametrize("codec", [codec for codec in MADE_HERE if codec != "av1"])
def test_sealed_recording_is_a_container(clip, tmp_path, key, codec):
    """Tools that list tracks, times and key frames go on working."""
    source = clip(codec)
    sealed = seal_recording(source, tmp_path / "sealed", key).path
    with (
        av.open(str(source)) as before,
        av.open(str(sealed), options=READ_OPTIONS) as after,
    ):
        one, other = before.streams[0], after.streams[0]
        assert other.codec_context.name == one.codec_context.name
        assert other.codec_context.extradata == one.codec_context.extradata
        assert after.duration == pytest.approx(before.duration, abs=50_000)
    flags = [one[3] for one in packets_of(sealed, **READ_OPTIONS)]
    assert flags == [one[3] for one in packets_of(source)]
    assert codec in SOUNDS or flags.count(True) > 1


def test_sealed_recording_holds_nothing_of_the_media(call_clip, tmp_path, key):
    """Every packet is sealed: not one stretch of the original is in the file."""
    sealed = seal_recording(call_clip, tmp_path / "sealed.mkv", key).path
    content = sealed.read_bytes()
    for _track, data, _time, _key in packets_of(call_clip):
        for at in range(0, len(data) - 24, 24):
            assert data[at : at + 24] not in content


def test_ending_is_chosen_by_what_survives(clip, tmp_path, key):
    """The source's own if it will do, because it keeps times exactly."""
    names = {
        codec: seal_recording(clip(codec), tmp_path / codec, key).path.suffix
        for codec in ("h264", "av1", "opus", "h264-annexb")
    }
    assert names == {
        "h264": ".mp4",
        "av1": ".nut",
        "opus": ".mkv",
        "h264-annexb": ".nut",
    }


@pytest.mark.parametrize(
    ("codec", "ending"),
    [
        ("vp8", ".mp4"),
        ("av1", ".mkv"),
        ("opus", ".ogg"),
        ("h264", ".ts"),
        ("h264-annexb", ".mkv"),
        ("aac", ".adts"),
        ("h264", ".xyz"),
    ],
)
def test_container_that_eats_packets_is_refused(clip, tmp_path, key, codec, ending):
    """FFmpeg would write it, and what comes back is not what went in."""
    with pytest.raises(ff.UsageError, match=r"these do: \."):
        seal_recording(clip(codec), tmp_path / f"sealed{ending}", key)
    assert list(tmp_path.iterdir()) == []


def test_reading_without_the_flag_spoils_key_flags(clip, tmp_path, key):
    """The trap that READ_OPTIONS is for is still there."""
    sealed = seal_recording(clip("vp8"), tmp_path / "sealed.mkv", key).path
    right = [one[3] for one in packets_of(sealed, **READ_OPTIONS)]
    assert [one[3] for one in packets_of(sealed)] != right


def test_writing_without_the_flag_spoils_packets(clip, tmp_path, key):
    """The trap that WRITE_OPTIONS is for is still there."""

    def sealed_and_found(name, options):
        sealer = ff.Sealer("insertable", key, key_id=0x84)  # as if it were not shown
        sealed, path = [], tmp_path / f"{name}.webm"
        with (
            av.open(str(clip("vp9"))) as origin,
            av.open(str(path), "w", options=options) as sink,
        ):
            out = sink.add_stream_from_template(origin.streams[0], opaque=True)
            for packet in origin.demux():
                if packet.size:
                    other = seal_packet(sealer, packet)
                    other.stream = out
                    sealed.append(bytes(other))
                    with contextlib.suppress(av.FFmpegError):
                        sink.mux(other)
        with contextlib.suppress(av.EOFError):
            return sealed, [one[1] for one in packets_of(path, **READ_OPTIONS)]
        return sealed, []

    sealed, found = sealed_and_found("with", containers.WRITE_OPTIONS)
    assert found == sealed
    sealed, found = sealed_and_found("without", {})
    assert found != sealed


def test_each_track_of_each_file_has_its_own_cipher_key(call_clip, tmp_path, key):
    """One key for many files: no two tracks may count under one derived key."""
    seen = set()
    for number in range(5):
        path = seal_recording(call_clip, tmp_path / f"{number}.mkv", key).path
        for track, data, _time, _key in packets_of(path, **READ_OPTIONS):
            info = ff.inspect("sframe", data)
            seen.add((number, track, info.key_id))
            assert info.key_id & 0xFF == track
    assert len(seen) == 10
    assert len({key_id for _, _, key_id in seen}) == 10


def test_winding_goes_to_a_key_frame_and_plays(clip, tmp_path, key):
    """Seeking needs index and key flags, which stay; replay is no hindrance."""
    sealed = seal_recording(clip("h264", "aac"), tmp_path / "sealed.mkv", key).path
    with SealedFile(sealed, key) as file:
        total = sum(1 for _ in file.packets())
        for moment in (1.2, 0.6, 1.2):
            file.seek(moment)
            rest = list(file.packets())
            first = next(p for p in rest if p.stream.type == "video")
            assert first.is_keyframe
            assert moment - 0.55 < first.pts * first.time_base <= moment
            assert 0 < len(rest) < total
            assert [picture for p in rest for picture in p.decode()]
        assert {s for r in file.reports() for s in r.statuses} == {OK}
        assert file.reports()[0].lost is None


def test_streams_that_are_no_tracks_are_left_out(tmp_path, key):
    """Subtitles and attachments would stand in the clear; it is said."""
    source = tmp_path / "with.mkv"
    with av.open(str(source), "w") as sink:
        sink.add_attachment("secret.txt", "text/plain", b"a secret in the clear")
        stream = sink.add_stream("libopus", rate=48000)
        stream.layout = "mono"
        sink.metadata["title"] = "a secret title"
        for number in range(10):
            sink.mux(stream.encode(sound(number, stream.format.name)))
        sink.mux(stream.encode(None))
    report = seal_recording(source, tmp_path / "sealed.mkv", key)
    assert [one for one in report.left_out if "attachment" in one]
    assert b"a secret" in source.read_bytes()
    assert b"a secret" not in report.path.read_bytes()


def test_recording_without_tracks_is_refused(tmp_path, key):
    """A text file is no recording, nor is a missing one."""
    (tmp_path / "a.txt").write_text("no media")
    with pytest.raises(av.FFmpegError):
        seal_recording(tmp_path / "a.txt", tmp_path / "b.mkv", key)
    with pytest.raises(OSError, match="No such file"):
        seal_recording(tmp_path / "none.mkv", tmp_path / "b.mkv", key)


@pytest.mark.parametrize("key", [b"short", b"", bytes(17)])
def test_key_of_another_length_is_refused(call_clip, tmp_path, key):
    """A wrong key must not leave a file behind, and not show in the message."""
    with pytest.raises(ff.UsageError, match="key must be") as caught:
        seal_recording(call_clip, tmp_path / "b.mkv", key)
    assert "short" not in str(caught.value)
    with pytest.raises(ff.UsageError, match="key must be"):
        open_recording(call_clip, tmp_path / "b.mkv", key)
    assert list(tmp_path.iterdir()) == []


def test_long_key_takes_the_longer_cipher(call_clip, tmp_path):
    """32 bytes are AES-256."""
    key = ff.generate_key("AES-256-GCM")
    sealed = seal_recording(call_clip, tmp_path / "a.mkv", key).path
    assert open_recording(sealed, tmp_path / "b.mp4", key).is_whole


def test_progress_reaches_the_end(call_clip, tmp_path, key):
    """A bar is drawn from it."""
    told = []
    seal_recording(
        call_clip, tmp_path / "a.mkv", key, progress=lambda *one: told.append(one)
    )
    assert told
    assert all(0 <= done <= 2.1 for done, _ in told)
    assert {round(total) for _, total in told} == {2}


def test_failure_leaves_an_older_file_alone(call_clip, tmp_path, key):
    """The target is replaced when the new one is whole, and not before."""
    sealed = seal_recording(call_clip, tmp_path / "a.mkv", key).path
    older = tmp_path / "b.mp4"
    older.write_bytes(b"older")
    with pytest.raises(NothingOpened, match="AUTH_FAILED"):
        open_recording(sealed, older, ff.generate_key())
    assert older.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "b.mp4"]


def test_sealed_call_in_a_container_opens_with_its_own_format(clip, tmp_path, key):
    """What an SFU recorded of a call opens with the call's format and codec."""
    source, path = clip("vp8", "opus", ending="mkv"), tmp_path / "call.mkv"
    sealers = {
        "video": ff.Sealer("insertable", key, key_id=3, codec="vp8"),
        "audio": ff.Sealer("insertable", key, key_id=3),
    }
    with (
        av.open(str(source)) as origin,
        av.open(str(path), "w", options=containers.WRITE_OPTIONS) as sink,
    ):
        outs = [sink.add_stream_from_template(s, opaque=True) for s in origin.streams]
        for packet in origin.demux():
            if packet.size:
                sealed = seal_packet(sealers[packet.stream.type], packet)
                sealed.stream = outs[packet.stream.index]
                sink.mux(sealed)
    openers = {
        "video": ff.Opener("insertable", {3: key}, codec="vp8"),
        "audio": ff.Opener("insertable", {3: key}),
    }
    report = open_recording(path, tmp_path / "open.mkv", openers=openers)
    assert report.is_whole
    assert [track.lost for track in report.tracks] == [None, None]
    assert packets_of(tmp_path / "open.mkv") == packets_of(source)


def test_openers_for_every_kind_are_needed(call_clip, tmp_path, key):
    """A kind without an opener must not be passed on, nor guessed at."""
    opener = ff.Opener("insertable", {0: key})
    with pytest.raises(ff.UsageError, match="audio"):
        open_recording(call_clip, tmp_path / "a.mkv", openers={"video": opener})
    with pytest.raises(ff.UsageError, match="one of them"):
        SealedFile(call_clip)


def test_packets_are_sealed_and_opened_into_new_ones(clip, key):
    """A packet that was handed on may still be in a muxer's queue."""
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    with av.open(str(clip("h264"))) as source:
        for packet in source.demux(video=0):
            if not packet.size:
                continue
            before = bytes(packet)
            sealed = seal_packet(sealer, packet)
            noise = bytes(sealed)
            opened = open_packet(opener, sealed)
            assert (bytes(packet), bytes(sealed), bytes(opened)) == (
                before,
                noise,
                before,
            )
            for one in (sealed, opened):
                assert (one.pts, one.dts, one.duration) == (
                    packet.pts,
                    packet.dts,
                    packet.duration,
                )
                assert (one.is_keyframe, one.time_base) == (
                    packet.is_keyframe,
                    packet.time_base,
                )


def test_opened_packets_end_in_spare_zeroes():
    """FFmpeg's decoders read past the end of a packet."""
    view = padded(b"frame")
    assert bytes(view) == b"frame"
    assert bytes(view.obj[5:]) == bytes(PADDING)


@pytest.mark.parametrize(
    ("codec", "ending"), [("h264", ".xyz"), ("h264", ".webm"), ("vp9", ".mov")]
)
def test_container_that_cannot_take_the_opened_is_refused(
    clip, tmp_path, key, codec, ending
):
    """FFmpeg finds out at different moments; no broken file is left."""
    sealed = seal_recording(clip(codec), tmp_path / "sealed.mkv", key).path
    with pytest.raises(ff.UsageError):
        open_recording(sealed, tmp_path / f"open{ending}", key)
    assert [path.name for path in tmp_path.iterdir()] == ["sealed.mkv"]


def test_opening_what_is_not_sealed_gives_nothing(call_clip, tmp_path, key):
    """Plain media must not pass for opened media."""
    copy = shutil.copy(call_clip, tmp_path / "plain.mp4")
    with pytest.raises(NothingOpened):
        open_recording(copy, tmp_path / "out.mp4", key)


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no such call here")
def test_making_clips_leaves_no_real_time_priority(tmp_path):
    """What SVT-AV1 takes as root, browsers of later tests would inherit."""
    before = os.sched_getscheduler(0)
    make_clip(tmp_path / "clip.mkv", ["av1"], seconds=0.3)
    assert os.sched_getscheduler(0) == before
