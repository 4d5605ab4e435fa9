"""SFrame keyed by an MLS group, epoch after epoch (RFC 9605, 5.2).

MLS decides who is a member and gives each epoch a secret that only its members
have. From it follow one base key for the epoch and a KID for each member; the
cipher's keys follow from both, so that no two members share one.

What MLS does not settle: any member can derive all keys, and seal as another.
And a commit reaches the members one after the other: let openers in first, and
move the sealers when the others can be thought to have followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

import fastframe as ff
from fastframe.sframe import mls_kid

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Epoch:
    """One epoch's key, and the leaves of those who may seal under it."""

    number: int
    base_key: bytearray
    members: frozenset[int]


class MlsKeys:
    """The SFrame keys of an MLS group.

    Holds the newest epoch and a few before it, whose frames may still be under
    way. Not for several threads at once; its sealers and openers are.
    """

    __slots__ = (
        "_bits",
        "_contexts",
        "_epochs",
        "_given",
        "_key_len",
        "_past",
        "_ssrcs",
        "_suite",
    )

    def __init__(
        self,
        suite: str | int,
        *,
        epoch_bits: int,
        sender_bits: int,
        contexts: int = 1,
        past_epochs: int = 1,
    ) -> None:
        """Agree on the layout of KIDs; all members must agree on the same.

        Args:
            suite: SFrame's, by number or name.
            epoch_bits: E, the low bits of a KID. Epochs count modulo 2^E.
            sender_bits: S, the bits of a leaf index above them.
            contexts: how many keys each member has in an epoch, one for each
                sealer that it has at a time: two sealers must never share a KID.
            past_epochs: how many to hold beside the newest, fewer than 2^E.
        """
        self._key_len = len(ff.generate_key(suite))
        self._suite = suite
        self._bits = {"epoch_bits": epoch_bits, "sender_bits": sender_bits}
        self._contexts = range(contexts)
        # The highest KID must have room for all of it.
        mls_kid(0, 0, context=contexts - 1, **self._bits)
        if not 0 <= past_epochs < 1 << epoch_bits:
            raise ff.UsageError(f"past_epochs must be 0 to {(1 << epoch_bits) - 1}")
        self._past = past_epochs
        self._epochs: list[_Epoch] = []
        # What has sealed in the newest epoch. Each ssrc has a key of its own.
        self._given: set[tuple[int, int | None]] = set()
        self._ssrcs: WeakKeyDictionary[ff.Sealer, int | None] = WeakKeyDictionary()

    @property
    def epoch(self) -> int | None:
        """The newest epoch, None before the first."""
        return self._epochs[-1].number if self._epochs else None

    def enter(
        self, epoch: int, base_key: bytes | bytearray, *, members: Iterable[int]
    ) -> None:
        """Learn an epoch's key; then follow() with openers and rotate() sealers.

        Args:
            epoch: its number, above those before.
            base_key: what the group exports for it, copied: mls_base_key() of
                fastframe.sframe, or the MLS library's own exporter.
            members: the leaf indices of those in the group. A frame that names
                another leaf in this epoch does not open.
        """
        if self._epochs and epoch <= self._epochs[-1].number:
            raise ff.UsageError(
                f"epoch must be above {self._epochs[-1].number}, got {epoch}"
            )
        if len(base_key) != self._key_len:
            raise ff.UsageError(
                f"base_key must be {self._key_len} bytes, got {len(base_key)}"
            )
        leaves = frozenset(members)
        for leaf in leaves:
            mls_kid(epoch, leaf, **self._bits)
        self._epochs.append(_Epoch(epoch, bytearray(base_key), leaves))
        self._given.clear()
        # Beside the count: 2^E epochs on, a number stands for another epoch.
        oldest = epoch - (1 << self._bits["epoch_bits"])
        keep = self._epochs[-1 - self._past :]
        self._keep([entry for entry in keep if entry.number > oldest])

    def retire(self) -> None:
        """Forget all epochs but the newest: what was under way has arrived.

        Until then who was removed can still seal under the epoch before. Call
        follow() for each opener afterwards.
        """
        self._keep(self._epochs[-1:])

    def _keep(self, epochs: list[_Epoch]) -> None:
        for entry in self._epochs:
            if entry not in epochs:
                entry.base_key[:] = bytes(len(entry.base_key))
        self._epochs = epochs

    def sealer(self, sender: int, *, context: int = 0, **options: Any) -> ff.Sealer:
        """Make a sealer for a member of the newest epoch.

        It counts from 0, and so must be the first under its KID: a second one
        from here is a UsageError, also when the first is closed. After a restart
        within an epoch, and in each process that os.fork() makes, take another
        context, or counter=PersistentCounter(…).
        """
        entry, kid = self._own(sender, context)
        ssrc = options.get("ssrc")
        if "counter" not in options:
            self._refuse_second(kid, ssrc)
        options["suite"] = self._suite
        sealer = ff.Sealer("sframe", entry.base_key, key_id=kid, **options)
        self._given.add((kid, ssrc))
        self._ssrcs[sealer] = ssrc
        return sealer

    def rotate(self, sealer: ff.Sealer, sender: int, *, context: int = 0) -> None:
        """Let a member's sealer go over to the newest epoch."""
        entry, kid = self._own(sender, context)
        ssrc = self._ssrcs.get(sealer)
        self._refuse_second(kid, ssrc)
        sealer.rotate(entry.base_key, kid)
        self._given.add((kid, ssrc))

    def opener(self, **options: Any) -> ff.Opener:
        """Make an opener that holds the keys of all members."""
        opener = ff.Opener("sframe", suite=self._suite, **options)
        self.follow(opener)
        return opener

    def follow(self, opener: ff.Opener) -> None:
        """Give an opener the keys of the epochs held now, and take all others."""
        wanted = {
            self._kid(entry, leaf, context): entry.base_key
            for entry in self._epochs
            for leaf in entry.members
            for context in self._contexts
        }
        for kid in opener.keys:
            if kid not in wanted:
                del opener.keys[kid]
        for kid, base_key in wanted.items():
            opener.keys[kid] = base_key

    def close(self) -> None:
        """Wipe all base keys. Sealers and openers keep their own copies."""
        self._keep([])

    def _own(self, sender: int, context: int) -> tuple[_Epoch, int]:
        if not self._epochs:
            raise ff.UsageError("there is no epoch yet: call enter()")
        newest = self._epochs[-1]
        if sender not in newest.members:
            raise ff.UsageError(f"leaf {sender} is no member in epoch {newest.number}")
        if context not in self._contexts:
            raise ff.UsageError(
                f"context must be below {len(self._contexts)}, got {context}"
            )
        return newest, self._kid(newest, sender, context)

    def _refuse_second(self, kid: int, ssrc: int | None) -> None:
        """Raise where a sealer has had a KID: the next would repeat its nonces."""
        if (kid, ssrc) in self._given:
            raise ff.UsageError(
                "a sealer had this member's key in this epoch before, and nonces "
                "would repeat: take another context or a PersistentCounter"
            )

    def _kid(self, entry: _Epoch, leaf: int, context: int) -> int:
        return mls_kid(entry.number, leaf, context=context, **self._bits)

    def __repr__(self) -> str:
        """Show epochs, never keys."""
        return f"<MlsKeys epochs {[entry.number for entry in self._epochs]}>"

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold keys in the clear."""
        raise ff.UsageTypeError("MlsKeys cannot be copied or pickled")
