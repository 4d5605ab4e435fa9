"""Every bar of the design, measured on this machine in one run.

Usage: python bench/bars.py [--quick] [--markdown FILE]

Peer and fastframe (and the ceiling) take turns sample by sample, so that noise
meets them alike; the figure is the median of the ratios of the pairs. A sample
is one call for batches and a short loop for single calls.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ceiling import Ceiling, load
from steady import memory_rows, workload_rows

import fastframe as ff
from fastframe.cli.peer import PeerOpener, PeerSealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = bytes(range(16))
BATCH = 32
LOOP = 16  # single calls per sample
# size: (times the peer, share of the ceiling)
BATCH_BARS = {
    100: (6, 0.85),
    1200: (3.5, 0.93),
    8192: (1.8, 0.95),
    60_000: (1.15, 0.97),
    150_000: (1.15, 0.97),
}
LIST_BARS = {100: 2.5, 1200: 2.0}
WEBCRYPTO_BARS = {100: 100, 8192: 30}
INTO_BARS = {100: 1.5, 1200: 1.4, 8192: 1.2}


class Row(NamedTuple):
    """One bar: what, the bar, what was measured, in the same unit."""

    what: str
    bar: str
    measured: str
    is_met: bool


def timed(work: Callable[[], object]) -> int:
    """Give the nanoseconds of one call."""
    before = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - before


def pair_ratio(
    ours: Callable[[], float], theirs: Callable[[], float], samples: int
) -> float:
    """Give how many times as long theirs takes; each callable returns ns."""
    ratios = []
    for turn in range(samples + 3):
        first, second = (theirs, ours) if turn % 2 else (ours, theirs)
        a, b = first(), second()
        their_time, our_time = (a, b) if turn % 2 else (b, a)
        if turn >= 3:  # the first samples warm up
            ratios.append(their_time / our_time)
    return median(ratios)


def each(call: Callable[[bytes], object], frames: list[bytes]) -> Callable[[], object]:
    """Call once per frame and keep nothing, as one who sends them on."""

    def work() -> None:
        for frame in frames:
            call(frame)

    return work


def loop(call: Callable[[], object]) -> Callable[[], float]:
    """Make a sample of LOOP single calls."""

    def work() -> None:
        for _ in range(LOOP):
            call()

    return lambda: timed(work)


def fill(batch: ff.Batch, frames: list[bytes]) -> ff.Batch:
    """Put frames into a batch, as deltas."""
    batch.clear()
    for frame in frames:
        batch.append(frame, False)
    return batch


class Size:
    """Frames of one size and all ways to seal and open them."""

    def __init__(self, size: int, samples: int) -> None:
        """Make the objects of both sides."""
        self.size = size
        self.samples = samples
        self.frames = [os.urandom(size) for _ in range(BATCH)]
        self.sealer = ff.Sealer("insertable", KEY, key_id=1)
        self.opener = ff.Opener("insertable", {1: KEY})
        self.peer_sealer = PeerSealer(KEY, 1, b"peer")
        self.peer_opener = PeerOpener({1: KEY})
        self.batch = ff.Batch(BATCH, BATCH * (size + 29))

    def fresh(self) -> list[bytes]:
        """Give sealed frames that were never opened."""
        return [self.sealer.seal(frame) for frame in self.frames]

    def batch_rows(self, ceiling: Ceiling) -> Iterator[Row]:
        """Measure a filled Batch against the peer and against the ceiling."""
        times, share = BATCH_BARS[self.size]
        sealing = fill(self.batch, self.frames)
        ratio = pair_ratio(
            lambda: timed(lambda: self.sealer.seal_batch(sealing)),
            lambda: timed(each(self.peer_sealer.seal, self.frames)),
            self.samples,
        )
        yield at_least(f"seal_batch 32 x {self.size} B, x peer", times, ratio)
        ratio = pair_ratio(
            lambda: timed(lambda: self.sealer.seal_batch(sealing)) / BATCH,
            ceiling.seal,
            self.samples,
        )
        yield at_least(f"seal_batch 32 x {self.size} B, of ceiling", share, ratio)

        def ours() -> float:
            batch = fill(self.batch, self.fresh())
            return timed(lambda: self.opener.open_batch(batch))

        wire = self.fresh()
        ratio = pair_ratio(
            ours,
            lambda: timed(each(self.peer_opener.open, wire)),
            self.samples,
        )
        yield at_least(f"open_batch 32 x {self.size} B, x peer", times, ratio)
        ratio = pair_ratio(lambda: ours() / BATCH, ceiling.open, self.samples)
        yield at_least(f"open_batch 32 x {self.size} B, of ceiling", share, ratio)

    def list_rows(self) -> Iterator[Row]:
        """Measure a plain list of bytes as the batch."""
        bar = LIST_BARS[self.size]
        ratio = pair_ratio(
            lambda: timed(lambda: self.sealer.seal_batch(self.frames)),
            lambda: timed(each(self.peer_sealer.seal, self.frames)),
            self.samples,
        )
        yield at_least(f"seal_batch list of 32 x {self.size} B, x peer", bar, ratio)

        def ours() -> float:
            wire = self.fresh()
            return timed(lambda: self.opener.open_batch(wire, key_frame=False))

        wire = self.fresh()
        ratio = pair_ratio(
            ours,
            lambda: timed(each(self.peer_opener.open, wire)),
            self.samples,
        )
        yield at_least(f"open_batch list of 32 x {self.size} B, x peer", bar, ratio)

    def single_rows(self) -> Iterator[Row]:
        """Measure one call per frame; replay is off so that one frame serves."""
        opener = ff.Opener("insertable", {1: KEY}, replay_window=0)
        frame, wire = self.frames[0], self.sealer.seal(self.frames[0])
        out, theirs = bytearray(self.size + 29), bytearray(self.size + 29)
        peer_seal, peer_open = self.peer_sealer, self.peer_opener
        pairs = {
            "seal": (
                lambda: self.sealer.seal(frame),
                lambda: peer_seal.seal(frame),
                1,
            ),
            "open": (
                lambda: opener.open(wire, key_frame=False),
                lambda: peer_open.open(wire),
                1,
            ),
            "seal_into": (
                lambda: self.sealer.seal_into(frame, out),
                lambda: peer_seal.seal_into(frame, theirs),
                INTO_BARS.get(self.size, 1),
            ),
            "open_into": (
                lambda: opener.open_into(wire, out, key_frame=False),
                lambda: peer_open.open_into(wire, theirs),
                INTO_BARS.get(self.size, 1),
            ),
        }
        for name, (ours, peers, bar) in pairs.items():
            ratio = pair_ratio(loop(ours), loop(peers), self.samples)
            yield at_least(f"{name} {self.size} B, x peer", bar, ratio)


def webcrypto_rows() -> Iterator[Row]:
    """Measure seal_batch against the article's worker, in Node; five turns."""
    node = shutil.which("node")
    if node is None:
        return
    script = str(Path(__file__).with_name("webcrypto.mjs"))
    for size, bar in WEBCRYPTO_BARS.items():
        ways = Size(size, 1)
        batch = fill(ways.batch, ways.frames)
        ratios = []
        for _ in range(5):
            run = [node, script, str(size), "4000"]
            done = subprocess.run(run, capture_output=True, text=True, check=True)
            ours = [timed(lambda: ways.sealer.seal_batch(batch)) for _ in range(300)]  # noqa: B023
            ratios.append(float(done.stdout) / (median(ours) / BATCH))
        what = f"seal_batch 32 x {size} B, x the WebCrypto worker in Node"
        yield at_least(what, bar, median(ratios))


