"""Sealed recordings that were cut, damaged or put together by somebody else."""

from __future__ import annotations

import os

import pytest

import fastframe as ff

pytest.importorskip("av", reason="the av extra is not installed")

import av
from clips import draw, make_clip, packets_of

from fastframe.adapters.av import (
    READ_OPTIONS,
    WRITE_OPTIONS,
    NothingOpened,
    SealedFile,
    open_recording,
    seal_recording,
)
from fastframe.adapters.av.recording_keys import (
    TRACKS_MAX,
    Family,
    TrackOpener,
    new_sealers,
)
from fastframe.adapters.av.report import Books, Loss
from fastframe.adapters.av.times import Clock, ReorderingClock

OK = ff.Status.OK
REFUSED = (ff.Status.AUTH_FAILED, ff.Status.MALFORMED, ff.Status.UNKNOWN_KEY)


@pytest.fixture
def key():
    """Give a new key."""
    return ff.generate_key()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Give a clip with pictures and sound, 4 s."""
    folder = tmp_path_factory.mktemp("source")
    return make_clip(folder / "clip.mkv", ["h264", "opus"], seconds=4)


def rewrite(path, target, change):
    """Copy a sealed file, with change(packets) in between; packets stay sealed."""
    with (
        av.open(str(path), options=READ_OPTIONS) as origin,
        av.open(str(target), "w", options=WRITE_OPTIONS) as sink,
    ):
        outs = [sink.add_stream_from_template(s, opaque=True) for s in origin.streams]
        packets = [packet for packet in origin.demux() if packet.size]
        for packet in change(packets):
            packet.stream = outs[packet.stream.index]
            sink.mux(packet)
    return target


def forged(packet, data):
    """Give a packet other bytes."""
    other = av.Packet(data)
    other.pts, other.dts, other.time_base = packet.pts, packet.dts, packet.time_base
    other.is_keyframe, other.stream = packet.is_keyframe, packet.stream
    return other


def is_part_of(some, whole):
    """Tell whether packets are among others, track by track and in order."""
    rest = iter(whole)
    return all(one in rest for one in some)


def bytes_of(path):
    """List the packets' bytes, with their tracks."""
    return [one[:2] for one in packets_of(path)]


@pytest.mark.parametrize("ending", [".mkv", ".nut", ".mp4"])
@pytest.mark.parametrize("filling", [bytes, os.urandom], ids=["zeroes", "noise"])
def test_hole_costs_what_was_in_it(source, tmp_path, key, ending, filling):
    """Frames before and behind the damage open, and the report says what is lost."""
    path = seal_recording(source, tmp_path / f"sealed{ending}", key).path
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = filling(4000)
    path.write_bytes(content)
    report = open_recording(path, tmp_path / "open.mkv", key)
    assert not report.is_whole
    lost = sum(track.lost for track in report.tracks)
    assert 0 < lost < 100
    assert sum(one.frames for t in report.tracks for one in t.losses) == lost
    places = [one for t in report.tracks for one in t.losses]
    assert all(0 < one.after <= one.before < 4 for one in places)
    assert report.tracks[0].seconds > 3.8
    opened, all_of_it = bytes_of(tmp_path / "open.mkv"), bytes_of(source)
    assert len(opened) == len(all_of_it) - lost
    assert is_part_of(opened, all_of_it)


@pytest.mark.parametrize("ending", [".mkv", ".nut", ".mp4"])
def test_truncated_recording_opens_to_its_end(source, tmp_path, key, ending):
    """A recorder's disk was full: all that is there can be seen."""
    path = seal_recording(source, tmp_path / f"sealed{ending}", key).path
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    report = open_recording(path, tmp_path / "open.mkv", key)
    opened, all_of_it = bytes_of(tmp_path / "open.mkv"), bytes_of(source)
    assert len(all_of_it) // 3 < len(opened) < len(all_of_it)
    assert is_part_of(opened, all_of_it)
    if ending != ".nut":  # NUT says nothing of how long it was to be
        assert report.seconds_missing > 1 or not report.is_whole
        assert not report.is_whole


