"""RoomSealer: one track of this member's, under the key that the room says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastframe import Sealer
from fastframe.keys.errors import EncryptionRequired
from fastframe.keys.process import Process
from fastframe.keys.stats import SealedTrackStats
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastframe.keys.actions import UseKey


class RoomSealer:
    """Seals the frames of one track; made by RoomMedia.

    Attributes:
        track: its name.
    """

    def __init__(
        self,
        track: str,
        format: str,  # noqa: A002 - the contract's name
        options: dict[str, Any],
        *,
        is_off: bool,
        clock: Callable[[], float],
    ) -> None:
        """Have no key yet."""
        self.track = track
        self._format = format
        self._options = options
        self._is_off = is_off
        self._clock = clock
        self._sealer: Sealer | None = None
        self._next: UseKey | None = None
        self._process = Process()
        self._frames = self._bytes_in = self._bytes_out = 0
        self._refused = self._changes = 0
        self._time = self._time_max = 0.0

    def seal(
        self,
        frame: bytes | bytearray | memoryview,
        now: float,
        *,
        key_frame: bool | None = None,
    ) -> bytes:
        """Seal one frame, or raise: nothing leaves in the clear.

        Args:
            frame: as for Sealer.seal().
            now: the time, by the clock that the room is told.
            key_frame: whether it is a key frame: where the next key begins.
                None waits for the time limit instead.

        Raises:
            EncryptionRequired: the room has no key: this member has not
                joined, or has left.
            KeyExhausted: as Sealer.seal(); Room.rotate() helps.
        """
        started = self._clock()
        if self._is_off:
            sealed = bytes(frame)
        else:
            try:
                sealed = self.ready(now, key_frame=key_frame).seal(
                    frame, key_frame=key_frame
                )
            except Exception:
                self._refused += 1
                raise
        self._frames += 1
        self._bytes_in += len(frame)
        self._bytes_out += len(sealed)
        elapsed = self._clock() - started
        self._time += elapsed
        self._time_max = max(self._time_max, elapsed)
        return sealed

    def ready(self, now: float, *, key_frame: bool | None = None) -> Sealer:
        """Give the sealer for the next frame, or batch; see seal()."""
        if self._next is not None and (key_frame or now >= self._next.until):
            self._go_over()
        if self._sealer is None:
            raise EncryptionRequired("the room has no key to seal with")
        return self._sealer

    # -- what the room says --

    def use(self, action: UseKey, *, at_once: bool) -> None:
        """Take up a key, now or when it is time; an earlier one is skipped.

        Its time limit stays, or a stream without key frames in a room where
        members keep coming would never go over.
        """
        if self._next is not None:
            action = replace(action, until=min(action.until, self._next.until))
        self._drop_next()
        self._next = action
        self._process = Process()
        if at_once or action.at == "now":
            self._go_over()

    def step(self) -> None:
        """Ratchet in place; a key that waits is the one that is meant."""
        if self._next is not None:
            self._go_over()
        if self._sealer is not None:
            self._sealer.ratchet()

    def close(self) -> None:
        """Wipe the keys: from here on nothing can be sealed."""
        self._drop_next()
        if self._sealer is not None:
            self._sealer.close()
            self._sealer = None

    def stats(self) -> SealedTrackStats:
        """Read the counters."""
        sealer = self._sealer
        return SealedTrackStats(
            track=self.track,
            key_id=None if sealer is None else sealer.key_id,
            fingerprint="" if sealer is None else sealer.fingerprint,
            frames_sealed=self._frames,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            frames_refused=self._refused,
            key_changes=self._changes,
            total_seal_time=self._time,
            max_seal_time=self._time_max,
        )

    def _go_over(self) -> None:
        action, self._next = self._next, None
        if action is None:
            return
        self._process.check()
        if self._sealer is None:
            self._sealer = Sealer(
                self._format, action.key, key_id=action.key_id, **self._options
            )
        else:
            self._sealer.rotate(action.key, action.key_id)
        wipe(action.key)
        self._changes += 1

    def _drop_next(self) -> None:
        if self._next is not None:
            wipe(self._next.key)
            self._next = None
