"""Members that come and go at random, and a judge who looks at every frame."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

import fastframe as ff
from fastframe.keys import AddKey, Event, Fate, Room, RoomMedia, Send, Timing, Track
from simulation.network import DELAY, LATENCY, NO_FAULTS, Faults, Network

TICK = 0.2
ARCHIVE = 60  # frames that a newcomer tries to open
GHOSTS = 6  # of those who have left, how many go on listening
TRACK = "video"
FRAME_PAUSE = 0.1  # seconds from one frame to the next, of all senders


@dataclass
class Frame:
    """A frame as it was sealed, and who must not open it.

    Attributes:
        order: its place among all joins and frames of the world.
        shut_out: who has gone, as far as its sender has seen.
    """

    order: int
    sender: bytes
    sealed: bytes
    plain: bytes
    key_frame: bool
    shut_out: frozenset


@dataclass
class Stay:
    """One member from join to leave; as a ghost it only listens.

    Attributes:
        order, left_at: when it joined and left, as Frame.order counts.
        shut_out: who has gone, as far as it has seen.
        waiting: the numbers of the frames that it has parked.
    """

    identity: object
    room: Room
    media: RoomMedia
    order: int
    shut_out: set = field(default_factory=set)
    waiting: set = field(default_factory=set)
    received: int = 0
    is_ghost: bool = False
    left_at: float = float("inf")


class World:
    """A room, its members, its relay, and the judge."""

    def __init__(
        self, seed, identities, *, faults=None, latency=LATENCY, room_options=None
    ):
        """Have nobody in the room yet."""
        self.random = random.Random(seed)
        self.network = Network(self.random, faults or Faults(), latency)
        self.identities = {one.public_key: one for one in identities}
        self.trust = frozenset(self.identities)
        self.options = room_options or {}
        self.stays = {}
        self.ghosts = deque(maxlen=GHOSTS)
        self.archive = deque(maxlen=ARCHIVE)
        self.nonces = set()
        self.order = 0
        self.may_read_the_past = False
        self.late = 0
        self.attempts = 0  # of those who must not, all in vain
        self.fates = {}

    # -- members come and go --

    def join(self, public_key):
        """Let a member enter; the relay tells everybody, or tries to."""
        self.order += 1
        identity = self.identities[public_key]
        room = Room(identity, "simulated", trust=self.trust, **self.options)
        media = RoomMedia(room, {TRACK: Track()})
        stay = Stay(identity, room, media, self.order)
        self.ghosts = deque(
            (one for one in self.ghosts if one.room.public_key != public_key), GHOSTS
        )
        others = list(self.stays)
        self.stays[public_key] = stay
        self.do(stay, room.join(self.network.now))
        for other in others:
            self.network.send(self.hint, other, "member_joined", public_key)
            self.network.send(self.hint, public_key, "member_joined", other)
        self.network.at(self.network.now + self.random.random(), self.tick, stay)
        self.network.at(
            self.network.now + 3.0, self.try_archive, stay, list(self.archive)
        )

    def leave(self, public_key, *, says_so):
        """Let a member go, with or without a word; it goes on listening."""
        stay = self.stays.pop(public_key)
        if says_so:
            for action in stay.room.leave(self.network.now):
                if isinstance(action, Send):
                    self.network.send(
                        self.deliver, public_key, action.to, action.message
                    )
        for other in self.stays:
            self.network.send(self.hint, other, "member_left", public_key)
        stay.is_ghost, stay.left_at = True, self.order
        self.ghosts.append(stay)
        self.settle_accounts(stay)

    def run(self, events, *, pause):
        """Let members come and go, then nobody, and check that all is well.

        At first all come; from then on between half of them and all are here.
        """
        for _ in range(events):
            outside = [one for one in self.identities if one not in self.stays]
            is_low = 2 * len(outside) >= len(self.identities)
            if outside and (is_low or self.order == 0 or self.random.random() < 0.5):
                self.join(self.random.choice(outside))
            else:
                gone = self.random.choice(list(self.stays))
                self.leave(gone, says_so=self.random.random() < 0.5)
            self.pass_time(self.random.expovariate(1 / pause))
        beats = 1.1 * Timing().silence * Timing().beat(len(self.identities))
        self.pass_time(beats + DELAY[1])
        self.check_converged()

    def pass_time(self, seconds):
        """Let time pass; somebody seals a frame now and then."""
        end = self.network.now + seconds
        while self.network.now < end:
            self.network.run(min(end, self.network.now + FRAME_PAUSE))
            if self.stays:
                self.seal(self.random.choice(list(self.stays.values())))

    # -- what the relay does --

    def hint(self, to, what, about):
        """Tell a member that another has come or gone; it may be old news."""
        stay = self.stays.get(to)
        if stay is None:
            return
        if what == "member_left":
            stay.shut_out.add(about)
        self.do(stay, getattr(stay.room, what)(about, self.network.now))

    def deliver(self, sender, to, message):
        """Bring a message to whoever has that identity now, and to ghosts."""
        now = self.network.now
        stay = self.stays.get(to)
        if stay is not None:
            self.do(stay, stay.room.receive(sender, message, now))
        for ghost in self.ghosts:
            if ghost.room.public_key == to:
                taken = ghost.room.receive(sender, message, now)
                keys = [one for one in taken if isinstance(one, AddKey)]
                ghost.media.apply(keys, now)

    def do(self, stay, actions):
        """Carry out what a room asks for."""
        now = self.network.now
        for action in actions:
            if isinstance(action, Send):
                everybody = [one for one in self.stays if one != stay.room.public_key]
                for to in everybody if action.to is None else [action.to]:
                    self.network.send(
                        self.deliver, stay.room.public_key, to, action.message
                    )
            elif isinstance(action, Event) and action.name == "member_left":
                stay.shut_out.add(action.member)
            elif isinstance(action, Event) and action.name == "member_joined":
                stay.shut_out.discard(action.member)
        for opened in stay.media.apply(actions, now):
            self.judge(stay, opened)

    def tick(self, stay):
        """Let time pass for a member, as long as it is here."""
        if stay.is_ghost:
            return
        now = self.network.now
        self.do(stay, stay.room.tick(now))
        for opened in stay.media.tick(now):
            self.judge(stay, opened)
        self.network.at(now + TICK, self.tick, stay)

    # -- frames --

    def seal(self, stay, *, key_frame=None):
        """Let a member send a frame to all who are here."""
        self.order += 1
        plain = b"frame number %d of %s" % (self.order, stay.room.public_key[-8:])
        is_key_frame = self.random.random() < 0.2 if key_frame is None else key_frame
        sealer = stay.media.sealers[TRACK]
        sealed = sealer.seal(plain, self.network.now, key_frame=is_key_frame)
        shown = ff.inspect(stay.room.format, sealed)
        nonce = (sealer.stats().fingerprint, shown.key_id, shown.nonce, shown.counter)
        assert nonce not in self.nonces, "a nonce repeats"
        self.nonces.add(nonce)
        frame = Frame(
            self.order,
            stay.room.public_key,
            sealed,
            plain,
            is_key_frame,
            frozenset(stay.shut_out),
        )
        self.archive.append(frame)
        for other in list(self.stays.values()):
            if other is not stay:
                self.network.send(self.open, other, frame)
        for ghost in self.ghosts:
            self.try_frame(ghost, frame)
        return frame

    def open(self, stay, frame):
        """Let a member open a frame that reached it."""
        if stay.is_ghost:
            return
        stay.received += 1
        opened = stay.media.open(
            frame.sender,
            frame.sealed,
            self.network.now,
            track=TRACK,
            key_frame=frame.key_frame,
            note=(stay.received, frame),
        )
        self.judge(stay, opened)

    def judge(self, stay, opened):
        """Check what became of a frame, and that it becomes of it once."""
        number, frame = opened.note
        self.fates[opened.fate] = self.fates.get(opened.fate, 0) + 1
        if opened.fate is Fate.PARKED:
            assert number not in stay.waiting
            stay.waiting.add(number)
            return
        if opened.waited:
            stay.waiting.remove(number)
        if opened.fate is Fate.OPENED:
            assert opened.frame == frame.plain
            self.late += opened.waited > 0
            self.check_allowed(stay, frame)

    def check_allowed(self, stay, frame):
        """Nobody opens what was sealed before it came, or after it was gone."""
        if self.may_read_the_past and frame.order <= stay.left_at:
            return  # also what was sealed while it was away
        is_past = frame.order < stay.order
        assert not is_past, "opened what was sealed before it joined"
        public_key = stay.room.public_key
        assert public_key not in frame.shut_out, "opened what it was shut out of"

    def try_frame(self, stay, frame):
        """Try to open a frame with every key there is, as an attacker would."""
        opener = stay.media.opener(frame.sender, TRACK, self.network.now)
        if opener is None or frame.sender == stay.room.public_key:
            return
        self.attempts += 1
        try:
            opener.open(frame.sealed, key_frame=frame.key_frame)
        except ff.FrameRejected:
            return
        self.check_allowed(stay, frame)

    def try_archive(self, stay, frames):
        """Try to open what was sealed before one came."""
        for frame in frames:
            self.try_frame(stay, frame)

    def settle_accounts(self, stay):
        """Every frame that came is opened, rejected or dropped, and counted."""
        for one in stay.media.stats().opened:
            rest = one.frames_received - one.frames_opened - one.frames_missing_key
            rejected = (
                one.frames_failed_auth
                + one.frames_replayed
                + one.frames_too_old
                + one.frames_not_encrypted
                + one.frames_malformed
            )
            assert rest == rejected + one.frames_parked, "a frame is unaccounted for"

    # -- the end --

    def check_converged(self):
        """All know each other, hold each other's newest key, and open frames."""
        everybody = frozenset(self.stays)
        for public_key, stay in self.stays.items():
            assert stay.room.members == everybody - {public_key}
            for other in self.stays.values():
                if other is not stay:
                    newest = other.room.holds(public_key)[0]
                    assert newest == stay.room.generation
        self.network.faults = NO_FAULTS
        for stay in self.stays.values():
            frame = self.seal(stay, key_frame=True)  # under the newest key
            for other in self.stays.values():
                if other is not stay:
                    opened = other.media.open(
                        frame.sender,
                        frame.sealed,
                        self.network.now,
                        track=TRACK,
                        key_frame=frame.key_frame,
                        note=(0, frame),
                    )
                    assert opened.fate is Fate.OPENED, opened.status.name
        for stay in list(self.stays.values()):
            self.settle_accounts(stay)

    def summary(self):
        """Say what went on."""
        fates = ", ".join(f"{count} {fate.value}" for fate, count in self.fates.items())
        return (
            f"{self.network.now:.0f} s, {self.network.sent} messages, "
            f"{len(self.nonces)} frames sealed; {fates}, {self.late} late; "
            f"{self.attempts} attempts to open what one must not"
        )
