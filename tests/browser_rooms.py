"""Rooms of browsers and Python programs: their ends, and a network between them."""

import random
from base64 import urlsafe_b64decode, urlsafe_b64encode

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
