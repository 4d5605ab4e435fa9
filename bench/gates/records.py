"""Keeps counts of instructions, each under the facts that they depend on."""

from __future__ import annotations

import json
from typing import Any

from gates.child import BENCH

FILE = BENCH / "instructions.json"
Facts = dict[str, str]
Counts = dict[str, dict[str, float]]
Record = dict[str, Any]  # "facts" and "cases"


def read() -> list[Record]:
    """Give what is recorded."""
    return json.loads(FILE.read_text("utf-8")) if FILE.is_file() else []


def keep(facts: Facts, counts: Counts) -> None:
    """Record counts, in place of those under the same facts."""
    others = [record for record in read() if record["facts"] != facts]
    kept = [*others, {"facts": facts, "cases": counts}]
    kept.sort(key=lambda record: json.dumps(record["facts"]))
    FILE.write_text(text(kept), encoding="utf-8")


def text(kept: list[Record]) -> str:
    """Write records as JSON with a line for each fact and case, for diffs."""

    def lines(pairs: dict[str, Any]) -> str:
        items = (f"   {json.dumps(k)}: {json.dumps(v)}" for k, v in pairs.items())
        return ",\n".join(items)

    parts = (
        f' {{"facts": {{\n{lines(record["facts"])}}},\n'
        f'  "cases": {{\n{lines(record["cases"])}}}}}'
        for record in kept
    )
    return "[\n" + ",\n".join(parts) + "\n]\n"


def find(kept: list[Record], facts: Facts) -> Counts | None:
    """Give the counts recorded under the same facts."""
    return next((r["cases"] for r in kept if r["facts"] == facts), None)


def difference(kept: list[Record], facts: Facts) -> str:
    """Say in what the most similar record differs."""

    def differing(record: Record) -> list[str]:
        there = record["facts"]
        return [
            f"{name} is {fact}, recorded {there.get(name)}"
            for name, fact in facts.items()
            if there.get(name) != fact
        ]

    closest = min(map(differing, kept), key=len, default=["nothing is recorded"])
    return "; ".join(closest)
