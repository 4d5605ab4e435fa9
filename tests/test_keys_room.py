"""Room: who gets which key when members come and go, and all is well."""

from __future__ import annotations

import pytest
from rooms import Table, drop, drop_all, pass_all
from simulation.wrapper import CheapIdentity

import fastframe as ff
from fastframe.keys import (
    AddKey,
    EncryptionRequired,
    Fate,
    Identity,
    Room,
    Send,
    Timing,
    UseKey,
)


def test_members_open_each_other():
    """What the whole package is for, with real HPKE."""
    table = Table()
    for name in ("ann", "bob", "eve"):
        table.join(name, identity=Identity.generate())
    table.wait(1)
    for one in table.seats.values():
        assert one.room.members == {other.public_key for other in table.others(one)}
        sealed = one.seal()
        assert all(other.can_open(one, sealed) for other in table.others(one))


def test_newcomer_cannot_open_the_past():
    """A room that ratchets on join keeps from newcomers what was said before."""
    table = Table("ann", "bob")
    before = table["ann"].seal(b"before")
    eve = table.join("eve")
    after = table["ann"].seal(b"after")
    assert eve.open(table["ann"], before).frame is None
    assert eve.can_open(table["ann"], after)
    assert table["bob"].can_open(table["ann"], before)
    assert table["bob"].can_open(table["ann"], after)


def test_join_costs_members_no_wrap():
    """Those present ratchet by themselves: only the newcomer is wrapped for."""
    table = Table("ann", "bob", "dan")
    wraps = CheapIdentity.wraps
    table.join("eve")
    # Three members make eve an offer and send a key, and eve the same to each.
    assert CheapIdentity.wraps - wraps == 2 * 3 + 2 * 3


def test_newcomer_gets_the_key_in_use_where_nothing_ratchets():
    """ratchet_on_join=False is for rooms in which latecomers may catch up."""
    table = Table("ann", "bob", ratchet_on_join=False)
    before = table["ann"].seal(b"before")
    generation = table["ann"].room.generation
    eve = table.join("eve", ratchet_on_join=False)
    assert table["ann"].room.generation == generation
    assert eve.can_open(table["ann"], before)


def test_joins_at_the_same_time_share_a_step():
    """A room that fills up must not ratchet once for each pair of members."""
    table = Table("ann")
    seats = [table.seat(name) for name in ("bob", "dan", "eve")]
    for seat in seats:
        seat.do(seat.room.join(table.now))
    table.filter = drop("State", table, 0)
    table.settle()
    table.wait(4)
    assert table["ann"].room.generation <= 3
    for one in table.seats.values():
        sealed = one.seal()
        assert all(other.can_open(one, sealed) for other in table.others(one))


def test_sealer_goes_over_only_when_the_key_is_out():
    """A sender that switches first leaves everybody in the dark for a while."""
    table = Table("ann", "bob")
    ann = table["ann"]
    table.filter = drop("KeyNews", table)
    used = len(ann.taken(UseKey))
    ann.do(ann.room.rotate(table.now))
    table.settle()
    assert len(ann.taken(UseKey)) == used
    table.filter = pass_all
    table.wait(0.5)
    assert len(ann.taken(UseKey)) == used + 1


def test_member_that_never_answers_does_not_stop_a_rotation():
    """One dead phone must not keep a room on an old key."""
    table = Table("ann", "bob", timing=Timing(use_after=1.0))
    ann = table["ann"]
    table.filter = drop_all
    used = len(ann.taken(UseKey))
    ann.do(ann.room.rotate(table.now))
    table.wait(0.9)
    assert len(ann.taken(UseKey)) == used
    table.wait(0.2)
    assert len(ann.taken(UseKey)) == used + 1


