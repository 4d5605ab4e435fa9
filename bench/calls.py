"""Workloads A to E as they run: frame by frame, back to back or in real time."""

from __future__ import annotations

import os
from array import array
from itertools import chain, groupby
from time import perf_counter, perf_counter_ns, sleep
from typing import TYPE_CHECKING, NamedTuple

from workloads import MIXES, Frame, frames_of

import fastframe as ff
from fastframe.cli.peer import PREFIX_LEN, PeerOpener, PeerSealer
from fastframe.cli.timing import spread_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KEY_LEN = 16
FRAME_MOST = 600_000  # more than any mix has
PART_SECONDS = 1  # how much of a call is sealed ahead of being opened
OURS, PEER, TICKS = "fastframe", "cryptography", "fastframe, whole tick"
EMPTY = "an empty call"
TICK_RATE = 60
TICK_MOST, TICK_BYTES_MOST = 64, 4 << 20  # frames and bytes that come within a tick

Taken = dict[str, "array[int]"]


class Ends(NamedTuple):
    """Both ends of all streams of a call, ours and the peer's, on the same keys."""

    sealers: list[ff.Sealer]
    openers: list[ff.Opener]
    peer_sealers: list[PeerSealer]
    peer_openers: list[PeerOpener]

    @classmethod
    def of(cls, name: str) -> Ends:
        """Make the ends of a mix: one key for each stream."""
        keys = [os.urandom(KEY_LEN) for _ in MIXES[name].kinds]
        return cls(
            [ff.Sealer("insertable", key) for key in keys],
            [ff.Opener("insertable", {0: key}) for key in keys],
            [PeerSealer(key, 0, os.urandom(PREFIX_LEN)) for key in keys],
            [PeerOpener({0: key}) for key in keys],
        )


class Item(NamedTuple):
    """A frame and the bytes that the call under test is given."""

    frame: Frame
    data: bytes


def latencies(name: str, seconds: float, *, paced: bool = False) -> Taken:
    """Run a mix for so many seconds of its time; nanoseconds per frame of each side.

    Each frame goes through both sides, which take turns at being first, and
    through a call that does nothing: how long that takes is the machine's. With
    paced each frame waits until it is due: caches go cold and the CPU rests in
    between, as in a real call. The wait itself is not counted.
    """
    ends = Ends.of(name)
    ways = _sealing(ends) if MIXES[name].seals else _opening(ends)
    ways[EMPTY] = [_do_nothing] * len(MIXES[name].kinds)
    taken: Taken = {side: array("Q") for side in ways}
    out = bytearray(FRAME_MOST)
    begin = perf_counter()
    for part in _parts(name, seconds, ends):
        for number, (frame, data) in enumerate(part):
            if paced:
                sleep(max(0.0, begin + frame.due - perf_counter()))
            for side in (EMPTY, *((OURS, PEER) if number % 2 else (PEER, OURS))):
                call = ways[side][frame.stream]
                before = perf_counter_ns()
                call(data, out, key_frame=frame.is_key)
                taken[side].append(perf_counter_ns() - before)
    return taken


def _opening(ends: Ends) -> dict[str, list[Callable[..., object]]]:
    return {
        OURS: [opener.open_into for opener in ends.openers],
        PEER: [opener.open_into for opener in ends.peer_openers],
    }


def _sealing(ends: Ends) -> dict[str, list[Callable[..., object]]]:
    return {
        OURS: [sealer.seal_into for sealer in ends.sealers],
        PEER: [sealer.seal_into for sealer in ends.peer_sealers],
    }


def _do_nothing(data: object, out: object, *, key_frame: bool) -> None:
    pass


def _parts(name: str, seconds: float, ends: Ends) -> Iterator[list[Item]]:
    """Cut a call into parts, and make what is sent in each before it is needed."""
    content = memoryview(os.urandom(FRAME_MOST))
    frames = frames_of(name, seconds)
    for _, part in groupby(frames, lambda frame: frame.due // PART_SECONDS):
        yield [_item(frame, content, ends, seals=MIXES[name].seals) for frame in part]


def _item(frame: Frame, content: memoryview, ends: Ends, *, seals: bool) -> Item:
    data = content[: frame.size]
    if seals:
        return Item(frame, bytes(data))
    sealer = ends.sealers[frame.stream]
    return Item(frame, sealer.seal(data, key_frame=frame.is_key))


def ticks(name: str, seconds: float) -> array[int]:
    """Open a mix as one who wakes 60 times a second: nanoseconds of each tick.

    All frames that have come since are put into one Batch and opened by one
    open_many(); both count.
    """
    ends = Ends.of(name)
    taken = array("Q")
    batch = ff.Batch(TICK_MOST, TICK_BYTES_MOST)
    for group in chain.from_iterable(map(_by_tick, _parts(name, seconds, ends))):
        batch.clear()
        before = perf_counter_ns()
        for frame, data in group:
            batch.append(data, frame.is_key, frame.stream)
        result = ff.open_many(ends.openers, batch)
        taken.append(perf_counter_ns() - before)
        result.raise_first()
    return taken


def _by_tick(items: Iterable[Item]) -> Iterator[list[Item]]:
    for _, group in groupby(items, lambda item: int(item.frame.due * TICK_RATE)):
        yield list(group)


def summary(taken: array[int], rate: float) -> dict[str, float]:
    """Sum up: microseconds of latency, and the share of a core that the mix takes."""
    spread = spread_of(taken)
    mean = sum(taken) / len(taken) / 1000
    return {
        "p50 us": spread.p50,
        "p99 us": spread.p99,
        "p99.9 us": spread.p999,
        "% of a core per 1 000 frames/s": mean / 10,
        "% of a core at the mix's rate": mean / 10 * rate / 1000,
    }
