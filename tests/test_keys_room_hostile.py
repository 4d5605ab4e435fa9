"""What a relay, a stranger and a member gone bad cannot do to a room."""

from __future__ import annotations

import json
import pickle
import random

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from rooms import Table, drop, drop_all, pass_all
from simulation.wrapper import CheapIdentity

import fastframe as ff
from fastframe.keys import AddKey, Identity, Room, Send, UseKey
from fastframe.keys import messages as wire
from fastframe.keys.links import Link, Offer
from fastframe.keys.messages import (
    MESSAGE_MAX,
    KeyNews,
    Linked,
    State,
    decode,
    decode_body,
    encode,
)


def sent_to(actions, public_key):
    """Give the messages to somebody among actions."""
    return [one for one in actions if isinstance(one, Send) and one.to == public_key]


def session_of(seat):
    """Look into a room: what an insider would know of its own."""
    return seat.room._session


def test_relays_word_alone_gets_nobody_a_key():
    """It says who is here; without a proof that one is, no key is sent."""
    table = Table("ann", "bob")
    ann, eve = table["ann"], CheapIdentity("eve")
    actions = ann.room.member_joined(eve.public_key, table.now)
    for second in range(60):
        actions += ann.room.tick(table.now + second)
    kinds = {table.kind(one.message) for one in sent_to(actions, eve.public_key)}
    assert kinds == {"Hello"}
    assert eve.public_key not in ann.room.members


def test_untrusted_member_gets_not_even_a_hello():
    """Trust is the caller's; the relay's list of members is not."""
    table = Table()
    ann = table.join("ann", trust={CheapIdentity("bob").public_key})
    table.join("bob")
    eve = table.join("eve")
    assert ann.room.members == {table["bob"].public_key}
    assert sent_to(ann.actions, eve.public_key) == []
    assert not eve.can_open(ann, ann.seal())


def test_trust_taken_away_keeps_a_member_out():
    """Who was thrown out does not come back by saying hello."""
    trusted = {CheapIdentity(name).public_key for name in ("ann", "bob")}
    table = Table("ann", "bob", trust=trusted)
    ann, bob = table["ann"], table["bob"]
    trusted.remove(bob.public_key)
    ann.do(ann.room.member_left(bob.public_key, table.now))
    table.wait(20)
    assert ann.room.members == set()
    assert not bob.can_open(ann, ann.seal())


def test_replayed_messages_bring_no_leaver_back():
    """All that a member ever said, said again after it has left, in any order."""
    table = Table("ann", "bob", "eve")
    ann, eve = table["ann"], table["eve"]
    table.wait(12)
    said = [one for one in table.sent if one[0] == eve.public_key]
    eve.leave()
    table.settle()
    del table.seats["eve"]
    generation = ann.room.generation
    for seed in range(3):
        random.Random(seed).shuffle(said)
        for one in said:
            table.deliver(*one)
        table.wait(3)
    assert eve.public_key not in ann.room.members
    assert ann.room.generation == generation
    since = [one for one in table.sent if one[1] == eve.public_key][-40:]
    assert "KeyNews" not in {table.kind(one[2]) for one in since if one not in said}


def test_replayed_hello_ends_no_link():
    """An old offer played back must not cut off the member that made it."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    old = [one for one in table.sent if table.kind(one[2]) == "Hello"]
    bob.leave()
    table.settle()
    table.wait(1)
    bob.do(bob.room.join(table.now))
    table.settle()
    table.wait(1)
    generation = ann.room.generation
    table.filter = drop("Hello", table)  # the relay wants no new link to come of it
    for one in old:
        table.deliver(*one)
    table.wait(40)
    assert ann.room.generation == generation
    assert len(ann.named("member_left")) == 1
    assert bob.can_open(ann, ann.seal())


def test_messages_of_an_earlier_link_change_nothing():
    """Keys of a stay that is over must not come back in the next one."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    ann.do(ann.room.rotate(table.now))
    table.settle()
    old = [one for one in table.sent if one[1] == bob.public_key]
    ann.leave()
    table.settle()
    table.wait(5)
    ann.do(ann.room.join(table.now))
    table.settle()
    holds = bob.room.holds(ann.public_key)
    added = len(bob.taken(AddKey))
    for one in old:
        table.deliver(*one)
    assert bob.room.holds(ann.public_key) == holds
    assert len(bob.taken(AddKey)) == added


