"""Frames that come before their key: they wait, in order, and not for ever."""

from __future__ import annotations

import pytest
from rooms import FRAME, VIDEO, Table, drop_all, pass_all

import fastframe as ff
from fastframe.keys import Fate, ParkingLimits
from fastframe.keys.parking import Frame, Parking


def frame(number, *, sender=b"ann", key_id=1, size=10, at=0.0):
    """Make a frame to park."""
    return Frame(sender, VIDEO, key_id, bytes(size), None, number, at)


def notes(frames):
    """Name frames by their numbers."""
    return [one.note for one in frames]


def test_frames_of_a_key_come_out_in_order():
    """A decoder wants them as they were sent; other keys' go on waiting."""
    parking = Parking(ParkingLimits())
    for number in range(6):
        assert parking.park(frame(number, key_id=number % 2))
    assert notes(parking.release(b"ann", 1)) == [1, 3, 5]
    assert notes(parking.release(b"ann", 1)) == []
    assert notes(parking.release(b"bob", 0)) == []
    assert notes(parking.release(b"ann", 0)) == [0, 2, 4]
    assert (parking.frames, parking.bytes) == (0, 0)


def test_age_is_bounded():
    """Who waits for too long is given up, and nobody else."""
    parking = Parking(ParkingLimits(seconds=3.0))
    for number in range(4):
        parking.park(frame(number, at=float(number)))
    assert notes(parking.expire(2.9)) == []
    assert notes(parking.expire(4.0)) == [0, 1]
    assert parking.frames == 2
    assert notes(parking.clear()) == [2, 3]


@pytest.mark.parametrize(
    "limits",
    [
        ParkingLimits(sender_frames=5),
        ParkingLimits(sender_bytes=55),
    ],
)
def test_share_of_a_sender_is_bounded(limits):
    """One sender's flood takes its own places; the first frames keep theirs."""
    parking = Parking(limits)
    parked = [parking.park(frame(number)) for number in range(8)]
    assert parked == [True] * 5 + [False] * 3
    assert parking.park(frame(0, sender=b"bob"))
    assert notes(parking.release(b"ann", 1)) == [0, 1, 2, 3, 4]
    assert parking.park(frame(9))


@pytest.mark.parametrize("limits", [ParkingLimits(frames=5), ParkingLimits(bytes=55)])
def test_all_together_are_bounded(limits):
    """However many senders there are."""
    parking = Parking(limits)
    parked = [parking.park(frame(0, sender=b"%d" % one)) for one in range(8)]
    assert parked == [True] * 5 + [False] * 3
    assert len(list(parking)) == 5


def test_nothing_is_kept_of_a_sender_without_frames():
    """A million senders that waited once must leave nothing behind."""
    parking = Parking(ParkingLimits(sender_frames=0))
    assert not parking.park(frame(0))
    assert parking._lots == {}
    parking = Parking(ParkingLimits())
    parking.park(frame(0))
    parking.release(b"ann", 1)
    assert parking._lots == {}


def test_limits_that_are_none_are_refused():
    """A negative bound would turn everything away in silence."""
    with pytest.raises(ff.UsageError):
        ParkingLimits(frames=-1)


def rotated_early(table, parking=None):
    """Seat two; the one has gone over to a key that the other has not."""
    for name in ("ann", "bob", "eve"):
        table.join(name, parking=parking)
    table.filter = drop_all
    ann = table["ann"]
    ann.do(ann.room.member_left(table["eve"].public_key, table.now))
    del table.seats["eve"]
    table.settle()
    return ann, table["bob"]


def test_early_frames_open_late_and_in_order():
    """The stream goes on, and what waited comes before what comes next."""
    table = Table()
    ann, bob = rotated_early(table)
    for number in range(5):
        opened = bob.open(ann, ann.seal(FRAME + b"%d" % number), note=number)
        assert (opened.fate, opened.status) == (Fate.PARKED, ff.Status.UNKNOWN_KEY)
        assert opened.note == number
    table.filter = pass_all
    table.wait(1)
    assert [one.frame for one in bob.late] == [FRAME + b"%d" % n for n in range(5)]
    assert [one.note for one in bob.late] == [0, 1, 2, 3, 4]
    assert all(one.fate is Fate.OPENED and one.waited > 0 for one in bob.late)
    assert bob.can_open(ann, ann.seal())


def test_parked_frame_is_a_copy():
    """Receive buffers are used again while a frame waits."""
    table = Table()
    ann, bob = rotated_early(table)
    buffer = bytearray(ann.seal(b"kept"))
    bob.open(ann, buffer)
    buffer[:] = bytes(len(buffer))
    table.filter = pass_all
    table.wait(1)
    assert [one.frame for one in bob.late] == [b"kept"]


def test_frame_whose_key_never_comes_is_dropped_with_a_status():
    """And counted as missing its key, which is not a failure to open."""
    table = Table()
    ann, bob = rotated_early(table, ParkingLimits(seconds=1.0))
    bob.open(ann, ann.seal(), note="lost")
    table.wait(1.5)
    [dropped] = bob.late
    assert (dropped.fate, dropped.status) == (Fate.DROPPED, ff.Status.UNKNOWN_KEY)
    assert (dropped.frame, dropped.note) == (None, "lost")
    assert dropped.waited >= 1.0
    [stats] = bob.media.stats().opened[:1]
    assert (stats.frames_missing_key, stats.frames_parked) == (1, 0)


def test_frame_that_finds_no_place_is_dropped_with_a_status():
    """A full parking lot stops nothing else."""
    table = Table()
    ann, bob = rotated_early(table, ParkingLimits(sender_frames=2))
    fates = [bob.open(ann, ann.seal()).fate for _ in range(4)]
    assert fates == [Fate.PARKED] * 2 + [Fate.DROPPED] * 2
    stats = bob.media.stats().opened[0]
    assert stats.frames_turned_away == 2
    assert stats.frames_missing_key == 2
    table.filter = pass_all
    table.wait(1)
    assert [one.fate for one in bob.late] == [Fate.OPENED] * 2
    assert bob.can_open(ann, ann.seal())


def test_replayed_frame_is_refused_though_it_waited():
    """Parked twice, opened once: the replay window holds for late frames, too."""
    table = Table()
    ann, bob = rotated_early(table)
    sealed = ann.seal()
    bob.open(ann, sealed)
    bob.open(ann, sealed)
    table.filter = pass_all
    table.wait(1)
    fates = [(one.fate, one.status) for one in bob.late]
    assert fates == [
        (Fate.OPENED, ff.Status.OK),
        (Fate.REJECTED, ff.Status.REPLAYED),
    ]


def test_forged_early_frame_costs_itself():
    """It waits like the others, and then its tag is wrong."""
    table = Table()
    ann, bob = rotated_early(table)
    forged = bytearray(ann.seal(b"forged"))
    forged[-1] ^= 1
    bob.open(ann, forged)
    bob.open(ann, ann.seal(b"true"))
    table.filter = pass_all
    table.wait(1)
    assert [one.status for one in bob.late] == [
        ff.Status.AUTH_FAILED,
        ff.Status.OK,
    ]


def test_close_gives_up_what_waits():
    """The last account is complete, too."""
    table = Table()
    ann, bob = rotated_early(table)
    bob.open(ann, ann.seal(), note=1)
    [dropped] = bob.media.close(table.now)
    assert (dropped.fate, dropped.note) == (Fate.DROPPED, 1)
    stats = bob.media.stats()
    assert stats.frames_parked == stats.bytes_parked == 0
