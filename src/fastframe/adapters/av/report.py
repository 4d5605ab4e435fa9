"""What became of a recording: every packet by status, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_LOSSES_KEPT = 200  # places named; a ruined file must not fill the memory


class NothingOpened(ff.FastframeError):
    """Not one frame opened, and so no file was written."""

    def __init__(self, tracks: Iterable[TrackReport]) -> None:
        """Name the statuses that frames met instead."""
        met = sorted({status for track in tracks for status in track.statuses})
        said = ", ".join(status.name for status in met) or "there is none"
        super().__init__(f"not one frame opened ({said})")


@dataclass(frozen=True, slots=True)
class Loss:
    """A place where frames are missing or did not open.

    Attributes:
        after, before: seconds, of the frames that opened around it; 0.0 if
            it is the beginning.
        frames: how many.
    """

    after: float
    before: float
    frames: int


@dataclass(frozen=True, slots=True)
class TrackReport:
    """What became of one track.

    Attributes:
        number: its number in the file.
        codec: its codec's name.
        packets: how many the file had.
        statuses: how many met which status.
        lost: frames that were sealed before the last one opened, and are
            missing or did not open; None if the format does not tell.
        losses: where, at most 200 places.
        incomplete: frames of a call of which not all packets had arrived.
        seconds: the time of the last frame.
    """

    number: int
    codec: str
    packets: int
    statuses: Mapping[ff.Status, int]
    lost: int | None
    losses: tuple[Loss, ...]
    incomplete: int
    seconds: float

    @property
    def opened(self) -> int:
        """How many packets opened."""
        return self.statuses.get(ff.Status.OK, 0)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a recording.

    Attributes:
        path: the file written.
        tracks: its tracks.
        left_out: streams that were not carried: neither audio nor video.
        seconds_missing: how much earlier the last frame comes than the
            container says the recording ends; 0.0 if it does not say.
        trouble: what FFmpeg said of the damage, None if nothing.
    """

    path: Path
    tracks: tuple[TrackReport, ...]
    left_out: tuple[str, ...] = ()
    seconds_missing: float = 0.0
    trouble: str | None = None

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is known to be missing."""
        return (
            self.trouble is None
            and self.seconds_missing == 0
            and not any(
                track.packets != track.opened or track.lost or track.incomplete
                for track in self.tracks
            )
        )


@dataclass(slots=True)
class Books:
    """One track's books while it is read."""

    number: int
    codec: str
    packets: int = 0
    incomplete: int = 0
    seconds: float = 0.0
    statuses: dict[ff.Status, int] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    _next: int | None = 0
    _opened: int = 0

    def enter(self, status: ff.Status, counter: int | None, moment: float) -> None:
        """Enter one packet; counter is that of an opened frame."""
        self.packets += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status != ff.Status.OK:
            return
        if counter is None:
            self._next = None
        elif self._next is not None:
            self._opened += 1
            if counter > self._next and len(self.losses) < _LOSSES_KEPT:
                gap = counter - self._next
                self.losses.append(Loss(self.seconds, moment, gap))
            self._next = max(self._next, counter + 1)
        self.seconds = max(self.seconds, moment)

    def skip_to(self) -> None:
        """Say that the file was wound: what is missing is not known any more."""
        self._next = None

    def close(self) -> TrackReport:
        """Give what is in the books."""
        lost = None if self._next is None else max(0, self._next - self._opened)
        return TrackReport(
            number=self.number,
            codec=self.codec,
            packets=self.packets,
            statuses=dict(self.statuses),
            lost=lost,
            losses=tuple(self.losses),
            incomplete=self.incomplete,
            seconds=self.seconds,
        )
