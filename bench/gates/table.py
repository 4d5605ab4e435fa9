"""Reads bars.toml: what is promised of speed, and what fails the gate."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it where Python has none

FILE = Path(__file__).resolve().parent.parent / "bars.toml"


@dataclass(frozen=True)
class Bar:
    """One figure that is promised.

    Attributes:
        call: what is done, seal_batch or a workload.
        against: what it is compared with; "" for a plain count or time.
        size: bytes of a frame, 0 where there is no one size.
        bar: the promise, a ratio unless unit says otherwise.
        unit: of bar, "x" for a ratio.
        is_most: the figure is to stay at or below the bar, not above.
        floor: what fails the gate; None if the figure is only reported.
        reason: names the reason why floor is not the bar, or nothing gates.
        why: that reason.
    """

    call: str
    against: str
    size: int
    bar: float
    unit: str = "x"
    is_most: bool = False
    floor: float | None = None
    reason: str = ""
    why: str = ""

    @property
    def key(self) -> str:
        """Name the figure in records and reports."""
        size = f" {self.size} B" if self.size else ""
        against = f", {self.against}" if self.against else ""
        return f"{self.call}{size}{against}"

    @property
    def text(self) -> str:
        """Write the promise as a table shows it."""
        unit = "" if self.unit == "x" else f" {self.unit}"
        return f"{'<=' if self.is_most else '>='} {self.bar:g}{unit}"

    def is_met_by(self, figure: float) -> bool:
        """Tell whether a figure keeps the promise."""
        return figure <= self.bar if self.is_most else figure >= self.bar

    def is_gated_out_by(self, figure: float) -> bool:
        """Tell whether a figure fails the gate."""
        if self.floor is None:
            return False
        return figure > self.floor if self.is_most else figure < self.floor


def parse(text: str) -> list[Bar]:
    """Read the rows; a row's why names one of the reasons."""
    data = tomllib.loads(text)
    rows: list[dict[str, Any]] = data["rows"]
    reasons: dict[str, str] = {"": "", **data["reasons"]}
    named = ((row, row.get("why", "")) for row in rows)
    return [Bar(**row | {"reason": why, "why": reasons[why]}) for row, why in named]


@cache
def bars() -> dict[str, Bar]:
    """Give every bar by its key."""
    return {bar.key: bar for bar in parse(FILE.read_text(encoding="utf-8"))}


def rewrite(text: str, bar: Bar, floor: float, why: str) -> str:
    """Give the file's text with another floor and reason for a bar."""
    row = f'call = "{bar.call}", against = "{bar.against}", size = {bar.size}, '
    ending = f', why = "{why}"' if why else ""
    pattern = rf"({re.escape(row)}.*floor = )[^ ,]+(, why = \"\w+\")?( }})"
    text, changed = re.subn(pattern, rf"\g<1>{floor:g}{ending}\g<3>", text)
    if changed != 1:
        raise ValueError(f"{bar.key}: {changed} rows have that floor")
    return text


def find(call: str, against: str = "", size: int = 0) -> Bar:
    """Give one bar; a KeyError if none is set."""
    return bars()[Bar(call, against, size, 0).key]


def sizes(call: str, against: str) -> list[int]:
    """Give the sizes for which a bar is set, in the file's order."""
    return [b.size for b in bars().values() if (b.call, b.against) == (call, against)]
