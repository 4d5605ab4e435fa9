"""A small room for tests: everything arrives at once, unless a test says not."""

from __future__ import annotations

from simulation.wrapper import CheapIdentity

from fastframe.keys import Room, RoomMedia, Send, Track
from fastframe.keys.messages import Linked, decode, decode_body

VIDEO = "video"
FRAME = b"a frame longer than what stays clear"


class Seat:
    """A member with its room, its media, and what came of it."""

    def __init__(self, table, name, **options):
        """Sit down outside the room; see Table.seat()."""
        self.identity = options.pop("identity", None) or CheapIdentity(name)
        self.public_key = self.identity.public_key
        self.table = table
        self.name = name
        tracks = options.pop("tracks", {VIDEO: Track()})
        limits = options.pop("parking", None)
        options = {"trust": lambda _: True} | options
        self.events = []
        self.actions = []
        self.late = []
        self.room = Room(self.identity, "test", **options)
        self.media = RoomMedia(
            self.room, tracks, parking=limits, on_event=self.events.append
        )

    def do(self, actions):
        """Carry out actions: messages go on the table."""
        self.actions += actions
        for action in actions:
            if isinstance(action, Send):
                self.table.post(self, action)
        self.late += self.media.apply(actions, self.table.now)

    def seal(
        self,
        frame=b"a frame longer than what stays clear",
        *,
        track=VIDEO,
        key_frame=True,
    ):
        """Seal a frame."""
        return self.media.sealers[track].seal(
            frame, self.table.now, key_frame=key_frame
        )

    def open(self, other, sealed, *, track=VIDEO, note=None):
        """Open a frame of another's."""
        return self.media.open(
            other.public_key, sealed, self.table.now, track=track, note=note
        )

    def can_open(self, other, sealed):
        """Whether a frame opens at once."""
        return self.open(other, sealed).frame is not None

    def taken(self, kind):
        """Give the actions of a kind so far."""
        return [one for one in self.actions if isinstance(one, kind)]

    def named(self, name):
        """Give the events of a name so far."""
        return [one for one in self.events if one.name == name]

    def leave(self):
        """Leave the room; the relay says so to nobody."""
        self.do(self.room.leave(self.table.now))


class Table:
    """Seats, and a relay between them that tests may tamper with.

    Attributes:
        filter: called with sender, recipient and message; says what is
            delivered: the message, nothing (None), or something else.
        sent: all that was ever sent: (sender, recipient, message).
    """

    def __init__(self, *names, **options):
        """Seat members, and have them join one after the other."""
        self.now = 100.0
        self.seats = {}
        self.sent = []
        self.queue = []
        self.filter = pass_all
        for name in names:
            self.join(name, **options)

    def __getitem__(self, name):
        """Give the member of a name."""
        return self.seats[name]

    def seat(self, name, **options):
        """Let a member be, outside the room."""
        self.seats[name] = Seat(self, name, **options)
        return self.seats[name]

    def join(self, name, **options):
        """Let a member join, and have it known to all."""
        seat = self.seat(name, **options)
        seat.do(seat.room.join(self.now))
        self.settle()
        return seat

    def post(self, sender, send):
        """Take a message in."""
        to = [send.to] if send.to else [one.public_key for one in self.others(sender)]
        for public_key in to:
            self.sent.append((sender.public_key, public_key, send.message))
            self.queue.append((sender.public_key, public_key, send.message))

    def others(self, seat):
        """Give all but one."""
        return [one for one in self.seats.values() if one is not seat]

    def deliver(self, sender, to, message):
        """Bring one message."""
        for seat in list(self.seats.values()):
            if seat.public_key == to:
                seat.do(seat.room.receive(sender, message, self.now))

    def settle(self):
        """Deliver until nobody has anything to say."""
        while self.queue:
            sender, to, message = self.queue.pop(0)
            message = self.filter(sender, to, message)
            if message is not None:
                self.deliver(sender, to, message)

    def wait(self, seconds, step=0.1):
        """Let time pass."""
        for _ in range(round(seconds / step)):
            self.now += step
            for seat in list(self.seats.values()):
                seat.do(seat.room.tick(self.now))
                seat.late += seat.media.tick(self.now)
            self.settle()

    def kind(self, message):
        """Name a message's type, and that of its body."""
        read = decode(message)
        if isinstance(read, Linked):
            read = decode_body(read.body)
        return type(read).__name__

    def count(self, kind, since=0):
        """Count the messages of a type that were sent."""
        return sum(self.kind(one[2]) == kind for one in self.sent[since:])


def pass_all(sender, to, message):
    """Lose nothing."""
    return message


def drop_all(sender, to, message):
    """Lose everything."""


def drop(kind, table, times=10**9):
    """Make a filter that loses the first so many messages of a type."""
    left = [times]

    def lose(sender, to, message):
        if table.kind(message) == kind and left[0] > 0:
            left[0] -= 1
            return None
        return message

    return lose
