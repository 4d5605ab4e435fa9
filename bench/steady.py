"""The steady state as bars: a bot in a ten-person call, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calls import OURS, latencies, summary
from memory import left_behind, made_by_batch
from workloads import MIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str, bool]
LATENCY_MOST = 50  # microseconds, p99.9
RESIDENT_MOST = 512  # kB: the allocator's own to and fro
# Caches hold a hundred or so, however many frames there were.
OBJECTS_MOST = 500
CALL_OBJECTS_MOST = 4


def workload_rows(*, quick: bool) -> Iterator[Row]:
    """Open what ten people send, frame by frame; added latency per frame."""
    rate = MIXES["A"].rate
    found = summary(latencies("A", 10 if quick else 60)[OURS], rate)
    worst = found["p99.9 us"]
    yield (
        "workload A, open, p99.9 added latency",
        f"<= {LATENCY_MOST} us",
        f"{worst:.1f} us",
        worst <= LATENCY_MOST,
    )
    share = found["% of a core at the mix's rate"]
    what = f"workload A, open, {rate} frames/s"
    yield what, "stated", f"{share:.2f}% of a core", True


def memory_rows(*, quick: bool) -> Iterator[Row]:
    """Count what is left behind by many frames."""
    left = left_behind(300_000 if quick else 10_000_000)
    frames, grown = left["frames"], left["resident kB"]
    what = f"resident size after {frames:,} frames"
    yield what, "flat", f"{grown:+d} kB", grown < RESIDENT_MOST
    objects = left["Python objects"]
    yield (
        f"Python objects left behind by {frames:,} frames",
        f"< {OBJECTS_MOST}",
        str(objects),
        objects < OBJECTS_MOST,
    )
    made = made_by_batch()["Python objects per call"]
    yield (
        "Python objects made by one seal_batch",
        f"<= {CALL_OBJECTS_MOST}",
        f"{made:g}",
        made <= CALL_OBJECTS_MOST,
    )
