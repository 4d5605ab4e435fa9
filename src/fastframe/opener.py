"""Opener: the receiving side, with many key slots and their replay windows."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from fastframe import _native
from fastframe._guard import Unclonable
from fastframe.errors import UsageError, UsageTypeError
from fastframe.gather import run_batch
from fastframe.material import Key
from fastframe.options import check_key_id, read_format, read_salt
from fastframe.stats import KeyStats, OpenerStats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastframe.batch import Batch, BatchResult

# Bound here: open() runs once per frame.
_open_one = _native.open_one
_pin = _native.pin_to_read
_KINDS = _native.KINDS
_NULL = _native.NULL
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
    the key that a slot already holds keeps its replay window.
    """

    __slots__ = ("_facts", "_handle", "_lock", "_slots", "_suite")

    def __init__(
        self, handle: Any, facts: _native.FormatFacts, suite: str | None
    ) -> None:
        """Start without keys."""
        self._handle = handle
        self._facts = facts
        self._suite = suite
        self._lock = threading.Lock()
        self._slots: dict[int, KeySlot] = {}

    def __getitem__(self, key_id: int) -> KeySlot:
        """Give what may be shown of a slot."""
        return self._slots[key_id]

    def __setitem__(self, key_id: int, key: _native.Buffer) -> None:
        """Copy a key into a slot; UsageError if it does not fit."""
        described = Key(key, self._suite)
        number = check_key_id(self._facts, key_id)
        with self._lock:
            if not self._facts.names_key and self._slots.keys() - {number}:
                raise UsageError(
                    f"frames of {self._facts.name!r} name no key: an opener "
                    f"holds one, and this one holds key id {next(iter(self._slots))}"
                )
            _native.set_opener_key(
                self._handle, described.material(number, _NO_SALT)
            )
            self._slots[number] = KeySlot(number, described.fingerprint)

    def __delitem__(self, key_id: int) -> None:
        """Wipe a key; KeyError if there is none."""
        with self._lock:
            del self._slots[key_id]
            _native.drop_opener_key(self._handle, key_id)

    def __iter__(self) -> Iterator[int]:
        """Go through the key ids held now."""
        return iter(tuple(self._slots))

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._slots)

    def __repr__(self) -> str:
        """Show fingerprints, never keys."""
        held = ", ".join(f"{s.key_id}: {s.fingerprint}" for s in self._slots.values())
        return f"<KeySlots {{{held}}}>"

    def forget_all(self) -> None:
        """Empty the mapping after the core has wiped its keys."""
        with self._lock:
            self._slots.clear()


