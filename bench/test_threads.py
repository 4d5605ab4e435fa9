"""Threads: frames per second on several, each with its own sealer and batches."""

from __future__ import annotations

import pytest
from scope import graded
from threads import WAYS, scaling

SIZES = (100, 1200, 8192, 60_000)
SECONDS = {"smoke": 0.01, "quick": 0.15, "full": 0.5}
ROUNDS = {"smoke": 1, "quick": 3, "full": 7}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", graded(SIZES, {100, 8192}, smoke={8192}))
def test_scaling(figure, scope, size, way):
    """From one thread to as many as there are cores."""

    def measure():
        found = scaling(way, size, SECONDS[scope], ROUNDS[scope])
        times = {f"{n} threads, x one": rate / found[1] for n, rate in found.items()}
        return {"one thread, frames/s": found[1], **times}

    found = figure(measure)
    assert found["1 threads, x one"] == 1
