"""What an import adds to a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

from measure import in_turns, timed

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS = {
    "nothing": "pass",
    "fastframe": "import fastframe",
    "cryptography": "from cryptography.hazmat.primitives.ciphers.aead import AESGCM",
}


def import_ms(name: str, seconds: float) -> float:
    """Give milliseconds that one of PROGRAMS takes beyond doing nothing."""
    ways = {each: _run(PROGRAMS[each]) for each in ("nothing", name)}
    samples = in_turns(ways, seconds)
    pairs = zip(samples[name], samples["nothing"], strict=True)
    return median(ours - bare for ours, bare in pairs) / 1e6


def _run(program: str) -> Callable[[], float]:
    command = [sys.executable, "-c", program]
    return lambda: timed(lambda: subprocess.run(command, check=True))