@pytest.mark.parametrize("says_so", [True, False])
def test_leave_shuts_the_leaver_out_at_once(says_so):
    """By its own word or the relay's: the next frame is closed to it."""
    table = Table("ann", "bob", "eve")
    ann, eve = table["ann"], table["eve"]
    since = len(ann.actions)
    if says_so:
        ghost_opener = eve.media.opener(ann.public_key, "video", table.now)
        eve.room.leave(table.now)
    else:
        ghost_opener = eve.media.opener(ann.public_key, "video", table.now)
    ann.do(ann.room.member_left(eve.public_key, table.now))
    sealed = ann.seal(key_frame=False)
    del table.seats["eve"]
    table.settle()
    with pytest.raises(ff.FrameRejected):
        ghost_opener.open(sealed)
    assert table["bob"].can_open(ann, sealed)
    kinds = [type(one) for one in ann.actions[since:]]
    assert kinds.index(Send) < kinds.index(UseKey)


def test_key_is_sent_before_it_is_used_and_not_to_the_leaver():
    """The order of actions is the order of the wire; a leaver gets nothing."""
    table = Table("ann", "bob", "eve")
    ann, eve = table["ann"], table["eve"]
    since = len(ann.actions)
    ann.do(ann.room.member_left(eve.public_key, table.now))
    sent = [one for one in ann.actions[since:] if isinstance(one, Send)]
    assert {one.to for one in sent} == {table["bob"].public_key}


def test_lost_key_comes_again():
    """A lost key message costs its pause, not the stream."""
    table = Table("ann", "bob", "eve")
    ann, bob = table["ann"], table["bob"]
    table.filter = drop("KeyNews", table, 2)
    ann.do(ann.room.member_left(table["eve"].public_key, table.now))
    del table.seats["eve"]
    table.settle()
    assert bob.open(ann, ann.seal(b"early")).fate is Fate.PARKED
    table.wait(2)
    assert [one.frame for one in bob.late] == [b"early"]


def test_resends_are_bounded():
    """A member that takes everything and says nothing is not shouted at for ever."""
    timing = Timing(resends=3, silence=1000.0)
    table = Table("ann", "bob", timing=timing)
    table.filter = drop_all
    ann = table["ann"]
    ann.do(ann.room.rotate(table.now))
    table.wait(60)
    assert table.count("KeyNews") < 20


def test_step_that_cannot_be_followed_is_sent_as_a_key():
    """Who missed the key before a step gets the key after it, wrapped."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    table.wait(1)
    table.filter = drop("KeyNews", table)
    ann.do(ann.room.rotate(table.now))
    table.wait(1.5)
    table.filter = lambda sender, to, message: (
        None if (sender, to) == (ann.public_key, bob.public_key) else message
    )
    table.join("eve")
    table.filter = pass_all
    table.wait(6)
    assert bob.room.holds(ann.public_key)[0] == ann.room.generation
    assert bob.can_open(ann, ann.seal())


def test_silent_member_is_taken_for_gone():
    """Neither its word nor the relay's came: silence tells, too."""
    table = Table("ann", "bob", "eve")
    ann, eve = table["ann"], table["eve"]
    generation = ann.room.generation
    del table.seats["eve"]
    table.wait(30)
    assert eve.public_key not in ann.room.members
    assert table["bob"].public_key in ann.room.members
    assert ann.room.generation > generation


def test_members_list_of_the_relay_removes_and_greets():
    """After a new connection the relay's list is all there is to go by."""
    table = Table("ann", "bob", "eve")
    ann = table["ann"]
    generation = ann.room.generation
    ann.do(ann.room.members_are([table["bob"].public_key], table.now))
    assert ann.room.members == {table["bob"].public_key}
    assert ann.room.generation == generation + 1
    ann.do(
        ann.room.members_are([one.public_key for one in table.others(ann)], table.now)
    )
    table.settle()
    assert len(ann.room.members) == 2


def test_false_word_of_a_leave_heals():
    """A relay that lies costs a handshake, and no frame after it."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    ann.do(ann.room.member_left(bob.public_key, table.now))
    assert bob.public_key not in ann.room.members
    table.wait(8)
    assert bob.public_key in ann.room.members
    assert ann.can_open(bob, bob.seal())
    assert bob.can_open(ann, ann.seal())


def test_member_that_begins_anew_is_a_newcomer():
    """After a crash the same identity comes back: others rotate, it gets keys."""
    table = Table("ann", "bob")
    ann, old = table["ann"], table["bob"]
    before = ann.seal()
    table.wait(1)
    new = table.join("bob")
    assert new is not old
    assert ann.named("member_left")
    assert new.room.members == {ann.public_key}
    sealed = ann.seal()
    assert new.can_open(ann, sealed)
    assert new.open(ann, before).frame is None
    assert ann.can_open(new, new.seal())


def test_room_can_be_joined_again():
    """Leave and come back: everything is drawn anew."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    bob.leave()
    table.settle()
    assert ann.room.members == set()
    with pytest.raises(EncryptionRequired):
        bob.seal()
    bob.do(bob.room.join(table.now))
    table.settle()
    assert bob.can_open(ann, ann.seal())
    assert ann.can_open(bob, bob.seal())


