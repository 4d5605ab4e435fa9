"""What the wire formats cost: each against insertable and against the ceiling.

Usage: python bench/formats.py [--quick]

Both sides of a ratio take turns sample by sample; the figure is the median.
"""

from __future__ import annotations

import argparse
import os
import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from bars import BATCH, Row, at_least, fill, pair_ratio, timed
from ceiling import Ceiling, HmacCeiling, load

import fastframe as ff

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Iterator

SIZES = {100: 1500, 1200: 1000, 8192: 400, 60_000: 120}  # bytes: samples
ESCAPING_SIZE = 60_000
ESCAPING_BAR = 3.0  # GB/s
SFRAME_BAR, HMAC_BAR = 0.9, 0.9
ESCAPING = [
    ("livekit", "h264"),
    ("livekit", "h265"),
    ("stream", "h264"),
    ("insertable", "h264"),
    ("sframe", "h264"),
    ("sframe", "h265"),
]
STATED = [("livekit", "vp8"), ("jitsi", "vp8"), ("stream", "vp8"), ("dave", "vp8")]


def slice_frame(codec: str | None, size: int) -> bytes:
    """Make a frame of the codec's shape: parameter sets and one slice."""
    body = bytes(byte | 4 for byte in os.urandom(size))  # no start code by chance
    if codec == "h264":
        head = b"\0\0\0\1\x67SPS-SPS\0\0\0\1\x68PPS\0\0\0\1\x65"
    elif codec == "h265":
        head = b"\0\0\0\1\x42\x01SPS\0\0\0\1\x44\x01PPS\0\0\0\1\x26\x01"
    else:
        head = b"\x01"  # VP8: a delta
    return (head + body)[:size]


class Pair:
    """A batch of frames on its way through one format, both directions."""

    def __init__(self, format_: str, codec: str | None, size: int, **how: Any) -> None:
        """Seal BATCH frames once, so that they can be opened."""
        if format_ == "livekit":
            how["kdf"] = "hkdf"
        key = bytes(ff.generate_key(how.get("suite") or "AES-128-GCM"))
        self.sealer = ff.Sealer(format_, key, codec=codec, **how)
        self.opener = ff.Opener(format_, {0: key}, codec=codec, replay_window=0, **how)
        room = BATCH * (size + 400)
        self.frames = fill(ff.Batch(BATCH, room), [slice_frame(codec, size)] * BATCH)
        sealed = self.sealer.seal_batch(self.frames)
        sealed.raise_first()
        self.sealed = fill(ff.Batch(BATCH, room), [bytes(frame) for frame in sealed])
        self.opener.open_batch(self.sealed).raise_first()

    def seal(self) -> float:
        """Seal all frames; ns per frame."""
        return timed(lambda: self.sealer.seal_batch(self.frames)) / BATCH

    def open(self) -> float:
        """Open all frames; ns per frame."""
        return timed(lambda: self.opener.open_batch(self.sealed)) / BATCH


def sframe_rows(size: int, samples: int) -> Iterator[Row]:
    """Measure SFrame with AES-128-GCM against insertable."""
    ours, other = Pair("sframe", None, size, suite=4), Pair("insertable", None, size)
    for name in ("seal", "open"):
        ratio = pair_ratio(getattr(ours, name), getattr(other, name), samples)
        yield at_least(f"sframe 4, {name} {size} B, of insertable", SFRAME_BAR, ratio)


def hmac_rows(library: ctypes.CDLL, size: int, samples: int) -> Iterator[Row]:
    """Measure the suites with HMAC against a C loop over EVP."""
    for suite, bits in ((1, 128), (6, 256)):
        ours = Pair("sframe", None, size, suite=suite)
        ceiling = HmacCeiling(library, size, BATCH, bits)
        for name in ("seal", "open"):
            ratio = pair_ratio(
                getattr(ours, name),
                lambda seals=name == "seal", c=ceiling: c.run(seals=seals),
                samples,
            )
            what = f"sframe {suite}, {name} {size} B, of the C loop"
            yield at_least(what, HMAC_BAR, ratio)


def escaping_rows(library: ctypes.CDLL, samples: int) -> Iterator[Row]:
    """Measure the formats that scan and escape, in GB/s and of the ceiling."""
    size = ESCAPING_SIZE
    ceiling = Ceiling(library, size, BATCH)
    ceiling.seal()
    for format_, codec in ESCAPING:
        ours = Pair(format_, codec, size)
        for name in ("seal", "open"):
            call = getattr(ours, name)
            speed = size / median(call() for _ in range(samples))
            share = pair_ratio(call, getattr(ceiling, name), samples)
            what = f"{format_} {codec}, {name} {size} B, GB/s"
            yield Row(
                what,
                f">= {ESCAPING_BAR:g}",
                f"{speed:.1f} ({share:.2f} of ceiling)",
                speed >= ESCAPING_BAR,
            )


def stated_rows(size: int, samples: int) -> Iterator[Row]:
    """Measure the other formats against insertable; no bar is set for them."""
    other = Pair("insertable", None, size)
    for format_, codec in STATED:
        ours = Pair(format_, codec, size)
        ratios = [
            pair_ratio(getattr(ours, name), getattr(other, name), samples)
            for name in ("seal", "open")
        ]
        shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
        what = f"{format_} {codec}, seal / open {size} B, of insertable"
        yield Row(what, "stated", shown, is_met=True)


def measure(*, quick: bool) -> Iterator[Row]:
    """Measure row after row."""
    library = load()
    part = 10 if quick else 1
    for size, samples in SIZES.items():
        yield from sframe_rows(size, samples // part)
        yield from hmac_rows(library, size, samples // part // 2)
        yield from stated_rows(size, samples // part // 2)
    yield from escaping_rows(library, SIZES[ESCAPING_SIZE] // part)


def main() -> int:
    """Print the rows as they come; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    args = parser.parse_args()
    is_good = True
    for row in measure(quick=args.quick):
        is_good &= row.is_met
        mark = "ok  " if row.is_met else "MISS"
        print(f"{mark} {row.what:45s} {row.bar:>8s} {row.measured:>24s}", flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
