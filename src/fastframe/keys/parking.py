"""Where frames wait that came before their key.

Everything here is caused by peers, so all of it is bounded: frames, bytes and
age, for each sender and in total.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastframe import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class ParkingLimits:
    """How much may wait, and how long.

    Attributes:
        seconds: the age at which a frame is dropped; the grace period of the
            room is a good one.
        sender_frames, sender_bytes: for each sender.
        frames, bytes: for all together.
    """

    seconds: float = 3.0
    sender_frames: int = 512
    sender_bytes: int = 8 << 20
    frames: int = 8192
    bytes: int = 64 << 20

    def __post_init__(self) -> None:
        """Refuse limits that are none."""
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} must be 0 or more")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that has come, and may have to wait.

    Attributes:
        sender, track: whose it is.
        key_id: the key it names, unverified; None before it is parked.
        sealed: the caller's buffer, and a copy of it once it is parked.
        key_frame: as it was given to open().
        note: the caller's own.
        at: when it came.
    """

    sender: bytes
    track: str
    key_id: int | None
    sealed: bytes | bytearray | memoryview
    key_frame: bool | None
    note: Any
    at: float

    def copy(self, key_id: int | None) -> Frame:
        """Give one that can wait for a key: buffers are used again."""
        return replace(self, key_id=key_id, sealed=bytes(self.sealed))


class Parking:
    """Frames by sender, in the order in which they came.

    When a sender's share or all of it is taken, the frame that comes is turned
    away and not one that waits: the first ones have the key frame without
    which the others decode to nothing.
    """

    def __init__(self, limits: ParkingLimits) -> None:
        """Start empty."""
        self._limits = limits
        self._lots: dict[bytes, _Lot] = {}
        self.frames = 0
        self.bytes = 0

    def park(self, frame: Frame) -> bool:
        """Let a frame wait, if there is room."""
        limits, size = self._limits, len(frame.sealed)
        lot = self._lots.get(frame.sender) or _Lot()
        if (
            len(lot.frames) >= limits.sender_frames
            or lot.bytes + size > limits.sender_bytes
            or self.frames >= limits.frames
            or self.bytes + size > limits.bytes
        ):
            return False
        self._lots[frame.sender] = lot
        lot.frames.append(frame)
        self._count(lot, 1, size)
        return True

    def release(self, sender: bytes, key_id: int) -> list[Frame]:
        """Give the frames that wait for a key, the first that came first."""
        return self._take(sender, lambda one: one.key_id == key_id)

    def expire(self, now: float) -> list[Frame]:
        """Give the frames that have waited for too long."""
        oldest = now - self._limits.seconds
        return [
            frame
            for sender, lot in list(self._lots.items())
            if lot.frames[0].at <= oldest
            for frame in self._take(sender, lambda one: one.at <= oldest)
        ]

    def clear(self) -> list[Frame]:
        """Give all that is left."""
        return [
            frame
            for sender in list(self._lots)
            for frame in self._take(sender, lambda _: True)
        ]

    def _take(self, sender: bytes, is_taken: Callable[[Frame], bool]) -> list[Frame]:
        lot = self._lots.get(sender)
        if lot is None:
            return []
        taken = [one for one in lot.frames if is_taken(one)]
        lot.frames = deque(one for one in lot.frames if not is_taken(one))
        self._count(lot, -len(taken), -sum(len(one.sealed) for one in taken))
        if not lot.frames:
            del self._lots[sender]
        return taken

    def _count(self, lot: _Lot, frames: int, size: int) -> None:
        lot.bytes += size
        self.frames += frames
        self.bytes += size

    def __iter__(self) -> Iterator[Frame]:
        """Go through the frames that wait, sender by sender."""
        return (frame for lot in self._lots.values() for frame in lot.frames)


class _Lot:
    """The frames of one sender."""

    __slots__ = ("bytes", "frames")

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.bytes = 0
