"""Pictures of bars and dots: threads, the GIL, what formats add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from report import units
from report.curves import legend_below
from report.look import BASE, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCALED = {"C loop": "ink", "Batch": "ours", "seal": "ours-3", "cryptography": "peer"}
WAYS = {"Batch": "ours", "seal": "ours-3", "cryptography": "peer"}
LABELS = {
    "C loop": "bare C loop, same libcrypto",
    "Batch": "fastframe, Batch of 64",
    "seal": "fastframe, one call per frame",
    "cryptography": "cryptography, framed in Python",
}
GROUP = 0.8  # of the room of a group that its bars fill


def threads(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw frames per second on one, two … threads, a panel for each size."""
    table = figures["threads"]
    count = len(table)
    shape = (count, 1) if is_narrow else (1, count)
    height = 2.2 * count + 0.9 if is_narrow else 3.7
    figure, panels = plt.subplots(*shape, figsize=(width, height))
    for axes, (size, ways) in zip(panels, table.items(), strict=True):
        _thread_panel(axes, ways)
        axes.set_title(f"frames of {units.size(int(size))}")
    panels[0].set_ylabel("sealed frames per second")
    handles = [
        plt.Rectangle((0, 0), 1, 1, color=LIGHT[colour], label=LABELS[way])
        for way, colour in SCALED.items()
    ]
    legend_below(figure, panels[0], 1 if is_narrow else 2, handles)
    return figure


def _thread_panel(axes: Axes, ways: dict[str, dict[str, float]]) -> None:
    numbers = list(next(iter(ways.values())))
    bar = GROUP / len(numbers)
    ticks, labels = [], []
    for group, (way, rates) in enumerate(ways.items()):
        for place, number in enumerate(numbers):
            x = group + (place - (len(numbers) - 1) / 2) * bar
            rate = rates[number]
            axes.bar(x, rate, bar * 0.9, color=LIGHT[SCALED[way]])
            ticks.append(x)
            labels.append(number)
        gain = rates[numbers[-1]] / rates[numbers[0]]
        axes.annotate(
            f"x {gain:.2f}", (group, max(rates.values())), (0, 2),
            textcoords="offset points", ha="center", fontsize=BASE - 1,
        )  # fmt: skip
    axes.set_xticks(ticks, labels)
    axes.set_xlabel("threads")
    axes.set_ylim(0, 1.15 * max(rate for row in ways.values() for rate in row.values()))
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: units.count_tick(y)))


LATE_TICKS = (0.01, 0.1, 1, 10)  # milliseconds


def gil(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw how late a thread wakes while another one seals, by size and way."""
    table = {size: row for size, row in figures["gil"].items() if size.isdigit()}
    idle = figures["gil"]["nobody"]["p50 us"] / 1000
    figure, axes = plt.subplots(figsize=(width, 4.1 if is_narrow else 3.3))
    step = GROUP / len(WAYS)
    for row, ways in enumerate(table.values()):
        for place, (way, colour) in enumerate(WAYS.items()):
            y = row + (place - 1) * step
            late = ways[way]["p50 us"] / 1000
            axes.plot([idle, late], [y, y], color=LIGHT[colour], linewidth=2)
            axes.plot(late, y, "o", color=LIGHT[colour], markersize=7)
    axes.axvline(idle, color=LIGHT["ink"], linestyle=(0, (2, 2)), linewidth=1.2)
    axes.set_xscale("log")
    axes.set_xlim(0.01, 20)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_yticks(range(len(table)), [units.size(int(size)) for size in table])
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(FixedLocator(LATE_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: units.time_tick(x * 1e6)))
    axes.set_xlabel("a waking thread runs this late (median)")
    axes.set_ylabel("size of the frames")
    axes.annotate(
        "nobody seals", (idle, -0.55), (-4, 0), textcoords="offset points",
        ha="right", va="top", fontsize=BASE - 1, color=LIGHT["faint"],
    )  # fmt: skip
    handles = [
        plt.Line2D([], [], marker="o", color=LIGHT[colour], label=LABELS[way])
        for way, colour in WAYS.items()
    ]
    legend_below(figure, axes, 1 if is_narrow else 3, handles)
    return figure


DOTS = {"80": "slow", "1250": "ours-3", "6250": "ours-2", "60000": "ours"}
SHARE_TICKS = (0.01, 0.1, 1, 10, 100)


def overhead(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw the bytes each format adds, and what share of a frame they are."""
    table = sorted(figures["formats"].items(), key=lambda row: row[1]["bytes"]["80"])
    names = [name for name, _ in table]
    shape = (2, 1) if is_narrow else (1, 2)
    ratios = {} if is_narrow else {"width_ratios": (2, 3)}
    figure, (left, right) = plt.subplots(
        *shape, figsize=(width, 7.0 if is_narrow else 3.9), gridspec_kw=ratios
    )
    added = [row["bytes"]["80"] for _, row in table]
    left.barh(names, added, 0.62, color=LIGHT["ours"])
    for place, count in enumerate(added):
        left.annotate(
            f"{count}", (count, place), (3, 0), textcoords="offset points",
            va="center", fontsize=BASE - 1,
        )  # fmt: skip
    _share_panel(right, table, is_labelled=is_narrow)
    left.set_title("bytes added to a frame")
    left.grid(visible=False)
    left.set_xticks([])
    left.spines["bottom"].set_visible(False)
    left.margins(x=0.14)
    for axes in (left, right):
        axes.set_ylim(len(table) - 0.4, -0.6)  # the least on top, rows in line
    handles, labels = right.get_legend_handles_labels()
    for handle, label in zip(handles, labels, strict=True):
        handle.set_label(f"frame of {label}")
    legend_below(figure, right, 2 if is_narrow else 4, handles)
    return figure


def _share_panel(axes: Axes, table: list[Any], *, is_labelled: bool) -> None:
    names = [name for name, _ in table]
    for size, colour in DOTS.items():
        shares = [row["bytes"][size] / int(size) * 100 for _, row in table]
        label = units.size(int(size))
        axes.plot(shares, names, "o", color=LIGHT[colour], markersize=6, label=label)
    axes.set_title("as a share of the frame")
    axes.set_xscale("log")
    axes.set_xlim(0.01, 100)
    axes.tick_params(labelleft=is_labelled)
    axes.xaxis.set_major_locator(FixedLocator(SHARE_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g} %"))