def test_repeated_and_reordered_messages_change_nothing():
    """Everything twice and backwards: the same keys, in the same places."""
    table = Table("ann", "bob", "eve")
    for _ in range(5):
        table["ann"].do(table["ann"].room.rotate(table.now))
        table.settle()
        table.wait(0.5)
    holds = {
        (one.name, other.name): one.room.holds(other.public_key)
        for one in table.seats.values()
        for other in table.others(one)
    }
    for one in list(reversed(table.sent)):
        table.deliver(*one)
    table.settle()
    for (one, other), held in holds.items():
        assert table[one].room.holds(table[other].public_key) == held


def test_older_generation_is_never_used_again():
    """Late keys open late frames; what counts as the newest only goes up."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    table.wait(1)
    since = len(table.sent)
    table.filter = drop_all
    for _ in range(3):
        ann.do(ann.room.rotate(table.now))
        table.settle()
    table.filter = pass_all
    keys = [one for one in table.sent[since:] if one[1] == bob.public_key]
    for one in reversed(keys):
        table.deliver(*one)
    table.settle()
    held = bob.room.holds(ann.public_key)
    assert list(held) == sorted(held, reverse=True)
    assert held[0] == ann.room.generation
    newest = session_of(bob).held[ann.public_key].newest
    table.deliver(*keys[0])
    assert session_of(bob).held[ann.public_key].newest == newest


@pytest.mark.parametrize("seed", range(5))
def test_changed_messages_do_nothing_and_raise_nothing(seed):
    """One byte changed anywhere: refused, and nothing but an answer comes of it."""
    rng = random.Random(seed)
    table = Table("ann", "bob", "eve")
    table.wait(6)
    seats = {one.public_key: one for one in table.seats.values()}
    for sender, to, message in table.sent[:: max(1, len(table.sent) // 60)]:
        changed = bytearray(message)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        seat = seats[to]
        actions = seat.room.receive(sender, bytes(changed), table.now)
        assert not [one for one in actions if isinstance(one, (AddKey, UseKey))]


def test_junk_is_counted_and_costs_no_memory():
    """Random bytes, deep nesting, huge numbers, wrong types: all the same."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    rng = random.Random(1)
    junk = [rng.randbytes(rng.randrange(200)) for _ in range(100)]
    junk += [b"[" * MESSAGE_MAX, b"9" * MESSAGE_MAX, b'{"v":1e999}', b"\xff\xfe", b""]
    junk += [b"{}" + b" " * MESSAGE_MAX, b'{"v":1,"type":"here","more":1}']
    refused = ann.room.messages_refused
    stranger = CheapIdentity("stranger").public_key
    for one in junk:
        assert ann.room.receive(bob.public_key, one, table.now) == []
        assert ann.room.receive(stranger, one, table.now) == []
    assert ann.room.messages_refused == refused + 2 * len(junk)
    assert set(session_of(ann).members) == {bob.public_key}


def test_message_under_a_wrong_name_is_refused():
    """A relay cannot pass one member's words off as another's."""
    table = Table("ann", "bob", "eve")
    ann, bob, eve = (table[name] for name in ("ann", "bob", "eve"))
    session = session_of(bob)
    message = session.members[ann.public_key].farewell()
    ann.do(ann.room.receive(eve.public_key, message, table.now))
    assert len(ann.room.members) == 2
    table.deliver(ann.public_key, bob.public_key, message)  # reflected
    assert len(bob.room.members) == 2


@pytest.mark.parametrize(
    "news",
    [
        KeyNews(0, 9, 256, 9, "now", b""),
        KeyNews(0, 9, 2**53 - 1, 9, "now", b""),
        KeyNews(0, 9, 1, 9, "now", b"rubbish"),
        KeyNews(0, 2**53 - 1, 1, 2**53 - 1, "now", None),
        KeyNews(0, 2**53 - 1, 1, 1, "now", None),
        KeyNews(0, 1, 1, 1, "now", b""),
    ],
)
def test_insider_can_only_harm_its_own_key(news):
    """A member that sends nonsense about its keys breaks nobody's calls."""
    table = Table("ann", "bob", "eve")
    ann, bob, eve = (table[name] for name in ("ann", "bob", "eve"))
    link = session_of(eve).members[ann.public_key].handshake.link
    ann.do(ann.room.receive(eve.public_key, link.seal(news), table.now))
    table.settle()
    assert ann.can_open(bob, bob.seal())
    assert bob.can_open(ann, ann.seal())


