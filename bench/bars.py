"""Every bar of bars.toml, measured on this machine in one run.

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
from gates import table
from measure import timed
from steady import memory_rows, workload_rows
from ways import BATCH, Ways, fill

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator


SAMPLES = {100: 1500, 1200: 1000, 8192: 400, 60_000: 120, 150_000: 60}
WEBCRYPTO = "WebCrypto worker in Node"


class Row(NamedTuple):
    """One bar: what, the bar, what was measured, in the same unit."""

    what: str
    bar: str
    measured: str
    is_met: bool


def judge(bar: table.Bar, measured: float) -> Row:
    """Judge a figure by its bar."""
    return Row(bar.key, bar.text, f"{measured:.2f}", bar.is_met_by(measured))


def ratio_rows(*, quick: bool) -> Iterator[Row]:
    """Measure batches, lists and single calls, size by size."""
    library = load()
    listed = table.sizes("seal_batch list", "peer")
    for size in table.sizes("seal_batch", "ceiling"):
        ways = Ways(size, SAMPLES[size] // (10 if quick else 1))
        measured = [
            *ways.batch_against_peer(),
            *ways.against_ceiling(Ceiling(library, size, BATCH)),
            *(ways.list_against_peer() if size in listed else ()),
            *ways.single_against_peer(),
        ]
        for call, against, ratio in measured:
            yield judge(table.find(call, against, size), ratio)


def webcrypto_rows() -> Iterator[Row]:
    """Measure seal_batch against the article's worker, in Node; five turns."""
    node = shutil.which("node")
    if node is None:
        return
    script = str(Path(__file__).with_name("webcrypto.mjs"))
    for size in table.sizes("seal_batch", WEBCRYPTO):
        ways = Ways(size, 1)
        batch = fill(ways.batch, ways.frames)
        ratios = []
        for _ in range(5):
            run = [node, script, str(size), "4000"]
            done = subprocess.run(run, capture_output=True, text=True, check=True)
            ours = [timed(ways.sealer.seal_batch, batch) for _ in range(300)]
            ratios.append(float(done.stdout) / (median(ours) / BATCH))
        yield judge(table.find("seal_batch", WEBCRYPTO, size), median(ratios))


def thread_ratio(size: int, seconds: float) -> float:
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

    return median(frames_per_second(2) / frames_per_second(1) for _ in range(5))


def thread_rows(*, quick: bool) -> Iterator[Row]:
    """Measure two threads; of small batches no bar says what the GIL leaves."""
    what, against = "seal_batch on two threads", "one thread"
    seconds = 0.2 if quick else 1.0
    for size in table.sizes(what, against):
        bar = table.find(what, against, size)
        yield judge(bar, thread_ratio(size, seconds))
    small = f"{thread_ratio(100, seconds):.2f}"
    yield Row(f"{what} 100 B, {against}", "stated", small, is_met=True)


def measure(*, quick: bool) -> Iterator[Row]:
    """Measure row after row."""
    yield from ratio_rows(quick=quick)
    yield from webcrypto_rows()
    yield from thread_rows(quick=quick)
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
        lines = "".join(f"| {r.what} | {r.bar} | {r.measured} |\n" for r in rows)
        Path(args.markdown).write_text(head + lines, encoding="utf-8")
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
