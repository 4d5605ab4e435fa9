"""The page's content, built from the figures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineup import BATCHED, CEILING, CRYPTODOME, LISTED, PEER, PEER_INTO, WEBCRYPTO

from report import units, words
from report.blocks import Heading, Picture, Table, Text

if TYPE_CHECKING:
    from report.blocks import Block

    Figures = dict[str, Any]

SHOWN = ("20", "80", "1250", "6250", "60000", "512000")
DIRECTIONS = {"seal": "sealing", "open": "opening"}


def build(figures: Figures) -> list[Block]:
    """Build all blocks, in order."""
    return [
        *_summary(figures),
        *_sizes(figures),
        *_batches(figures),
        *_threads(figures),
        *_call(figures),
        *_formats(figures),
        *_machine(figures),
    ]


def _summary(figures: Figures) -> list[Block]:
    return [
        Heading("In short"),
        Text(words.headline(figures)),
        Text(words.ceiling(figures)),
        Text(words.others(figures)),
        Heading("Where plain cryptography is as good"),
        *(Text(text) for text in words.as_good(figures)),
    ]


def _sizes(figures: Figures) -> list[Block]:
    return [
        Heading("Time per frame"),
        Picture("sizes", "Curves of time per frame against size, sealing and opening"),
        Text(words.bare(figures)),
        Text("Nanoseconds per frame; everybody writes, and reads, the same bytes:"),
        _nanoseconds(figures),
        Text(
            "So many times as fast as the peer: `seal_into` and `open_into` beside its "
            "`encrypt_into` and `decrypt_into`, the others beside its plain calls."
        ),
        _ratios(figures),
    ]


def _nanoseconds(figures: Figures) -> Table:
    rows = []
    for direction, doing in DIRECTIONS.items():
        table = figures["sizes"][direction]
        ways = [
            CEILING, BATCHED, LISTED, direction, f"{direction}_into",
            PEER, PEER_INTO, CRYPTODOME,
        ]  # fmt: skip
        for way in ways:
            cells = [table[size].get(way, {}).get("ns") for size in SHOWN]
            if any(cells):
                rows.append([f"{doing}: {_name(way)}", *map(_whole, cells)])
    if figures["webcrypto"]:
        cells = [figures["webcrypto"].get(size) for size in SHOWN]
        rows.append([f"sealing: {WEBCRYPTO}", *map(_whole, cells)])
    return Table(["ns per frame", *_size_names()], rows)


def _ratios(figures: Figures) -> Table:
    rows = []
    for direction, doing in DIRECTIONS.items():
        table = figures["sizes"][direction]
        for way in (
            BATCHED, "Batch, append", LISTED, direction, f"{direction}_into",
        ):  # fmt: skip
            cells = [units.times(table[size][way]["x peer"]) for size in SHOWN]
            rows.append([f"{doing}: {_name(way)}", *cells])
    for direction, doing in DIRECTIONS.items():
        table = figures["sizes"][direction]
        cells = [f"{table[size][BATCHED]['of ceiling']:.2f}" for size in SHOWN]
        rows.append([f"{doing}: {_name(BATCHED)}, share of the C loop", *cells])
    return Table(["times the peer", *_size_names()], rows)


def _name(way: str) -> str:
    names = {
        CEILING: "bare C loop",
        BATCHED: "`Batch` of 32",
        "Batch, append": "`Batch` of 32, with `append()`",
        LISTED: "list of 32",
        PEER: "`cryptography`, framed",
        PEER_INTO: "`cryptography`, framed, `_into`",
    }
    return names.get(way, way if way == CRYPTODOME else f"`{way}`")


def _size_names() -> list[str]:
    return [units.size(int(size)) for size in SHOWN]


def _whole(ns: float | None) -> str:
    return f"{ns:,.0f}" if ns else ""


def _batches(figures: Figures) -> list[Block]:
    return [
        Heading("Batches"),
        Picture("batches", "Curves of frames per second against batch length"),
        Text(words.batches(figures)),
    ]


def _threads(figures: Figures) -> list[Block]:
    return [
        Heading("Threads and the GIL"),
        Picture("threads", "Bars of frames per second on one and more threads"),
        Text(words.threads(figures)),
        Text(words.workers(figures)),
        Picture("gil", "Dots: how late a thread wakes while another one seals"),
        Text(words.gil(figures)),
        Text(words.held(figures)),
    ]


def _call(figures: Figures) -> list[Block]:
    head = ["µs per frame", "p50", "p99", "p99.9"]
    rows = [
        [name, *(f"{row[part]:,.1f}" for part in ("p50 us", "p99 us", "p99.9 us"))]
        for name, row in figures["call"]["summaries"].items()
    ]
    return [
        Heading("A call of ten people"),
        Picture("latency", "Curves: what share of frames took longer than a time"),
        Text(words.call(figures)),
        Text(words.core(figures)),
        Table(head, rows),
        Heading("Memory and import"),
        Text(words.memory(figures)),
    ]


def _formats(figures: Figures) -> list[Block]:
    sizes = ("80", "1250", "6250", "60000")
    head = ["format", "bytes", *(f"of {units.size(int(size))}" for size in sizes)]
    head += ["seals", "opens"]
    rows = []
    for name, row in figures["formats"].items():
        added = row["bytes"]
        shares = [units.percent(added[size] / int(size)) for size in sizes]
        speeds = [f"{row['of insertable'][way]:.2f}" for way in DIRECTIONS]
        rows.append([f"`{name}`", str(added["80"]), *shares, *speeds])
    return [
        Heading("What each format adds"),
        Picture("overhead", "Bars and dots of the bytes that each format adds"),
        Text(
            "Bytes added to a frame without clear bytes, after 1,000 frames, and their "
            "share of it; then the speed of batches of 32 frames of 1.25 kB, as a "
            "share of `insertable`'s."
        ),
        Table(head, rows),
    ]


def _machine(figures: Figures) -> list[Block]:
    facts = {**figures["machine"], **figures["peers"]}
    facts["measured in"] = f"{figures['seconds']} s"
    return [
        Heading("Measured on"),
        Table(["what", "which"], [list(row) for row in facts.items()], is_text=True),
    ]
