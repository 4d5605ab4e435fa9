"""The keys of this member: which is in use, which comes next, who lacks which."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastframe import UsageError
from fastframe.keys.context import Context
from fastframe.keys.messages import HELD_MAX, KeyNews, When
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Collection

    from fastframe.keys.chain import KeyIds, Scheme
    from fastframe.keys.links import Wrapper
    from fastframe.keys.timing import Timing


@dataclass(slots=True)
class OwnKey:
    """A key of this member's.

    Attributes:
        generation, root, key_id: as in messages.
        key: the material.
        at: whether it was used at once.
        waiting: members that have it not acknowledged, while it waits for use.
        deadline: when it is used all the same.
        until: when nobody needs it any more; None while it is not superseded.
    """

    generation: int
    root: int
    key_id: int
    key: bytearray = field(repr=False)
    at: When
    waiting: set[bytes] = field(default_factory=set)
    deadline: float = 0.0
    until: float | None = None

    def news(self, wrapped: bytes | None) -> KeyNews:
        """Describe it to a receiver."""
        return KeyNews(0, self.generation, self.key_id, self.root, self.at, wrapped)


class OwnKeys:
    """The keys of one sender, oldest first: the last ones, one in use, one to come.

    Attributes:
        current: the key in use.
        pending: the one that waits for use, None if none does.
    """

    def __init__(
        self, wrapper: Wrapper, room: str, scheme: Scheme, timing: Timing
    ) -> None:
        """Draw the first key, which is in use at once."""
        self._wrapper = wrapper
        self._room = room
        self._scheme = scheme
        self._timing = timing
        self._ids: KeyIds = scheme.key_ids()
        self._old: list[OwnKey] = []
        self.pending: OwnKey | None = None
        self.current = self._make(1, 1, self._ids.fresh(), None, "now")

    @property
    def newest(self) -> OwnKey:
        """The key that a newcomer gets."""
        return self.pending or self.current

    def draw(self, now: float, at: When) -> OwnKey:
        """Draw a key that has nothing to do with those before it."""
        generation = self.newest.generation + 1
        key = self._make(generation, generation, self._ids.fresh(), None, at)
        return self._put(key, now)

    def step(self, now: float) -> OwnKey:
        """Ratchet forward, or draw if it has gone on for long."""
        base = self.newest
        if base.generation + 1 - base.root > self._scheme.steps_max:
            return self.draw(now, "later")
        stepped = self._scheme.step(base.key)
        at: When = "now" if self._scheme.in_place else "later"
        key = self._make(base.generation + 1, base.root, self._ids.step(), stepped, at)
        return self._put(key, now)

    def promote(self, now: float) -> OwnKey:
        """Put the pending key in use."""
        if self.pending is None:
            raise UsageError("no key is pending")
        self._supersede(self.current, now)
        self.current, self.pending = self.pending, None
        return self.current

    def find(self, generation: int) -> OwnKey | None:
        """Give a key that somebody may still need."""
        every = (self.current, self.pending, *self._old)
        return next(
            (one for one in every if one and one.generation == generation), None
        )

    def wrap(self, key: OwnKey, to: Collection[bytes]) -> dict[bytes, bytes]:
        """Wrap a key for members; public key -> wrapped key."""
        own = self._wrapper.public_key
        context = Context(self._room, own, key.key_id, key.generation)
        return self._wrapper.wrap(key.key, to=to, context=context)

    def expire(self, now: float) -> None:
        """Forget keys that nobody needs any more."""
        for one in list(self._old):
            if one.until is not None and one.until <= now:
                self._old.remove(one)
                wipe(one.key)

    def close(self) -> None:
        """Wipe everything."""
        for one in (self.current, self.pending, *self._old):
            if one is not None:
                wipe(one.key)
        self._old.clear()

    def _make(
        self, generation: int, root: int, key_id: int, key: bytearray | None, at: When
    ) -> OwnKey:
        if key is None:
            key = bytearray(secrets.token_bytes(self._scheme.key_len))
        return OwnKey(generation, root, key_id, key, at)

    def _put(self, key: OwnKey, now: float) -> OwnKey:
        """Let a key wait for use, or use it; one that waited is never used."""
        if self.pending is not None:
            self._supersede(self.pending, now)
            self.pending = None
        if key.at == "now":
            self._supersede(self.current, now)
            self.current = key
        else:
            key.deadline = now + self._timing.use_after
            self.pending = key
        return key

    def _supersede(self, key: OwnKey, now: float) -> None:
        key.until = now + self._timing.grace
        self._old.append(key)
        while len(self._old) > HELD_MAX:
            wipe(self._old.pop(0).key)
