"""One stay in a room, from join to leave: who else is here, and who says what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastframe.keys.actions import Action, Event, Send, StopSealing
from fastframe.keys.bucket import Bucket
from fastframe.keys.context import Context
from fastframe.keys.distribution import Distribution
from fastframe.keys.errors import KeysError
from fastframe.keys.held import HeldKeys
from fastframe.keys.member import Member
from fastframe.keys.messages import Bye, Hello, Here, KeyNews, Linked, encode
from fastframe.keys.process import Process
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastframe.keys.chain import Scheme
    from fastframe.keys.links import Wrapper
    from fastframe.keys.timing import Timing

GREETINGS_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What a room was told once and for all; see Room."""

    wrapper: Wrapper
    room: str
    trusts: Callable[[bytes], bool]
    scheme: Scheme
    ratchets: bool
    timing: Timing
    max_members: int


class Session:
    """Members and their keys, as long as this member is in the room.

    Attributes:
        sending: this member's own keys.
        members: all who may be members; those admitted have proven it.
        held: the keys of others, of those who have left as well for a while.
        actions: what is to be done, until Room takes it away.
        now: the time of the call that is going on.
        refused: messages of strangers, too many, or not authentic.
        process: where it may go on.
    """

    def __init__(self, settings: Settings, now: float) -> None:
        """Draw a key, use it, and say that one is here."""
        self._settings = settings
        self._timing = settings.timing
        self._public_key = settings.wrapper.public_key
        # Of a small room, too: or one who is none could use up all there is.
        at_once = max(GREETINGS_PER_SECOND, settings.max_members)
        self._greetings = Bucket(GREETINGS_PER_SECOND, at_once, now)
        self._here_at = now
        self.now = now
        self.refused = 0
        self.process = Process()
        self.actions: list[Action] = []
        self.members: dict[bytes, Member] = {}
        self.held: dict[bytes, HeldKeys] = {}
        self.sending = Distribution(
            settings.wrapper,
            settings.room,
            settings.scheme,
            settings.timing,
            self.actions,
            ratchets=settings.ratchets,
        )
        self.sending.start(now)
        self._say_here()

    def admitted(self) -> list[Member]:
        """Give those who have proven to be here."""
        return [one for one in self.members.values() if one.is_admitted]

    def close(self) -> None:
        """Take leave of everybody, and wipe all keys."""
        for member in self.admitted():
            self._send(member, member.farewell())
        for member in self.members.values():
            member.handshake.close()
        for held in self.held.values():
            self.actions += held.close()
        self.sending.own.close()
        self.actions.append(StopSealing())

    def tick(self) -> None:
        """See to what has become due."""
        for sender, held in list(self.held.items()):
            self.actions += held.expire(self.now)
            if not held and sender not in self.members:
                del self.held[sender]
        silence = self._timing.silence * self._beat()
        self.remove(
            one.public_key
            for one in self.admitted()
            if self.now - one.heard_at > silence
        )
        for member in list(self.members.values()):
            self._attend(member)
        if self.now >= self._here_at:
            self._say_here()
        self.sending.tick(self.now)

    # -- what the others say --

    def read(self, sender: bytes, message: Here | Hello | Linked) -> None:
        """Take a message; KeysError if an offer or a key is not sender's."""
        member = self.members.get(sender) or self._meet(sender)
        if member is None or not member.may_send(self.now):
            self.refused += 1
            return
        if isinstance(message, Hello):
            self._read_hello(member, message)
        elif isinstance(message, Linked):
            self._read_linked(member, message)
        elif not member.is_admitted:
            self._greet(member)
        elif member.may_be_answered(self.now):
            # It may have begun anew: then this is under a link that it does not
            # know, and it says hello. If not, this is the next state, sooner.
            self._tell(member)

    def _read_hello(self, member: Member, hello: Hello) -> None:
        if not member.handshake.is_known(hello):
            if member.may_offer(self.now):
                member.handshake.hear(hello)
                member.hello_tries = 0
                self._say_hello(member)
        elif member.may_be_answered(self.now):
            # It lacks what it was sent in return, or it would not repeat.
            if not member.handshake.knows(hello.seen) or not member.is_admitted:
                self._say_hello(member)
            if member.is_admitted:
                self._tell(member)

    def _read_linked(self, member: Member, message: Linked) -> None:
        opened = member.handshake.open(message)
        if opened is None:
            self.refused += 1
            self._greet(member)
            return
        body, is_first = opened
        member.heard_at = self.now
        if is_first:
            self._admit(member)
        if isinstance(body, Bye):
            self.remove([member.public_key])
        elif isinstance(body, KeyNews):
            self._take_key(member, body)
            self._tell(member)
        else:
            self.sending.hear(member, body, self.now)
            is_lacking = body.mine > member.held.newest
            if is_lacking and member.may_be_answered(self.now):
                self._tell(member)

    def _take_key(self, member: Member, news: KeyNews) -> None:
        """Hold a key of a member's, unless it is old, or none of the format's."""
        settings = self._settings
        scheme = settings.scheme
        if news.key_id > scheme.key_id_max or not member.held.is_welcome(news):
            return
        if news.wrapped is None:
            key = member.held.derive(news)
        else:
            sender = member.public_key
            context = Context(settings.room, sender, news.key_id, news.generation)
            key = settings.wrapper.unwrap(news.wrapped, sender=sender, context=context)
        is_drawn = news.generation == news.root
        expected = scheme.key_len if is_drawn else scheme.stepped_len
        if key is None:
            return
        if len(key) != expected:
            wipe(key)
            return
        overlap = self._timing.overlap(news.at)
        self.actions += member.held.take(news, key, self.now, overlap)

    # -- members come and go --

    def greet(self, public_key: bytes) -> None:
        """Say hello to somebody who may be here, if it may be a member."""
        member = self.members.get(public_key) or self._meet(public_key)
        if member is not None:
            self._greet(member)

    def remove(self, public_keys: Iterable[bytes]) -> None:
        """Let go of members, and take a key that they never get."""
        gone = [self.members.get(public_key) for public_key in list(public_keys)]
        was_admitted = False
        for member in gone:
            if member is not None:
                was_admitted |= member.is_admitted
                self._depart(member)
                self._forget(member)
        if was_admitted:
            self.sending.replace(self.admitted(), self.now)

    def _meet(self, public_key: bytes) -> Member | None:
        """Begin to know somebody; None if it may not be a member."""
        settings = self._settings
        if public_key == self._public_key or not settings.trusts(public_key):
            return None
        is_full = len(self.members) >= settings.max_members
        if is_full or not self._greetings.take(1, self.now):
            return None
        held = self.held.setdefault(public_key, HeldKeys(public_key, settings.scheme))
        member = Member(settings, public_key, held, self.now)
        self.members[public_key] = member
        return member

    def _admit(self, member: Member) -> None:
        """Let in a member that has proven to be here, or to be here anew."""
        was_here = member.is_admitted
        member.restart()
        if was_here:
            self._depart(member)
        others = [one for one in self.admitted() if one is not member]
        member.is_admitted = True
        self._event("member_joined", member)
        if was_here:
            self.sending.replace([*others, member], self.now)
        else:
            self.sending.welcome(member, others, self.now)

    def _depart(self, member: Member) -> None:
        """Say that a member has gone, and let its keys run out."""
        if member.is_admitted:
            member.held.restart(self.now, self._timing.grace)
            self._event("member_left", member)
        self.sending.forget(member.public_key)

    def _forget(self, member: Member) -> None:
        member.handshake.close()
        self.members.pop(member.public_key, None)

    # -- what they are told --

    def _attend(self, member: Member) -> None:
        """See to what is due for one member."""
        if member.is_admitted:
            if member.owed:
                self.sending.attend(member, self.now)
            if self.now >= member.state_at:
                self._tell(member)
        is_open = member.handshake.is_open
        if is_open and self.now < member.hello_at:
            return
        if is_open and member.hello_tries <= self._timing.resends:
            self._say_hello(member)
        elif not member.is_admitted:
            self._forget(member)
        elif is_open:
            member.handshake.abandon()

    def _greet(self, member: Member) -> None:
        """Say hello to whoever has not had one."""
        if not member.is_admitted and not member.handshake.is_open:
            self._say_hello(member)

    def _say_hello(self, member: Member) -> None:
        try:
            messages = member.hello(self.now)
        except KeysError:  # trusted, and yet no public key
            self._forget(member)
            return
        for message in messages:
            self._send(member, message)

    def _tell(self, member: Member) -> None:
        """Send a state, which acknowledges, and asks for what is missing."""
        member.state_at = self.now + self._beat()
        self._send(member, member.state())

    def _say_here(self) -> None:
        self._here_at = self.now + self._beat()
        self.actions.append(Send(None, encode(Here())))

    def _beat(self) -> float:
        return self._timing.beat(len(self.admitted()))

    def _send(self, member: Member, message: bytes) -> None:
        self.actions.append(Send(member.public_key, message))

    def _event(self, name: str, member: Member) -> None:
        self.actions.append(Event(name, member.public_key, self.now))
