"""The GIL: how late another Python thread comes to run while this one works."""

from __future__ import annotations

import pytest
from scope import graded
from threads import LENGTH, WAYS, held_ns, waits

from fastframe.cli.timing import spread_of

SIZES = (100, 1200, 8192, 60_000)
SECONDS = {"smoke": 0.02, "quick": 0.5, "full": 3.0}


def measure(turn, seconds):
    """Give microseconds late, median and worst but one in a hundred."""
    spread = spread_of(waits(turn, seconds))
    return {"late p50 us": spread.p50, "late p99 us": spread.p99}


def test_held(figure):
    """Most of a batch's time other threads may run: this is the rest."""

    def measure_call():
        held = held_ns()
        return {
            "ns held by a call": held,
            f"for each of {LENGTH} frames": held / LENGTH,
        }

    figure(measure_call)


def test_nobody_works(figure, scope):
    """What the system takes to wake a thread: to be taken off the others."""
    figure(lambda: measure(None, SECONDS[scope]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", graded(SIZES, {100, 8192}, smoke={8192}))
def test_another_thread_waits(figure, scope, size, way):
    """A thread that wakes from its socket while frames are being sealed."""
    figure(lambda: measure(WAYS[way](size), SECONDS[scope]))
