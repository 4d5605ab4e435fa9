"""Measure everything that the page shows, in about two minutes."""

from __future__ import annotations

import sys
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import lineup
import machine
import same_bytes
from calls import EMPTY, OURS, PEER, TICKS, latencies, summary, ticks
from measure import in_turns, per_frame, ratio
from memory import left_behind, made_by_batch
from startup import import_ms
from stations import Station, make_frame
from threads import SCALED, WAYS, cores, crew, held_ns, scaling, waits
from workloads import MIXES, SWEEP

import fastframe as ff

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from threads import Turn

    Figures = dict[str, Any]

DIRECTIONS = ("seal", "open")
WEBCRYPTO_SIZES = (20, 80, 1250, 6250, 60_000, 512_000)
WEBCRYPTO_FRAMES = 1500
LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SIZES = (80, 1250, 6250)
GIL_SIZES = (80, 1250, 6250, 60_000)
OVERHEAD_SIZES = (80, 1250, 6250, 60_000)
SPOKEN_FRAMES = 1000
CURVE_POINTS = 80


def collect(share: float = 1.0) -> Figures:
    """Measure all; share makes everything take that part of its time."""
    parts = {
        "sizes": _sizes,
        "webcrypto": _webcrypto,
        "davey": _davey,
        "batches": _batches,
        "threads": _threads,
        "workers": _workers,
        "call": _call,
        "gil": _gil,
        "formats": _formats,
        "rest": _rest,
    }
    figures: Figures = {"machine": machine.facts(), "peers": same_bytes.versions()}
    begin = perf_counter()
    for name, part in parts.items():
        figures[name] = part(share)
        print(f"  {name}: done after {perf_counter() - begin:.0f} s", file=sys.stderr)
    figures["seconds"] = round(perf_counter() - begin)
    return figures


def _sizes(share: float) -> Figures:
    """Time everybody at every size: ns, and ratios to the peer and the ceiling."""
    found: Figures = {}
    for direction in DIRECTIONS:
        for size in SWEEP:
            samples = in_turns(lineup.lineup(direction, size), 2.0 * share)
            found.setdefault(direction, {})[str(size)] = {
                name: {
                    "ns": _round(median(samples[name])),
                    "x peer": _round(ratio(samples, name, _peer_of(name))),
                    "of ceiling": _round(ratio(samples, name, lineup.CEILING)),
                }
                for name in samples
            }
    return found


def _peer_of(name: str) -> str:
    """Compare calls that write into memory with those of the peer."""
    return lineup.PEER_INTO if name.endswith("_into") else lineup.PEER


def _webcrypto(share: float) -> Figures:
    if not same_bytes.is_here("webcrypto"):
        return {}
    frames = max(50, int(WEBCRYPTO_FRAMES * share))
    return {
        str(size): _round(
            median(same_bytes.webcrypto_ns(size, frames) for _ in range(3))
        )
        for size in WEBCRYPTO_SIZES
    }


def _davey(share: float) -> Figures:
    if not same_bytes.has_davey():
        return {}
    found: Figures = {}
    for size in SIZES:
        samples = in_turns(lineup.dave_lineup(size)[0], 1.0 * share)
        found[str(size)] = {name: _round(median(ns)) for name, ns in samples.items()}
    return found


def _batches(share: float) -> Figures:
    """Time batches of all lengths, and the peer and the ceiling, in turn."""
    found: Figures = {}
    for size in SIZES:
        others = lineup.lineup("seal", size)
        ways = {name: others[name] for name in (lineup.CEILING, lineup.PEER)}
        for length in LENGTHS:
            station = Station(size, length)
            ways[f"{lineup.BATCHED} {length}"] = _sample(station, "seal_batch")
            ways[f"{lineup.LISTED} {length}"] = _sample(station, "seal_list")
        samples = in_turns(ways, 4.0 * share)
        found[str(size)] = {name: _round(median(ns)) for name, ns in samples.items()}
    return found


def _sample(station: Station, way: str) -> Any:
    return lambda: per_frame(getattr(station, way))


def _threads(share: float) -> Figures:
    return {
        str(size): {
            way: {
                str(number): _round(rate)
                for number, rate in scaling(way, size, 0.25 * share).items()
            }
            for way in SCALED
        }
        for size in SIZES
    }


