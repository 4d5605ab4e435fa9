"""Sentences that the figures decide, among them where the peer is as good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lineup import BATCHED, CEILING, CRYPTODOME, LISTED, PEER, PEER_INTO
from stations import BATCH

from fastframe.cli.timing import BUDGET_US
from report import units

if TYPE_CHECKING:
    Figures = dict[str, Any]

AS_GOOD = 1.05  # below this ratio nobody would notice a difference
GIL_HELD_US = 1000  # a wait this long is the GIL's, not the system's
SCALES = 1.5  # from here on a second thread is worth having
SHOWN = ("80", "1250", "6250", "60000")
# What the ways are called, and whether they are compared with the peer's _into.
WAYS = {
    BATCHED: "a filled `Batch`",
    "Batch, append": "a `Batch` with `append()`",
    LISTED: "a list of 32",
    "seal": "`seal`",
    "open": "`open`",
    "seal_into": "`seal_into`",
    "open_into": "`open_into`",
}


def headline(figures: Figures) -> str:
    """Say the most telling ratios in one sentence."""
    parts = []
    for size in SHOWN:
        ratios = [figures["sizes"][way][size][BATCHED] for way in ("seal", "open")]
        peer = units.several([units.times(ratio["x peer"]) for ratio in ratios])
        parts.append(f"{peer} times at {units.size(int(size))}")
    return (
        "Sealed and opened in batches of 32, a frame goes so many times as fast as the "
        f"same bytes framed in Python on `cryptography`: {', '.join(parts)}."
    )


def ceiling(figures: Figures) -> str:
    """Say what of the ceiling a batch reaches."""
    parts = []
    for size in SHOWN:
        shares = [
            figures["sizes"][way][size][BATCHED]["of ceiling"]
            for way in ("seal", "open")
        ]
        both = " and ".join(f"{share:.2f}" for share in shares)
        parts.append(f"{both} at {units.size(int(size))}")
    return (
        "The ceiling is a C loop over the very libcrypto that is linked, which checks "
        "and records nothing. A batch reaches this share of it, sealing and opening: "
        f"{', '.join(parts)}."
    )


def as_good(figures: Figures) -> list[str]:
    """Say where plain `cryptography` is as good, or better."""
    even: dict[str, list[str]] = {}
    for direction in ("seal", "open"):
        for size, ways in figures["sizes"][direction].items():
            for way, name in WAYS.items():
                ratio = ways.get(way, {}).get("x peer", AS_GOOD)
                if ratio < AS_GOOD:
                    what = f"{'sealing' if direction == 'seal' else 'opening'}, {name}"
                    at = f"{units.size(int(size))} ({units.times(ratio)})"
                    even.setdefault(what, []).append(at)
    if not even:
        return ["In this run plain `cryptography` was as good nowhere."]
    listed = "; ".join(f"{what}: {units.several(at)}" for what, at in even.items())
    where = f"Plain `cryptography` is as good or better (below {AS_GOOD:g} times): "
    return [f"{where}{listed}.{_same_for_c(figures)}", _advice(even)]


def _same_for_c(figures: Figures) -> str:
    """Say where the C loop is no faster either: there it is not our code."""
    found = [
        f"{doing} {units.size(int(size))} ({units.times(ways[CEILING]['x peer'])})"
        for direction, doing in (("seal", "sealing"), ("open", "opening"))
        for size, ways in figures["sizes"][direction].items()
        if ways[CEILING]["x peer"] < AS_GOOD
    ]
    if not found:
        return ""
    return (
        f" Where the C loop over our libcrypto is no faster either, it is not our code "
        f"that is slow: {units.several(found)}."
    )


def _advice(even: dict[str, list[str]]) -> str:
    """Say what to do about it, and what the peer leaves out."""
    plain = any("list" in what or "append" in what for what in even)
    plain = plain and not any("_into" in what for what in even)
    advice = (
        "Large frames are better handed over one by one, with `seal_into` and "
        "`open_into`, or encoded right into a `Batch` (`reserve()`): a copy or a "
        "fresh result costs more there than the cipher. "
        if plain
        else ""
    )
    return (
        f"{advice}The peer does less for it: no replay window, no check of its "
        "arguments, no lock, no statistics."
    )


def others(figures: Figures) -> str:
    """Say what the slower peers take."""
    size = SHOWN[0]
    ways = figures["sizes"]["seal"][size]
    batch = ways[BATCHED]["ns"]
    parts = []
    if CRYPTODOME in ways:
        parts.append(f"PyCryptodome {units.times(ways[CRYPTODOME]['ns'] / batch)}")
    if size in figures["webcrypto"]:
        times = units.times(figures["webcrypto"][size] / batch)
        parts.append(f"the article's WebCrypto worker in Node {times}")
    if size in figures["davey"]:
        row = figures["davey"][size]
        times = units.times(row["davey"] / row[BATCHED])
        parts.append(f"`davey`, in Discord's own format, {times}")
    if not parts:
        return "No other peer was installed."
    return (
        f"To seal a frame of {units.size(int(size))} others take so many times as long "
        f"as a batch does: {units.several(parts)}."
    )


def bare(figures: Figures) -> str:
    """Say how one call per frame compares, framing in Python left out or not."""
    size = SHOWN[0]
    seal = figures["sizes"]["seal"][size]
    return (
        f"One call per frame costs {units.time(seal['seal']['ns'])} at "
        f"{units.size(int(size))}, most of it Python's way into C and back; the peer's "
        f"takes {units.time(seal[PEER]['ns'])}, its `encrypt_into` with framing "
        f"{units.time(seal[PEER_INTO]['ns'])}, and the C loop "
        f"{units.time(seal[CEILING]['ns'])}."
    )


def batches(figures: Figures) -> str:
    """Say from which length on a batch pays."""
    parts = []
    for size, ways in figures["batches"].items():
        lengths = [int(name.split()[1]) for name in ways if name.startswith(BATCHED)]
        best = min(ways[f"{BATCHED} {length}"] for length in lengths)
        enough = next(
            length for length in lengths if ways[f"{BATCHED} {length}"] < best / 0.8
        )
        parts.append(f"{enough} frames of {units.size(int(size))}")
    return (
        "Four fifths of the best rate are reached with a batch of "
        f"{units.several(parts)}."
    )


def threads(figures: Figures) -> str:
    """Say where another thread helps, and where the GIL is in the way."""
    gains: dict[str, list[str]] = {}
    for size, ways in figures["threads"].items():
        for way, rates in ways.items():
            numbers = list(rates)
            gain = rates[numbers[-1]] / rates[numbers[0]]
            gains.setdefault(way, []).append(f"{gain:.2f} at {units.size(int(size))}")
    most = list(next(iter(next(iter(figures["threads"].values())).values())))[-1]
    is_short = any(float(gain.split()[0]) < SCALES for gain in gains["seal"])
    why = (
        " Single calls are too short for that: what such threads do most is hand the "
        "GIL to each other."
    )
    return (
        f"On {most} threads the C loop comes to so many times one thread: "
        f"{units.several(gains['C loop'])}; more the machine did not give. Batches of "
        "64, each thread with its own sealer: "
        f"{units.several(gains['Batch'])}. One call per frame: "
        f"{units.several(gains['seal'])}; `cryptography`: "
        f"{units.several(gains['cryptography'])}.{why if is_short else ''}"
    )


def workers(figures: Figures) -> str:
    """Say what workers= brings."""
    most = list(next(iter(figures["workers"].values())))[-1]
    gains = [
        f"{row[most]:.2f} at {units.size(int(size))}"
        for size, row in figures["workers"].items()
    ]
    is_slower = any(row[most] < 1 for row in figures["workers"].values())
    advice = " Where that is below 1, leave it at one." if is_slower else ""
    return (
        f"One call for 256 frames with `workers={most}` is so many times as fast as "
        f"with one: {units.several(gains)}.{advice}"
    )


def call(figures: Figures) -> str:
    """Say what the ten-person call adds to a frame."""
    table = figures["call"]["summaries"]
    paced = table["fastframe, in real time"]
    idle = table["an empty call, in real time"]
    tick = table["fastframe, whole tick"]
    share = units.percent(paced["p99.9 us"] / BUDGET_US)
    return (
        f"In real time, {figures['call']['rate']:,} frames a second, opening adds "
        f"{paced['p50 us']:.1f} µs to a frame, p99 {paced['p99 us']:.0f}, p99.9 "
        f"{paced['p99.9 us']:.0f} (an empty call in the same loop: "
        f"{idle['p99.9 us']:.0f}). That is {share} of the 16.7 ms that a frame has at "
        "60 fps. All that comes within a tick, opened at once, takes "
        f"{tick['p50 us']:.0f} µs, p99.9 {tick['p99.9 us']:,.0f}."
    )


def core(figures: Figures) -> str:
    """Say what share of a core workload A takes."""
    table = figures["call"]["A"]
    ours, peer = (
        table[side]["% of a core per 1 000 frames/s"]
        for side in ("fastframe", "cryptography")
    )
    return (
        f"Back to back, frame by frame, workload A takes {ours:.2f} % of a core for "
        f"each 1,000 frames a second; framed in Python on `cryptography` {peer:.2f} %. "
        "Nobody's cipher is what makes such a call late."
    )


def gil(figures: Figures) -> str:
    """Say who keeps other threads waiting."""
    table = {size: row for size, row in figures["gil"].items() if size.isdigit()}
    idle = figures["gil"]["nobody"]["p50 us"]
    held: dict[str, list[str]] = {}
    for size, ways in table.items():
        for way, late in ways.items():
            if late["p50 us"] - idle > GIL_HELD_US:
                at = f"{units.size(int(size))} ({units.time(late['p50 us'] * 1000)})"
                held.setdefault(way, []).append(at)
    start = (
        "A thread that wakes from its socket must get the GIL before it runs. With "
        f"nobody sealing that takes {units.time(idle * 1000)} here, nearly all of it "
        "the system's."
    )
    names = {
        "Batch": "`seal_batch`",
        "seal": "`seal`",
        "cryptography": "`cryptography`",
    }
    if not held:
        return (
            f"{start} While another thread seals, no way makes it a millisecond more."
        )
    told = "; ".join(f"{names[way]} at {units.several(at)}" for way, at in held.items())
    free = units.several([names[way] for way in names if way not in held])
    return (
        f"{start} It waits for milliseconds, until the interpreter forces a switch, "
        f"while another seals with {told}. {free} let it run at once at every size: "
        "each call gives the GIL up."
    )


def held(figures: Figures) -> str:
    """Say how much of a batch's time the GIL is held."""
    ns = figures["gil"]["held ns"]
    shares = []
    for size in SHOWN:
        whole = BATCH * figures["sizes"]["seal"][size][BATCHED]["ns"]
        shares.append(f"{units.percent(ns / whole)} at {units.size(int(size))}")
    return (
        f"A `seal_batch` holds the GIL for {units.time(ns)} at most, the time of a "
        "call with no frame in it; CFFI lets it go for all that is done in C. Of a "
        f"batch of {BATCH} frames that is {units.several(shares)}."
    )


def memory(figures: Figures) -> str:
    """Say what frames leave behind, and what an import takes."""
    rest = figures["rest"]
    left, made, took = rest["left"], rest["made"], rest["import ms"]
    return (
        f"{left['frames']:,} frames, sealed and opened in batches, changed the "
        f"resident size by {left['resident kB']} kB and left {left['Python objects']} "
        "Python objects in caches. One `seal_batch` of 64 frames makes "
        f"{made['Python objects per call']}; the C tests count that no frame allocates "
        f"anything in C. `import fastframe` takes {took['fastframe']:.0f} ms, "
        f"`cryptography`'s AESGCM {took['cryptography']:.0f} ms."
    )
