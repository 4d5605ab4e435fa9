"""One track of one sender: its opener, what became of each frame, its events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from fastframe import FrameRejected, Opener, Status
from fastframe.keys.events import TrackEvents
from fastframe.keys.stats import OpenedKeyStats, OpenedTrackStats

if TYPE_CHECKING:
    from collections.abc import Callable


class Fate(str, Enum):
    """What became of a frame. Each one is opened, rejected or dropped once."""

    OPENED = "opened"
    PARKED = "parked"
    REJECTED = "rejected"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a frame, now or later.

    Attributes:
        fate: of a PARKED frame comes another one later.
        status: why it did not open; UNKNOWN_KEY for what is parked or dropped.
        frame: the frame, None unless it was opened.
        sender, track: whose it is.
        note: what was given to open().
        waited: seconds that it was parked.
    """

    fate: Fate
    status: Status
    frame: bytes | None
    sender: bytes
    track: str
    note: Any = None
    waited: float = 0.0


class ReceivedTrack:
    """Opens the frames of one track of one sender, and counts all of them.

    Attributes:
        opener: the opener, with the keys that the room holds of the sender.
        events: what is to be told of the track.
        parked: frames that wait now.
    """

    def __init__(
        self, opener: Opener, *, is_off: bool, clock: Callable[[], float]
    ) -> None:
        """Have seen nothing yet."""
        self.opener = opener
        self.events = TrackEvents()
        self.parked = 0
        self._is_off = is_off
        self._clock = clock
        self._received = self._late = self._turned_away = self._missing = 0
        self._rejected: dict[Status, int] = {}
        self._opened = self._bytes_in = self._bytes_out = 0
        self._time = self._time_max = self._parked_time = 0.0

    def count(self) -> None:
        """Note that a frame has come."""
        self._received += 1

    def open(
        self, sealed: bytes | bytearray | memoryview, key_frame: bool | None
    ) -> tuple[Status, bytes | None, int | None]:
        """Try a frame: status, frame if it is open, and the key id it names."""
        started = self._clock()
        frame: bytes | None = None
        status, key_id = Status.OK, None
        try:
            if self._is_off:
                frame = bytes(sealed)
            else:
                frame = self.opener.open(sealed, key_frame=key_frame)
        except FrameRejected as rejected:
            status, key_id = rejected.status, rejected.key_id
        if frame is not None:
            self._opened += 1
            self._bytes_in += len(sealed)
            self._bytes_out += len(frame)
        elapsed = self._clock() - started
        self._time += elapsed
        self._time_max = max(self._time_max, elapsed)
        return status, frame, key_id

    def reject(self, status: Status) -> None:
        """Note that a frame is lost for good."""
        self._rejected[status] = self._rejected.get(status, 0) + 1

    def drop(self, *, turned_away: bool) -> None:
        """Note that the key of a frame did not come."""
        self._missing += 1
        self._turned_away += turned_away

    def wait(self) -> None:
        """Note that a frame waits."""
        self.parked += 1

    def end_wait(self, waited: float, *, is_open: bool) -> None:
        """Note that a frame waits no longer."""
        self.parked -= 1
        if is_open:
            self._late += 1
            self._parked_time += waited

    def stats(self, sender: str, track: str) -> OpenedTrackStats:
        """Read the counters."""
        rejected = self._rejected.get
        keys = self.opener.stats().keys
        slots = self.opener.keys
        return OpenedTrackStats(
            sender=sender,
            track=track,
            frames_received=self._received,
            frames_opened=self._opened,
            frames_missing_key=self._missing,
            frames_failed_auth=rejected(Status.AUTH_FAILED, 0),
            frames_replayed=rejected(Status.REPLAYED, 0),
            frames_too_old=rejected(Status.TOO_OLD, 0),
            frames_not_encrypted=rejected(Status.NOT_ENCRYPTED, 0),
            frames_malformed=rejected(Status.MALFORMED, 0)
            + rejected(Status.UNSUPPORTED_VERSION, 0),
            frames_parked=self.parked,
            frames_opened_late=self._late,
            frames_turned_away=self._turned_away,
            bytes_in=self._bytes_in,
            bytes_out=self._bytes_out,
            total_open_time=self._time,
            max_open_time=self._time_max,
            total_parked_time=self._parked_time,
            keys=tuple(
                OpenedKeyStats(
                    key_id=key_id,
                    fingerprint=slots[key_id].fingerprint,
                    frames_opened=one.frames_opened,
                    frames_failed_auth=one.auth_failed,
                    frames_replayed=one.replayed,
                    frames_too_old=one.too_old,
                )
                for key_id, one in keys.items()
                if key_id in slots
            ),
        )