def _workers(share: float) -> Figures:
    """Give how many times as fast a batch of 256 is, split over the cores."""
    found: Figures = {}
    for size in GIL_SIZES:
        samples = in_turns(crew(size, cores()), 1.0 * share)
        found[str(size)] = {name: _round(ratio(samples, name, "1")) for name in samples}
    return found


def _call(share: float) -> Figures:
    """Run the ten-person call at 60 fps, and A itself for its share of a core."""
    rate = MIXES["A60"].rate
    together = latencies("A60", max(0.2, 20 * share))
    paced = latencies("A60", max(0.2, 12 * share), paced=True)
    whole = ticks("A60", max(0.2, 20 * share))
    plain = latencies("A", max(0.2, 60 * share))
    runs = {
        f"{OURS}, back to back": together[OURS],
        f"{OURS}, in real time": paced[OURS],
        f"{PEER}, back to back": together[PEER],
        f"{PEER}, in real time": paced[PEER],
        TICKS: whole,
        f"{EMPTY}, in real time": paced[EMPTY],
    }
    return {
        "rate": rate,
        "curves": {name: _curve(taken) for name, taken in runs.items()},
        "summaries": {name: _summary(taken, rate) for name, taken in runs.items()},
        "A": {side: _summary(taken, MIXES["A"].rate) for side, taken in plain.items()},
    }


def _summary(taken: array[int], rate: float) -> Figures:
    return {name: _round(value) for name, value in summary(taken, rate).items()}


def _curve(taken: array[int]) -> list[tuple[float, float]]:
    """Give points of the curve: microseconds, and the share of frames above.

    The ranks are as far apart as the logarithm of the share has it, because
    the last of thousands is as telling as the median.
    """
    ordered = sorted(taken)
    count = len(ordered)
    above = {
        max(1, round(count ** (1 - step / (CURVE_POINTS - 1))))
        for step in range(CURVE_POINTS)
    }
    return [
        (_round(ordered[count - left] / 1000), _round(left / count))
        for left in sorted(above, reverse=True)
    ]


def _gil(share: float) -> Figures:
    found: Figures = {
        "held ns": _round(held_ns()),
        "nobody": _late(lambda: None, share),
    }
    for size in GIL_SIZES:
        found[str(size)] = {
            way: _late(partial(make, size), share) for way, make in WAYS.items()
        }
    return found


def _late(make: Callable[[], Turn | None], share: float) -> Figures:
    """Give the median of three goes: a busy machine may spoil one."""
    goes = [median(waits(make(), 0.3 * share)) for _ in range(3)]
    return {"p50 us": _round(median(goes) / 1000)}


def _formats(share: float) -> Figures:
    """Weigh what each format adds, and time it against insertable."""
    names = ff.formats()
    found: Figures = {
        name: {
            "bytes": _weigh(name),
            "of insertable": {},
        }
        for name in names
    }
    for direction in DIRECTIONS:
        stations = {name: Station(SIZES[1], format_=name) for name in names}
        ways = {name: _sample(s, f"{direction}_batch") for name, s in stations.items()}
        samples = in_turns(ways, 3.0 * share)
        for name in names:
            share_of = ratio(samples, name, "insertable")
            found[name]["of insertable"][direction] = _round(share_of)
    return found


def _weigh(name: str) -> Figures:
    """Give the bytes that a format adds once a voice has spoken for 20 seconds.

    Where the counter travels in as few bytes as it needs, the first frames
    would flatter.
    """
    station = Station(OVERHEAD_SIZES[0], 1, name)
    for _ in range(SPOKEN_FRAMES):
        station.sealer.seal(station.frames[0])
    return {
        str(size): len(station.sealer.seal(make_frame(None, size))) - size
        for size in OVERHEAD_SIZES
    }


def _rest(share: float) -> Figures:
    return {
        "import ms": {
            name: _round(import_ms(name, 2.0 * share))
            for name in ("fastframe", "cryptography")
        },
        "left": left_behind(max(20_000, int(1_000_000 * share))),
        "made": made_by_batch(),
    }


def _round(value: float) -> float:
    """Keep four digits: more would be noise, and the file is read by people."""
    return float(f"{value:.4g}")
