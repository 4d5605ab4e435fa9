"""Time per frame and frames per second, measured on the clip's own frames."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastframe.cli.parcels import Frame

BUDGET_US = 1e6 / 60  # what one frame of 60 per second may take
BATCH = 32
_SAMPLES_LEAST = 4000  # so that p99.9 stands on a few samples
_BYTES_MOST = 64 << 20  # and long clips do not take long


@dataclass(frozen=True, slots=True)
class Spread:
    """Microseconds per frame: the median and how bad it gets."""

    p50: float
    p99: float
    p999: float
    samples: int


@dataclass(frozen=True, slots=True)
class Speed:
    """What one core does with one track's frames, in frames per second.

    Attributes:
        seal, open: one call per frame, into memory made before.
        seal_batch, open_batch: batches of 32, once the frames stand in them.
        append_us: microseconds that Batch.append() takes to put one there;
            an encoder that writes into Batch.reserve() does not need it.
    """

    seal: float
    open: float
    seal_batch: float
    open_batch: float
    append_us: float


def spread_of(samples: array[int]) -> Spread:
    """Sum up nanoseconds as microseconds."""
    ordered = sorted(samples)
    return Spread(
        _rank(ordered, 0.5), _rank(ordered, 0.99), _rank(ordered, 0.999), len(ordered)
    )


def _rank(ordered: Sequence[int], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[math.ceil(share * len(ordered)) - 1] / 1000


class Bench:
    """Seals and opens the frames of one track again and again.

    It has a key of its own, so nothing that travels is touched.
    """

    def __init__(self, format_: str, suite: str, frames: Sequence[Frame]) -> None:
        """Take the frames; make a key, a sealer and an opener for them."""
        key = ff.generate_key(suite)
        self._frames = [(frame.data, frame.key_frame) for frame in frames]
        self._sealer = ff.Sealer(format_, key, suite=suite)
        self._opener = ff.Opener(format_, {0: key}, suite=suite)
        size = sum(len(data) for data, _ in self._frames)
        wanted = math.ceil(_SAMPLES_LEAST / len(self._frames))
        self._rounds = max(1, min(wanted, _BYTES_MOST // max(size, 1)))

    def measure(self) -> tuple[array[int], array[int], Speed]:
        """Give nanoseconds per sealed and per opened frame, and the speed."""
        sealing, opening = self._singles()
        speed = Speed(
            _rate(len(sealing), sum(sealing)),
            _rate(len(opening), sum(opening)),
            *self._batches(),
        )
        return sealing, opening, speed

    def _singles(self) -> tuple[array[int], array[int]]:
        sealing, opening = array("Q"), array("Q")
        largest = max(len(data) for data, _ in self._frames)
        sealed = bytearray(largest + self._sealer.overhead)
        opened = bytearray(largest)
        seal_into, open_into = self._sealer.seal_into, self._opener.open_into
        for _ in range(self._rounds):
            for data, key_frame in self._frames:
                before = perf_counter_ns()
                size = seal_into(data, sealed, key_frame=key_frame)
                sealing.append(perf_counter_ns() - before)
                wire = bytes(memoryview(sealed)[:size])
                before = perf_counter_ns()
                open_into(wire, opened, key_frame=key_frame)
                opening.append(perf_counter_ns() - before)
        return sealing, opening

    def _batches(self) -> tuple[float, float, float]:
        chunks = [
            self._frames[at : at + BATCH] for at in range(0, len(self._frames), BATCH)
        ]
        room = max(
            sum(len(data) + self._sealer.overhead for data, _ in chunk)
            for chunk in chunks
        )
        source, arrived = ff.Batch(BATCH, room), ff.Batch(BATCH, room)
        sealing = opening = filling = count = 0
        for _ in range(self._rounds):
            for chunk in chunks:
                filling += _fill(source, chunk)
                before = perf_counter_ns()
                result = self._sealer.seal_batch(source)
                sealing += perf_counter_ns() - before
                marks = [key_frame for _, key_frame in chunk]
                _fill(arrived, list(zip(result, marks, strict=True)))
                before = perf_counter_ns()
                opened = self._opener.open_batch(arrived)
                opening += perf_counter_ns() - before
                opened.raise_first()
                source.clear()
                arrived.clear()
                count += len(chunk)
        return _rate(count, sealing), _rate(count, opening), filling / count / 1000


def _fill(batch: ff.Batch, frames: Sequence[tuple[Any, bool]]) -> int:
    """Append frames to a batch; give the nanoseconds that took."""
    before = perf_counter_ns()
    for data, key_frame in frames:
        batch.append(data, key_frame)
    return perf_counter_ns() - before


def _rate(count: int, nanoseconds: int) -> float:
    return count * 1e9 / nanoseconds if nanoseconds else 0.0
