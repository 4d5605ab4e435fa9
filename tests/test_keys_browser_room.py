"""A browser and Python programs in one room: key-manager.js among Rooms."""

import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from peers.node import driven

from fastframe.keys import Identity, Room
from fastframe.keys.actions import AddKey, RetireKey, Send, UseKey

ROOM = "stand-up"
TICK = 0.1
# Longer than any pause after which something lost is sent again.
SETTLE = 8.0


def spelled(public_key):
    """Write a public key as the page has it."""
    return urlsafe_b64encode(public_key).rstrip(b"=").decode()


def read(text):
    """Read what spelled() wrote; None stays None."""
    return text and urlsafe_b64decode(text + "=" * (-len(text) % 4))


class End:
    """One member: the key it seals under, and those it opens with."""

    def __init__(self, public_key):
        """Hold nothing."""
        self.public_key = public_key
        self.sealing = None
        self.used = []
        self.added = []
        self.opening = {}
        self.members = set()

    def use(self, key_id, key, at):
        """Seal under a key; a key frame comes at once here."""
        self.sealing = key_id, bytes(key)
        self.used.append((key_id, bytes(key), at))

    def add(self, sender, key_id, key):
        """Open with a key."""
        self.added.append((sender, key_id, bytes(key)))
        self.opening[sender, key_id] = bytes(key)

    def opens(self, other):
        """Tell whether it can open what another one seals now."""
        key_id, key = other.sealing
        return self.opening.get((other.public_key, key_id)) == key


class Program(End):
    """A Room."""

    def __init__(self, identity=None, trusted=None):
        """Stay outside."""
        identity = identity or Identity.generate()
        super().__init__(identity.public_key)
        trust = trusted if trusted is not None else lambda _key: True
        self.room = Room(identity, ROOM, trust=trust)

    def tell(self, what, now, peer=None, message=None):
        """Tell the room something; give what it sends, as (to, message)."""
        call = {
            "join": lambda: self.room.join(now),
            "leave": lambda: self.room.leave(now),
            "joined": lambda: self.room.member_joined(peer, now),
            "left": lambda: self.room.member_left(peer, now),
            "receive": lambda: self.room.receive(peer, message, now),
            "tick": lambda: self.room.tick(now),
            "rotate": lambda: self.room.rotate(now),
        }[what]
        sent = []
        for action in call():
            if isinstance(action, Send):
                sent.append((action.to, action.message))
            elif isinstance(action, UseKey):
                self.use(action.key_id, action.key, action.at)
            elif isinstance(action, AddKey):
                self.add(action.sender, action.key_id, action.key)
            elif isinstance(action, RetireKey):
                self.opening.pop((action.sender, action.key_id), None)
        self.members = set(self.room.members)
        self.refused = self.room.messages_refused
        return sent


class Page(End):
    """A KeyManager in Node."""

    def __init__(self, driver, trusted=None, **options):
        """Stay outside; trusted may be "promise": one of False, to all."""
        self._driver = driver
        is_list = isinstance(trusted, list)
        keys = [spelled(key) for key in trusted] if is_list else trusted
        given = {"room": ROOM, "trusted": keys, "options": options}
        _, [public_key] = driver.ask("enter", **given)
        super().__init__(public_key)

    def tell(self, what, now, peer=None, message=None):
        """Tell the manager something; give what it sends, as (to, message)."""
        blobs = [] if message is None else [message]
        fields = {"what": what, "now": now, "peer": peer and spelled(peer)}
        told, carried = self._driver.ask("tell", blobs, **fields)
        sent = []
        for action, blob in zip(told["actions"], carried, strict=True):
            if action["kind"] == "send":
                sent.append((read(action["to"]), blob))
            elif action["kind"] == "use":
                self.use(action["keyId"], blob, action["at"])
            elif action["kind"] == "add":
                self.add(read(action["sender"]), action["keyId"], blob)
            else:
                self.opening.pop((read(action["sender"]), action["keyId"]), None)
        self.members = {read(text) for text in told["members"]}
        self.refused = told["refused"]
        return sent


