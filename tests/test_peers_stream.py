"""What @stream-io/video-client's own worker seals we open, and the other way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from peers.check import (
    assert_same,
    kinds_of,
    open_all,
    open_some,
    seal_all,
    tamper,
    try_open,
)
from peers.frames import make
from peers.node import Driver, driven
from peers.shapes import Frame
from peers.stream import PACKAGE, Worker

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator

CODECS = ("opus", "vp8", "vp9", "h264")
# The last bytes of a frame that tell what it is: clear length, version, magic.
MARK_LEN = 7
VERSION_AT = -5


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Give the Node process; tests make a worker each."""
    yield from driven("stream.mjs", PACKAGE)


@dataclass(frozen=True)
class Row:
    """One way to set up both ends."""

    codec: str
    size: int
    key_id: int

    def __str__(self) -> str:
        """Name the row in test reports."""
        return f"{self.codec}-{8 * self.size}"

    @property
    def key(self) -> bytes:
        """Give the key; the format derives nothing from it."""
        return bytes(range(self.key_id, self.key_id + self.size))

    def worker(self, driver: Driver) -> Worker:
        """Make the peer, with the key in place."""
        worker = Worker(driver)
        worker.set_key(self.key, self.key_id)
        return worker

    def sealer(self) -> ff.Sealer:
        """Make our sender."""
        return ff.Sealer("stream", self.key, key_id=self.key_id, codec=self.codec)

    def opener(self) -> ff.Opener:
        """Make our receiver, which needs no codec."""
        return ff.Opener("stream", {self.key_id: self.key})


ROWS = [
    Row(codec, size, key_id)
    for codec in CODECS
    for size, key_id in ((16, 0), (32, 200))
]
VP8 = Row("vp8", 16, 3)
each_row = pytest.mark.parametrize("row", ROWS, ids=str)


@each_row
def test_peer_opens_what_we_seal(driver, row):
    """Every codec and key size, a thousand frames each."""
    frames = make(row.codec)
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    outcome = row.worker(driver).open("in", sealed, kinds_of(frames))
    assert (outcome.died, outcome.events) == (None, [])
    assert_same(outcome.frames, [frame.data for frame in frames])


@each_row
def test_we_open_what_the_peer_seals(driver, row):
    """Every codec and key size, a thousand frames each."""
    frames = make(row.codec)
    outcome = row.worker(driver).seal("out", row.codec, frames)
    assert (outcome.died, outcome.events) == (None, [])
    sealed = [frame or b"" for frame in outcome.frames]
    wanted = [frame.data for frame in frames]
    with row.opener() as opener:
        assert_same(open_all(opener, sealed, kinds_of(frames)), wanted)
    with row.opener() as opener:
        assert_same(open_some(opener, sealed), wanted[::20])


def test_shared_key_fits_the_peer(driver):
    """A key for everybody is a key like any other on the wire."""
    frames = make("h264", 100)
    row = Row("h264", 32, 17)
    worker = Worker(driver)
    worker.set_key(row.key, row.key_id, user=None)
    wanted = [frame.data for frame in frames]
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    assert_same(worker.open("in", sealed, kinds_of(frames)).frames, wanted)
    theirs = [frame or b"" for frame in worker.seal("out", "h264", frames).frames]
    with row.opener() as opener:
        assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


def test_both_follow_a_rotation(driver):
    """Late frames under the old key still open, on both sides."""
    frames = make("vp8", 100)
    kinds, wanted = kinds_of(frames), [frame.data for frame in frames]
    new = Row("vp8", 32, 4)
    worker = VP8.worker(driver)
    old_theirs = [frame or b"" for frame in worker.seal("out", "vp8", frames).frames]
    worker.set_key(new.key, new.key_id)
    new_theirs = [frame or b"" for frame in worker.seal("out", "vp8", frames).frames]
    with VP8.sealer() as sealer:
        old_ours = seal_all(sealer, frames)
        sealer.rotate(new.key, new.key_id)
        new_ours = seal_all(sealer, frames)
    for sealed in (new_ours, old_ours):
        assert_same(worker.open("in", sealed, kinds).frames, wanted)
    keys = {VP8.key_id: VP8.key, new.key_id: new.key}
    with ff.Opener("stream", keys) as opener:
        for sealed in (new_theirs, old_theirs):
            assert_same(open_all(opener, sealed, kinds), wanted)


