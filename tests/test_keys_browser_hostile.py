"""What a relay, a stranger and a member gone bad cannot do to a browser."""

import json

import pytest
from browser_rooms import ROOM, Network, Page, Program, spelled
from peers.node import driven

from fastframe.keys import Context, Identity
from fastframe.keys.messages import KeyNews


@pytest.fixture(scope="module")
def process():
    """Give the Node process."""
    yield from driven("browser.mjs")


@pytest.fixture
def network():
    """Give a network that loses nothing."""
    return Network()


HOSTILE = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b"1",
    b"{}",
    b'{"v":1}',
    b'{"v":"1","type":"here"}',
    b'{"v":2,"type":"here"}',
    b'\xef\xbb\xbf{"v":1,"type":"here"}',
    b'{"v":1,"type":"here","more":1}',
    b'{"v":1,"type":"hello","secret":"AA","seen":"AA"}',
    b'{"v":1,"type":"hello","secret":"A","seen":null}',
    b'{"v":1,"type":"hello","secret":"AAA=","seen":null}',
    b'{"v":1,"type":"hello","secret":7,"seen":null}',
    b'{"v":1,"type":"linked","link":"","body":"","mac":""}',
    # One bit too many in the last letter: a second spelling of the same bytes.
    b'{"v":1,"type":"linked","link":"%sB","body":"{}","mac":"%s"}'
    % (b"A" * 21, b"A" * 43),
    b'{"v":1,"type":"constructor"}',
    b'{"v":1,"type":"__proto__","__proto__":{}}',
    b'{"v":1,"type":"here"}' + b" " * 9000,
    b"[" * 8000,
]


def test_hostile_messages_are_counted_and_do_no_harm(process, network):
    """The relay may say anything in a member's name."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    seen = page.sealing
    for message in HOSTILE:
        network.inject(page, program.public_key, message)
    assert page.refused == len(HOSTILE)
    network.run(2)
    network.check_all_hear_all()
    assert page.sealing == seen


def test_flood_is_dropped_beyond_what_can_wait(process, network):
    """What a relay says faster than it can be read must not pile up."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    here = b'{"v":1,"type":"here"}'
    peer = spelled(program.public_key)
    told, _ = process.ask("flood", [here], peer=peer, count=5000)
    assert told["refusedAtOnce"] == 3000
    network.run(2)
    network.check_all_hear_all()
    told, _ = process.ask("flood", [here], peer=peer, count=100)
    assert told["refusedAtOnce"] == 0


def test_forged_messages_of_a_member_do_nothing(process, network):
    """A changed MAC, a body of the relay's own, another member's name."""
    page, program, third = Page(process), Program(), Program()
    network.join(page, program, third)
    network.run()
    linked = [
        (sender, message)
        for sender, to, message in network.log
        if to == page.public_key and b'"linked"' in message
    ]
    seen = page.sealing, dict(page.opening)
    for sender, message in linked:
        other = third.public_key if sender == program.public_key else program.public_key
        network.inject(page, other, message)
        at = message.index(b'"mac":"') + 10
        spoiled = message[:at] + (b"A" if message[at:][:1] != b"A" else b"B")
        network.inject(page, sender, spoiled + message[at + 1 :])
        fields = json.loads(message)
        fields["body"] = '{"type":"bye","n":999}'
        network.inject(page, sender, json.dumps(fields).encode())
    network.run(2)
    assert (page.sealing, page.opening) == seen
    network.check_all_hear_all()


def stranger(number):
    """Give a public key that looks like one, and is nobody's."""
    return b"\0\x10" + number.to_bytes(130, "big")


def test_made_up_names_do_not_fill_the_room_for_good(process, network):
    """Each says one false hello; who comes after them still finds a place."""
    page, program = Page(process, maxMembers=4), Program()
    network.join(page)
    hello = json.dumps({"v": 1, "type": "hello", "secret": "AAAA", "seen": None})
    for number in range(4):
        network.inject(page, stranger(number), hello.encode())
    network.run(1)
    network.join(program)
    network.run(3)
    assert page.members == {program.public_key}
    assert page.opens(program)


