"""Import time, each in a fresh interpreter, beside one that imports nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from measure import in_turns, timed

PROGRAMS = {
    "nothing": "pass",
    "fastframe": "import fastframe",
    "cryptography": "from cryptography.hazmat.primitives.ciphers.aead import AESGCM",
}
SECONDS = {"smoke": 0.0, "quick": 3.0, "full": 15.0}


def run(program):
    """Make a sample: nanoseconds of a whole interpreter."""
    return lambda: timed(
        lambda: subprocess.run([sys.executable, "-c", program], check=True)
    )


@pytest.mark.parametrize("name", ["fastframe", "cryptography"])
def test_import(figure, scope, name):
    """What starts often (a worker per job) pays this each time."""

    def measure():
        ways = {each: run(PROGRAMS[each]) for each in ("nothing", name)}
        return {f"import {name}, ms": added(in_turns(ways, SECONDS[scope]), name)}

    figure(measure)


def added(samples, name):
    """Give the median of what each run took beyond its neighbour, in ms."""
    pairs = zip(samples[name], samples["nothing"], strict=True)
    ordered = sorted(ours - bare for ours, bare in pairs)
    return ordered[len(ordered) // 2] / 1e6
