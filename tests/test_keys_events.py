"""Events: each change at once, what goes on at most once a second."""

from __future__ import annotations

from rooms import VIDEO, Table, drop_all, pass_all

from fastframe import Status
from fastframe.keys import Track
from fastframe.keys.events import TrackEvents


def test_change_is_told_at_once_and_once():
    """A program switches on it: late or twice is a fault."""
    events = TrackEvents()
    assert events.see(Status.OK, 0.0) is None
    assert events.see(Status.UNKNOWN_KEY, 0.1) == ("missing_key", 1)
    assert events.see(Status.AUTH_FAILED, 0.2) == ("decryption_failed", 1)
    assert events.see(Status.OK, 0.3) == ("decryption_resumed", 1)
    assert events.see(Status.OK, 0.4) is None
    assert events.see(Status.UNKNOWN_KEY, 0.5) == ("missing_key", 1)
    assert events.see(Status.OK, 0.6) == ("decryption_resumed", 1)


def test_what_goes_on_is_told_once_a_second_with_its_count():
    """Five hundred errors in two seconds have exhausted programs before."""
    events = TrackEvents()
    told = [events.see(Status.AUTH_FAILED, at / 250) for at in range(501)]
    assert [one for one in told if one] == [
        ("decryption_failed", 1),
        ("decryption_failed", 250),
        ("decryption_failed", 250),
    ]


def test_missing_key_is_not_a_failure():
    """One is cured by waiting, the other never."""
    events = TrackEvents()
    names = {
        status: events.see(status, float(status))[0]
        for status in (Status.UNKNOWN_KEY, Status.MALFORMED, Status.NOT_ENCRYPTED)
    }
    assert names == {
        Status.UNKNOWN_KEY: "missing_key",
        Status.MALFORMED: "decryption_failed",
        Status.NOT_ENCRYPTED: "unencrypted_frame",
    }


def test_repeated_and_late_frames_are_no_news():
    """Networks make them: a state that flips with each would tell nothing."""
    events = TrackEvents()
    assert events.see(Status.REPLAYED, 0.0) is None
    assert events.see(Status.TOO_OLD, 0.0) is None
    events.see(Status.AUTH_FAILED, 0.0)
    assert events.see(Status.REPLAYED, 5.0) is None


def test_rotation_race_tells_its_story():
    """missing_key while the key is on its way, then decryption_resumed."""
    table = Table("ann", "bob", "eve")
    ann, bob = table["ann"], table["bob"]
    bob.open(ann, ann.seal())
    bob.events.clear()
    table.filter = drop_all
    ann.do(ann.room.member_left(table["eve"].public_key, table.now))
    del table.seats["eve"]
    table.settle()
    for _ in range(10):
        bob.open(ann, ann.seal())
    table.filter = pass_all
    table.wait(1)
    told = [(one.name, one.track) for one in bob.events]
    assert told == [("missing_key", VIDEO), ("decryption_resumed", VIDEO)]
    assert all(one.member == ann.public_key for one in bob.events)
    assert bob.events[0].key_id == ann.media.sealers[VIDEO].stats().key_id


def test_tracks_have_states_of_their_own():
    """A broken camera must not hide that the microphone works."""
    table = Table()
    for name in ("ann", "bob"):
        table.join(name, tracks={"a": Track(), "b": Track()})
    ann, bob = table["ann"], table["bob"]
    bob.open(ann, b"junk", track="a")
    bob.open(ann, ann.seal(track="b"), track="b")
    assert [(one.name, one.track) for one in bob.events if one.track] == [
        ("decryption_failed", "a")
    ]


def test_members_and_keys_are_told():
    """Who came, who went, and that the own key changed."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    bob.leave()
    table.settle()
    names = [one.name for one in ann.events]
    assert names == [
        "key_rotated",
        "member_joined",
        "key_rotated",
        "member_left",
        "key_rotated",
    ]
    assert ann.events[1].member == bob.public_key
    assert ann.events[-1].member == ann.public_key