class Network:
    """Carries messages, in order or not, losing as many as asked."""

    def __init__(self, *, loss=0.0, seed=1):
        """Start at time 0 with nobody."""
        self.now = 0.0
        self.ends = {}
        self.log = []
        self.deaf = set()
        self._loss = loss
        self._dice = random.Random(seed)
        self._queue = []

    def join(self, *ends):
        """Let ends in, one after the other."""
        for end in ends:
            self._tell(end, "join")
            for other in list(self.ends.values()):
                self._tell(end, "joined", other.public_key)
                self._tell(other, "joined", end.public_key)
            self.ends[end.public_key] = end

    def leave(self, end):
        """Let an end go without a word, so that the relay's is all there is."""
        del self.ends[end.public_key]
        for other in list(self.ends.values()):
            self._tell(other, "left", end.public_key)

    def farewell(self, end):
        """Let an end say goodbye; the relay says nothing."""
        self._tell(end, "leave")
        self._deliver()
        self.ends.pop(end.public_key, None)

    def run(self, seconds=SETTLE):
        """Let time pass."""
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            for end in list(self.ends.values()):
                self._tell(end, "tick")
            self._deliver()

    def rotate(self, end):
        """Let a program change its key."""
        self._tell(end, "rotate")
        self.run(2)

    def inject(self, end, sender, message):
        """Deliver something that nobody sent."""
        self._tell(end, "receive", sender, message)

    def _tell(self, end, what, peer=None, message=None):
        for to, sent in end.tell(what, self.now, peer, message):
            self.log.append((end.public_key, to, sent))
            self._queue.append((end.public_key, to, sent))

    def _deliver(self):
        while self._queue:
            at = self._dice.randrange(len(self._queue)) if self._loss else 0
            sender, to, message = self._queue.pop(at)
            for end in list(self.ends.values()):
                is_meant = to in {None, end.public_key} and end.public_key != sender
                is_meant &= end not in self.deaf
                if is_meant and self._dice.random() >= self._loss:
                    self._tell(end, "receive", sender, message)

    def check_all_hear_all(self):
        """Check that everybody opens what everybody else seals now."""
        for end in self.ends.values():
            others = [other for other in self.ends.values() if other is not end]
            assert end.members == {other.public_key for other in others}
            assert all(end.opens(other) for other in others)


@pytest.fixture(scope="module")
def process():
    """Give the Node process."""
    yield from driven("browser.mjs")


@pytest.fixture
def network():
    """Give a network that loses nothing."""
    return Network()


@pytest.mark.parametrize("is_first", [True, False], ids=["page first", "page last"])
def test_browser_and_programs_hear_each_other(process, network, is_first):
    """Everybody's key reaches everybody, whoever came first."""
    ends = [Program(), Program()]
    ends.insert(0 if is_first else 2, Page(process))
    network.join(*ends)
    network.run()
    network.check_all_hear_all()
    assert [end.refused for end in ends] == [0, 0, 0]


def test_newcomer_gets_no_key_that_has_sealed_anything(process, network):
    """The past stays closed to who joins a room with a browser in it."""
    page, early, late = Page(process), Program(), Program()
    network.join(page, early)
    network.run()
    before = {key for _, key, _ in page.used}
    network.join(late)
    network.run()
    network.check_all_hear_all()
    assert before.isdisjoint(late.opening.values())
    assert page.used[-1][2] == "key_frame"


def test_page_waits_with_a_new_key_until_all_have_it(process, network):
    """A frame must not overtake its key; but one who is silent holds up nobody."""
    page, silent, late = Page(process), Program(), Program()
    network.join(page, silent)
    network.run()
    old = page.sealing
    network.deaf.add(silent)
    network.join(late)
    network.run(0.8)
    assert late.public_key in page.members
    assert page.sealing == old
    network.run(0.5)
    assert page.sealing != old


@pytest.mark.parametrize("way", ["leave", "farewell"])
def test_leaver_gets_no_key_of_afterwards(process, network, way):
    """By the relay's word or its own goodbye, a program that left is shut out."""
    page, stays, leaves = Page(process), Program(), Program()
    network.join(page, stays, leaves)
    network.run()
    getattr(network, way)(leaves)
    network.run()
    network.check_all_hear_all()
    assert not leaves.opens(page)
    assert page.used[-1][2] == "now"


def test_programs_shut_out_a_page_that_leaves(process, network):
    """leave() says goodbye, and the others change their keys for it."""
    page, one, other = Page(process), Program(), Program()
    network.join(page, one, other)
    network.run()
    held = dict(page.opening)
    network.farewell(page)
    network.run()
    network.check_all_hear_all()
    assert page.opening == {}
    for end in (one, other):
        assert end.sealing[1] not in held.values()


