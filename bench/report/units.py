"""Numbers as people read them, alike in pictures, tables and sentences."""

from __future__ import annotations

KILO, MEGA, GIGA = 1e3, 1e6, 1e9
DIGITS = 3


def size(count: float) -> str:
    """Say a size: 80 B, 1.25 kB, 512 kB."""
    return f"{count:g} B" if count < KILO else f"{count / KILO:g} kB"


def time(ns: float) -> str:
    """Say a time given in nanoseconds, with three digits at most."""
    for limit, unit in ((KILO, "ns"), (MEGA, "µs"), (GIGA, "ms")):
        if ns < limit:
            return f"{digits(ns / limit * KILO)} {unit}"
    return f"{digits(ns / GIGA)} s"


def time_tick(ns: float) -> str:
    """Say a round time beside an axis: 100 ns, 1 µs."""
    for limit, unit in ((KILO, "ns"), (MEGA, "µs"), (GIGA, "ms")):
        if ns < limit:
            return f"{ns / limit * KILO:g} {unit}"
    return f"{ns / GIGA:g} s"


def count_tick(number: float) -> str:
    """Say a round number beside an axis: 800 k, 2.5 M."""
    if number < MEGA:
        return f"{number / KILO:g} k" if number else "0"
    return f"{number / MEGA:g} M"


def times(ratio: float) -> str:
    """Say a ratio: 0.87, 6.2, 340."""
    return f"{ratio:.2f}" if ratio < 1 else digits(ratio, 2)


def digits(number: float, most: int = DIGITS) -> str:
    """Round to so many digits, but never to hundreds or thousands."""
    whole = len(str(int(abs(number)))) if abs(number) >= 1 else 0
    return f"{number:.{max(0, most - max(whole, 1))}f}"


def percent(share: float) -> str:
    """Say a share of one: 2.40 %."""
    return f"{share * 100:.2f} %"


def several(parts: list[str]) -> str:
    """Join with commas and a last `and`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
