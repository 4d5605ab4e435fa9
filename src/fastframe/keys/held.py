"""The keys of one other member: what is held, and how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastframe.keys.actions import Action, AddKey, RetireKey
from fastframe.keys.messages import HELD_MAX
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from fastframe.keys.chain import Scheme
    from fastframe.keys.messages import KeyNews

FORESEEN_MAX = 8  # steps that a frame's key id may be ahead
FOREVER = float("inf")


@dataclass(slots=True)
class Slot:
    """A key that is held.

    Attributes:
        generation: its place among the sender's keys; 0 once the sender has
            left, so that whatever comes later takes its place.
        root: the generation it was ratcheted from.
        key_id: what frames call it.
        key: the material, for later steps.
        until: when it is retired.
    """

    generation: int
    root: int
    key_id: int
    key: bytearray = field(repr=False)
    until: float = FOREVER


class HeldKeys:
    """The keys of one sender that a receiver holds, by generation.

    The newest one stays until a newer one comes, and then for a while, since
    frames sealed under it are still on their way. An older one that comes late
    opens what waits for it, and changes nothing else. One that has been retired
    is not taken again: openers forget with a key what they have opened under it,
    and each of its frames would open once more.
    """

    __slots__ = ("_retired", "_scheme", "_sender", "_slots", "newest")

    def __init__(self, sender: bytes, scheme: Scheme) -> None:
        """Hold nothing."""
        self._sender = sender
        self._scheme = scheme
        self._slots: list[Slot] = []  # oldest first
        self._retired: set[int] = set()  # generations, none far behind newest
        self.newest = 0

    def __len__(self) -> int:
        """Count the keys held."""
        return len(self._slots)

    def generations(self) -> tuple[int, ...]:
        """Name the generations held, newest first."""
        return tuple(one.generation for one in reversed(self._slots) if one.generation)

    def has(self, generation: int) -> bool:
        """Whether this very key is held."""
        return any(one.generation == generation for one in self._slots)

    def is_welcome(self, news: KeyNews) -> bool:
        """Whether a key would be taken: never held, and its place not newer."""
        generation = news.generation
        is_known = self.has(generation) or generation in self._retired
        if is_known or generation <= self.newest - HELD_MAX:
            return False
        return not any(
            one.key_id == news.key_id and one.generation > news.generation
            for one in self._slots
        )

    def derive(self, news: KeyNews) -> bytearray | None:
        """Ratchet a key that is held on to the one announced, if that can be."""
        below = [
            one
            for one in self._slots
            if one.root == news.root and 0 < one.generation < news.generation
        ]
        if not below or news.generation - news.root > self._scheme.steps_max:
            return None
        return self._ratchet(below[-1], news.generation - below[-1].generation)

    def foresee(self, key_id: int) -> bytearray | None:
        """Ratchet on to the key that a frame names, if its name tells how far.

        Nothing changes by it: who wrote the name is not known yet.
        """
        steps = self.steps_to(key_id)
        return self._ratchet(self._slots[-1], steps) if steps else None

    def steps_to(self, key_id: int) -> int:
        """Give how many steps lead to the key that a frame names; 0 if none do.

        From the newest key alone: one behind it may have been retired.
        """
        newest = self._slots[-1] if self._slots else None
        if newest is None or not newest.generation:
            return 0
        steps = self._scheme.steps_between(newest.key_id, key_id)
        return steps if steps <= FORESEEN_MAX else 0

    def _ratchet(self, slot: Slot, steps: int) -> bytearray:
        key = bytearray(slot.key)
        for _ in range(steps):
            before, key = key, self._scheme.step(key)
            wipe(before)
        return key

    def take(
        self, news: KeyNews, key: bytearray, now: float, overlap: float
    ) -> list[Action]:
        """Hold a key; those before it are retired after overlap seconds."""
        actions: list[Action] = []
        slot = Slot(news.generation, news.root, news.key_id, key)
        if news.generation < self.newest:
            slot.until = now + overlap
        self.newest = max(self.newest, news.generation)
        replaced = [one for one in self._slots if one.key_id == news.key_id]
        self._slots = [one for one in self._slots if one.key_id != news.key_id]
        for one in replaced:
            self._end(one)
        # Where openers ratchet by themselves, a step finds its key in place.
        follows = self._scheme.in_place and any(
            one.root == news.root and one.generation for one in replaced
        )
        if not follows:
            actions.append(AddKey(self._sender, news.key_id, bytearray(key)))
        self._slots.append(slot)
        self._slots.sort(key=lambda one: one.generation)
        for one in self._slots:
            if one.generation < self.newest:
                one.until = min(one.until, now + overlap)
        while len(self._slots) > HELD_MAX:
            actions.append(self._drop(self._slots[0]))
        oldest = self.newest - HELD_MAX
        self._retired = {one for one in self._retired if one > oldest}
        return actions

    def restart(self, now: float, overlap: float) -> None:
        """Let what is held run out: the sender has left, or begins anew."""
        self.newest = 0
        self._retired.clear()
        for one in self._slots:
            one.generation = 0
            one.until = min(one.until, now + overlap)

    def expire(self, now: float) -> list[Action]:
        """Retire what has run out."""
        return [self._drop(one) for one in list(self._slots) if one.until <= now]

    def close(self) -> list[Action]:
        """Retire everything."""
        return [self._drop(one) for one in list(self._slots)]

    def _drop(self, slot: Slot) -> Action:
        self._slots.remove(slot)
        self._end(slot)
        return RetireKey(self._sender, slot.key_id)

    def _end(self, slot: Slot) -> None:
        if slot.generation:
            self._retired.add(slot.generation)
        wipe(slot.key)
