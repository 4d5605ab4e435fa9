"""What the wire formats cost: each against insertable, and against a C loop.

Ratios of pairs, one after the other. What they should reach is said beside each
figure and fails nothing: that is the gate's task.
"""

from __future__ import annotations

import pytest
from ceiling import Ceiling, HmacCeiling
from measure import per_frame
from same_bytes import ceiling_library
from scope import graded
from stations import BATCH, Station

SIZES = (100, 1200, 8192, 60_000)
by_size = pytest.mark.parametrize("size", graded(SIZES, {100, 1200}, smoke={100}))
both = pytest.mark.parametrize("direction", ["seal", "open"])
ESCAPING_SIZE = 60_000
ESCAPING = (
    ("livekit", "h264"),
    ("livekit", "h265"),
    ("stream", "h264"),
    ("insertable", "h264"),
    ("sframe", "h264"),
    ("sframe", "h265"),
)
CLEAR = (("livekit", "vp8"), ("jitsi", "vp8"), ("stream", "vp8"), ("dave", "vp8"))


def run(station, direction):
    """Make a sample of a station's batches in one direction: ns per frame."""
    return lambda: per_frame(getattr(station, f"{direction}_batch"))


def ceiling_of(size, direction):
    """Make the C loop's sample for AES-GCM."""
    loop = Ceiling(ceiling_library(), size, BATCH)
    loop.seal()
    return getattr(loop, direction)


@both
@by_size
def test_sframe(beside, size, direction):
    """SFrame with AES-128-GCM should reach 0.9 of insertable."""
    ways = {
        "sframe": run(Station(size, format_="sframe", suite=4), direction),
        "insertable": run(Station(size), direction),
    }
    beside(ways, "insertable", size)


@both
@by_size
@pytest.mark.parametrize(("suite", "bits"), [(1, 128), (6, 256)])
def test_hmac(beside, suite, bits, size, direction):
    """The suites with HMAC should reach 0.9 of a C loop over EVP."""
    loop = HmacCeiling(ceiling_library(), size, BATCH, bits)
    ways = {
        f"sframe {suite}": run(Station(size, format_="sframe", suite=suite), direction),
        "C loop": lambda: loop.run(seals=direction == "seal"),
    }
    beside(ways, "C loop", size)


@both
@by_size
@pytest.mark.parametrize(("format_", "codec"), CLEAR)
def test_clear_bytes(beside, format_, codec, size, direction):
    """Formats that keep bytes readable; nothing is promised for them."""
    ways = {
        f"{format_} {codec}": run(
            Station(size, format_=format_, codec=codec), direction
        ),
        "insertable": run(Station(size), direction),
    }
    beside(ways, "insertable", size)


@both
@pytest.mark.parametrize(("format_", "codec"), ESCAPING)
def test_escaping(beside, format_, codec, direction):
    """Formats that scan and escape what is sealed should do 3 GB/s."""
    sample = run(Station(ESCAPING_SIZE, format_=format_, codec=codec), direction)
    ways = {
        f"{format_} {codec}": sample,
        "C loop": ceiling_of(ESCAPING_SIZE, direction),
    }
    beside(ways, "C loop", ESCAPING_SIZE)
