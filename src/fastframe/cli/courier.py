"""The blind courier: a stand-in for an SFU and the network around it.

It forwards sealed frames without a key, and loses, repeats, delays and
changes some of them. The same seed throws the same dice.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from fastframe.cli.parcels import Delivery, Fate, Harm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastframe.cli.parcels import Parcel

IV_LEN = 12
TAG_LEN = 16
LATE_MOST = 12  # frames of its track that overtake a delayed one, at most


@dataclass(frozen=True, slots=True)
class Shares:
    """Which share of the frames meets which fate; the rest is carried."""

    drop: float
    duplicate: float
    reorder: float
    tamper: float

    @property
    def total(self) -> float:
        """Add them up; more than 1 makes no sense."""
        return self.drop + self.duplicate + self.reorder + self.tamper


class Courier:
    """Carries parcels, each track in its own order.

    Args:
        shares: how much harm it does.
        seed: of its dice.
        head_len: bytes in front of the ciphertext; the 12 before it are the IV.

    Attributes:
        fates: by track, how many frames met which fate.
        dropped: by track, the frames lost for good.
    """

    def __init__(self, shares: Shares, seed: int, head_len: int) -> None:
        """Shuffle the ways to do harm, so that short clips meet them all."""
        self._shares = shares
        self._dice = random.Random(seed)
        self._head_len = head_len
        harms = [harm for harm in Harm if head_len > IV_LEN or harm != Harm.KEY_ID]
        self._dice.shuffle(harms)
        self._harms = cycle(harms)
        self.fates: defaultdict[int, Counter[Fate]] = defaultdict(Counter)
        self.dropped: defaultdict[int, set[int]] = defaultdict(set)
        self._seen: Counter[int] = Counter()
        self._late: dict[int, list[tuple[int, Delivery]]] = {}

    def carry(self, parcel: Parcel) -> Iterator[Delivery]:
        """Take a parcel; give what is delivered now (nothing if it is lost)."""
        track = parcel.frame.track
        self._seen[track] += 1
        fate = self._throw()
        self.fates[track][fate] += 1
        if fate == Fate.DROPPED:
            self.dropped[track].add(parcel.frame.index)
        elif fate == Fate.TAMPERED:
            yield self._tamper(parcel)
        else:
            whole = Delivery(parcel, parcel.sealed, parcel.key_frame, fate)
            if fate == Fate.DELAYED:
                self._put_off(whole)
            else:
                yield whole
            if fate == Fate.DUPLICATED:
                copy = Delivery(
                    parcel, parcel.sealed, parcel.key_frame, fate, is_copy=True
                )
                self._put_off(copy)
        yield from self._due(track)

    def finish(self) -> Iterator[Delivery]:
        """Deliver what is still on its way."""
        for track in sorted(self._late):
            self._seen[track] += LATE_MOST + 1
            yield from self._due(track)

    def _throw(self) -> Fate:
        point = self._dice.random()
        for share, fate in (
            (self._shares.drop, Fate.DROPPED),
            (self._shares.duplicate, Fate.DUPLICATED),
            (self._shares.reorder, Fate.DELAYED),
            (self._shares.tamper, Fate.TAMPERED),
        ):
            if point < share:
                return fate
            point -= share
        return Fate.CARRIED

    def _put_off(self, delivery: Delivery) -> None:
        track = delivery.parcel.frame.track
        due = self._seen[track] + self._dice.randint(1, LATE_MOST)
        self._late.setdefault(track, []).append((due, delivery))

    def _due(self, track: int) -> Iterator[Delivery]:
        waiting = self._late.get(track, [])
        now = self._seen[track]
        self._late[track] = [item for item in waiting if item[0] > now]
        for due, delivery in sorted(waiting, key=lambda item: item[0]):
            if due <= now:
                yield delivery

    def _tamper(self, parcel: Parcel) -> Delivery:
        harm = next(self._harms)
        sealed, mark = parcel.sealed, parcel.key_frame
        if harm == Harm.MARK:
            mark = not mark
        elif harm == Harm.TRUNCATED:
            sealed = sealed[: self._dice.randrange(len(sealed))]
        else:
            sealed = self._flip_bit(sealed, *self._span_of(harm, len(sealed)))
        return Delivery(parcel, sealed, mark, Fate.TAMPERED, harm)

    def _span_of(self, harm: Harm, size: int) -> tuple[int, int]:
        head = self._head_len
        return {
            Harm.KEY_ID: (0, head - IV_LEN),
            Harm.IV: (head - IV_LEN, head),
            Harm.CIPHERTEXT: (head, size - TAG_LEN),
            Harm.TAG: (size - TAG_LEN, size),
        }[harm]

    def _flip_bit(self, sealed: bytes, start: int, end: int) -> bytes:
        changed = bytearray(sealed)
        changed[self._dice.randrange(start, end)] ^= 1 << self._dice.randrange(8)
        return bytes(changed)
