"""Workloads A to G: added latency per frame, and the share of a core they take."""

from __future__ import annotations

import pytest
from adversity import Column, run_hostile
from calls import latencies, summary, ticks
from scope import graded
from workloads import MIXES

from fastframe.cli.timing import BUDGET_US

SECONDS = {"smoke": 0.1, "quick": 5, "full": 60}
ROWS = {"smoke": 2_000, "quick": 100_000, "full": 1_000_000}
# A rotation comes after 30 seconds, and a flood in the two before.
HOSTILE_SECONDS = {"smoke": 0.5, "quick": 35, "full": 65}
QUICK_MOST = 2  # seconds of the mixes with many streams


@pytest.mark.parametrize("name", MIXES)
def test_mix(figure, scope, name):
    """Ours and the peer's on the same frames, back to back."""
    seconds = SECONDS[scope]
    if scope == "quick" and MIXES[name].rate > 10_000:
        seconds = QUICK_MOST

    def measure():
        return {
            f"{side}: {what}": value
            for side, taken in latencies(name, seconds).items()
            for what, value in summary(taken, MIXES[name].rate).items()
        }

    figure(measure)


@pytest.mark.parametrize("name", graded(("A", "A60"), {"A60"}, smoke={"A60"}))
def test_paced(figure, scope, name):
    """In real time: caches go cold and the CPU rests between the frames."""
    found = latencies(name, SECONDS[scope], paced=True)

    def measure():
        return {
            f"{side}: {what}": value
            for side, taken in found.items()
            for what, value in summary(taken, MIXES[name].rate).items()
        }

    figure(measure)


def test_tick(figure, scope):
    """All frames of a sixtieth of a second at once, of the budget for one."""

    def measure():
        found = summary(ticks("A60", SECONDS[scope]), 60)
        return {**found, "% of the budget, p99.9": found["p99.9 us"] / BUDGET_US * 100}

    figure(measure)


def test_column(figure, scope):
    """Workload F; every verdict is checked."""
    figure(lambda: Column().run(ROWS[scope]))


def test_hostile(figure, scope):
    """Workload G; every verdict is checked."""

    def measure():
        return {
            f"{fate}, {what}": value
            for fate, taken in run_hostile(HOSTILE_SECONDS[scope]).items()
            for what, value in summary(taken, MIXES["A"].rate).items()
            if "us" in what
        }

    found = figure(measure)
    assert "ok, p50 us" in found
