"""Threads: frames per second on several, each with its own sealer and batches."""

from __future__ import annotations

import pytest
from scope import graded
from threads import SCALED, cores, crew, scaling

SIZES = (100, 1200, 8192, 60_000)
SECONDS = {"smoke": 0.01, "quick": 0.15, "full": 0.5}
ROUNDS = {"smoke": 1, "quick": 3, "full": 7}


@pytest.mark.parametrize("way", SCALED)
@pytest.mark.parametrize("size", graded(SIZES, {100, 8192}, smoke={8192}))
def test_scaling(figure, scope, size, way):
    """From one thread to as many as there are cores."""

    def measure():
        found = scaling(way, size, SECONDS[scope], ROUNDS[scope])
        times = {f"{n} threads, x one": rate / found[1] for n, rate in found.items()}
        return {"one thread, frames/s": found[1], **times}

    found = figure(measure)
    assert found["1 threads, x one"] == 1


@pytest.mark.parametrize("size", graded(SIZES, {1200, 60_000}, smoke={60_000}))
def test_workers(beside, size):
    """One large batch in one call, split over threads of the core's own."""
    beside(crew(size, cores()), "1", size)