def test_page_comes_back(process, network):
    """The same identity, a new link: nothing of the old one is in the way."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    network.farewell(page)
    network.run()
    network.join(page)
    network.run()
    network.check_all_hear_all()


def test_program_comes_back_to_a_page_that_did_not_see_it_go(process, network):
    """A crash: the relay says nothing, and a hello arrives out of the blue."""
    identity = Identity.generate()
    page, program = Page(process), Program(identity)
    network.join(page, program)
    network.run(2)
    for _ in range(12):  # so that its numbers fall far back when it begins anew
        network.rotate(program)
    del network.ends[program.public_key]
    again = Program(identity)
    network.join(again)
    network.run()
    network.check_all_hear_all()
    assert page.sealing[1] not in program.opening.values()
    # What it was before may be in other hands: nothing is to wait for.
    assert page.used[-1][2] == "now"


@pytest.mark.parametrize("seed", range(4))
def test_all_hear_all_although_messages_are_lost_and_come_in_any_order(process, seed):
    """A quarter of all messages lost, the rest shuffled, members coming and going."""
    network = Network(loss=0.25, seed=seed)
    page, leaver = Page(process), Program()
    network.join(page, leaver, Program())
    network.run(3)
    network.join(Program())
    network.run(0.3)
    network.leave(leaver)
    network.run(0.3)
    network.join(Program())
    network.run(30)
    network.check_all_hear_all()
    assert not leaver.opens(page)
    assert len(page.added) == len(set(page.added))


def test_page_follows_a_program_that_ratchets(process, network):
    """A step is announced, not sent: the page takes it from the key it has."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run()
    for _ in range(3):
        network.join(Program())
        network.run(4)
    network.check_all_hear_all()
    steps = [
        m for sender, to, m in network.log if to == page.public_key if b"step" in m
    ]
    assert steps


def test_page_gives_a_stranger_nothing(process, network):
    """The relay's word makes nobody a member."""
    friend, stranger = Program(), Program()
    page = Page(process, trusted=[friend.public_key])
    network.join(page, friend, stranger)
    network.run()
    assert page.members == {friend.public_key}
    assert not stranger.opens(page)
    assert stranger.public_key not in {sender for sender, _ in page.opening}
    to = [receiver for sender, receiver, _ in network.log if sender == page.public_key]
    assert stranger.public_key not in to


def test_page_passes_over_a_member_with_a_kem_it_lacks(process, network):
    """WebCrypto has no ML-KEM: such a member is not heard, and does no harm."""
    page, program = Page(process, maxMembers=1), Program()
    modern = Program(Identity.generate(kem="hybrid"))
    network.join(page, modern, program)
    network.run(3)
    assert page.members == {program.public_key}
    assert page.opens(program)
    assert program.opens(page)
    assert modern.opens(program)


def test_replayed_messages_change_nothing(process, network):
    """A relay plays everything again, twice, to everybody."""
    page, one, other = Page(process), Program(), Program()
    network.join(page, one, other)
    network.run()
    network.leave(other)
    network.run()
    seen = page.sealing, one.sealing
    played = list(network.log) * 2
    for sender, to, message in played:
        for end in (page, one):
            if to in {None, end.public_key} and sender != end.public_key:
                said = len(network.log)
                network.inject(end, sender, message)
                # Only a hello may be answered: it could be a new one's.
                is_authentic = b'"linked"' in message
                assert not is_authentic or len(network.log) == said
    network.run(4)
    assert (page.sealing, one.sealing) == seen
    network.check_all_hear_all()
    assert not other.opens(page)


def test_key_ids_are_high_and_go_round(process, network):
    """The first sealed byte must have its top bit for libwebrtc to show x264's."""
    page, guest = Page(process), Program()
    network.join(page)
    for _ in range(130):
        network.join(guest)
        network.run(0.2)
        network.leave(guest)
        guest = Program()
    ids = [key_id for key_id, _, at in page.used if at == "now"]
    assert len(ids) > 128
    assert min(ids) >= 128
    assert len({key for _, key, _ in page.used}) == len(page.used)


def test_page_takes_no_retired_key_again(process, network):
    """With its replay windows gone, each of its frames would open once more."""
    page, program = Page(process), Program()
    network.join(page, program)
    network.run(4)
    network.deaf.add(program)  # so that it says everything again
    network.rotate(program)
    key = program.sealing
    assert page.opens(program)
    network.deaf.add(page)  # a relay keeps back what is said again
    said = len(network.log)
    network.run(4)
    kept = [message for _, to, message in network.log[said:] if b"wrapped" in message]
    network.deaf.clear()
    network.run(2)
    network.rotate(program)
    network.run(10)
    assert key[1] not in page.opening.values()
    taken = len(page.added)
    for message in kept:
        network.inject(page, program.public_key, message)
    assert kept
    assert len(page.added) == taken
    network.check_all_hear_all()


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
