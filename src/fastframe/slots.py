"""The live key slots of an opener: keys come and go while it runs."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.errors import UsageError
from fastframe.material import Key
from fastframe.options import check_key_id

_NO_SALT = bytes(_native.NONCE_LEN)


@dataclass(frozen=True, slots=True)
class KeySlot:
    """What may be shown of a key that an opener holds.

    Attributes:
        key_id: the slot.
        fingerprint: the first 8 bytes of SHA-256 of the key, in hex.
    """

    key_id: int
    fingerprint: str


class KeySlots(MutableMapping[int, Any]):
    """The live key slots of an opener: key id -> key.

    Set a key (bytes-like) and frames that name it open from the next call on;
    delete it and it is wiped. Reading gives a KeySlot, never the key. Setting
    the key that a slot already holds keeps its replay windows; deleting it
    forgets them.
    """

    __slots__ = ("_facts", "_handle", "_lock", "_memory", "_slots", "_suite")

    def __init__(
        self,
        core: tuple[_native.Handle, _native.Handle],
        facts: _native.FormatFacts,
        suite: str | None,
    ) -> None:
        """Start without keys; core is an opener's handle and memory."""
        self._handle, self._memory = core
        self._facts = facts
        self._suite = suite
        self._lock = ForkLock()
        self._slots: dict[int, KeySlot] = {}

    def __getitem__(self, key_id: int) -> KeySlot:
        """Give what may be shown of a slot."""
        return self._slots[key_id]

    def __setitem__(self, key_id: int, key: _native.Buffer) -> None:
        """Copy a key into a slot; UsageError if it does not fit."""
        described = Key(key, self._suite)
        number = check_key_id(self._facts, key_id)
        with self._lock.raw:
            if not self._facts.names_key and self._slots.keys() - {number}:
                raise UsageError(
                    f"frames of {self._facts.name!r} name no key: an opener "
                    f"holds one, and this one holds key id {next(iter(self._slots))}"
                )
            _native.set_opener_key(self._handle, described.material(number, _NO_SALT))
            self._slots[number] = KeySlot(number, described.fingerprint)

    def __delitem__(self, key_id: int) -> None:
        """Wipe a key; KeyError if there is none."""
        with self._lock.raw:
            if key_id not in self._slots:
                raise KeyError(key_id)
            number = check_key_id(self._facts, key_id)
            _native.drop_opener_key(self._handle, number)
            del self._slots[number]

    def __iter__(self) -> Iterator[int]:
        """Go through the key ids held now."""
        return iter([slot.key_id for slot in self._held()])

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._slots)

    def __repr__(self) -> str:
        """Show fingerprints, never keys."""
        held = ", ".join(f"{s.key_id}: {s.fingerprint}" for s in self._held())
        return f"<KeySlots {{{held}}}>"

    def _held(self) -> list[KeySlot]:
        """Copy the slots: another thread may change them."""
        with self._lock.raw:
            return list(self._slots.values())

    def forget_all(self) -> None:
        """Empty the mapping after the core has wiped its keys."""
        with self._lock.raw:
            self._slots.clear()
