"""The steady state as bars: a bot in a ten-person call, and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calls import OURS, latencies, summary
from gates import table
from memory import left_behind, made_by_batch
from workloads import MIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[str, str, str, bool]


def workload_rows(*, quick: bool) -> Iterator[Row]:
    """Open what ten people send, frame by frame; added latency per frame."""
    rate = MIXES["A"].rate
    found = summary(latencies("A", 10 if quick else 60)[OURS], rate)
    worst = found["p99.9 us"]
    bar = table.find("workload A, p99.9 of added latency")
    yield bar.key, bar.text, f"{worst:.1f} us", bar.is_met_by(worst)
    share = found["% of a core at the mix's rate"]
    what = f"workload A, open, {rate} frames/s"
    yield what, "stated", f"{share:.2f}% of a core", True


def memory_rows(*, quick: bool) -> Iterator[Row]:
    """Count what is left behind by many frames."""
    left = left_behind(300_000 if quick else 10_000_000)
    after = f", after {left['frames']:,} frames"
    made = made_by_batch()["Python objects per call"]
    for what, when, figure in (
        ("resident size grown", after, left["resident kB"]),
        ("Python objects left behind", after, left["Python objects"]),
        ("Python objects made by one seal_batch", "", made),
    ):
        bar = table.find(what)
        yield f"{what}{when}", bar.text, f"{figure:g}", bar.is_met_by(figure)