def test_every_truncation_is_survived(source, tmp_path, key):
    """Wherever a file ends: it opens in part, or is refused in words."""
    path = seal_recording(source, tmp_path / "sealed.mkv", key).path
    content = path.read_bytes()
    for part in range(0, len(content), len(content) // 25):
        path.write_bytes(content[:part])
        try:
            report = open_recording(path, tmp_path / "open.mkv", key)
        except (NothingOpened, ff.UsageError, av.FFmpegError):
            continue
        assert {s for t in report.tracks for s in t.statuses} <= {OK, *REFUSED}


def test_repeated_packet_is_refused(source, tmp_path, key):
    """A second copy of a frame must not be played."""
    path = seal_recording(source, tmp_path / "sealed.mp4", key).path

    def repeat(packets):
        for number, packet in enumerate(packets):
            yield packet
            if number == 50:
                copy = forged(packet, bytes(packet))
                copy.pts += 1
                copy.dts += 1
                yield copy

    rewrite(path, tmp_path / "twice.mp4", repeat)
    report = open_recording(tmp_path / "twice.mp4", tmp_path / "open.mkv", key)
    replayed = [t.statuses.get(ff.Status.REPLAYED, 0) for t in report.tracks]
    assert sum(replayed) == 1
    assert bytes_of(tmp_path / "open.mkv") == bytes_of(source)


def test_packets_of_another_recording_are_refused(source, tmp_path, key):
    """One key for both: still nothing can be spliced from one into the other."""
    path = seal_recording(source, tmp_path / "sealed.mp4", key).path
    other = seal_recording(source, tmp_path / "other.mp4", key).path
    others = {}
    with av.open(str(other), options=READ_OPTIONS) as origin:
        for packet in origin.demux():
            if packet.size:
                others.setdefault(packet.stream.index, []).append(bytes(packet))

    def splice(packets):
        counts = {0: 0, 1: 0}
        for packet in packets:
            track = packet.stream.index
            counts[track] += 1
            data = bytes(packet)
            if 20 <= counts[track] < 30:
                data = others[track][counts[track]]
            yield forged(packet, data)

    rewrite(path, tmp_path / "spliced.mp4", splice)
    report = open_recording(tmp_path / "spliced.mp4", tmp_path / "open.mkv", key)
    for track in report.tracks:
        assert track.statuses[ff.Status.UNKNOWN_KEY] == 10
        assert track.lost == 10


def test_missing_first_frames_are_counted(source, tmp_path, key):
    """Counters begin at 0, so that a cut at the front shows."""
    path = seal_recording(source, tmp_path / "sealed.mp4", key).path
    rewrite(path, tmp_path / "cut.mp4", lambda packets: packets[40:])
    report = open_recording(tmp_path / "cut.mp4", tmp_path / "open.mkv", key)
    assert sum(track.lost for track in report.tracks) == 40
    assert all(track.losses[0].after == 0.0 for track in report.tracks)


def test_garbage_before_the_first_good_frame_leaves_no_key_behind(key):
    """A forged KID is tried once with the key, and not kept."""
    sealer = new_sealers(key, 1)[0]
    family = Family(key)
    opener = TrackOpener(family)
    for number in range(300):
        key_id = (1 << 63 | number).to_bytes(8, "big")
        noise = b"\xf0" + key_id + bytes(40)
        assert opener.open(noise) == (ff.Status.AUTH_FAILED, b"", None)
    assert len(opener._opener.keys) == 0
    assert opener.open(sealer.seal(b"frame")) == (OK, b"frame", 0)
    assert list(opener._opener.keys) == [sealer.key_id]
    assert not family.may_have(sealer.key_id)
    assert family.may_have(sealer.key_id ^ 1)
    assert not family.may_have(sealer.key_id ^ 0x100)


def test_number_of_tracks_is_bounded(key):
    """One byte of the KID names the track."""
    sealers = new_sealers(key, TRACKS_MAX)
    assert len({sealer.key_id for sealer in sealers}) == TRACKS_MAX
    with pytest.raises(ff.UsageError, match="256"):
        new_sealers(key, TRACKS_MAX + 1)


def test_closing_wipes_the_key(source, tmp_path, key):
    """No copy of the base key outlives the file."""
    path = seal_recording(source, tmp_path / "sealed.mkv", key).path
    file = SealedFile(path, key)
    held = file._family.key
    assert held == key
    file.close()
    assert held == bytes(16)


def test_books_keep_no_more_places_than_they_show():
    """A ruined file of a day must not fill the memory."""
    books = Books(0, "opus")
    for number in range(1000):
        books.enter(OK, 2 * number + 1, number / 10)
    report = books.close()
    assert report.lost == 1000
    assert len(report.losses) == 200
    assert report.losses[1] == Loss(0.0, 0.1, 1)


def test_books_take_back_what_comes_late():
    """A frame that was only out of order is not lost."""
    books = Books(0, "opus")
    for counter in (0, 2, 1, 3):
        books.enter(OK, counter, 0.0)
    assert books.close().lost == 0


# -- times that make no sense --


def packet_at(pts, dts=None):
    """Make a packet with these times."""
    packet = av.Packet(b"x")
    packet.pts, packet.dts = pts, dts
    return packet


def test_times_that_go_back_are_put_right():
    """Muxers refuse them, and times are not authenticated."""
    clock = Clock()
    given = [(5, 5), (5, 5), (3, 3), (None, None), (2**62, 2**62), (7, 7)]
    out = [next(iter(clock.add(packet_at(*one)))) for one in given]
    times = [packet.dts for packet in out]
    assert times == sorted(set(times))
    assert all(packet.pts >= packet.dts for packet in out)


def test_decode_times_are_worked_out_from_the_order():
    """Matroska keeps none; MP4 needs them."""
    shown = [0, 40, 20, 10, 30, 80, 60, 50, 70]
    clock = ReorderingClock()
    out = [p for one in shown for p in clock.add(packet_at(one, one))]
    out += clock.finish()
    assert [packet.pts for packet in out] == shown
    assert [packet.dts for packet in out] == [-20, -10, 0, 10, 20, 30, 40, 50, 60]


def test_long_recording_is_given_out_while_it_is_read():
    """Packets wait for their decode times, but not without end."""
    clock = ReorderingClock()
    waiting = 0
    for number in range(1000):
        waiting += 1 - len(list(clock.add(packet_at(number, None))))
        assert waiting <= 64
    assert waiting == 0


def test_forged_times_do_not_end_the_opening(tmp_path, key):
    """One packet with a mad time costs its place, not the recording."""
    clip = make_clip(tmp_path / "clip.mkv", ["vp8"], seconds=2)
    path = seal_recording(clip, tmp_path / "sealed.nut", key).path

    def twist(packets):
        for number, packet in enumerate(packets):
            other = forged(packet, bytes(packet))
            if number == 30:
                other.pts = other.dts = 1 << 40
            if number <= 30:
                yield other

    rewrite(path, tmp_path / "mad.nut", twist)
    report = open_recording(tmp_path / "mad.nut", tmp_path / "open.mkv", key)
    assert report.tracks[0].opened == 31


def test_decoder_stands_what_is_left(source, tmp_path, key):
    """Pictures behind a hole decode again from the next key frame on."""
    path = seal_recording(source, tmp_path / "sealed.mkv", key).path
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with SealedFile(path, key) as file:
        last = None
        for packet in file.packets():
            if packet.stream.type == "video":
                for picture in packet.decode():
                    last = picture
        assert last.pts * last.time_base > 3.5
        reference = draw(0)
        assert (last.width, last.height) == (reference.width, reference.height)
