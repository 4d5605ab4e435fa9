"""Sealer: one key in use, one direction, a counter that only goes up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.batch import Batch, BatchResult
from fastframe.errors import FastframeError, UsageError
from fastframe.gather import run_any
from fastframe.live import Prefixes
from fastframe.material import Key
from fastframe.options import read_salt, read_wire
from fastframe.reserve import Supply, reserving
from fastframe.sealer_facts import SealerFacts
from fastframe.single import pin_target, prepare_call, raise_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastframe.counter import PersistentCounter

# Bound here: seal() runs once per frame.
_seal_one = _native.seal_one
_seal_batch = _native.seal_batch
_pin = _native.pin_to_read
_borrow = _native.pin
_KINDS = _native.KINDS
_NULL = _native.NULL
_NOT_MADE = -(2**40)  # below any negated status or error


class Sealer(SealerFacts):
    """Seals frames under one key at a time.

    No call takes a nonce: the sealer owns its counter. It cannot be copied or
    pickled, nor used after os.fork() in the child. Threads may share it.

    Args:
        format: the wire format, see fastframe.formats().
        key: 16 or 32 bytes, copied; wipe yours when you like.
        key_id: what the frame says of its key; 0 to 255 for "insertable".
        suite: see fastframe.suites(), for "sframe" also 1 to 8; None takes the
            GCM suite that fits the key's length, or AES-128-GCM where a key
            of any length is derived from.
        codec: which bytes stay readable, see fastframe.codecs().
        ssrc: the first 4 bytes of the IV as a number ("insertable",
            "livekit", "jitsi"); None draws them at random for each key. For
            "sframe" the stream whose own key is to be derived.
        salt: 12 bytes for "raw", whose nonce is salt XOR counter; "livekit"
            and "jitsi" draw theirs unless you give one, "stream" its 8 bytes.
        counter: the first counter, or a PersistentCounter. Give a number only
            to go on where an earlier run stopped.
        format_options: the format's own, see docs/formats.md.

    Raises UsageError for a wrong argument, and when another live sealer in this
    process uses the same key with the same IV prefix.
    """

    __slots__ = (
        "__weakref__",
        "_lock",
        "_memory",
        "_prefixes",
        "_suite",
        "_supply",
    )

    def __init__(
        self,
        format: str,  # noqa: A002 - the contract's name
        key: _native.Buffer,
        *,
        key_id: int = 0,
        suite: str | int | None = None,
        codec: str | None = None,
        ssrc: int | None = None,
        salt: _native.Buffer | None = None,
        counter: int | PersistentCounter = 0,
        **format_options: Any,
    ) -> None:
        """Copy the key, claim it in this process, take the first counters."""
        if format == "sframe":
            format_options["ssrc"], ssrc = ssrc, None
        self._wire = read_wire(format, codec, format_options)
        self._facts = self._wire.facts
        self._growth = self._facts.growth
        self._lock = ForkLock()
        self._suite = suite
        self._supply = Supply(self, counter, self._facts)
        self.handle: _native.Handle = None
        try:
            salt_bytes = read_salt(self._facts, salt)
            self._prefixes = Prefixes(self._facts, ssrc, salt_bytes)
            self._import_key(key, suite, key_id)
        except BaseException:
            self._supply.close()
            raise

    # -- sealing --

    def seal(
        self,
        frame: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
    ) -> bytes:
        """Seal one frame and give it as it travels.

        Args:
            frame: any C-contiguous buffer, up to 16 MiB; read in place.
            key_frame: whether it is a key frame; None reads it from the
                frame where the codec tells, and else takes it for a delta.
            aad: caller bytes to authenticate, where the format takes them.

        Raises:
            UsageError: an argument is wrong, or the sealer is closed or
                forked; no counter is spent.
            KeyExhausted: no counter is left; rotate().
        """
        pinned = frame if type(frame) is bytes else _pin(frame, "frame")
        size = len(pinned)
        room = size + self._growth
        if size > _native.FRAME_MAX:
            raise UsageError(
                f"a frame is at most {_native.FRAME_MAX} bytes, got {size}"
            )
        # Nobody else has seen this object yet: a second buffer would be a copy.
        out = b"\0" * room
        try:
            kind = _KINDS[key_frame] if aad is None else None
        except (KeyError, TypeError):
            kind = None  # explained below
        got = _NOT_MADE
        if kind is not None:
            got = _seal_one(self.handle, out, room, pinned, size, kind, _NULL)
        if got < 0:
            got = self._seal_slowly(got, (out, room), (pinned, size), key_frame, aad)
        return out if got == room else out[:got]

    def seal_into(
        self,
        frame: _native.Buffer,
        out: _native.Buffer,
        *,
        key_frame: bool | None = None,
        aad: _native.Buffer | None = None,
    ) -> int:
        """Seal one frame into out and give the length written.

        out may be apart from the frame, or start at the same address, or the
        frame may stand where its ciphertext will (13 bytes into out for
        "insertable"): then nothing is moved. Any other overlap is refused.

        Raises:
            UsageError: as seal(), or out is read-only or smaller than
                len(frame) + overhead.
            KeyExhausted: no counter is left; rotate().
        """
        pinned = frame if type(frame) is bytes else _pin(frame, "frame")
        size = len(pinned)
        if type(out) is bytearray:  # writable for sure: the dear check is spared
            target, room = _borrow(out), len(out)
        else:
            target, room = pin_target(out)
        try:
            kind = _KINDS[key_frame] if aad is None else None
        except (KeyError, TypeError):
            kind = None  # explained below
        got = _NOT_MADE
        if kind is not None:
            got = _seal_one(self.handle, target, room, pinned, size, kind, _NULL)
        if got < 0:
            got = self._seal_slowly(got, (target, room), (pinned, size), key_frame, aad)
        return got

    def seal_batch(
        self,
        frames: Batch | Sequence[_native.Buffer],
        *,
        key_frame: bool | Sequence[bool | None] | None = None,
        aad: _native.Buffer | Sequence[_native.Buffer] | None = None,
        in_place: bool = False,
        workers: int = 1,
    ) -> BatchResult:
        """Seal many frames in one call, with the GIL released.

        Args:
            frames: a Batch, or any sequence of buffers, read where they
                stand.
            key_frame: for a sequence: one for all, or one for each.
            aad: for a sequence: one buffer for all, or a list or tuple with
                one for each.
            in_place: write over the Batch's own arena; then clear() it before
                its next use.
            workers: threads to split a large batch over, 1 to 64: no more
                than the machine has processors. Small batches use fewer, and
                what comes of it is the same as with one.

        Raises:
            UsageError: the call is wrong; no frame was touched. What became
                of each frame is in the result, never raised.
        """
        given = key_frame is not None or aad is not None or workers != 1
        if type(frames) is Batch and not given and type(in_place) is bool:
            tables = frames.tables
            ok = _seal_batch(self.handle, tables.handle, in_place, 1)
            if ok >= 0:
                return BatchResult(tables, ok)
        # Refused calls touched nothing: below they are made again and explained.
        options = {"key_frame": key_frame, "aad": aad}
        needs = partial(self._need_all, frames)  # a closure would slow the way above
        call = partial(reserving, needs, partial(self._run_batch, workers))
        return run_any(call, frames, self._growth, options, in_place=in_place)

    # -- keys --

    def rotate(
        self, key: _native.Buffer, key_id: int, *, suite: str | int | None = None
    ) -> None:
        """Use a new key from the next frame on; the old one is wiped.

        The counter starts at 0 (or as a PersistentCounter's file says) and,
        unless ssrc= was given, a new IV prefix is drawn.

        Raises:
            UsageError: an argument is wrong, or this sealer has used the same
                key with the same IV prefix, or another live one uses it. The
                old key stays in use.
        """
        with self._lock.raw:
            self._import_key(key, self._suite if suite is None else suite, key_id)

    def ratchet(self) -> None:
        """Move the key one step forward, under the same key id.

        For "livekit" and "jitsi", whose receivers find out by themselves: send
        a frame of each step before the next, for LiveKit's browser client
        follows one step at a time. The counter goes on.

        Raises UsageError for keys that have no ratchet.
        """
        with self._lock.raw:
            _native.ratchet_sealer(self.handle)

    def close(self) -> None:
        """Wipe the key. Later calls raise UsageError."""
        with self._lock.raw:
            _native.close_sealer(self.handle)
            self._prefixes.close()
            self._supply.close()

    # -- inside --

    def _import_key(
        self, material: _native.Buffer, suite: str | int | None, key_id: int
    ) -> None:
        """Claim a prefix and counters for a key, then put it in use."""
        number = self._wire.check_key_id(key_id)
        with Key(self._wire, material, suite, number) as key:
            self._install(key, number)

    def _install(self, key: Key, number: int) -> None:
        prefixes = self._prefixes
        claim = prefixes.claim(key, number)
        try:
            first, last = self._supply.begin(key.fingerprint)
            described = key.material(
                number, prefixes.salt_of(claim), salt_is_drawn=prefixes.is_drawn
            )
            if self.handle is None:
                self.handle, self._memory = _native.new_sealer(
                    self._wire.settings(), described, first, last, prefixes.close
                )
            else:
                _native.rekey_sealer(self.handle, described, first, last)
        except FastframeError:  # after an interrupt the core may have the key
            prefixes.drop(claim)
            raise
        prefixes.adopt(claim)

    def reserve(self, count: int) -> None:
        """Have counters on disk reserved until count frames can be sealed."""
        self._supply.extend(self.handle, count)

    def _run_batch(self, workers: int, batch: _native.Handle, in_place: int) -> int:
        number = _native.check_workers(workers)
        return _seal_batch(self.handle, batch, in_place, number)

    def _need_all(self, frames: Any) -> dict[Any, int]:
        return {self: len(frames)}

    def _seal_slowly(
        self,
        code: int,
        target: tuple[Any, int],
        frame: tuple[Any, int],
        key_frame: Any,
        aad: Any,
    ) -> int:
        """Seal where the plain call was not made or came back negative."""
        call = prepare_call(_seal_one, self.handle, target, frame, key_frame, aad)
        got = call() if code == _NOT_MADE else code
        while got == -_native.RESERVE_FIRST:
            self.reserve(1)
            got = call()
        if got < 0:
            raise_refusal(-got, self, frame[1], frame[1] + self._growth, target[1])
        return got