@pytest.mark.parametrize("length", [0, 1, 15, 17, 32, 255])
def test_key_of_a_wrong_length_is_not_taken(length):
    """It would raise when an opener got it: in its receiver's call."""
    table = Table("ann", "eve")
    ann, eve = table["ann"], table["eve"]
    session = session_of(eve)
    own = session.sending.own
    key = own.draw(table.now, "now")
    key.key[:] = bytes(length)
    since = len(ann.actions)
    session.sending._distribute(key, session.admitted(), table.now)
    for action in session.actions:
        ann.do(ann.room.receive(eve.public_key, action.message, table.now))
    assert not [one for one in ann.actions[since:] if isinstance(one, AddKey)]


def test_key_id_that_no_frame_can_carry_is_not_taken():
    """An opener would refuse it by raising, where its key has been proven."""
    table = Table("ann", "eve")
    ann, eve = table["ann"], table["eve"]
    session = session_of(eve)
    key = session.sending.own.draw(table.now, "now")
    key.key_id = 256
    since = len(ann.actions)
    session.sending._distribute(key, session.admitted(), table.now)
    for action in session.actions:
        ann.do(ann.room.receive(eve.public_key, action.message, table.now))
    assert not [one for one in ann.actions[since:] if isinstance(one, AddKey)]


def test_generation_far_ahead_locks_no_other_sender():
    """A sender that burns its numbers burns its own."""
    table = Table("ann", "bob", "eve")
    ann, bob, eve = (table[name] for name in ("ann", "bob", "eve"))
    own = session_of(eve).sending.own
    own.current.generation = own.current.root = 2**53 - 2
    eve.do(eve.room.rotate(table.now))
    table.settle()
    assert ann.room.holds(eve.public_key)[0] == 2**53 - 1
    ann.do(ann.room.rotate(table.now))
    table.settle()
    assert bob.can_open(ann, ann.seal())


def test_flood_of_one_member_leaves_the_others_alone():
    """Whoever talks without end is not listened to, and only it is not."""
    table = Table("ann", "bob", "eve")
    ann, bob, eve = (table[name] for name in ("ann", "bob", "eve"))
    link = session_of(eve).members[ann.public_key].handshake.link
    answers = 0
    for _ in range(2000):
        message = link.seal(State(0, 1, ()))
        answers += len(ann.room.receive(eve.public_key, message, table.now))
    assert answers < 20
    assert ann.room.messages_refused > 1000
    ann.do(ann.room.member_left(eve.public_key, table.now))
    del table.seats["eve"]
    table.settle()
    assert bob.can_open(ann, ann.seal())
    assert ann.can_open(bob, bob.seal())


def test_flood_of_offers_costs_few_key_agreements():
    """Each new offer is dear to open: only so many are looked at."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    unwraps = CheapIdentity.unwraps
    for number in range(500):
        hello = wire.Hello(b"rubbish %d" % number, None)
        ann.room.receive(bob.public_key, encode(hello), table.now)
    assert CheapIdentity.unwraps - unwraps <= 8
    assert bob.can_open(ann, ann.seal())


def test_strangers_take_up_a_bounded_place():
    """Where everybody is trusted, a relay can invent members: so many, no more."""
    table = Table()
    ann = table.join("ann", max_members=20)
    for number in range(500):
        stranger = CheapIdentity(f"invented {number}").public_key
        ann.room.member_joined(stranger, table.now)
        ann.room.receive(stranger, encode(wire.Here()), table.now)
    assert len(session_of(ann).members) <= 20
    for second in range(60):
        ann.room.tick(table.now + second)
    assert session_of(ann).members == {}
    assert session_of(ann).held == {}


def test_trusted_bytes_that_are_no_public_key_raise_nothing():
    """With everybody trusted a relay can name anything a member."""
    identity = Identity.generate()
    room = Room(identity, "room", trust=lambda _: True)
    room.join(0.0)
    for odd in (b"", b"x", bytes(132), identity.public_key[:-1]):
        assert room.member_joined(odd, 1.0) == []
        assert room.receive(odd, encode(wire.Here()), 1.0) == []
    assert sent_to(room.tick(2.0), b"x") == []
    assert room.members == frozenset()


def test_no_message_turns_encryption_off():
    """What is required stays so, whatever a message says of it."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    for extra in ({"encryption": "off"}, {"v": 0}, {"v": 2}):
        message = json.dumps({"v": 1, "type": "here", **extra}).encode()
        ann.do(ann.room.receive(bob.public_key, message, table.now))
    assert ann.room.encryption == "required"
    sealed = ann.seal(b"not in the clear")
    assert b"not in the clear" not in sealed
    assert bob.can_open(ann, sealed)