def test_h264_without_a_slice_fits_the_peer(driver):
    """Without a slice nothing stays clear and nothing is escaped."""
    sets = b"\0\0\0\1\x67\x42\xc0\x1f\0\0\3\0\x04\x88\0\0\1\x68\xce\x06\xe2"
    frames = [
        Frame.plain(data, key_frame=True) for data in (sets, b"\x65", b"no start code")
    ]
    row = Row("h264", 16, 0)
    worker = row.worker(driver)
    wanted = [frame.data for frame in frames]
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    assert_same(worker.open("in", sealed, kinds_of(frames)).frames, wanted)
    theirs = [frame or b"" for frame in worker.seal("out", "h264", frames).frames]
    with row.opener() as opener:
        assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


def test_short_vpx_frames_fit_the_peer(driver):
    """A frame shorter than its clear bytes is clear as a whole."""
    worker = VP8.worker(driver)
    for codec in ("vp8", "vp9"):
        lead = {"vp8": b"\0\x02\0\x9d", "vp9": b"\x82\x49\x83\x42"}[codec]
        frames = [
            Frame.plain((lead + bytes(8))[:size], key_frame=True)
            for size in range(1, 12)
        ]
        wanted = [frame.data for frame in frames]
        options = {"key_id": VP8.key_id, "codec": codec}
        with ff.Sealer("stream", VP8.key, **options) as sealer:
            sealed = seal_all(sealer, frames)
        assert_same(worker.open("in", sealed, kinds_of(frames)).frames, wanted)
        theirs = [f or b"" for f in worker.seal(f"out {codec}", codec, frames).frames]
        with VP8.opener() as opener:
            assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


# -- what must not open --


def test_clear_frames_are_rejected(driver):
    """The worker passes a frame without trailer on as clear; we must not."""
    frame = make("vp8", 1)[0]
    outcome = VP8.worker(driver).open("in", [frame.data], [frame.key_frame])
    assert outcome.frames == [frame.data]
    assert outcome.names == ["unencrypted_frame"]
    with VP8.opener() as opener, pytest.raises(ff.NotEncrypted):
        opener.open(frame.data)


def test_other_version_is_told_apart(driver):
    """A newer peer's frame is not a clear one; both ends say so."""
    frame = make("vp8", 1)[0]
    with VP8.sealer() as sealer:
        newer = bytearray(sealer.seal(frame.data, key_frame=frame.key_frame))
    newer[VERSION_AT] = 2
    outcome = VP8.worker(driver).open("in", [newer], [frame.key_frame])
    assert outcome.frames == [None]
    assert outcome.names == ["unsupported_version"]
    with VP8.opener() as opener, pytest.raises(ff.MalformedFrame) as caught:
        opener.open(newer)
    assert caught.value.status == ff.Status.UNSUPPORTED_VERSION


def test_frame_under_an_unknown_index_opens_nowhere(driver):
    """Both ends hold a key, but not under the index that the frame names."""
    frame = make("vp8", 1)[0]
    with ff.Sealer("stream", VP8.key, key_id=99, codec="vp8") as sealer:
        sealed = sealer.seal(frame.data, key_frame=frame.key_frame)
    outcome = VP8.worker(driver).open("in", [sealed], [frame.key_frame])
    assert outcome.frames == [None]
    assert [(e["type"], e["keyIndex"]) for e in outcome.events] == [
        ("e2ee.missing_key", 99)
    ]
    with VP8.opener() as opener, pytest.raises(ff.UnknownKey) as caught:
        opener.open(sealed)
    assert caught.value.key_id == 99


