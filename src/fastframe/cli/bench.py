"""fastframe bench: time per frame beside the cryptography package."""

from __future__ import annotations

import json
import os
from statistics import median
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from fastframe.cli.failure import FAILED, OK, CommandError, need, need_rich
from fastframe.cli.info import facts_of_build

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from fastframe.cli.rivals import Way

SIZES = (100, 1200, 8192, 60_000, 150_000)
_AS_GOOD = 1.05  # below this ratio the peer is called as good


def run(args: argparse.Namespace) -> int:
    """Measure, and print a table or JSON."""
    need("cryptography", "cryptography", why="bench, to compare with,")
    if not args.json:
        need_rich("the table of bench")
    from fastframe.cli import rivals  # noqa: PLC0415 - needs cryptography

    if not rivals.agree():
        raise CommandError("peer and fastframe do not open each other's frames", FAILED)
    rows = [
        row
        for direction in ("seal", "open")
        for size in SIZES
        for row in _measure(rivals.ways(direction, size), direction, size, args.rounds)
    ]
    report = {
        "unit": "ns per frame, median of rounds",
        "rounds": args.rounds,
        "batch": rivals.BATCH,
        "rows": rows,
        "peer_openssl": rivals.peer_openssl(),
        "peer_version": rivals.peer_version(),
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "build": facts_of_build(),
    }
    if args.json:
        print(json.dumps(report))
    else:
        _show(report)
    return OK


def _measure(
    ways: list[Way], direction: str, size: int, rounds: int
) -> list[dict[str, Any]]:
    """Time all ways in turn, round after round, so that noise meets them alike."""
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            work, count = way.prepare()
            taken = _time(work) / count
            if number > 0:  # the first round warms caches and branch predictors
                times[way.name].append(taken)
    rows = []
    for way in ways:
        pairs = zip(times[way.peer], times[way.name], strict=True)
        rows.append(
            {
                "direction": direction,
                "size": size,
                "way": way.name,
                "ns": median(times[way.name]),
                "peer": way.peer,
                "ratio": median(peer / own for peer, own in pairs),
            }
        )
    return rows


def _time(work: Callable[[], object]) -> int:
    before = perf_counter_ns()
    work()
    return perf_counter_ns() - before


def _show(report: dict[str, Any]) -> None:
    from rich import box  # noqa: PLC0415 - not there for --json
    from rich.table import Table  # noqa: PLC0415

    from fastframe.cli.page import new_page  # noqa: PLC0415

    page = new_page()
    for direction in ("seal", "open"):
        rows = [row for row in report["rows"] if row["direction"] == direction]
        table = Table(box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
        table.title = f"{direction}: ns per frame (how many times as fast as the peer)"
        table.add_column("")
        for size in SIZES:
            table.add_column(_size(size), justify="right")
        for name in dict.fromkeys(row["way"] for row in rows):
            cells = [_cell(row) for row in rows if row["way"] == name]
            table.add_row(name, *cells)
        page.print(table)
    page.print(_legend(report))


def _cell(row: dict[str, Any]) -> str:
    if row["way"] == row["peer"]:
        return f"[dim]{row['ns']:,.0f}      "
    colour = "green" if row["ratio"] >= _AS_GOOD else "yellow"
    return f"{row['ns']:,.0f} [{colour}]{row['ratio']:.2f}x"


def _legend(report: dict[str, Any]) -> str:
    build = report["build"]
    even: dict[str, list[str]] = {}
    for row in report["rows"]:
        if row["way"] != row["peer"] and row["ratio"] < _AS_GOOD:
            way = f"{row['direction']}, {row['way']}"
            even.setdefault(way, []).append(
                f"{_size(row['size'])} ({row['ratio']:.2f}x)"
            )
    told = "; ".join(f"{way} at {', '.join(at)}" for way, at in even.items())
    return (
        f"Median of {report['rounds']} rounds, peer and fastframe in turn, on frames "
        f"never opened before. batch: {report['batch']} frames that stand in a Batch "
        "already; with append() to put them there; or a plain list of bytes.\n"
        "The peer writes the same bytes in Python on cryptography "
        f"{report['peer_version']}; it keeps no replay window and counts nothing. "
        "_into calls are compared with its _into calls, the others with its plain "
        "ones.\n"
        f"[bold]The peer is as good or better:[/] {told or 'nowhere in this run'}.\n"
        f"[dim]fastframe {build['version']} on {build['openssl']} ({build['linked']}), "
        f"VAES {build['vaes']}; peer on {report['peer_openssl']}; "
        f"load {report['load']:.1f} on {report['cores']} cores."
    )


def _size(size: int) -> str:
    return f"{size} B" if size < 1000 else f"{size / 1000:.3g} kB"  # noqa: PLR2004