def test_leave_retires_every_key():
    """Who has left must not go on holding the others' keys."""
    table = Table("ann", "bob", "eve")
    bob = table["bob"]
    bob.leave()
    openers = [
        bob.media.opener(one.public_key, "video", table.now)
        for one in table.others(bob)
    ]
    assert all(len(opener.keys) == 0 for opener in openers)


def test_old_key_overlaps_for_the_grace_period():
    """Frames that were on their way when the key changed still open."""
    table = Table("ann", "bob", timing=Timing(grace=3.0))
    ann, bob = table["ann"], table["bob"]
    late, too_late = ann.seal(b"late"), ann.seal(b"too late")
    ann.do(ann.room.rotate(table.now))
    table.settle()
    table.wait(2.5)
    assert bob.can_open(ann, late)
    table.wait(4)
    assert bob.open(ann, too_late).fate is Fate.PARKED


def test_old_key_ends_sooner_when_somebody_has_left():
    """Its holder could otherwise go on speaking in its sender's name."""
    table = Table("ann", "bob", "eve", timing=Timing(grace=3.0))
    table.wait(10)
    ann, bob = table["ann"], table["bob"]
    sealed = ann.seal()
    ann.do(ann.room.member_left(table["eve"].public_key, table.now))
    del table.seats["eve"]
    table.settle()
    table.wait(3.2)
    assert not bob.can_open(ann, sealed)


@pytest.mark.parametrize("format_", ["insertable", "livekit", "jitsi", "sframe"])
def test_key_ids_go_round(format_):
    """More rotations than there are key ids: each one opens, none is confused."""
    table = Table("ann", "bob", format=format_)
    ann, bob = table["ann"], table["bob"]
    table.wait(4)
    for number in range(300):
        frame = b"frame number %20d" % number
        ann.do(ann.room.rotate(table.now))
        table.settle()
        assert bob.open(ann, ann.seal(frame)).frame == frame
        table.wait(0.3, 0.3)
    opener = bob.media.opener(ann.public_key, "video", table.now)
    assert len(opener.keys) <= 16


def test_late_old_key_message_does_not_take_the_new_ones_place():
    """Where key ids have gone round, an old message names a slot in use."""
    table = Table("ann", "bob", format="jitsi")
    ann, bob = table["ann"], table["bob"]
    since = len(table.sent)
    table.filter = drop("KeyNews", table, 1)
    ann.do(ann.room.rotate(table.now))
    table.settle()
    lost = next(one for one in table.sent[since:] if table.kind(one[2]) == "KeyNews")
    table.filter = pass_all
    for _ in range(16):
        table.wait(0.5)
        ann.do(ann.room.rotate(table.now))
        table.settle()
    added = len(bob.taken(AddKey))
    table.deliver(*lost)
    assert len(bob.taken(AddKey)) == added
    assert bob.can_open(ann, ann.seal())


def test_wrong_arguments_are_refused():
    """A room that was put together wrongly must not come to be."""
    one = CheapIdentity("one")
    for wrong in (
        {"encryption": "maybe"},
        {"format": "raw"},
        {"format": "dave"},
        {"suite": "none"},
    ):
        with pytest.raises(ff.UsageError):
            Room(one, "room", trust=set(), **wrong)
    with pytest.raises(ff.UsageError):
        Room(one, "", trust=set())
    with pytest.raises(ff.UsageError):
        Timing(grace=-1)
    room = Room(one, "room", trust=set())
    room.join(0)
    with pytest.raises(ff.UsageError):
        room.join(0)