@pytest.mark.parametrize("codec", CODECS)
def test_tampered_frames_open_nowhere(driver, codec):
    """A flipped bit costs the frame, and only that frame."""
    row = Row(codec, 16, 8)
    frames = make(codec, 200)
    kinds, wanted = kinds_of(frames), [frame.data for frame in frames]
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    spoilt = tamper(sealed, spare=MARK_LEN)
    worker = row.worker(driver)
    assert worker.open("in", spoilt, kinds).frames == [None] * len(frames)
    assert_same(worker.open("in", sealed, kinds).frames, wanted)
    with row.opener() as opener:
        assert open_all(opener, spoilt, kinds) == [None] * len(frames)
        assert_same(open_all(opener, sealed, kinds), wanted)


def test_tampered_mark_shows_nothing_false(driver):
    """Without its mark the worker takes a frame for a clear one; we must not.

    Only the escape flag is free to change where nothing needs escaping.
    """
    frame = make("vp8", 1)[0]
    with VP8.sealer() as sealer:
        sealed = sealer.seal(frame.data, key_frame=frame.key_frame)
    flag = 8 * MARK_LEN - 1
    for bit in range(8 * MARK_LEN):
        spoilt = int.from_bytes(sealed, "big") ^ 1 << bit
        changed = spoilt.to_bytes(len(sealed), "big")
        with VP8.opener() as opener:
            wanted = frame.data if bit == flag else None
            assert try_open(opener, changed, frame.key_frame) == wanted
        got = VP8.worker(driver).open("in", [changed], [frame.key_frame]).frames
        assert got in ([wanted], [changed])


def test_replayed_frames_open_once(driver):
    """The second copy is dropped without a word."""
    frames = make("vp8", 100)
    twice = [0, 0, 5, 3, 5, 4, 3, 99, 0, 98, 98]
    kinds = [frames[at].key_frame for at in twice]
    with VP8.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    again = [sealed[at] for at in twice]
    outcome = VP8.worker(driver).open("in", again, kinds)
    assert outcome.events == []
    wanted = [
        None if at in twice[:place] else frames[at].data
        for place, at in enumerate(twice)
    ]
    assert outcome.frames == wanted
    with VP8.opener() as opener:
        assert open_all(opener, again, kinds) == wanted
        with pytest.raises(ff.ReplayedFrame):
            opener.open(again[0], key_frame=kinds[0])


def test_replay_windows_are_equally_wide(driver):
    """1023 frames behind the newest is accepted, 1024 behind is not."""
    frames = make("opus", 1100)
    kinds = [None] * len(frames)
    with Row("opus", 16, 3).sealer() as sealer:
        sealed = seal_all(sealer, frames)
    late = [sealed[-1], *sealed[:-1]]
    worker = VP8.worker(driver).open("in", late, kinds).frames
    with VP8.opener() as opener:
        ours = open_all(opener, late, kinds)
    accepted = [at for at, frame in enumerate(worker) if frame is not None]
    assert accepted == [0, *range(len(frames) - 1023, len(frames))]
    assert ours == worker


@pytest.mark.parametrize("codec", ["h265", "av1", None])
def test_codecs_without_a_rule_are_refused(driver, codec):
    """Sealing them whole would leave the server, or a packetiser, at a loss."""
    frames = [Frame.plain(b"video", key_frame=True)]
    worker = VP8.worker(driver)
    outcome = worker.seal("out", codec, frames, is_refused=codec is not None)
    assert outcome.frames == [None]
    assert outcome.names == ["encryption_failed"]

    def refused() -> None:
        with ff.Sealer("stream", VP8.key, codec=codec) as sealer:
            sealer.seal(b"video", key_frame=True)

    with pytest.raises(ff.UsageError):
        refused()


def test_one_frame_at_a_time_gives_the_same(driver):
    """seal() and open() are other paths than their batches."""
    row = Row("h264", 16, 0)
    frames = make("h264", 100)
    with row.sealer() as sealer:
        sealed = [sealer.seal(f.data, key_frame=f.key_frame) for f in frames]
    wanted = [frame.data for frame in frames]
    opened = row.worker(driver).open("in", sealed, kinds_of(frames)).frames
    assert_same(opened, wanted)
    with row.opener() as opener:
        assert_same([try_open(opener, frame) for frame in sealed], wanted)