class Opener(Unclonable):
    """Opens frames under any of the keys it holds.

    Threads may share it. Nothing that a frame claims changes any state before
    its tag is good, and no failure ever disables a key.

    Args:
        format: the wire format, see fastframe.formats().
        keys: key id -> key (16 or 32 bytes, copied); see the keys attribute.
        suite: see fastframe.suites(); None takes the GCM suite that fits each
            key's length.
        codec: as the sender's.
        salt: 12 bytes for "raw", as the sender's.
        replay_window: how many counters back a late frame may come, 0 to
            65536; 0 turns replay protection off. Windows are kept per key id
            and IV prefix, for the 1024 prefixes heard last. A peer that draws
            every IV at random has a new prefix per frame, so there the window
            stops only replays among its last frames.

    Attributes:
        keys: the live mapping of key slots.
    """

    __slots__ = ("__weakref__", "_facts", "_growth_min", "handle", "keys")

    def __init__(
        self,
        format: str,  # noqa: A002 - the contract's name
        keys: Mapping[int, _native.Buffer] | None = None,
        *,
        suite: str | None = None,
        codec: str | None = None,
        salt: _native.Buffer | None = None,
        replay_window: int = 1024,
        **format_options: Any,
    ) -> None:
        """Copy the keys; UsageError if an argument is wrong."""
        self._facts = read_format(format, codec, format_options)
        self._growth_min = self._facts.growth_min
        if suite is not None:
            _native.SUITES.index(suite)
        _native.check_int(replay_window, "replay_window", 0, _native.WINDOW_MAX)
        self.handle = _native.new_opener(
            self._facts.number, read_salt(self._facts, salt), replay_window
        )
        self.keys = KeySlots(self.handle, self._facts, suite)
        if keys is not None:
            if not isinstance(keys, Mapping):
                raise UsageTypeError(
                    f"keys must map key id to key, got {type(keys).__name__}"
                )
            self.keys.update(keys)

    # -- opening --

    def open(
        self,
        sealed: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
        counter: int = 0,
    ) -> bytes:
        """Open one frame.

        Args:
            sealed: any C-contiguous buffer, read in place.
            key_frame: whether the frame is a key frame; None finds out, at
                the cost of a second tag check for key frames.
            aad: the caller bytes that the sender authenticated.
            counter: the frame's counter, for formats that do not send it.

        Raises:
            FrameRejected: the frame did not open; its subclass and .status
                say why.
            UsageError: an argument is wrong, or the opener is closed.
        """
        pinned = sealed if type(sealed) is bytes else _pin(sealed, "sealed")
        size = len(pinned)
        room = size - self._growth_min if size > self._growth_min else 0
        # A bytes object that nobody else has seen yet is written directly.
        # Not one of length 1: the interpreter shares those.
        out = b"\0" * (room + 1 if room == 1 else room)
        kind = _KINDS.get(key_frame) if aad is None and counter == 0 else None
        if kind is not None:
            got = _open_one(self.handle, out, room, pinned, size, kind, _NULL)
        else:
            got = self._open_with(out, room, pinned, size, key_frame, aad, counter)
        if got < 0:
            self._raise(-got, sealed, size, room)
        return out if got == len(out) else out[:got]

    def open_into(
        self,
        sealed: _native.Buffer,
        out: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
        counter: int = 0,
    ) -> int:
        """Open one frame into out and give the length written.

        out may be apart from the frame, or start at the same address, or
        start where the ciphertext does; any other overlap is refused. After a
        FrameRejected what would have been written is zeroed, so in place the
        frame is gone.

        Raises:
            FrameRejected: the frame did not open.
            UsageError: as open(), or out is read-only or too small.
        """
        pinned = sealed if type(sealed) is bytes else _pin(sealed, "sealed")
        target = _native.pin_to_write(out, "out")
        size, room = len(pinned), len(target)
        got = self._open_with(target, room, pinned, size, key_frame, aad, counter)
        if got < 0:
            self._raise(-got, sealed, size, room)
        return got

    def open_batch(
        self,
        frames: Batch | Sequence[_native.Buffer],
        *,
        key_frame: bool | None | Sequence[bool | None] = None,
        aad: _native.Buffer | None | Sequence[_native.Buffer] = None,
        counter: Sequence[int] | None = None,
        in_place: bool = False,
    ) -> BatchResult:
        """Open many frames in one call, with the GIL released.

        Args:
            frames: a Batch, or any sequence of buffers, read where they
                stand.
            key_frame: for a sequence: one for all, or one for each; None
                finds out.
            aad: for a sequence: one buffer for all, or a list or tuple with
                one for each.
            counter: for a sequence: one for each, where the format sends
                none.
            in_place: write over the Batch's own arena; then clear() it before
                its next use.

        Raises:
            UsageError: the call is wrong; no frame was touched. What became
                of each frame is in the result, never raised.
        """
        options = {"key_frame": key_frame, "aad": aad, "counter": counter}
        call = partial(_native.open_batch, self.handle)
        return run_batch(call, frames, 0, options, in_place=in_place)

    def close(self) -> None:
        """Wipe all keys. Later calls raise UsageError."""
        _native.close_opener(self.handle)
        self.keys.forget_all()

    # -- facts --

    @property
    def format(self) -> str:
        """The wire format's name."""
        return self._facts.name

    def stats(self) -> OpenerStats:
        """Read the counters of what this opener did, and of each key."""
        facts, slots = _native.read_opener(self.handle)
        return OpenerStats(
            frames_opened=facts.frames,
            bytes_in=facts.bytes_in,
            bytes_out=facts.bytes_out,
            malformed=facts.malformed,
            not_encrypted=facts.not_encrypted,
            unsupported_version=facts.unsupported_version,
            unknown_key=facts.unknown_key,
            auth_failed=facts.auth_failed,
            replayed=facts.replayed,
            too_old=facts.too_old,
            no_room=facts.no_room,
            internal=facts.internal,
            keys={slot.key_id: _key_stats(slot) for slot in slots},
        )

    def __repr__(self) -> str:
        """Show format and fingerprints, never keys."""
        return f"<Opener {self.format} {self.keys!r}>"

    def __enter__(self) -> Opener:
        """Use as a context manager that closes."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close."""
        self.close()

    # -- inside --

    def _open_with(  # noqa: PLR0913 - one call's arguments
        self,
        out: Any,
        room: int,
        pinned: Any,
        size: int,
        key_frame: Any,
        aad: Any,
        counter: int,
    ) -> int:
        """Make the core's call with all arguments checked."""
        kind = _native.kind_of(key_frame)
        if aad is None and counter == 0:
            return _open_one(self.handle, out, room, pinned, size, kind, _NULL)
        extra = _native.make_extra(aad, counter)
        return _open_one(self.handle, out, room, pinned, size, kind, extra.handle)

    def _raise(self, code: int, sealed: Any, size: int, room: int) -> NoReturn:
        if code == _native.NO_ROOM:
            raise UsageError(
                f"out must hold at least {max(size - self._growth_min, 0)} bytes, "
                f"got {room}"
            )
        if code >= _native.FIRST_ERROR:
            _native.raise_error(code, f"{self!r}, frame of {size} bytes")
        _native.raise_status(code, key_id=self._claimed_key_id(sealed))

    def _claimed_key_id(self, sealed: Any) -> int | None:
        claim, status = _native.inspect(self._facts.number, sealed)
        return int(claim.key_id) if status == 0 and claim.names_key else None


def _key_stats(slot: Any) -> KeyStats:
    return KeyStats(
        frames_opened=slot.frames,
        bytes_out=slot.bytes_out,
        auth_failed=slot.auth_failed,
        replayed=slot.replayed,
        too_old=slot.too_old,
        senders=slot.senders,
    )