def test_made_up_names_do_not_slow_the_heartbeat(process, network):
    """Else the others would take a page for gone, and it would miss who is."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(1)
    for number in range(200):
        network.inject(page, Identity.generate().public_key, b'{"v":1,"type":"here"}')
        assert len(page.members) == 1, number
    network.run(1)  # the beat that was set before
    said = len(network.log)
    network.run(11)
    states = [
        message
        for sender, to, message in network.log[said:]
        if (sender, to) == (page.public_key, program.public_key)
        and b'\\"state\\"' in message
    ]
    assert len(states) >= 2


def test_comings_that_the_relay_makes_up_are_greeted_at_a_rate(process, network):
    """Each greeting costs public-key operations, and none is owed to a liar."""
    page, friend = Page(process, maxMembers=8), Identity.generate().public_key
    network.join(page)
    said = len(network.log)
    for _ in range(100):
        network._tell(page, "joined", friend)
        network._tell(page, "left", friend)
    hellos = [m for _, to, m in network.log[said:] if to == friend and b"hello" in m]
    assert len(hellos) == 20


def test_promise_of_trust_lets_nobody_in(process, network):
    """It counts as true, although it comes to say false."""
    page, program = Page(process, trusted="promise"), Program()
    network.join(page, program)
    network.run(3)
    assert page.members == set()
    assert not program.opens(page)
    to = [receiver for sender, receiver, _ in network.log if sender == page.public_key]
    assert program.public_key not in to
    assert page.refused > 0


def test_page_that_cannot_say_goodbye_keeps_no_key(process, network):
    """Its connection is gone: what it holds is let go all the same."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(2)
    assert page.opening
    process.ask("fail", [])
    page.tell("leave", network.now)
    assert page.opening == {}
    assert page.members == set()


def test_here_of_a_member_is_answered_with_a_state(process, network):
    """It may have begun anew: it sees that this is under a link it lacks."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(2)
    said = len(network.log)
    network.inject(page, program.public_key, b'{"v":1,"type":"here"}')
    assert [to for _, to, _ in network.log[said:]] == [program.public_key]
    network.inject(page, program.public_key, b'{"v":1,"type":"here"}')
    assert len(network.log) == said + 1  # not at every one


def session_of(program, page):
    """Give what a program knows of the page: an insider's means."""
    return program.room._session.members[page.public_key].handshake


def test_flood_of_offers_costs_few_key_agreements(process, network):
    """Each is an insider's own, and new: eight are answered, and then one in 2 s."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(3)
    handshake = session_of(program, page)
    said = len(network.log)
    for _ in range(40):
        handshake.abandon()
        handshake._make_offer()
        network.inject(page, program.public_key, handshake.hello())
    hellos = [m for _, _, m in network.log[said:] if b'"hello"' in m]
    assert 1 <= len(hellos) <= 8


def test_flood_of_messages_is_not_read(process, network):
    """512 at once, and no more, whatever they say."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(3)
    refused = page.refused
    for _ in range(600):
        network.inject(page, program.public_key, b'{"v":1,"type":"here"}')
    assert page.refused - refused >= 600 - 512


def test_silent_program_is_taken_for_gone(process, network):
    """The relay hid that it left: what is sealed now is closed to it."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(3)
    del network.ends[program.public_key]
    network.run(12)
    assert page.members == {program.public_key}
    network.run(12)
    assert page.members == set()
    assert not program.opens(page)
    assert page.used[-1][2] == "now"


def test_leavers_own_keys_run_out(process, network):
    """Who was shut out can put nothing into the call once the grace is over."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(3)
    network.leave(program)
    network.run(2)
    assert page.opens(program)
    network.run(2)
    assert page.opening == {}


def test_no_more_members_than_asked(process, network):
    """What a room costs grows with its members."""
    page, one, other = Page(process, maxMembers=1), Program(), Program()
    network.join(page, one)
    network.run(2)
    network.join(other)
    network.run(3)
    assert page.members == {one.public_key}


@pytest.mark.parametrize(
    ("key_id", "length"), [(256, 16), (7, 15), (7, 32)], ids=["id", "short", "long"]
)
def test_key_that_the_format_cannot_have_is_not_taken(process, network, key_id, length):
    """An insider's own: no frame could name it, or no cipher take it."""
    identity = Identity.generate()
    page, program = Page(process), Program(identity)
    network.join(page, program)
    network.run(3)
    held, link = dict(page.opening), session_of(program, page).link
    context = Context(ROOM, program.public_key, key_id, 50)
    wrapped = identity.wrap(bytes(range(length)), to=[page.public_key], context=context)
    news = KeyNews(0, 50, key_id, 50, "now", wrapped[page.public_key])
    network.inject(page, program.public_key, link.seal(news))
    assert page.opening == held
    context = Context(ROOM, program.public_key, 7, 51)
    wrapped = identity.wrap(bytes(range(16)), to=[page.public_key], context=context)
    news = KeyNews(0, 51, 7, 51, "now", wrapped[page.public_key])
    network.inject(page, program.public_key, link.seal(news))
    assert page.opening[program.public_key, 7] == bytes(range(16))


def test_keys_that_are_not_needed_any_more_are_wiped(process):
    """Own and others': replaced, run out, or closed."""
    told, _ = process.ask("wipes")
    assert told == {"before": [True] * 5, "after": [False] * 5}
