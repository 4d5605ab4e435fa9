"""The live key slots of an opener: keys come and go while it runs."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.errors import UsageError
from fastframe.material import Key

if TYPE_CHECKING:
    from fastframe.options import Wire


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

    __slots__ = ("_handle", "_lock", "_memory", "_salt", "_slots", "_suite", "_wire")

    def __init__(
        self,
        core: tuple[_native.Handle, _native.Handle],
        wire: Wire,
        suite: str | int | None,
        salt: bytes | None,
    ) -> None:
        """Start without keys; core is an opener's handle and memory."""
        self._handle, self._memory = core
        self._wire = wire
        self._suite = suite
        self._salt = salt
        self._lock = ForkLock()
        self._slots: dict[int, KeySlot] = {}

    def __getitem__(self, key_id: int) -> KeySlot:
        """Give what may be shown of a slot."""
        return self._slots[key_id]

    def __setitem__(self, key_id: int, key: _native.Buffer) -> None:
        """Copy a key into a slot; UsageError if it does not fit."""
        number = self._wire.check_key_id(key_id)
        most = self._wire.facts.slots_max
        described = Key(self._wire, key, self._suite, number)
        with described, self._lock.raw:
            if len(self._slots.keys() - {number}) >= most:
                held = ", ".join(map(str, self._slots))
                raise UsageError(
                    f"an opener of {self._wire.name!r} holds at most {most} keys, "
                    f"and this one holds key id {held}"
                )
            material = described.material(number, self._salt)
            _native.set_opener_key(self._handle, material)
            self._slots[number] = KeySlot(number, described.fingerprint)

    def __delitem__(self, key_id: int) -> None:
        """Wipe a key; KeyError if there is none."""
        with self._lock.raw:
            if key_id not in self._slots:
                raise KeyError(key_id)
            number = self._wire.check_key_id(key_id)
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