def test_repr_and_actions_show_no_key():
    """Actions end in logs."""
    table = Table("ann", "bob")
    ann = table["ann"]
    actions = ann.room.rotate(table.now) + ann.room.member_left(
        table["bob"].public_key, table.now
    )
    for action in actions:
        key = getattr(action, "key", None)
        assert key is None or (any(key) and repr(bytes(key))[2:-1] not in repr(action))


def test_linked_message_is_read_only_once():
    """A number is taken once, and none far behind the highest."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    link = session_of(bob).members[ann.public_key].handshake.link
    mine = session_of(ann).members[bob.public_key].handshake.link
    messages = [decode(link.seal(State(0, 1, ()))) for _ in range(100)]
    assert mine.open(messages[80]) is not None
    assert mine.open(messages[80]) is None
    assert mine.open(messages[17]) is not None  # 63 behind
    assert mine.open(messages[16]) is None
    assert mine.open(messages[99]) is not None
    assert mine.open(messages[17]) is None
    changed = Linked(messages[98].link, messages[98].body, bytes(32))
    assert mine.open(changed) is None
    assert mine.open(messages[98]) is not None
    assert isinstance(decode_body(messages[98].body), State)


def test_lost_handshake_is_made_up_for():
    """Hellos and proofs may be lost like anything else."""
    table = Table("ann")
    table.filter = drop("Hello", table, 5)
    table.join("bob")
    table.wait(8)
    assert table["ann"].can_open(table["bob"], table["bob"].seal())
    assert table["bob"].can_open(table["ann"], table["ann"].seal())


LOW_ORDER = bytes(32)  # X25519 of it is zero, whatever the other half


def test_public_key_of_low_order_ends_nothing():
    """It can be read, and no key can be wrapped for it: known only by trying."""
    genuine = Identity.generate(kem="hybrid").public_key
    spoiled = genuine[:1186] + LOW_ORDER + genuine[1218:]
    room = Room(Identity.generate(), "test", trust=lambda _: True)
    room.join(0.0)
    assert sent_to(room.member_joined(spoiled, 1.0), spoiled) == []
    hint = encode(wire.Here())
    assert sent_to(room.receive(spoiled, hint, 2.0), spoiled) == []
    assert room.members == set()
    other = Identity.generate(kem="hybrid").public_key
    assert sent_to(room.member_joined(other, 3.0), other) != []


def check_lets_nobody_in(answer):
    """Check that a room with this answer to every question of trust says so."""
    eve = CheapIdentity("eve").public_key
    room = Room(CheapIdentity("ann"), "test", trust=lambda _: answer)
    room.join(0.0)
    with pytest.raises(ff.UsageTypeError, match="True or False"):
        room.member_joined(eve, 1.0)
    assert sent_to(room.tick(2.0), eve) == []


@pytest.mark.parametrize("answer", [None, 1, "no"])
def test_answer_that_is_no_bool_lets_nobody_in(answer):
    """What merely counts as true was not meant as trust."""
    check_lets_nobody_in(answer)


def test_trust_by_an_async_function_lets_nobody_in():
    """Its coroutine counts as true, whatever it would come to say."""

    async def never(_public_key):
        return False

    answer = never(b"")
    check_lets_nobody_in(answer)
    answer.close()


def test_no_key_shows_in_what_a_room_keeps():
    """A debugger, a log or a crash report writes out whatever it finds."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    session = session_of(ann)
    held = session.held[bob.public_key]._slots[0]
    own = session.sending.own.current
    offer = wire_offer(session, bob)
    for thing, secret in ((own, own.key), (held, held.key), (offer, offer.secret)):
        assert any(secret)
        assert repr(bytes(secret))[2:-1] not in repr(thing)


def wire_offer(session, seat):
    """Have an offer made to a member."""
    return session.members[seat.public_key].handshake._make_offer()


