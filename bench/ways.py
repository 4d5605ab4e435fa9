"""Frames of one size, all ways to seal and open them, and ratios of two ways."""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING

from measure import timed

import fastframe as ff
from fastframe.cli.peer import PeerOpener, PeerSealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ceiling import Ceiling

KEY = bytes(range(16))
BATCH = 32
LOOP = 16  # single calls per sample
WARM_UP = 3  # pairs
Figure = tuple[str, str, float]  # what was called, against what, ratio


def pair_ratio(
    ours: Callable[[], float], theirs: Callable[[], float], samples: int
) -> float:
    """Give how many times as long theirs takes; each callable returns ns."""
    ratios = []
    for turn in range(samples + WARM_UP):
        first, second = (theirs, ours) if turn % 2 else (ours, theirs)
        a, b = first(), second()
        their_time, our_time = (a, b) if turn % 2 else (b, a)
        if turn >= WARM_UP:
            ratios.append(their_time / our_time)
    return median(ratios)


def each(call: Callable[[bytes], object], frames: list[bytes]) -> None:
    """Call once per frame and keep nothing, as one who sends them on."""
    for frame in frames:
        call(frame)


def loop(call: Callable[[], object]) -> Callable[[], float]:
    """Make a sample of LOOP single calls."""

    def work() -> None:
        for _ in range(LOOP):
            call()

    return lambda: timed(work)


def fill(batch: ff.Batch, frames: list[bytes]) -> ff.Batch:
    """Put frames into a batch, as deltas."""
    batch.clear()
    for frame in frames:
        batch.append(frame, False)
    return batch


class Ways:
    """Frames of one size and all ways to seal and open them.

    What is opened was sealed just before, on both sides: its bytes are as near
    to the processor for the one as for the other.
    """

    def __init__(self, size: int, samples: int) -> None:
        """Make the objects of both sides."""
        self.size = size
        self.samples = samples
        self.frames = [os.urandom(size) for _ in range(BATCH)]
        self.sealer = ff.Sealer("insertable", KEY, key_id=1)
        self.opener = ff.Opener("insertable", {1: KEY})
        self.peer_sealer = PeerSealer(KEY, 1, b"peer")
        self.peer_opener = PeerOpener({1: KEY})
        self.batch = ff.Batch(BATCH, BATCH * (size + 29))

    def fresh(self) -> list[bytes]:
        """Give sealed frames that were never opened."""
        return [self.sealer.seal(frame) for frame in self.frames]

    def against_ceiling(self, ceiling: Ceiling) -> Iterator[Figure]:
        """Measure a filled Batch against the C loop."""
        sealing = fill(self.batch, self.frames)
        ratio = pair_ratio(
            lambda: timed(self.sealer.seal_batch, sealing) / BATCH,
            ceiling.seal,
            self.samples,
        )
        yield "seal_batch", "ceiling", ratio

        def theirs() -> float:
            ceiling.seal()
            return ceiling.open()

        ratio = pair_ratio(lambda: self._open_batch() / BATCH, theirs, self.samples)
        yield "open_batch", "ceiling", ratio

    def batch_against_peer(self) -> Iterator[Figure]:
        """Measure a filled Batch against the peer."""
        sealing = fill(self.batch, self.frames)
        ratio = pair_ratio(
            lambda: timed(self.sealer.seal_batch, sealing),
            self._peer_seal,
            self.samples,
        )
        yield "seal_batch", "peer", ratio
        ratio = pair_ratio(self._open_batch, self._peer_open, self.samples)
        yield "open_batch", "peer", ratio

    def list_against_peer(self) -> Iterator[Figure]:
        """Measure a plain list of bytes as the batch."""
        ratio = pair_ratio(
            lambda: timed(self.sealer.seal_batch, self.frames),
            self._peer_seal,
            self.samples,
        )
        yield "seal_batch list", "peer", ratio

        def ours() -> float:
            wire = self.fresh()
            return timed(lambda: self.opener.open_batch(wire, key_frame=False))

        ratio = pair_ratio(ours, self._peer_open, self.samples)
        yield "open_batch list", "peer", ratio

    def single_against_peer(self) -> Iterator[Figure]:
        """Measure one call per frame; replay is off so that one frame serves."""
        opener = ff.Opener("insertable", {1: KEY}, replay_window=0)
        frame, wire = self.frames[0], self.sealer.seal(self.frames[0])
        out, theirs = bytearray(self.size + 29), bytearray(self.size + 29)
        peer_seal, peer_open = self.peer_sealer, self.peer_opener
        pairs = {
            "seal": (lambda: self.sealer.seal(frame), lambda: peer_seal.seal(frame)),
            "open": (
                lambda: opener.open(wire, key_frame=False),
                lambda: peer_open.open(wire),
            ),
            "seal_into": (
                lambda: self.sealer.seal_into(frame, out),
                lambda: peer_seal.seal_into(frame, theirs),
            ),
            "open_into": (
                lambda: opener.open_into(wire, out, key_frame=False),
                lambda: peer_open.open_into(wire, theirs),
            ),
        }
        for name, (ours, peers) in pairs.items():
            yield name, "peer", pair_ratio(loop(ours), loop(peers), self.samples)

    def _open_batch(self) -> float:
        batch = fill(self.batch, self.fresh())
        return timed(self.opener.open_batch, batch)

    def _peer_seal(self) -> float:
        return timed(each, self.peer_sealer.seal, self.frames)

    def _peer_open(self) -> float:
        return timed(each, self.peer_opener.open, self.fresh())
