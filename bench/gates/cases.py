"""What gates (b) and (c) run: the calls that are made once per frame or batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Call = Callable[[], object]
    Way = Callable[["Link", int], Call]

BATCH = 32
KEY = bytes(range(16))
ROOM = 400  # more than any format adds
H264 = b"\0\0\0\1\x67SPS\0\0\0\1\x68PPS\0\0\0\1\x65"  # before the slice's data
# What a format would draw at random; the work is to be the same each time.
FIXED = {"insertable": {"ssrc": 7}, "livekit": {"salt": bytes(12)}}


class Link:
    """Both ends of one format, and a frame for them."""

    def __init__(self, size: int, form: str, codec: str | None) -> None:
        """Make the ends, and an opener that takes a frame again and again."""
        head = H264 if codec else b""
        self.frame = head.ljust(size, b"\x55")
        how: dict[str, Any] = {"codec": codec}
        self.sealer = ff.Sealer(form, KEY, **how, **FIXED.get(form, {}))
        self.opener = ff.Opener(form, {0: KEY}, **how)
        self.again = ff.Opener(form, {0: KEY}, replay_window=0, **how)

    def fresh(self, count: int) -> list[bytes]:
        """Give sealed frames that the opener has not seen."""
        sealed = self.sealer.seal_batch([self.frame] * count)
        sealed.raise_first()
        return [bytes(frame) for frame in sealed]


def filled(frames: Sequence[bytes]) -> ff.Batch:
    """Make a Batch of frames."""
    batch = ff.Batch(len(frames), sum(map(len, frames)) + ROOM * len(frames))
    for frame in frames:
        batch.append(frame, False)
    return batch


def seal(link: Link, _calls: int) -> Call:
    """Seal one frame, bytes out."""
    return lambda: link.sealer.seal(link.frame)


def open_(link: Link, calls: int) -> Call:
    """Open one frame, bytes out."""
    fresh = iter(link.fresh(calls))
    return lambda: link.opener.open(next(fresh), key_frame=False)


def seal_into(link: Link, _calls: int) -> Call:
    """Seal one frame into a buffer."""
    out = bytearray(len(link.frame) + ROOM)
    return lambda: link.sealer.seal_into(link.frame, out)


def open_into(link: Link, calls: int) -> Call:
    """Open one frame into a buffer."""
    fresh, out = iter(link.fresh(calls)), bytearray(len(link.frame) + ROOM)
    return lambda: link.opener.open_into(next(fresh), out, key_frame=False)


def seal_batch(link: Link, _calls: int) -> Call:
    """Seal a Batch."""
    batch = filled([link.frame] * BATCH)
    return lambda: link.sealer.seal_batch(batch)


def open_batch(link: Link, _calls: int) -> Call:
    """Open a Batch; without the replay window, so that it need not be refilled."""
    batch = filled(link.fresh(BATCH))
    link.again.open_batch(batch).raise_first()
    return lambda: link.again.open_batch(batch)


def seal_list(link: Link, _calls: int) -> Call:
    """Seal a list of bytes objects."""
    frames = [link.frame] * BATCH
    return lambda: link.sealer.seal_batch(frames)


def open_list(link: Link, calls: int) -> Call:
    """Open lists of bytes objects, with the replay window."""
    lists = iter([link.fresh(BATCH) for _ in range(calls)])
    return lambda: link.opener.open_batch(next(lists), key_frame=False)


@dataclass(frozen=True)
class Case:
    """One way to call, on frames of one format and size."""

    way: Way
    size: int
    form: str = "insertable"
    codec: str | None = None

    @property
    def name(self) -> str:
        """Name the case in records and reports."""
        codec = f" {self.codec}" if self.codec else ""
        return f"{self.way.__name__.rstrip('_')} {self.size} B {self.form}{codec}"

    @property
    def frames(self) -> int:
        """Give how many frames one call handles."""
        return 1 if self.way in (seal, open_, seal_into, open_into) else BATCH

    def build(self, calls: int) -> Call:
        """Make everything ready for that many calls."""
        return self.way(Link(self.size, self.form, self.codec), calls)


SINGLE = (seal, open_, seal_into, open_into)
MANY = (seal_batch, open_batch)
COUNTED = [
    *(Case(way, 100) for way in (*SINGLE, *MANY, seal_list, open_list)),
    *(Case(way, 100, "sframe") for way in MANY),
    *(Case(way, 300, "livekit", "h264") for way in MANY),
]
TIMED = [
    *COUNTED,
    *(Case(way, 1200) for way in (seal_into, open_into)),
    *(Case(way, size) for size in (1200, 8192, 60_000) for way in MANY),
]
