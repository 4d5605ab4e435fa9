"""Gate (a): our time over the time of a C loop over the same libcrypto.

Both sides run in one process, in turns; the figure of a process is the median
of its pairs' ratios. Where memory happens to lie shifts it a little, so that
the figure is the median over several processes. As a module it is one of them:

    python -m gates.shares SIZE...
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from gates import child, judge, table

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

PROCESSES = 7
# Some 0.2 s a figure at each size: short samples, so that few are disturbed.
# How far the figures of twenty runs fell below their median while up to ten
# other processes kept two cores busy: 2.5 % up to 8 kB, 19 % where 32 frames
# share the processor's last cache with what its neighbours do.
MARGINS = {"noise": 0.05, "cache": 0.2}
IN_CACHE = 8192
SAMPLES = {100: 600, 1200: 400, 8192: 200, 60_000: 60, 150_000: 30}


def gated() -> list[table.Bar]:
    """Give the bars that this gate holds: ratios, with a floor."""
    against = ("ceiling", "peer")
    return [
        bar
        for bar in table.bars().values()
        if bar.against in against and bar.floor is not None
    ]


def measure(names: Collection[str] | None, tree: Path = child.ROOT) -> judge.Figures:
    """Give the median figure of several processes, of the bars named or all."""
    wanted = [bar for bar in gated() if names is None or bar.key in names]
    sizes = dict.fromkeys(bar.size for bar in wanted)
    runs = [child.measure("gates.shares", *sizes, tree=tree) for _ in range(PROCESSES)]
    keys = {bar.key for bar in wanted}
    return {key: x for key, x in judge.medians(runs).items() if key in keys}


def is_bad(name: str, figure: float) -> bool:
    """Tell whether a figure is below its floor."""
    return table.bars()[name].is_gated_out_by(figure)


def report(first: judge.Figures, second: judge.Figures) -> None:
    """Print each figure beside its bar and floor."""
    print(f"{'':36s} {'bar':>6s} {'floor':>6s} {'is':>6s}  second try")
    for name, figure in first.items():
        bar = table.bars()[name]
        again = f"{second[name]:6.2f}" if name in second else ""
        is_short = not bar.is_met_by(figure)
        remark = f"  (bar missed: {bar.why})" if is_short and bar.why else ""
        print(f"{name:36s} {bar.bar:6g} {bar.floor:6g} {figure:6.2f}  {again}{remark}")


def run(tree: Path = child.ROOT) -> list[str]:
    """Run the gate; give what failed."""
    first, second = judge.settle(lambda names: measure(names, tree), is_bad)
    report(first, second)
    return judge.failures(second, is_bad)


def record() -> None:
    """Measure the floors against the ceiling anew and write them.

    Who misses a bar for the first time gets no reason: a test asks for it.
    """
    text = table.FILE.read_text(encoding="utf-8")
    tries = measure(None), measure(None)
    for bar in gated():
        if bar.against != "ceiling":
            continue
        figure = min(one[bar.key] for one in tries)
        noise = "cache" if bar.size > IN_CACHE else "noise"
        floor = judge.floor_for(figure, bar.bar, MARGINS[noise])
        is_explained = bar.is_met_by(figure) or noise == "cache"
        why = noise if is_explained else bar.reason
        if floor == bar.bar or (why == "noise" and not is_explained):
            why = ""
        text = table.rewrite(text, bar, floor, why)
        print(
            f"{bar.key:36s} bar {bar.bar:<5g} is {figure:5.2f} floor {floor:<5g} {why}"
        )
    table.FILE.write_text(text, encoding="utf-8")


def main() -> None:
    """Print one process's figures as JSON."""
    from ceiling import Ceiling, load  # noqa: PLC0415 - the gate itself needs no
    from ways import BATCH, Ways  # noqa: PLC0415 - fastframe, only its processes

    library = load()
    figures = {}
    for size in map(int, sys.argv[1:]):
        ways = Ways(size, SAMPLES[size])
        measured = [*ways.against_ceiling(Ceiling(library, size, BATCH))]
        has_floor = {(bar.call, bar.against) for bar in gated() if bar.size == size}
        if ("seal_batch", "peer") in has_floor:
            measured += ways.batch_against_peer()
        if ("seal_batch list", "peer") in has_floor:
            measured += ways.list_against_peer()
        if ("seal", "peer") in has_floor:
            measured += ways.single_against_peer()
        for call, against, ratio in measured:
            figures[table.find(call, against, size).key] = ratio
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
