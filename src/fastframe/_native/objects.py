"""Sealers and openers of the core, as handles that close themselves.

cffi ends a handle as a finaliser: before anything of a dead cycle is gone, so
that others' finalisers may still call it. Its end therefore only closes. The
memory belongs to that end, until it has run, and to whoever holds the second
part of what new_* gives: both, because either may go first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe._ffi import ffi, lib
from fastframe._native.core import NULL, Handle, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastframe._native.registry import FormatFacts

# Bound here: called once per frame or batch.
seal_one: Callable[..., int] = lib.ff_seal_one
open_one: Callable[..., int] = lib.ff_open_one
seal_batch: Callable[[Handle, Handle, int, int], int] = lib.ff_seal_batch
open_batch: Callable[[Handle, Handle, int, int], int] = lib.ff_open_batch


def new_settings(
    facts: FormatFacts,
    *,
    window: int = 0,
    ratchet_window: int = 0,
    forwards_clear: bool = False,
    strips_metadata: bool = False,
    sif: bytes = b"",
) -> Handle:
    """Make an ff_settings: what a sealer or opener is made for."""
    settings = ffi.new("ff_settings *")
    settings.format = facts.number
    settings.codec = facts.codec
    settings.window = window
    settings.ratchet_window = ratchet_window
    settings.forwards_clear = forwards_clear
    settings.strips_metadata = strips_metadata
    settings.sif_len = len(sif)
    ffi.memmove(settings.sif, sif, len(sif))
    return settings


class KeyMaterial:
    """An ff_key over borrowed bytes; lives no longer than the call it is for."""

    __slots__ = ("_pins", "handle")

    def __init__(
        self,
        key: Handle,
        *,
        suite: int,
        schedule: int,
        kdf_salt: bytes,
        key_id: int,
        salt: bytes | None,
        salt_is_drawn: bool,
        mark: int,
    ) -> None:
        """Describe a pinned key, its salt (NONCE_LEN bytes) and fingerprint."""
        self.handle = ffi.new("ff_key *")
        self._pins = (
            key,
            NULL if salt is None else ffi.from_buffer(salt),
            ffi.from_buffer(kdf_salt),
        )
        self.handle.id = key_id
        self.handle.mark = mark
        self.handle.key = ffi.cast("uint8_t *", key)
        self.handle.key_len = len(key)
        self.handle.salt = ffi.cast("uint8_t *", self._pins[1])
        self.handle.salt_is_drawn = salt_is_drawn
        self.handle.suite = suite
        self.handle.schedule = schedule
        self.handle.kdf_salt = ffi.cast("uint8_t *", self._pins[2])
        self.handle.kdf_salt_len = len(kdf_salt)


def _range(first: int, last: int) -> Handle:
    return ffi.new("ff_range *", {"first": first, "last": last})


def _memory(size: int) -> Handle:
    return ffi.new("uint64_t[]", (size + 7) // 8)


def new_sealer(
    settings: Handle,
    material: KeyMaterial,
    first: int,
    last: int,
    at_end: Callable[[], None],
) -> tuple[Handle, Handle]:
    """Make an ff_sealer, counters first to last its own: handle and memory.

    at_end is called once the sealer can seal no more.
    """
    memory = _memory(lib.ff_sealer_size())
    bare = ffi.cast("ff_sealer *", memory)
    error = lib.ff_sealer_init(bare, settings, material.handle, _range(first, last))
    check(error, "sealer")

    def end(sealer: Handle, _memory: Handle = memory) -> None:
        lib.ff_sealer_close(sealer)
        at_end()

    return ffi.gc(bare, end), memory


def rekey_sealer(sealer: Handle, material: KeyMaterial, first: int, last: int) -> None:
    """Put a new key in use for the next frame."""
    error = lib.ff_sealer_rekey(sealer, material.handle, _range(first, last))
    check(error, "sealer")


def ratchet_sealer(sealer: Handle) -> None:
    """Move the key one step forward."""
    check(lib.ff_sealer_ratchet(sealer), "sealer")


def grant_sealer(sealer: Handle, mark: int, last: int) -> bool:
    """Move the last usable counter up; False if another key is in use by now."""
    return int(lib.ff_sealer_grant(sealer, mark, last)) == 0


def counters_for(sealer: Handle, frames: int) -> int:
    """Give how many counters must be granted for so many frames."""
    return int(lib.ff_sealer_need(sealer, frames))


def read_sealer(sealer: Handle) -> Handle:
    """Read an ff_sealer_facts."""
    facts = ffi.new("ff_sealer_facts *")
    check(lib.ff_sealer_read(sealer, facts), "sealer")
    return facts


def close_sealer(sealer: Handle) -> None:
    """Wipe the key; the memory goes when the handle is collected."""
    lib.ff_sealer_close(sealer)


def seal_many(sealers: list[Handle], workers: int, batch: Handle, in_place: int) -> int:
    """Seal a batch by source: frames sealed, or a negated ff_error."""
    members = ffi.new("ff_sealer *[]", sealers)
    return int(lib.ff_seal_many(members, len(sealers), batch, in_place, workers))


def new_opener(settings: Handle) -> tuple[Handle, Handle]:
    """Make an ff_opener without keys: handle and memory."""
    memory = _memory(lib.ff_opener_size())
    bare = ffi.cast("ff_opener *", memory)
    check(lib.ff_opener_init(bare, settings), "opener")

    def end(opener: Handle, _memory: Handle = memory) -> None:
        lib.ff_opener_close(opener)

    return ffi.gc(bare, end), memory


def set_opener_key(opener: Handle, material: KeyMaterial) -> None:
    """Fill a key slot."""
    error = lib.ff_opener_set_key(opener, material.handle)
    check(error, f"key id {material.handle.id}")


def allow_steps(opener: Handle, steps: int) -> None:
    """Say how many ratchet steps frames may still cause; a closed opener, none."""
    lib.ff_opener_allow(opener, steps)


def drop_opener_key(opener: Handle, key_id: int) -> bool:
    """Wipe a key slot; False if there is none."""
    error = lib.ff_opener_drop_key(opener, key_id)
    if error == lib.FF_NO_SUCH_KEY:
        return False
    check(error, "opener")
    return True


def read_opener(opener: Handle) -> tuple[Handle, Handle]:
    """Read an ff_opener_facts and an array of its num_slots ff_slot_facts.

    An item of the array lives no longer than the array.
    """
    facts = ffi.new("ff_opener_facts *")
    room = 0
    while True:
        slots = ffi.new("ff_slot_facts[]", room)
        check(lib.ff_opener_read(opener, facts, slots, room), "opener")
        if facts.num_slots <= room:
            return facts, slots
        room = facts.num_slots  # keys may come while we ask: ask again


def close_opener(opener: Handle) -> None:
    """Wipe all keys; the memory goes when the handle is collected."""
    lib.ff_opener_close(opener)


def open_many(openers: list[Handle], workers: int, batch: Handle, in_place: int) -> int:
    """Open a batch by source: frames opened, or a negated ff_error."""
    members = ffi.new("ff_opener *[]", openers)
    return int(lib.ff_open_many(members, len(openers), batch, in_place, workers))
