"""The boundary itself: what a call, a pin and a copy cost, whatever they carry."""

from __future__ import annotations

import pytest
from stations import Station, each

import fastframe as ff

SIZE = 100
CALLS = 1000


def many(call):
    """Prepare a stretch of calls with nothing to tell them apart."""

    def work():
        for _ in range(CALLS):
            call()

    return lambda: (work, CALLS)


def test_empty_loop(record):
    """What the loop around the others takes by itself."""
    record(many(lambda: None), 0)


def test_empty_batch(record):
    """All that Python does for a batch, and nothing else: no frame is in it."""
    station = Station(SIZE)
    batch = ff.Batch(1, SIZE)
    record(many(lambda: station.sealer.seal_batch(batch)), 0)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_pinning(record, kind):
    """Bytes need no pin; other buffers are held while C reads them."""
    station = Station(SIZE)
    frames = [kind(frame) for frame in station.frames]
    record(lambda: each(station.sealer.seal, frames), SIZE)


def test_append(record):
    """What it costs to put a frame into a Batch."""
    batch = ff.Batch(CALLS, CALLS * SIZE)
    frame = bytes(SIZE)

    def prepare():
        batch.clear()
        return many(lambda: batch.append(frame, False))()

    record(prepare, SIZE)


@pytest.mark.parametrize("call", ["seal", "seal_into", "open", "open_into"])
def test_one_frame(record, call):
    """One frame of a voice, one call."""
    record(getattr(Station(SIZE), call), SIZE)


def test_reading_a_result(record):
    """What a frame of a result costs to look at: a view, no copy."""
    station = Station(SIZE)
    result = station.sealer.seal_batch(station.frames)
    record(lambda: (lambda: list(result), len(result)), SIZE)
