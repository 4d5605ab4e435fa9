"""How figures of several runs become one, and when a gate fails."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

Figures = dict[str, float]


def medians(runs: Sequence[Mapping[str, float]]) -> Figures:
    """Give the median over the runs of each figure that all of them have."""
    common = set.intersection(*(set(run) for run in runs))
    return {
        name: median(run[name] for run in runs) for name in runs[0] if name in common
    }


def pair_ratios(ours: Sequence[Figures], theirs: Sequence[Figures]) -> Figures:
    """Give the median over the pairs of ours divided by theirs.

    A pair ran back to back: what slows the machine for a while slows both, and
    the median leaves out the pairs in which it met only one.
    """
    pairs = zip(ours, theirs, strict=True)
    return medians(
        [{name: a[name] / b[name] for name in a if name in b} for a, b in pairs]
    )


def settle(
    measure: Callable[[Collection[str] | None], Figures],
    is_bad: Callable[[str, float], bool],
) -> tuple[Figures, Figures]:
    """Measure all, then once more what is bad; give both tries.

    Noise rarely hits one figure twice; what is slower is slower again. measure
    gets the names to measure, None for all.
    """
    first = measure(None)
    suspects = [name for name, figure in first.items() if is_bad(name, figure)]
    return first, measure(suspects) if suspects else {}


def failures(second: Figures, is_bad: Callable[[str, float], bool]) -> list[str]:
    """Name what was bad in both tries of settle()."""
    return [name for name, figure in second.items() if is_bad(name, figure)]


def floor_for(figure: float, bar: float, margin: float) -> float:
    """Give what a figure must not fall below: the bar, or less by the margin.

    margin is the share of the figure that noise moves it by.
    """
    percent = round(figure * (1 - margin) * 100, 6)  # 57, not 56.99...
    return min(bar, math.floor(percent) / 100)
