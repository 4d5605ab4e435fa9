"""How everything here is timed: in turns, as medians, as ratios of pairs."""

from __future__ import annotations

from statistics import median
from time import perf_counter, perf_counter_ns
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    # Makes work that was never done before, and tells how many frames it is.
    Prepare = Callable[[], tuple[Callable[[], object], int]]

ROUNDS_LEAST = 5


def timed(work: Callable[..., object], *arguments: object) -> int:
    """Give the nanoseconds of one call."""
    before = perf_counter_ns()
    work(*arguments)
    return perf_counter_ns() - before


def per_frame(prepare: Prepare) -> float:
    """Prepare, then give the nanoseconds per frame of the work alone."""
    work, count = prepare()
    return timed(work) / count


def in_turns(
    ways: Mapping[str, Callable[[], float]], seconds: float, rounds_most: int = 400
) -> dict[str, list[float]]:
    """Sample all ways in turn, round after round, so that noise meets them alike.

    The order turns from round to round; the first round only warms up.
    """
    samples: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for sample in ways.values():
        sample()
    end = perf_counter() + seconds
    done = 0
    while done < ROUNDS_LEAST or (perf_counter() < end and done < rounds_most):
        at = done % len(names)
        for name in names[at:] + names[:at]:
            samples[name].append(ways[name]())
        done += 1
    return samples


def ratio(samples: Mapping[str, Sequence[float]], name: str, to: str) -> float:
    """Give how many times as long `to` takes: the median over the rounds."""
    pairs = zip(samples[to], samples[name], strict=True)
    return median(theirs / ours for theirs, ours in pairs)
