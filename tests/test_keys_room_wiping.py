"""What a room must not keep: keys of its own, of others, and halves of links."""

from __future__ import annotations

from rooms import Table


def session_of(seat):
    """Look into a room."""
    return seat.room._session


def link_of(seat, other):
    """Give a seat's link with another."""
    return session_of(seat).members[other.public_key].handshake.link


def keys_of(link):
    """Give the keys of a link."""
    return [link._key_in, link._key_out]


def secrets_of(link):
    """Give what a link was derived from."""
    return [link.own.secret, link.theirs.secret]


def test_link_keeps_nothing_it_was_derived_from():
    """Else who reads the memory could make the link's keys again."""
    table = Table("ann", "bob")
    link = link_of(table["ann"], table["bob"])
    assert all(any(key) for key in keys_of(link))
    assert not any(any(secret) for secret in secrets_of(link))


def test_member_that_leaves_takes_its_link_along():
    """Its messages are over: what authenticated them is wiped."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    keys = keys_of(link_of(ann, bob))
    ann.do(ann.room.member_left(bob.public_key, table.now))
    assert not any(any(key) for key in keys)


def test_link_that_another_replaces_is_wiped():
    """A member that begins anew has forgotten it, and so must all others."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    keys = keys_of(link_of(ann, bob))
    table.join("bob", identity=bob.identity)
    table.wait(12)
    assert link_of(ann, bob) is not None
    assert not any(any(key) for key in keys)


def test_leave_wipes_every_key():
    """Own ones in use, to come and gone, those held of others, and links."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    ann.do(ann.room.rotate(table.now))
    table.settle()
    ann.do(ann.room.rotate(table.now))  # not acknowledged: it waits
    session = session_of(ann)
    own = session.sending.own
    assert own._old
    assert own.pending is not None
    kept = [one.key for one in (own.current, own.pending, *own._old)]
    kept += [slot.key for slot in session.held[bob.public_key]._slots]
    kept += keys_of(link_of(ann, bob))
    assert all(any(key) for key in kept)
    ann.leave()
    assert not any(any(key) for key in kept)


def test_own_keys_that_nobody_needs_any_more_are_wiped():
    """A key is kept for those who lack it, for the grace period and no longer."""
    table = Table("ann", "bob")
    ann = table["ann"]
    old = session_of(ann).sending.own.current.key
    ann.do(ann.room.rotate(table.now))
    table.settle()
    table.wait(2)
    assert any(old)
    table.wait(8)
    assert not any(old)
    assert session_of(ann).sending.own._old == []


def test_keys_that_are_replaced_in_their_slot_are_wiped():
    """Those of a member that went on are let go as their grace ends."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    held = session_of(ann).held[bob.public_key]
    old = held._slots[-1].key
    bob.do(bob.room.rotate(table.now))
    table.settle()
    table.wait(10)
    assert len(held) == 1
    assert not any(old)
