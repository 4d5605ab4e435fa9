"""RoomMedia: sealers and openers that follow their room, format by format."""

from __future__ import annotations

import json

import pytest
from rooms import FRAME, VIDEO, Table, pass_all

import fastframe as ff
from fastframe.keys import (
    AddKey,
    EncryptionRequired,
    Fate,
    ParkingLimits,
    Room,
    RoomMedia,
    Timing,
    Track,
)

FORMATS = ["insertable", "sframe", "stream", "livekit", "element-call", "jitsi"]


def tracks_for(format_):
    """Give two tracks, with what the format needs."""
    codec = "vp8" if format_ == "stream" else None
    number = format_ == "sframe"
    return {
        "audio": Track(
            codec="opus" if format_ == "stream" else None,
            has_key_frames=False,
            ssrc=1 if number else None,
        ),
        VIDEO: Track(codec=codec, ssrc=2 if number else None),
    }


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_joins_steps_and_rotates(format_):
    """Join, ratchet, voluntary rotation and leave, on two tracks each."""
    table = Table()
    for name in ("ann", "bob", "dan"):
        table.join(name, format=format_, tracks=tracks_for(format_))
        table.wait(1)
    ann, bob = table["ann"], table["bob"]
    before = {name: ann.seal(FRAME + b"1", track=name) for name in ("audio", VIDEO)}
    eve = table.join("eve", format=format_, tracks=tracks_for(format_))
    table.wait(1)
    for name, sealed in before.items():
        assert eve.open(ann, sealed, track=name).frame is None
        assert bob.open(ann, sealed, track=name).frame == FRAME + b"1"
    for _ in range(12):  # more than a format follows in place
        table.join("guest", format=format_, tracks=tracks_for(format_)).leave()
        table.settle()
        del table.seats["guest"]
        ann.do(ann.room.rotate(table.now))
        table.settle()
        table.wait(1)
        for name in ("audio", VIDEO):
            sealed = ann.seal(FRAME + b"2", track=name)
            for other in (bob, eve, table["dan"]):
                assert other.open(ann, sealed, track=name).frame == FRAME + b"2"


@pytest.mark.parametrize("format_", FORMATS)
def test_many_joins_without_a_frame_between_can_be_followed(format_):
    """In a silent room keys ratchet on and on; the first frame still opens."""
    table = Table()
    for name in ("ann", "bob"):
        table.join(name, format=format_, tracks=tracks_for(format_))
    table.wait(1)
    ann = table["ann"]
    for number in range(10):  # more than a format follows in place
        table.join(f"guest {number}", format=format_, tracks=tracks_for(format_))
        table.wait(0.5, 0.5)
    table.wait(3)
    sealed = ann.seal()
    for other in table.others(ann):
        assert other.can_open(ann, sealed)


def test_livekit_and_jitsi_ratchet_in_place():
    """Their receivers follow by themselves, under the same key id."""
    for format_ in ("livekit", "jitsi"):
        table = Table("ann", "bob", format=format_)
        ann = table["ann"]
        key_id = ann.media.sealers[VIDEO].stats().key_id
        table.join("eve", format=format_)
        assert ann.media.sealers[VIDEO].stats().key_id == key_id


def test_key_waits_for_a_key_frame():
    """A decoder can begin there: a key that changes elsewhere costs pictures."""
    table = Table("ann", "bob")
    ann = table["ann"]
    ann.seal()
    old = ann.media.sealers[VIDEO].stats().key_id
    ann.do(ann.room.rotate(table.now))
    table.settle()
    ann.seal(key_frame=False)
    assert ann.media.sealers[VIDEO].stats().key_id == old
    ann.seal(key_frame=True)
    assert ann.media.sealers[VIDEO].stats().key_id == 128 + (old + 1) % 128


