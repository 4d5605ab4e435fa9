"""Opener: the receiving side, with many key slots and their replay windows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from fastframe import _native
from fastframe._guard import Closable
from fastframe.allowance import FAST_STEPS, SLOW_STEPS, Allowance
from fastframe.batch import Batch, BatchResult
from fastframe.errors import Status, UsageError, UsageTypeError
from fastframe.gather import run_any
from fastframe.material import choose_suite
from fastframe.options import read_salt, read_wire
from fastframe.single import pin_target, prepare_call, raise_refusal
from fastframe.slots import KeySlots
from fastframe.stats import OpenerStats

if TYPE_CHECKING:
    from collections.abc import Sequence

# Bound here: open() runs once per frame.
_open_one = _native.open_one
_open_batch = _native.open_batch
_pin = _native.pin_to_read
_borrow = _native.pin
_KINDS = _native.KINDS
_NULL = _native.NULL


class Opener(Closable):
    """Opens frames under any of the keys it holds.

    Threads may share it. Nothing that a frame claims changes any state before
    its tag is good, and no failure ever disables a key.

    Args:
        format: the wire format, see fastframe.formats().
        keys: key id -> key (16 or 32 bytes, copied); see the keys attribute.
        suite: see fastframe.suites(), for "sframe" also 1 to 8; None takes the
            GCM suite that fits each key's length, or AES-128-GCM where a key
            of any length is derived from.
        codec: as the sender's.
        salt: 12 bytes for "raw", as the sender's.
        replay_window: how many counters back a late frame may come, 0 to
            65536; 0 turns replay protection off. Windows are kept per key id
            and IV prefix, for the 1024 prefixes heard last. A peer that draws
            every IV at random has a new prefix per frame, so there the window
            stops only replays among its last frames. "livekit" and "jitsi"
            send no counter, so they have no replay check.
        format_options: the format's own, see docs/formats.md.
    """

    __slots__ = (
        "__weakref__",
        "_allowance",
        "_growth_min",
        "_keys",
        "_memory",
        "_suite",
        "_wire",
        "handle",
    )

    def __init__(
        self,
        format: str,  # noqa: A002 - the contract's name
        keys: Mapping[int, _native.Buffer] | None = None,
        *,
        suite: str | int | None = None,
        codec: str | None = None,
        salt: _native.Buffer | None = None,
        replay_window: int = 1024,
        **format_options: Any,
    ) -> None:
        """Copy the keys; UsageError if an argument is wrong."""
        wire = read_wire(format, codec, format_options, for_opening=True)
        self._wire = wire
        self._growth_min = wire.facts.growth_min
        self._suite = suite
        if suite is not None:
            choose_suite(wire, suite, 0)
        _native.check_int(replay_window, "replay_window", 0, _native.WINDOW_MAX)
        if salt is not None and wire.facts.sends_nonce:
            raise UsageError(f"an opener of {format!r} takes no salt; frames tell it")
        salt_bytes = None if wire.facts.sends_nonce else read_salt(wire.facts, salt)
        core = _native.new_opener(wire.settings(replay_window))
        self.handle, self._memory = core
        self._allowance: Allowance | None = None
        if wire.values["ratchet_window"]:
            self._allowance = Allowance(
                core, SLOW_STEPS if wire.takes_text else FAST_STEPS
            )
        self._keys = KeySlots(core, wire, suite, salt_bytes)
        if keys is not None:
            if not isinstance(keys, Mapping):
                raise UsageTypeError(
                    f"keys must map key id to key, got {type(keys).__name__}"
                )
            self.keys.update(keys)

    @property
    def keys(self) -> KeySlots:
        """The live mapping of key slots: key id -> key."""
        return self._keys

    # -- opening --

    def open(
        self,
        sealed: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
        counter: int | None = None,
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
        try:
            kind = _KINDS[key_frame] if aad is None and counter is None else None
        except (KeyError, TypeError):
            kind = None  # explained below
        if self._allowance is not None:
            self._allowance.renew()
        if kind is not None:
            got = _open_one(self.handle, out, room, pinned, size, kind, _NULL)
        else:
            got = self._open_slowly(
                (out, room), (pinned, size), key_frame, aad, counter
            )
        if got < 0:
            self._raise(-got, (pinned, size), (out, room))
        return out if got == len(out) else out[:got]

    def open_into(
        self,
        sealed: _native.Buffer,
        out: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
        counter: int | None = None,
    ) -> int:
        """Open one frame into out and give the length written.

        out may be apart from the frame, or start at the same address, or
        start where the ciphertext does; any other overlap is refused. After a
        FrameRejected what would have been written is zeroed. In place, a frame
        that failed its tag is gone, and one that never got so far (unknown
        key, replayed, too old) still stands.

        Raises:
            FrameRejected: the frame did not open.
            UsageError: as open(), or out is read-only or too small.
        """
        pinned = sealed if type(sealed) is bytes else _pin(sealed, "sealed")
        size = len(pinned)
        if type(out) is bytearray:  # writable for sure: the dear check is spared
            target, room = _borrow(out), len(out)
        else:
            target, room = pin_target(out)
        try:
            kind = _KINDS[key_frame] if aad is None and counter is None else None
        except (KeyError, TypeError):
            kind = None  # explained below
        if self._allowance is not None:
            self._allowance.renew()
        if kind is not None:
            got = _open_one(self.handle, target, room, pinned, size, kind, _NULL)
        else:
            got = self._open_slowly(
                (target, room), (pinned, size), key_frame, aad, counter
            )
        if got < 0:
            self._raise(-got, (pinned, size), (target, room))
        return got

    def open_batch(
        self,
        frames: Batch | Sequence[_native.Buffer],
        *,
        key_frame: bool | Sequence[bool | None] | None = None,
        aad: _native.Buffer | Sequence[_native.Buffer] | None = None,
        counter: Sequence[int] | None = None,
        in_place: bool = False,
        workers: int = 1,
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
            workers: threads to split a large batch over, 1 to 64: no more
                than the machine has processors. Small batches use fewer, and
                what comes of it is the same as with one.
                Not in place, nor with keys that ratchet: those take one.

        Raises:
            UsageError: the call is wrong; no frame was touched. What became
                of each frame is in the result, never raised.
        """
        if self._allowance is not None:
            self._allowance.renew()
        given = key_frame is not None or aad is not None or counter is not None
        if (
            type(frames) is Batch
            and not given
            and workers == 1
            and type(in_place) is bool
        ):
            tables = frames.tables
            ok = _open_batch(self.handle, tables.handle, in_place, 1)
            if ok >= 0:
                return BatchResult(tables, ok)
        # Refused calls touched nothing: below they are made again and explained.
        options = {"key_frame": key_frame, "aad": aad, "counter": counter}
        call = partial(self._run_batch, workers)
        return run_any(call, frames, 0, options, in_place=in_place)

    def close(self) -> None:
        """Wipe all keys. Later calls raise UsageError."""
        _native.close_opener(self.handle)
        self.keys.forget_all()

    # -- facts --

    @property
    def format(self) -> str:
        """The wire format's name."""
        return self._wire.name

    def stats(self) -> OpenerStats:
        """Read the counters of what this opener did, and of each key."""
        return OpenerStats.read(*_native.read_opener(self.handle))

    def __repr__(self) -> str:
        """Show format and fingerprints, never keys."""
        return f"<Opener {self.format} {self.keys!r}>"

    # -- inside --

    def renew(self) -> None:
        """Allow this second's ratchet steps; the plain formats have none."""
        if self._allowance is not None:
            self._allowance.renew()

    def _run_batch(self, workers: int, batch: _native.Handle, in_place: int) -> int:
        number = _native.check_workers(workers)
        return _open_batch(self.handle, batch, in_place, number)

    def _open_slowly(
        self,
        target: tuple[Any, int],
        frame: tuple[Any, int],
        key_frame: Any,
        aad: Any,
        counter: int | None,
    ) -> int:
        """Make the core's call with all arguments checked."""
        return prepare_call(
            _open_one, self.handle, target, frame, key_frame, aad, counter
        )()

    def _raise(
        self, code: int, frame: tuple[Any, int], target: tuple[Any, int]
    ) -> NoReturn:
        if code < _native.FIRST_ERROR and code != _native.NO_ROOM:
            key_id = self._claimed_key_id(code, frame, target)
            _native.raise_status(code, key_id=key_id)
        needed = max(frame[1] - self._growth_min, 0)
        raise_refusal(code, self, frame[1], needed, target[1])

    def _claimed_key_id(
        self, code: int, frame: tuple[Any, int], target: tuple[Any, int]
    ) -> int | None:
        """Read the key id that a rejected frame names, if it is still there."""
        is_tried = code in (Status.AUTH_FAILED, Status.INTERNAL)
        if is_tried and _native.is_overlapping(frame[0], target[0]):
            return None  # in place: the header has been written over
        settings = self._wire.settings()
        tag_len = self._wire.facts.tag_min
        claim, status = _native.inspect(settings, tag_len, frame[0])
        return int(claim.key_id) if status == 0 and claim.names_key else None
