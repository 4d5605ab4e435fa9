"""os.fork and a room: keys that both processes hold must seal in one of them."""

from __future__ import annotations

import pytest
from forking import fork_only, in_child
from rooms import FRAME, VIDEO, Table

import fastframe as ff
from fastframe.keys import Room, RoomMedia, Track, UseKey


def joined(format_="sframe"):
    """Join a room, and give it with media that have not been told yet."""
    seat = Table().seat("ann", format=format_)
    return seat, seat.room.join(0.0)


@fork_only
def test_key_that_no_sealer_has_yet_is_refused_in_the_child():
    """Both would count from 0 under it; SFrame's IV is nothing but the counter."""
    seat, actions = joined()

    def check():
        with pytest.raises(ff.UsageError, match="fork"):
            seat.media.apply(actions, 0.0)
        with pytest.raises(ff.FastframeError):
            seat.media.sealers[VIDEO].seal(FRAME, 0.0)

    in_child(check)
    seat.media.apply(actions, 0.0)
    assert seat.media.sealers[VIDEO].seal(FRAME, 0.0)


@fork_only
def test_key_that_waits_in_a_sealer_is_refused_in_the_child():
    """It was handed over before the fork, and becomes a sealer's after it."""
    seat, actions = joined()
    [use] = [one for one in actions if isinstance(one, UseKey)]
    sealer = seat.media.sealers[VIDEO]
    sealer.use(UseKey(use.key_id, bytearray(use.key), "key_frame", 9.0), at_once=False)

    def check():
        with pytest.raises(ff.UsageError, match="fork"):
            sealer.seal(FRAME, 0.0, key_frame=True)

    in_child(check)
    assert sealer.seal(FRAME, 0.0, key_frame=True)


@fork_only
def test_room_goes_on_in_the_parent_alone():
    """Both would ratchet to the same next key, and new media would seal under it."""
    seat, actions = joined()
    seat.do(actions)
    room = seat.room

    def check():
        calls = [
            lambda: room.tick(1.0),
            lambda: room.rotate(1.0),
            lambda: room.leave(1.0),
            lambda: room.member_joined(b"bob", 1.0),
            lambda: room.member_left(b"bob", 1.0),
            lambda: room.members_are([], 1.0),
            lambda: room.receive(b"bob", b"", 1.0),
            lambda: RoomMedia(room, {VIDEO: Track()}).apply([], 1.0),
        ]
        for call in calls:
            with pytest.raises(ff.UsageError, match="fork"):
                call()

    in_child(check)
    seat.do(room.rotate(1.0))
    assert seat.seal()


@fork_only
def test_room_that_is_joined_in_the_child_works_there():
    """Pre-forking servers make their rooms early, and join them late."""
    seat = Table().seat("ann")

    def check():
        seat.do(seat.room.join(0.0))
        assert seat.seal()
        assert isinstance(seat.room, Room)

    in_child(check)
