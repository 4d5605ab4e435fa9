"""Gate (b): this tree against another one, two builds, in turns.

Each of seven rounds runs a process on the base, one on this tree and one on a
second copy of the base. Ratios are taken within a round and their median is
judged; base against base shows what the machine makes of no change at all. As
a module it is one process:

    python -m gates.versus [CASE...]
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from gates import builds, child, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

ROUNDS = 7
LIMIT = 1.15
SAMPLES, CALLS, WARM_UP = 120, 8, 5
SIDES = ("base", "this", "copy")


def is_bad(_name: str, ratio: float) -> bool:
    """Tell whether this tree takes too long."""
    return ratio > LIMIT


def lay_out(base: Path) -> dict[str, Path]:
    """Copy both packages side by side, under names of one length.

    Compiled extensions go along: this tree's was made by make setup.
    """
    sources = {"base": base, "this": child.ROOT, "copy": base}
    trees = {side: builds.FOLDER / "sides" / side for side in SIDES}
    for side, tree in trees.items():
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(sources[side] / "src", tree / "src")
    return trees


def renew(trees: dict[str, Path]) -> None:
    """Copy each extension anew, so that it lies in other memory.

    While a file stays in the system's cache, all processes share its pages and
    whatever luck those have: identical code once took 1.27 times as long in
    each round of both tries.
    """
    for tree in trees.values():
        for extension in (tree / "src/fastframe").glob("_ffi*.so"):
            copied = extension.with_suffix(".copied")
            shutil.copy2(extension, copied)
            copied.replace(extension)


def measure(
    trees: dict[str, Path], names: Collection[str] | None
) -> dict[str, judge.Figures]:
    """Run the rounds; give this tree's ratios to the base, and the base's own."""
    runs: dict[str, list[judge.Figures]] = {side: [] for side in SIDES}
    for turn in range(ROUNDS):
        renew(trees)
        # Each side comes first, second and last in turn.
        order = SIDES[turn % len(SIDES) :] + SIDES[: turn % len(SIDES)]
        for side in order:
            runs[side].append(
                child.measure("gates.versus", *(names or ()), tree=trees[side])
            )
    ratios = {
        side: judge.pair_ratios(runs[side], runs["base"]) for side in ("this", "copy")
    }
    lost = runs["base"][0].keys() - runs["this"][0].keys()
    ratios["this"] |= dict.fromkeys(lost, math.inf)  # it takes for ever
    return ratios


def report(first: dict[str, judge.Figures], second: dict[str, judge.Figures]) -> None:
    """Print the ratios of both tries beside those of no change."""
    print(f"{'time over the base':36s}   this  no change  second try")
    for name, ratio in first["this"].items():
        again = f"{second['this'][name]:11.3f}" if name in second["this"] else ""
        print(
            f"{name:36s} {ratio:6.3f} {first['copy'].get(name, math.nan):10.3f} {again}"
        )
    control = [abs(ratio - 1) for ratio in first["copy"].values()]
    print(f"base against base: at most {max(control):.1%} apart, limit {LIMIT - 1:.0%}")


def run(wish: str | None) -> list[str]:
    """Run the gate; give what failed."""
    base = builds.base_tree(wish)
    print(f"against {base.name[:12]}")
    trees = lay_out(base)
    tries: list[dict[str, judge.Figures]] = []

    def attempt(names: Collection[str] | None) -> judge.Figures:
        tries.append(measure(trees, names))
        return tries[-1]["this"]

    _, second = judge.settle(attempt, is_bad)
    report(tries[0], tries[1] if len(tries) > 1 else {"this": {}})
    return [
        f"{name}: {second[name]:.2f} of the base's time"
        for name in judge.failures(second, is_bad)
    ]


def sample(call: Callable[[], object]) -> float:
    """Give the nanoseconds of one call, as the mean of a few."""
    before = time.perf_counter_ns()
    for _ in range(CALLS):
        call()
    return (time.perf_counter_ns() - before) / CALLS


def main() -> None:
    """Print one process's medians as JSON."""
    import fastframe as ff  # noqa: PLC0415 - the gate itself needs none
    from gates.cases import TIMED  # noqa: PLC0415

    figures = {}
    for case in TIMED:
        if len(sys.argv) > 1 and case.name not in sys.argv:
            continue
        try:
            call = case.build((SAMPLES + WARM_UP) * CALLS)
        except (TypeError, ff.FastframeError):
            continue  # an older fastframe, which cannot do this yet
        taken = [sample(call) for _ in range(SAMPLES + WARM_UP)]
        figures[case.name] = median(taken[WARM_UP:])
        del call  # two sealers on one key would be refused
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