def at_least(what: str, bar: float, measured: float) -> Row:
    """Judge a ratio."""
    return Row(what, f">= {bar:g}", f"{measured:.2f}", measured >= bar)


def thread_row(size: int, seconds: float, bar: float | None) -> Row:
    """Measure two threads, each its own sealer, against one."""

    def frames_per_second(threads: int) -> float:
        batches = [ff.Batch(64, 64 * size) for _ in range(threads)]
        sealers = [ff.Sealer("insertable", os.urandom(16)) for _ in range(threads)]
        for batch in batches:
            fill(batch, [os.urandom(size)] * 64)
        counts = [0] * threads
        end = time.perf_counter() + seconds

        def work(number: int) -> None:
            while time.perf_counter() < end:
                counts[number] += sealers[number].seal_batch(batches[number]).ok

        workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(counts)

    ratios = [frames_per_second(2) / frames_per_second(1) for _ in range(5)]
    what = f"two threads, batches of 64 x {size} B, x one thread"
    if bar is None:
        return Row(what, "stated", f"{median(ratios):.2f}", is_met=True)
    return at_least(what, bar, median(ratios))


def measure(*, quick: bool) -> Iterator[Row]:
    """Measure row after row."""
    library = load()
    samples = {100: 1500, 1200: 1000, 8192: 400, 60_000: 120, 150_000: 60}
    for size, count in samples.items():
        ways = Size(size, count // 10 if quick else count)
        yield from ways.batch_rows(Ceiling(library, size, BATCH))
        if size in LIST_BARS:
            yield from ways.list_rows()
        yield from ways.single_rows()
    yield from webcrypto_rows()
    seconds = 0.2 if quick else 1.0
    yield thread_row(8192, seconds, 1.9)
    yield thread_row(100, seconds, None)
    for what, bar, measured, is_met in (
        *workload_rows(quick=quick),
        *memory_rows(quick=quick),
    ):
        yield Row(what, bar, measured, is_met)


def main() -> int:
    """Print the rows as they come; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--markdown", help="also write a Markdown table there")
    args = parser.parse_args()
    info = ff.build_info()
    print(f"{info.openssl}, {info.linked}, VAES {info.vaes}, Python {info.python}")
    rows = []
    for row in measure(quick=args.quick):
        rows.append(row)
        mark = "ok  " if row.is_met else "MISS"
        print(f"{mark} {row.what:55s} {row.bar:>12s} {row.measured:>14s}", flush=True)
    if args.markdown:
        head = "| what | bar | measured |\n| --- | --- | --- |\n"
        table = "".join(f"| {r.what} | {r.bar} | {r.measured} |\n" for r in rows)
        Path(args.markdown).write_text(head + table, encoding="utf-8")
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