def test_key_waits_no_longer_than_its_limit():
    """A stream without key frames rotates, too."""
    table = Table("ann", "bob", timing=Timing(key_frame_limit=2.0))
    ann = table["ann"]
    ann.seal()
    old = ann.media.sealers[VIDEO].stats().key_id
    for _ in range(3):  # a newer key must not make the first one's wait longer
        ann.do(ann.room.rotate(table.now))
        table.settle()
        ann.seal(key_frame=None)
        assert ann.media.sealers[VIDEO].stats().key_id == old
        table.now += 0.66
    table.now += 0.03
    ann.seal(key_frame=None)
    assert ann.media.sealers[VIDEO].stats().key_id == 128 + (old + 3) % 128


def test_audio_takes_up_a_key_at_once():
    """It has no key frames, and each of its frames stands alone."""
    table = Table()
    for name in ("ann", "bob"):
        table.join(name, tracks=tracks_for("insertable"))
    ann = table["ann"]
    ann.seal()
    old = ann.media.sealers["audio"].stats().key_id
    ann.do(ann.room.rotate(table.now))
    table.settle()
    assert ann.media.sealers["audio"].stats().key_id == 128 + (old + 1) % 128
    assert ann.media.sealers[VIDEO].stats().key_id == old


def test_leave_does_not_wait_for_a_key_frame():
    """Until then the leaver could see and hear everything."""
    table = Table("ann", "bob", "eve")
    ann = table["ann"]
    ann.seal()
    ann.do(ann.room.rotate(table.now))
    old = ann.media.sealers[VIDEO].stats().key_id
    ann.do(ann.room.member_left(table["eve"].public_key, table.now))
    ann.seal(key_frame=False)
    assert ann.media.sealers[VIDEO].stats().key_id == 128 + (old + 2) % 128


def test_sealing_without_a_key_fails_closed():
    """Not joined, or left: nothing is sent, in the clear or otherwise."""
    table = Table("bob")
    ann = table.seat("ann")
    with pytest.raises(EncryptionRequired):
        ann.seal()
    ann.do(ann.room.join(table.now))
    ann.seal()
    ann.leave()
    with pytest.raises(EncryptionRequired):
        ann.seal()
    assert ann.media.stats().sealed[0].frames_refused == 2


def test_frame_in_the_clear_is_not_handed_on():
    """An SFU that strips encryption, or a sender without it, is noticed."""
    for format_ in ("insertable", "livekit", "stream"):
        table = Table()
        for name in ("ann", "bob"):
            table.join(name, format=format_, tracks=tracks_for(format_))
        ann, bob = table["ann"], table["bob"]
        opened = bob.open(ann, b"\x01 a frame in the clear, of some length")
        assert opened.frame is None
        assert opened.fate in {Fate.REJECTED, Fate.PARKED}


def test_track_that_forwards_clear_frames_is_refused():
    """The option exists for formats that mix; in an encrypted room it is a hole."""
    table = Table()
    tracks = {VIDEO: Track(codec="vp8", for_opener={"forward_clear": True})}
    with pytest.raises(ff.UsageError):
        table.seat("ann", format="stream", tracks=tracks)


def test_room_in_the_clear_hands_frames_on():
    """encryption="off" is the caller's choice, made when the room is made."""
    table = Table("ann", "bob", encryption="off")
    ann, bob = table["ann"], table["bob"]
    sealed = ann.seal(b"hello")
    assert sealed == b"hello"
    assert bob.open(ann, sealed).frame == b"hello"
    assert table.sent == []
    assert bob.media.stats().encryption == "off"
    assert bob.media.stats().opened[0].frames_opened == 1


def test_sframe_tracks_need_their_own_streams():
    """Two sealers on one base key and KID would count through the same nonces."""
    table = Table()
    for tracks in (
        {"a": Track(), "b": Track()},
        {"a": Track(ssrc=1), "b": Track()},
        {"a": Track(ssrc=1), "b": Track(ssrc=1)},
        {},
    ):
        with pytest.raises(ff.UsageError):
            table.seat("ann", format="sframe", tracks=tracks)


