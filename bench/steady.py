"""Steady state: a bot in a ten-person call, and memory over many frames."""

from __future__ import annotations

import gc
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str, bool]
OPUS_RATE, VIDEO_RATE, PEOPLE = 50, 30, 10


def audio_size(rng: random.Random) -> int:
    """Opus at 20 ms: median 90 bytes, a fifth of it silence."""
    if rng.random() < 0.2:
        return rng.randint(3, 10)
    return min(160, max(60, round(rng.lognormvariate(4.5, 0.25))))


def video_size(rng: random.Random, number: int) -> int:
    """720p at 30 fps: median 6 kB, a key frame each 3 s, 2 % of large deltas."""
    if number % (3 * VIDEO_RATE) == 0:
        return min(150_000, max(30_000, round(rng.lognormvariate(11.0, 0.4))))
    size = round(rng.lognormvariate(8.7, 0.35))
    return size * 3 if rng.random() < 0.02 else size


def call_frames(seconds: int) -> Iterator[tuple[int, int, bool]]:
    """Give (track, size, key frame) of ten people's audio and video, in turn."""
    rng = random.Random(1)
    for tick in range(seconds * 150):  # the least common multiple of the rates
        for person in range(PEOPLE):
            if tick % (150 // OPUS_RATE) == 0:
                yield 2 * person, audio_size(rng), False
            if tick % (150 // VIDEO_RATE) == 0:
                number = tick // (150 // VIDEO_RATE)
                is_key = number % (3 * VIDEO_RATE) == 0
                yield 2 * person + 1, video_size(rng, number), is_key


def workload_rows(*, quick: bool) -> Iterator[Row]:
    """Open what ten people send, frame by frame; added latency per frame."""
    seconds = 10 if quick else 60
    keys = [os.urandom(16) for _ in range(2 * PEOPLE)]
    sealers = [ff.Sealer("insertable", key) for key in keys]
    openers = [ff.Opener("insertable", {0: key}) for key in keys]
    frames = bytes(200_000)
    out = bytearray(500_000)
    view = memoryview(frames)
    taken = []
    for track, size, is_key in call_frames(seconds):
        sealed = sealers[track].seal(view[:size], key_frame=is_key)
        before = time.perf_counter_ns()
        openers[track].open_into(sealed, out, key_frame=is_key)
        taken.append(time.perf_counter_ns() - before)
    taken.sort()
    worst = taken[int(len(taken) * 0.999)] / 1000
    share = sum(taken) / (seconds * 1e9)
    yield (
        "workload A, open, p99.9 added latency",
        "<= 50 us",
        f"{worst:.1f} us",
        (worst <= 50),
    )
    yield (
        f"workload A, open, {len(taken) // seconds} frames/s",
        "stated",
        f"{share:.2%} of a core",
        True,
    )


def resident() -> int:
    """Give the resident size of this process in kB."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory_rows(*, quick: bool) -> Iterator[Row]:
    """Count what is left behind by many frames."""
    total = 300_000 if quick else 10_000_000
    key = os.urandom(16)
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    batch, arrived = ff.Batch(64, 64 * 100), ff.Batch(64, 64 * 129)
    for _ in range(64):
        batch.append(bytes(100))

    def turn() -> None:
        arrived.clear()
        for sealed in sealer.seal_batch(batch):
            arrived.append(sealed)
        assert opener.open_batch(arrived).ok == 64

    for _ in range(200):
        turn()
    gc.collect()
    blocks, size = sys.getallocatedblocks(), resident()
    for _ in range(total // 64):
        turn()
    gc.collect()
    grown = resident() - size
    left = sys.getallocatedblocks() - blocks
    yield (
        f"resident size after {total:,} frames",
        "flat",
        f"{grown:+d} kB",
        grown < 512,
    )
    # Caches hold a hundred or so, however many frames there were.
    yield (
        f"Python objects left behind by {total:,} frames",
        "< 500",
        str(left),
        left < 500,
    )
    gc.disable()
    before = sys.getallocatedblocks()
    result = sealer.seal_batch(batch)
    made = sys.getallocatedblocks() - before
    gc.enable()
    yield (
        f"Python objects made by one seal_batch of {len(result)}",
        "<= 4",
        str(made),
        made <= 4,
    )
