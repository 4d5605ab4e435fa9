"""One other member as this one sees it: its link, and what it must still get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastframe import UsageError
from fastframe.keys.bucket import Bucket
from fastframe.keys.links import Handshake
from fastframe.keys.messages import Bye, State

if TYPE_CHECKING:
    from fastframe.keys.held import HeldKeys
    from fastframe.keys.messages import Body
    from fastframe.keys.rotation import OwnKey, OwnKeys
    from fastframe.keys.session import Settings

MESSAGES_PER_SECOND = 64
MESSAGES_BURST = 512
OFFERS_PER_SECOND = 0.5
OFFERS_BURST = 8
ANSWER_PAUSE = 0.2  # seconds between two answers to the same question


@dataclass(slots=True)
class Owed:
    """A key that a member has not acknowledged.

    Attributes:
        wrapped: the key as it travels; None where a step is announced.
        sent_at: when it was sent last.
        at: when to send it again.
        tries: how often it was sent.
    """

    wrapped: bytes | None
    sent_at: float
    at: float
    tries: int = 1


class Member:
    """A member, or one that may become one when it has proven itself.

    Attributes:
        public_key: who it is.
        handshake: the way to its link.
        held: its keys.
        owed: generation -> what it has not acknowledged.
        meant: the newest generation of this member's that is meant for it.
        is_admitted: whether it has proven itself, and so may have keys.
        heard_at: when its last authentic message came.
        state_at: when it is to be told the state again.
    """

    __slots__ = (
        "_messages",
        "_offers",
        "_timing",
        "answered_at",
        "handshake",
        "heard_at",
        "held",
        "hello_at",
        "hello_tries",
        "is_admitted",
        "meant",
        "owed",
        "public_key",
        "state_at",
    )

    def __init__(
        self, settings: Settings, public_key: bytes, held: HeldKeys, now: float
    ) -> None:
        """Begin to know somebody; nothing is sent yet."""
        self.public_key = public_key
        self.handshake = Handshake(settings.wrapper, settings.room, public_key)
        self.held = held
        self.is_admitted = False
        self.owed: dict[int, Owed] = {}
        self.meant = 0
        self.hello_at = now
        self.hello_tries = 0
        self.heard_at = now
        self.state_at = now
        self.answered_at = float("-inf")
        self._timing = settings.timing
        self._messages = Bucket(MESSAGES_PER_SECOND, MESSAGES_BURST, now)
        self._offers = Bucket(OFFERS_PER_SECOND, OFFERS_BURST, now)

    def may_send(self, now: float) -> bool:
        """Whether one more message of it is read."""
        return self._messages.take(1, now)

    def may_offer(self, now: float) -> bool:
        """Whether one more offer of it is unwrapped, which is dear."""
        return self._offers.take(1, now)

    def may_be_answered(self, now: float) -> bool:
        """Whether to answer a question that may be the same as before."""
        if now - self.answered_at < ANSWER_PAUSE:
            return False
        self.answered_at = now
        return True

    # -- what it is sent --

    def hello(self, now: float) -> list[bytes]:
        """Write a hello, and the proof if there is something to prove."""
        self.hello_at = now + self._timing.pause(self.hello_tries)
        self.hello_tries += 1
        proof = self.handshake.proof()
        hello = self.handshake.hello()
        return [hello] if proof is None else [hello, proof]

    def state(self) -> bytes:
        """Tell what it has been sent and what is held of it."""
        return self._seal(State(0, self.meant, self.held.generations()))

    def farewell(self) -> bytes:
        """Say that this member leaves."""
        return self._seal(Bye(0))

    def owe(self, key: OwnKey, wrapped: bytes | None, now: float) -> bytes:
        """Note that it must have a key, and write the message."""
        self.meant = max(self.meant, key.generation)
        self.owed[key.generation] = Owed(wrapped, now, now + self._timing.pause(0))
        return self._seal(key.news(wrapped))

    def acknowledge(self, state: State, now: float) -> bool:
        """Strike off what it holds; whether the newest must be owed anew."""
        for generation in state.yours:
            self.owed.pop(generation, None)
        if self.meant in state.yours or not self.meant:
            return False
        owed = self.owed.get(self.meant)
        if owed is not None and now - owed.sent_at >= ANSWER_PAUSE:
            owed.at = now
        return owed is None

    def repeat(self, own: OwnKeys, now: float) -> list[bytes]:
        """Write again what is due, the key itself where a step was not enough."""
        messages = []
        for generation, owed in list(self.owed.items()):
            if owed.at > now:
                continue
            key = own.find(generation)
            if key is None or owed.tries > self._timing.resends:
                del self.owed[generation]
                continue
            if owed.wrapped is None:
                owed.wrapped = own.wrap(key, [self.public_key])[self.public_key]
            owed.sent_at, owed.at = now, now + self._timing.pause(owed.tries)
            owed.tries += 1
            messages.append(self._seal(key.news(owed.wrapped)))
        return messages

    def _seal(self, body: Body) -> bytes:
        link = self.handshake.link
        if link is None:  # only members are told anything
            raise UsageError("this member has no link yet")
        return link.seal(body)

    def restart(self) -> None:
        """Begin anew: what was sent under the last link counts for nothing."""
        self.owed.clear()
        self.meant = 0
        self.hello_tries = 0