def test_sframe_step_is_followed_before_its_message():
    """RFC 9605, 5.1: the step is in the KID, so a frame may be ahead of it."""
    table = Table("ann", "bob", format="sframe")
    ann, bob = table["ann"], table["bob"]
    table.wait(4)
    table.filter = lambda sender, to, message: (
        None if (sender, to) == (ann.public_key, bob.public_key) else message
    )
    table.join("eve", format="sframe")
    table.wait(1.2)
    sealed = ann.seal(b"ahead")
    assert bob.open(ann, sealed).frame == b"ahead"
    assert bob.media.opener(ann.public_key, VIDEO, table.now).keys
    table.filter = pass_all
    table.wait(6)
    assert bob.can_open(ann, ann.seal())


def test_sframe_steps_ahead_are_bounded():
    """A KID is not authenticated: rubbish must not buy derivations or slots."""
    table = Table("ann", "bob", format="sframe")
    ann, bob = table["ann"], table["bob"]
    opener = bob.media.opener(ann.public_key, VIDEO, table.now)
    held = set(opener.keys)
    base = max(held)
    for ahead in range(1, 400):
        forged = ff.Sealer("sframe", bytes(16), key_id=base + ahead).seal(b"forged")
        assert bob.open(ann, forged).frame is None
    assert set(opener.keys) == held
    assert bob.room.foresee(ann.public_key, base + 9) is None
    assert bob.room.foresee(ann.public_key, base - 1) is None
    assert bob.can_open(ann, ann.seal())


def test_sframe_key_ahead_goes_when_the_room_passes_it_by():
    """A member could invent steps of another's key; they do not pile up."""
    table = Table("ann", "bob", format="sframe")
    ann, bob = table["ann"], table["bob"]
    opener = bob.media.opener(ann.public_key, VIDEO, table.now)
    base = max(opener.keys)
    for ahead in range(1, 9):
        key = bob.room.foresee(ann.public_key, base + ahead)
        sealer = ff.Sealer("sframe", key, suite=4, key_id=base + ahead)
        assert bob.open(ann, sealer.seal(b"from an insider")).frame
    table.wait(4)
    ann.do(ann.room.rotate(table.now))
    table.settle()
    assert bob.can_open(ann, ann.seal())
    table.wait(2)
    assert bob.open(ann, sealer.seal(b"under way")).frame
    table.wait(4)
    assert not set(range(base + 1, base + 9)) & set(opener.keys)
    assert bob.can_open(ann, ann.seal())


def test_sframe_key_ahead_opens_no_frame_twice():
    """A relay that keeps the step back must not clear what was seen under it."""
    table = Table("ann", "bob", format="sframe")
    ann, bob = table["ann"], table["bob"]
    table.wait(4)
    table.filter = lambda sender, to, message: (
        None if (sender, to) == (ann.public_key, bob.public_key) else message
    )
    table.join("eve", format="sframe")
    table.wait(1.2)
    frame = ann.seal()
    assert bob.can_open(ann, frame)
    table.wait(5)
    assert bob.can_open(ann, ann.seal())
    assert not bob.can_open(ann, frame)
    table.filter = pass_all
    table.wait(10)
    assert bob.can_open(ann, ann.seal())
    assert not bob.can_open(ann, frame)


