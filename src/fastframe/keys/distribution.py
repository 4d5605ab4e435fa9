"""How this member's keys get to the others, and when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.keys.actions import Event, Send, StepKey, UseKey
from fastframe.keys.rotation import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastframe.keys.actions import Action, Moment
    from fastframe.keys.chain import Scheme
    from fastframe.keys.links import Wrapper
    from fastframe.keys.member import Member
    from fastframe.keys.messages import State
    from fastframe.keys.rotation import OwnKey
    from fastframe.keys.timing import Timing


class Distribution:
    """Sends own keys to members, and says when to seal under them.

    A key that shuts somebody out is used as soon as it is out: each frame more
    under the old one is a frame for who has gone. Receivers park the frames
    that overtake it. All other keys wait until everybody has acknowledged
    them, or for a while, and then for a key frame.

    Attributes:
        own: the keys.
    """

    def __init__(
        self,
        wrapper: Wrapper,
        room: str,
        scheme: Scheme,
        timing: Timing,
        actions: list[Action],
        *,
        ratchets: bool,
    ) -> None:
        """Draw the first key; actions is where all that is to be done goes."""
        self.own = OwnKeys(wrapper, room, scheme, timing)
        self._public_key = wrapper.public_key
        self._timing = timing
        self._actions = actions
        self._ratchets = ratchets

    def start(self, now: float) -> None:
        """Use the first key: nobody can open what it seals, until told."""
        self._use(self.own.current, now, now)

    def replace(self, members: Collection[Member], now: float) -> None:
        """Use a new key from now on, which only these members get."""
        key = self.own.draw(now, "now")
        self._distribute(key, members, now)
        self._use(key, now, now)

    def renew(self, members: Collection[Member], now: float) -> None:
        """Go over to a new key once these members have it."""
        self._distribute(self.own.draw(now, "later"), members, now)
        self._use_pending(now)

    def welcome(self, newcomer: Member, others: Collection[Member], now: float) -> None:
        """Give a newcomer what it may have: no key that has sealed anything.

        Unless the room does not ratchet; then it gets the key in use as well.
        """
        if self._ratchets:
            self._advance(others, now)
        else:
            self._distribute(self.own.current, [newcomer], now)
        if self._ratchets or self.own.pending is not None:
            self._distribute(self.own.newest, [newcomer], now)
        self._use_pending(now)

    def hear(self, member: Member, state: State, now: float) -> None:
        """Note what a member has, and send the newest key if it got lost."""
        if member.acknowledge(state, now):
            key = self.own.find(member.meant)
            if key is not None:
                self._distribute(key, [member], now)
        pending = self.own.pending
        if pending is not None and pending.generation in state.yours:
            pending.waiting.discard(member.public_key)
            self._use_pending(now)

    def forget(self, public_key: bytes) -> None:
        """Wait for somebody no longer."""
        if self.own.pending is not None:
            self.own.pending.waiting.discard(public_key)

    def attend(self, member: Member, now: float) -> None:
        """Send again what a member has not acknowledged in time."""
        for message in member.repeat(self.own, now):
            self._send(member, message)

    def tick(self, now: float) -> None:
        """Forget old keys, and stop waiting for those who do not answer."""
        self.own.expire(now)
        self._use_pending(now)

    def _advance(self, members: Collection[Member], now: float) -> None:
        """Move on to a key that opens nothing of what has been sealed so far.

        One that still waits has sealed nothing, and will do.
        """
        if self.own.pending is not None:
            return
        root = self.own.current.root
        key = self.own.step(now)
        if key.root != root:
            self._distribute(key, members, now)
            return
        for member in members:
            self._send(member, member.owe(key, None, now))
        if key is self.own.current:
            self._actions.append(StepKey(key.key_id))
            self._event(key, now)
        else:
            key.waiting.update(one.public_key for one in members)

    def _distribute(self, key: OwnKey, members: Collection[Member], now: float) -> None:
        wrapped = self.own.wrap(key, [one.public_key for one in members])
        for member in members:
            message = member.owe(key, wrapped[member.public_key], now)
            self._send(member, message)
            if key is self.own.pending:
                key.waiting.add(member.public_key)

    def _use_pending(self, now: float) -> None:
        pending = self.own.pending
        if pending is not None and (not pending.waiting or now >= pending.deadline):
            key = self.own.promote(now)
            self._use(key, now, now + self._timing.key_frame_limit)

    def _use(self, key: OwnKey, now: float, until: float) -> None:
        at: Moment = "now" if until <= now else "key_frame"
        self._actions.append(UseKey(key.key_id, bytearray(key.key), at, until))
        self._event(key, now)

    def _event(self, key: OwnKey, now: float) -> None:
        event = Event("key_rotated", self._public_key, now, key_id=key.key_id)
        self._actions.append(event)

    def _send(self, member: Member, message: bytes) -> None:
        self._actions.append(Send(member.public_key, message))
