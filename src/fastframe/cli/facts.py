"""What the demo found, as one dictionary: the JSON, and what the table shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastframe.cli import timing
from fastframe.cli.info import facts_of_build

if TYPE_CHECKING:
    import argparse

    from fastframe.cli.clip import Clip
    from fastframe.cli.journey import Journey, Lane
    from fastframe.cli.media import Source


def gather(
    journey: Journey,
    source: Source,
    clip: Clip,
    args: argparse.Namespace,
    problems: list[str],
    *,
    was_stopped: bool,
) -> dict[str, Any]:
    """Sum up the journey; measure speed on frames of the clip."""
    lanes = [lane for lane in journey.lanes if lane.ledger.sent]
    return {
        "clip": clip.title,
        "credit": clip.credit,
        "transcoded": args.transcode,
        "realtime": args.realtime,
        "stopped": was_stopped,
        "trouble": source.trouble,
        "format": args.format,
        "suite": args.suite,
        "courier": {
            "seed": args.seed,
            "drop": args.drop,
            "duplicate": args.duplicate,
            "reorder": args.reorder,
            "tamper": args.tamper,
        },
        "budget_us": timing.BUDGET_US,
        "tracks": [_of_lane(lane, journey, args) for lane in lanes],
        "proof": {"ok": not problems, "problems": problems},
        "build": facts_of_build(),
    }


def _of_lane(lane: Lane, journey: Journey, args: argparse.Namespace) -> dict[str, Any]:
    ledger, track = lane.ledger, lane.track
    fates = journey.courier.fates[track.number]
    overhead = ledger.sealed_bytes - ledger.sent_bytes
    return {
        "track": track.number,
        "kind": track.kind,
        "codec": track.codec,
        "about": track.about,
        "key_id": lane.sealer.key_id if args.format == "insertable" else None,
        "frames": ledger.sent,
        "bytes": ledger.sent_bytes,
        "sealed_bytes": ledger.sealed_bytes,
        "overhead_bytes": overhead,
        "overhead_per_frame": lane.sealer.overhead,
        "overhead_percent": 100 * overhead / ledger.sent_bytes,
        "fates": {fate.value: count for fate, count in fates.items()},
        "dropped": len(journey.courier.dropped[track.number]),
        "deliveries": ledger.statuses.total(),
        "bit_exact": ledger.exact,
        "statuses": {s.name: count for s, count in sorted(ledger.statuses.items())},
        "reasons": [
            {"status": status.name, "why": why, "count": count}
            for (status, why), count in sorted(ledger.reasons.items())
        ],
        "wrong_key_opened": lane.stranger_opened,
        **_speed_of(lane, args),
        "decoded": {
            "unit": track.unit,
            "count": lane.player.decoder.decoded,
            "failures": lane.player.decoder.failures,
        },
        "courier_view": asdict(lane.spy.report(lane.player.prints)),
    }


def _speed_of(lane: Lane, args: argparse.Namespace) -> dict[str, Any]:
    bench = timing.Bench(args.format, args.suite, lane.sample)
    sealing, opening, speed = bench.measure()
    if args.realtime:
        # Frames that come one by one find cold caches: that is what a call
        # in a real application costs.
        sealing, opening = lane.sealing, lane.opening
    return {
        "seal_us": asdict(timing.spread_of(sealing)),
        "open_us": asdict(timing.spread_of(opening)),
        "frames_per_second": asdict(speed),
    }
