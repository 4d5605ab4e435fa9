"""Steady state: nothing is allocated per frame, and nothing piles up."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from pathlib import Path

import pytest
from support import Link, Row, pattern

import fastframe as ff

STATM = Path("/proc/self/statm")
KB = 1024
PAGE = 4 * KB


def resident():
    """Read this process's resident size in bytes."""
    return int(STATM.read_text().split()[1]) * PAGE


class Station:
    """Both ends of a link with their batches, as a bot would keep them."""

    def __init__(self, count, size):
        """Prepare count frames of size bytes."""
        key = ff.generate_key()
        self.sealer = ff.Sealer("insertable", key)
        self.opener = ff.Opener("insertable", {0: key})
        self.frames = [pattern(size)] * count
        self.there = ff.Batch(count, arena=count * (size + 40))
        self.back = ff.Batch(count, arena=count * (size + 40))

    def turn(self):
        """Send all frames across once."""
        self.there.clear()
        self.back.clear()
        for frame in self.frames:
            self.there.append(frame)
        for sealed in self.sealer.seal_batch(self.there):
            self.back.append(sealed)
        return self.opener.open_batch(self.back)


def peak_of(call):
    """Measure the most memory that call() held at once, in bytes."""
    call()
    gc.collect()
    tracemalloc.start()
    try:
        call()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_running_a_batch_allocates_nothing_per_frame():
    """The call may make its result object; its frames must be free."""
    key = ff.generate_key()
    peaks = []
    for count in (1, 1000):
        sealer = ff.Sealer("insertable", key)
        batch = ff.Batch(count, arena=count * 1200)
        for _ in range(count):
            batch.append(pattern(1200))
        peaks.append(peak_of(lambda s=sealer, b=batch: s.seal_batch(b)))
    assert abs(peaks[1] - peaks[0]) < 512
    assert peaks[1] < 4 * KB


def test_opening_a_batch_allocates_nothing_per_frame():
    """The receiving side carries more frames than the sending one."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    peaks = []
    for count in (1, 1000):
        opener = ff.Opener("insertable", {0: key}, replay_window=0)
        batch = ff.Batch(count, arena=count * 1300)
        for _ in range(count):
            batch.append(sealer.seal(pattern(1200)))
        peaks.append(peak_of(lambda o=opener, b=batch: o.open_batch(b)))
    assert abs(peaks[1] - peaks[0]) < 512
    assert peaks[1] < 4 * KB


def test_filling_a_batch_leaves_no_objects():
    """append() copies into the arena and forgets the caller's frame."""
    station = Station(64, 100)
    for _ in range(20):
        station.turn()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(200):
        assert station.turn().ok == 64
    gc.collect()
    # 12 800 frames: a block for each hundredth would show.
    assert sys.getallocatedblocks() - before < 128


def test_into_calls_leave_nothing():
    """seal_into and open_into are for those who count every allocation."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    frame, out, back = pattern(1200), bytearray(1300), bytearray(1300)

    def both():
        count = sealer.seal_into(frame, out)
        with memoryview(out)[:count] as sealed:
            assert opener.open_into(sealed, back) == 1200

    assert peak_of(both) < 2 * KB
    before = sys.getallocatedblocks()
    for _ in range(5000):
        both()
    assert sys.getallocatedblocks() - before < 50


def test_buffers_are_let_go_after_the_call():
    """A pinned bytearray cannot grow; it must be free as soon as we return."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    frame, out = bytearray(100), bytearray(200)
    sealer.seal(frame)
    sealer.seal_into(frame, out)
    result = sealer.seal_batch([frame])
    sealed = bytearray(result[0])
    opener.open(sealed)
    with pytest.raises(ff.ReplayedFrame):
        opener.open_into(sealed, out)
    rejected = opener.open_batch([sealed])
    ff.inspect("insertable", sealed)
    batch = ff.Batch(1)
    batch.append(frame)
    for buffer in (frame, out, sealed):
        buffer.extend(b"more")
    assert (result.ok, rejected.ok) == (1, 0)