@pytest.mark.parametrize("kind", [UseKey, AddKey])
def test_action_with_a_key_is_not_pickled(kind):
    """Queues between processes pickle what they carry."""
    table = Table("ann", "bob")
    action = table["ann"].taken(kind)[0]
    with pytest.raises(ff.UsageTypeError, match="pickled"):
        pickle.dumps(action)


def test_offer_that_another_replaces_is_wiped():
    """Only the newest one can still make a link."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    handshake = session_of(ann).members[bob.public_key].handshake
    mirror = session_of(bob).members[ann.public_key].handshake
    offers = []
    for _ in range(2):
        mirror._make_offer()
        offers.append(decode(mirror.hello()))
        mirror.abandon()
    handshake.hear(offers[0])
    heard, link = handshake._heard, handshake._next
    assert any(heard.secret)
    handshake.hear(offers[1])
    assert not any(heard.secret)
    assert not any(link._key_in)
    assert not any(link._key_out)


def test_retired_key_announced_again_opens_no_frame_twice():
    """A relay keeps a repeated message back until the key's replay window is gone."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    table.wait(5)
    kept = []

    def keep_back(sender, to, message):
        if sender == bob.public_key and table.kind(message) == "State":
            return None  # so that ann says it again
        if sender == ann.public_key and table.kind(message) == "KeyNews":
            kept.append(message)
            return message if len(kept) == 1 else None
        return message

    table.filter = keep_back
    ann.do(ann.room.rotate(table.now))
    table.settle()
    table.wait(2)
    frame = ann.seal()
    assert bob.can_open(ann, frame)
    table.filter = pass_all
    ann.do(ann.room.rotate(table.now))
    table.settle()
    ann.seal()
    table.wait(10)
    for message in kept[1:]:
        table.deliver(ann.public_key, bob.public_key, message)
    assert len(kept) > 1
    assert not bob.can_open(ann, frame)
    assert bob.can_open(ann, ann.seal())


def test_leavers_own_keys_run_out():
    """Who was shut out can put nothing into the call once the grace is over."""
    table = Table("ann", "bob", "eve")
    ann, eve = table["ann"], table["eve"]
    sealed = [eve.seal(), eve.seal()]
    table.filter = lambda sender, to, message: (
        None if eve.public_key in (sender, to) else message
    )
    ann.do(ann.room.member_left(eve.public_key, table.now))
    assert ann.can_open(eve, sealed[0])
    table.wait(3.2)
    assert not ann.can_open(eve, sealed[1])


def test_comings_that_the_relay_makes_up_are_greeted_at_a_rate():
    """Each greeting costs public-key operations, and none is owed to a liar."""
    table = Table()
    ann = table.seat("ann", max_members=30)
    ann.do(ann.room.join(table.now))
    eve = CheapIdentity("eve").public_key
    actions = []
    for _ in range(100):
        actions += ann.room.member_joined(eve, table.now)
        actions += ann.room.member_left(eve, table.now)
    assert len(sent_to(actions, eve)) == 30
    actions = ann.room.member_joined(eve, table.now + 1)
    assert len(sent_to(actions, eve)) == 1


def test_same_question_is_not_answered_every_time():
    """A hint played back a hundred times is no hundred answers."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    table.wait(1)
    hint = encode(wire.Here())
    actions = []
    for _ in range(100):
        actions += ann.room.receive(bob.public_key, hint, table.now)
    assert len(sent_to(actions, bob.public_key)) == 1


def test_link_is_derived_as_described():
    """Both names and the room are in it: no secret makes a link for others."""
    table = Table("ann", "bob")
    ann, bob = table["ann"], table["bob"]
    low, high = sorted((ann.public_key, bob.public_key))
    own, theirs = bytes(range(32)), bytes(range(32, 64))
    first, second = (own, theirs) if low == ann.public_key else (theirs, own)
    names = (b"fastframe link 1", b"room", low, high)
    info = b"".join(len(name).to_bytes(2, "big") + name for name in names)
    derived = HKDF(SHA256(), 80, None, info).derive(first + second)
    offers = [Offer.of(bytearray(secret), b"") for secret in (own, theirs)]
    link = Link("room", (ann.public_key, bob.public_key), *offers)
    keys = [derived[16:48], derived[48:]]
    expected = keys if low == ann.public_key else keys[::-1]
    assert link.id == derived[:16]
    assert [bytes(link._key_out), bytes(link._key_in)] == expected
