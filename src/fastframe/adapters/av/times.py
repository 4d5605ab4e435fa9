"""Times as muxers want them: decode times that rise, and none after its picture.

Times stand outside what is sealed: a damaged or forged container may hold any,
and one packet that a muxer refuses must not end the whole recording.
"""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

# Packets looked at before the first is given out. The standards allow pictures
# to come 16 places early at most; groups in use are shorter than this.
_LOOK_AHEAD = 64
_DURATION_MAX = (1 << 31) - 1  # PyAV 16 takes no more
# FFmpeg's names of the containers that keep no decode times.
_WITHOUT_DECODE_TIMES = {"matroska", "webm", "nut"}


def new_clock(stream: Any) -> Clock:
    """Give what puts the times of one track right."""
    # FFmpeg works them out from the codec's headers, which are sealed here.
    lacks = set(stream.container.format.name.split(",")) & _WITHOUT_DECODE_TIMES
    return ReorderingClock() if lacks and stream.type == "video" else Clock()


class Clock:
    """Lets times through that rise, and corrects those that do not."""

    def __init__(self) -> None:
        """Start before all times."""
        self._latest: int | None = None
        self._step = 0

    def add(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        """Take a packet; give those that can be written."""
        yield self._tidy(packet)

    def finish(self) -> Iterator[av.Packet[Any]]:
        """Give the packets that still wait."""
        yield from ()

    def _tidy(self, packet: av.Packet[Any]) -> av.Packet[Any]:
        dts = packet.dts if packet.dts is not None else packet.pts
        moment = 0 if dts is None else dts
        if self._latest is not None:
            moment = max(moment, self._latest + 1)
            self._step = moment - self._latest
        packet.dts = self._latest = moment
        if packet.pts is None or packet.pts < packet.dts:
            packet.pts = packet.dts
        if not packet.duration:
            # MP4 ends a track with its last packet, and drops one of no length.
            packet.duration = min(self._step, _DURATION_MAX)
        return packet


class ReorderingClock(Clock):
    """Works decode times out from the order of packets and pictures.

    Sorted, the times of the pictures are those of decoding, but for a delay:
    as many pictures as ever come before one that is shown earlier.
    """

    def __init__(self) -> None:
        """Start with nothing waiting."""
        super().__init__()
        self._waiting: list[av.Packet[Any]] = []
        self._stamps: list[int] | None = None

    def add(self, packet: av.Packet[Any]) -> Iterator[av.Packet[Any]]:
        """Take a packet; give those whose decode time is known."""
        if self._stamps is not None:
            yield self._stamp(packet, self._stamps)
            return
        self._waiting.append(packet)
        if len(self._waiting) == _LOOK_AHEAD:
            yield from self._begin()

    def finish(self) -> Iterator[av.Packet[Any]]:
        """Give the packets that still wait."""
        if self._stamps is None:
            yield from self._begin()

    def _begin(self) -> Iterator[av.Packet[Any]]:
        shown = [packet.pts for packet in self._waiting if packet.pts is not None]
        delay = _delay_of(shown)
        ordered = sorted(set(shown))
        gaps = [b - a for a, b in pairwise(ordered)]
        step = min(gaps, default=1)
        first = ordered[0] if ordered else 0
        self._stamps = [first - step * early for early in range(delay, 0, -1)]
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            yield self._stamp(packet, self._stamps)

    def _stamp(self, packet: av.Packet[Any], stamps: list[int]) -> av.Packet[Any]:
        if packet.pts is not None:
            packet.dts = heapq.heappushpop(stamps, packet.pts)
        return self._tidy(packet)


def _delay_of(shown: list[int]) -> int:
    """Count how many pictures come before one that is shown earlier, at most."""
    return max(
        (
            sum(earlier > moment for earlier in shown[:place])
            for place, moment in enumerate(shown)
        ),
        default=0,
    )