@pytest.mark.skipif(not STATM.exists(), reason="no /proc here")
@pytest.mark.parametrize("way", ["batch", "list", "single", "rejected"])
def test_resident_size_is_flat(way):
    """A bot runs for weeks; a byte per frame would end it."""
    station = Station(64, 100)
    sealer, opener, frames = station.sealer, station.opener, station.frames
    junk = [b"\0" + bytes(99)] * 64

    def singles():
        for frame in frames:
            opener.open(sealer.seal(frame))

    def rejected():
        assert opener.open_batch(junk).ok == 0
        with pytest.raises(ff.AuthenticationFailed):
            opener.open(junk[0])

    turn = {
        "batch": station.turn,
        "list": lambda: opener.open_batch(list(sealer.seal_batch(frames))),
        "single": singles,
        "rejected": rejected,
    }[way]
    turns = {"batch": 4700, "list": 600, "single": 600, "rejected": 600}[way]
    for _ in range(turns // 5):
        turn()
    gc.collect()
    before = resident()
    for _ in range(turns):
        turn()
    gc.collect()
    assert resident() - before < 512 * KB


BUSY = [
    Row("insertable", "AES-128-GCM", "h264"),
    Row("livekit", "AES-128-GCM", "h264"),
    Row("livekit", "AES-128-GCM", "vp8"),
    Row("sframe", "AES_128_CTR_HMAC_SHA256_80", "vp8"),
    Row("dave", "AES-128-GCM-8", "av1"),
    Row("dave", "AES-128-GCM-8", "h265"),
]


@pytest.mark.skipif(not STATM.exists(), reason="no /proc here")
@pytest.mark.parametrize("row", BUSY, ids=str)
def test_resident_size_is_flat_whatever_the_format_does(row):
    """Splitting, escaping, sealing again, deriving keys ahead: none may leave bytes."""
    link, stranger = Link(row, replay_window=64), Link(row)
    junk = [stranger.sealer.seal(row.frame) for _ in range(8)]
    there, back = ff.Batch(32, arena=1 << 15), ff.Batch(64, arena=1 << 15)

    def turn():
        there.clear()
        back.clear()
        for _ in range(32):
            there.append(row.frame)
        for sealed in link.sealer.seal_batch(there):
            back.append(sealed)
        for sealed in junk:
            back.append(sealed)
        if row.codec == "vp8" and row.format == "livekit":
            link.sealer.ratchet()
        assert link.opener.open_batch(back).ok == 32

    for _ in range(150):
        turn()
    gc.collect()
    before = resident()
    for _ in range(600):
        turn()
    gc.collect()
    assert resident() - before < 512 * KB


def test_running_a_batch_of_split_frames_allocates_nothing_per_frame():
    """Ranges and escapes are worked out on C's stack."""
    peaks = []
    for count in (1, 500):
        calls = []
        for row in BUSY:
            link = Link(row, replay_window=0)
            there, back = (ff.Batch(count, arena=count * 400) for _ in range(2))
            for _ in range(count):
                there.append(row.frame)
                back.append(link.sealer.seal(row.frame))
            calls.append((link.sealer.seal_batch, there))
            calls.append((link.opener.open_batch, back))
        peaks.append(peak_of(lambda: [call(batch).ok for call, batch in calls]))  # noqa: B023 - called at once
    assert abs(peaks[1] - peaks[0]) < KB
    assert peaks[1] < 4 * KB


@pytest.mark.skipif(not STATM.exists(), reason="no /proc here")
def test_objects_that_come_and_go_leave_nothing():
    """Participants join and leave all day; so do their keys."""

    def visit():
        key = ff.generate_key()
        with ff.Sealer("insertable", key) as sealer:
            opener = ff.Opener("insertable", {0: key})
            opener.open(sealer.seal(b"frame"))
            sealer.rotate(ff.generate_key(), 1)
            opener.keys[1] = ff.generate_key()
            del opener.keys[0]
        batch = ff.Batch(4, arena=4096)
        batch.append(b"frame")

    for _ in range(500):
        visit()
    gc.collect()
    before, blocks = resident(), sys.getallocatedblocks()
    for _ in range(2000):
        visit()
    gc.collect()
    assert resident() - before < 512 * KB
    assert sys.getallocatedblocks() - blocks < 200