def test_stats_are_of_what_happened():
    """Names and numbers that a dashboard can show, as JSON."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    frames = [ann.seal(b"12345") for _ in range(4)]
    for sealed in frames:
        bob.open(ann, sealed)
    bob.open(ann, frames[0])
    forged = bytearray(ann.seal())
    forged[-1] ^= 1
    bob.open(ann, bytes(forged))
    bob.open(ann, b"?")
    stats = json.loads(json.dumps(bob.media.stats().to_dict()))
    [opened] = stats["opened"]
    assert opened["track"] == VIDEO
    assert opened["frames_received"] == 7
    assert opened["frames_opened"] == 4
    assert opened["frames_replayed"] == 1
    assert opened["frames_failed_auth"] == 1
    assert opened["frames_malformed"] == 1
    assert opened["bytes_out"] == 20
    assert 0 < opened["max_open_time"] <= opened["total_open_time"]
    assert sum(key["frames_opened"] for key in opened["keys"]) == 4
    assert stats["members"] == 1
    [sealed] = json.loads(json.dumps(ann.media.stats().to_dict()))["sealed"]
    assert sealed["frames_sealed"] == 5
    assert 0 < sealed["max_seal_time"] <= sealed["total_seal_time"]


def test_senders_are_bounded():
    """A relay that names a new sender with each frame costs a bounded place."""
    table = Table("ann")
    ann = table["ann"]
    media = RoomMedia(
        ann.room, {VIDEO: Track()}, parking=ParkingLimits(frames=10**6, seconds=1.0)
    )
    for number in range(1500):
        media.open(b"%d" % number, b"\x01" * 40, table.now, track=VIDEO)
    stats = media.stats()
    assert len(stats.opened) == 1024
    assert stats.frames_refused == 1500 - 1024
    media.tick(table.now + 2)
    opened = media.open(b"new", b"\x01" * 40, table.now + 2, track=VIDEO)
    assert opened.fate is Fate.PARKED
    assert len(media.stats().opened) == 1024


def test_unknown_track_is_the_callers_mistake():
    """Tracks are agreed by the application, not named by peers."""
    table = Table("ann", "bob")
    with pytest.raises(ff.UsageError):
        table["ann"].open(table["bob"], b"frame", track="screen")


def test_key_counter_at_its_end_is_cured_by_a_rotation():
    """KeyExhausted comes through; another key goes on where it ended."""
    table = Table()
    tracks = {VIDEO: Track(for_sealer={"counter": 2**64 - 1})}
    ann = table.seat("ann", tracks=tracks)
    ann.do(ann.room.join(table.now))
    ann.seal()
    with pytest.raises(ff.KeyExhausted):
        ann.seal()
    ann.do(ann.room.rotate(table.now))
    ann.seal()


def test_media_of_a_room_without_members_seals():
    """The first one in a room may send before anybody listens."""
    table = Table("ann")
    assert table["ann"].seal()
    assert isinstance(table["ann"].room, Room)


def test_actions_are_not_carried_out_twice():
    """The first media wipe the keys: the second would seal under zeroes."""
    table = Table()
    ann = table.seat("ann")
    actions = ann.room.join(table.now)
    other = RoomMedia(ann.room, {VIDEO: Track()})
    ann.do(actions)
    with pytest.raises(ff.UsageError, match="before"):
        other.apply(actions, table.now)
    with pytest.raises(EncryptionRequired):
        other.sealers[VIDEO].seal(FRAME, table.now)


def test_members_key_is_not_added_twice():
    """An opener with a key of zeroes opens what anybody seals."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    other = RoomMedia(ann.room, {VIDEO: Track()})
    with pytest.raises(ff.UsageError, match="before"):
        other.apply(ann.taken(AddKey), table.now)
    zeroes = bytes(len(ann.taken(AddKey)[0].key))
    key_id = ff.inspect("insertable", bob.seal()).key_id
    forged = ff.Sealer("insertable", zeroes, key_id=key_id).seal(FRAME)
    opened = other.open(bob.public_key, forged, table.now, track=VIDEO)
    assert opened.frame is None


def test_failing_on_event_keeps_no_key_from_the_sealers(caplog):
    """A window that cannot show who has left must not leave it the key."""

    def fail(_event):
        raise RuntimeError("no window")

    table = Table("ann", "bob", "eve")
    ann, bob, eve = (table[name] for name in ("ann", "bob", "eve"))
    ann.media._on_event = fail
    ann.do(ann.room.member_left(eve.public_key, table.now))
    table.settle()
    sealed = ann.seal()
    assert not eve.can_open(ann, sealed)
    assert bob.can_open(ann, sealed)
    assert "on_event failed for member_left" in caplog.text
