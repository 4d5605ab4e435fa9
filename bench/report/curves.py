"""Pictures of curves: time against size, rate against length, latency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineup import BATCHED, CEILING, CRYPTODOME, LISTED, PEER, WEBCRYPTO
from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from fastframe.cli.timing import BUDGET_US
from report import units
from report.look import BASE, LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# How each way is drawn wherever it appears: colour, dashes, width.
SINGLE = "one call per frame"
STYLES: dict[str, tuple[str, Any, float]] = {
    WEBCRYPTO: ("node", "-", 1.6),
    CRYPTODOME: ("slow", "-", 1.6),
    PEER: ("peer", "-", 2.0),
    SINGLE: ("ours-3", "-", 1.8),
    LISTED: ("ours-2", "-", 1.8),
    BATCHED: ("ours", "-", 2.6),
    CEILING: ("ink", (0, (2, 2)), 1.3),
}
NAMES = {
    WEBCRYPTO: "WebCrypto worker in Node",
    PEER: "cryptography, framed in Python",
    SINGLE: "fastframe, one call per frame",
    LISTED: "fastframe, list of 32",
    BATCHED: "fastframe, Batch of 32",
    CEILING: "bare C loop, same libcrypto",
}
TIMES = (100, 1_000, 10_000, 100_000, 1_000_000)
SIZE_TICKS = (20, 100, 1000, 10_000, 100_000)


def line(axes: Axes, way: str, xs: list[float], ys: list[float]) -> None:
    """Draw one way's curve in its own colour."""
    colour, dashes, width = STYLES[way]
    label = NAMES.get(way, way)
    axes.plot(
        xs, ys, color=LIGHT[colour], linestyle=dashes, linewidth=width, label=label
    )


def sizes(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw nanoseconds per frame against size, both on logarithmic scales."""
    shape = (2, 1) if is_narrow else (1, 2)
    height = 7.6 if is_narrow else 4.5
    figure, panels = plt.subplots(
        *shape, figsize=(width, height), sharex=True, sharey=True
    )
    for axes, direction in zip(panels, ("seal", "open"), strict=True):
        _size_panel(axes, figures, direction)
        axes.set_title({"seal": "Sealing", "open": "Opening"}[direction])
        axes.tick_params(labelbottom=True, labelleft=True)
        axes.set_xlabel("size of the frame")
    panels[0].set_ylabel("time per frame")
    legend_below(figure, panels[0], 1 if is_narrow else 2)
    return figure


def _size_panel(axes: Axes, figures: dict[str, Any], direction: str) -> None:
    table = figures["sizes"][direction]
    for way in STYLES:
        key = direction if way == SINGLE else way
        if way == WEBCRYPTO:
            found = figures["webcrypto"] if direction == "seal" else {}
            points = {int(size): ns for size, ns in found.items()}
        else:
            points = {
                int(size): ways[key]["ns"]
                for size, ways in table.items()
                if key in ways
            }
        if points:
            line(axes, way, list(points), list(points.values()))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(FixedLocator(SIZE_TICKS))
    axes.yaxis.set_major_locator(FixedLocator(TIMES))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: units.size(x)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: units.time_tick(y)))


def legend_below(
    figure: Figure, axes: Axes, columns: int, handles: list[Any] | None = None
) -> None:
    """Put the legend under the panels, where it can hide nothing."""
    handles = axes.get_legend_handles_labels()[0] if handles is None else handles
    rows = -(-len(handles) // columns)
    figure.legend(handles=handles, loc="lower left", ncols=columns, borderaxespad=0.2)
    room = (rows * BASE * 1.45 + BASE * 0.6) / 72 / figure.get_figheight()
    figure.tight_layout(rect=(0, room, 1, 1), w_pad=2)


def batches(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw frames per second against batch length, a panel for each size."""
    table = figures["batches"]
    count = len(table)
    shape = (count, 1) if is_narrow else (1, count)
    height = 2.3 * count + 1 if is_narrow else 3.9
    figure, panels = plt.subplots(*shape, figsize=(width, height))
    for axes, (size, ways) in zip(panels, table.items(), strict=True):
        _batch_panel(axes, ways)
        axes.set_title(f"frames of {units.size(int(size))}")
        axes.set_xlabel("frames in a batch")
    panels[0].set_ylabel("sealed frames per second")
    legend_below(figure, panels[0], 1 if is_narrow else 2)
    return figure


def _batch_panel(axes: Axes, ways: dict[str, float]) -> None:
    lengths = [int(name.split()[1]) for name in ways if name.startswith(BATCHED)]
    for way, label in ((BATCHED, "fastframe, Batch"), (LISTED, "fastframe, list")):
        rates = [1e9 / ways[f"{way} {length}"] for length in lengths]
        colour, dashes, width = STYLES[way]
        axes.plot(
            lengths, rates, "o", linestyle=dashes, color=LIGHT[colour],
            linewidth=width, label=label,
        )  # fmt: skip
    for way in (CEILING, PEER):
        level = 1e9 / ways[way]
        line(axes, way, [lengths[0], lengths[-1]], [level, level])
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(lengths[::2]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: units.count_tick(y)))
    axes.set_ylim(bottom=0)


CALLS: dict[str, tuple[str, Any, float]] = {
    "fastframe, back to back": ("ours", "-", 2.4),
    "fastframe, in real time": ("ours-3", "-", 1.9),
    "cryptography, in real time": ("peer", "-", 1.9),
    "fastframe, whole tick": ("ours-2", "-", 2.4),
    "an empty call, in real time": ("ink", (0, (1, 1.5)), 1.3),
}
SHARES = {
    1: "all",
    0.1: "1 in 10",
    0.01: "1 in 100",
    0.001: "1 in 1 000",
    0.0001: "1 in 10 000",
}
LATENCIES = (0.1, 1, 10, 100, 1_000, 10_000)


def latency(figures: dict[str, Any], width: float, *, is_narrow: bool) -> Figure:
    """Draw what share of frames took longer, against how long, and the budget."""
    figure, axes = plt.subplots(figsize=(width, 4.9 if is_narrow else 4.3))
    for name, (colour, dashes, thickness) in CALLS.items():
        points = figures["call"]["curves"][name]
        label = f"{name}, 60 a second" if name.endswith("tick") else name
        axes.step(
            [us for us, _ in points], [share for _, share in points], where="post",
            color=LIGHT[colour], linestyle=dashes, linewidth=thickness, label=label,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.05, 60_000)
    axes.set_ylim(6e-5, 1.3)
    axes.axvspan(BUDGET_US, 60_000, color=LIGHT["limit"], alpha=0.12, linewidth=0)
    axes.axvline(BUDGET_US, color=LIGHT["limit"], linewidth=1.6)
    axes.text(
        BUDGET_US * 0.85, 0.9, "16.7 ms:\nthe whole budget\nof a frame at 60 fps",
        ha="right", va="top", color=LIGHT["limit"], fontsize=BASE - 1,
    )  # fmt: skip
    axes.xaxis.set_major_locator(FixedLocator(LATENCIES))
    axes.yaxis.set_major_locator(FixedLocator(list(SHARES)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: units.time_tick(x * 1000))
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: SHARES.get(y, "")))
    axes.set_xlabel("time to open a frame, or a tick's frames")
    axes.set_ylabel("share that took longer")
    legend_below(figure, axes, 1 if is_narrow else 2)
    return figure
