"""Workloads F and G as they run: columns with bad rows, and a hostile path."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from itertools import islice
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from workloads import (
    COLUMN_KEYS,
    COLUMN_SENDERS,
    MIXES,
    ROTATION_OVERLAP,
    ROTATION_SECONDS,
    Delivery,
    Row,
    column,
    hostile,
)

import fastframe as ff
from fastframe.cli.peer import PeerOpener

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_LEN = 16
FRAME_MOST = 200_000
CHUNK = 256
STRANGE_KEY = 200  # an id that no opener of F has
# What has to become of a frame that met each fate.
VERDICTS = {
    "ok": ff.Status.OK,
    "corrupt": ff.Status.AUTH_FAILED,
    "forged": ff.Status.AUTH_FAILED,
    "unknown": ff.Status.UNKNOWN_KEY,
    "replayed": ff.Status.REPLAYED,
}
GRACE = 0.1  # seconds after the overlap until the old key goes: some come late


def _spoil(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


class Column:
    """Workload F: frames of many senders, opened in batches by one opener."""

    def __init__(self) -> None:
        """Make sixteen keys, a hundred senders, and the two who read them."""
        keys = {number: os.urandom(KEY_LEN) for number in range(COLUMN_KEYS)}
        self._sealers = [
            ff.Sealer("insertable", keys[n % COLUMN_KEYS], key_id=n % COLUMN_KEYS)
            for n in range(COLUMN_SENDERS)
        ]
        self._strange = ff.Sealer("insertable", os.urandom(KEY_LEN), key_id=STRANGE_KEY)
        self._opener = ff.Opener("insertable", keys)
        self._peer = PeerOpener(keys)
        self._content = memoryview(os.urandom(FRAME_MOST))

    def run(self, total: int) -> dict[str, float]:
        """Open total rows; frames per second of each way, every verdict checked."""
        taken: Counter[str] = Counter()
        rows = column(total)
        while chunk := list(islice(rows, CHUNK)):
            wire = [self._seal(row) for row in chunk]
            taken["Batch"] += self._open_batch(wire, chunk)
            taken["cryptography"] += self._open_by_peer(wire)
        return {f"{way}, frames/s": total * 1e9 / ns for way, ns in taken.items()}

    def _seal(self, row: Row) -> bytes:
        frame = self._content[: row.size]
        if row.fate == "unknown":
            return self._strange.seal(frame)
        sealed = self._sealers[row.sender].seal(frame)
        return _spoil(sealed) if row.fate == "corrupt" else sealed

    def _open_batch(self, wire: list[bytes], rows: list[Row]) -> int:
        batch = ff.Batch(len(wire), sum(map(len, wire)))
        before = perf_counter_ns()
        for sealed in wire:
            batch.append(sealed, False)
        result = self._opener.open_batch(batch)
        taken = perf_counter_ns() - before
        assert list(result.status) == [VERDICTS[row.fate] for row in rows]
        return taken

    def _open_by_peer(self, wire: list[bytes]) -> int:
        opened: list[bytes | None] = []
        before = perf_counter_ns()
        for sealed in wire:
            try:
                opened.append(self._peer.open(sealed))
            except (InvalidTag, KeyError):  # noqa: PERF203 - bad rows are part of it
                opened.append(None)
        return perf_counter_ns() - before


class Arrival(NamedTuple):
    """What arrives in workload G, and when."""

    delivery: Delivery
    data: bytes


def _sealed(deliveries: list[Delivery]) -> Iterator[Arrival]:
    """Seal in the order of sending, then give what arrives in its own order."""
    content = memoryview(os.urandom(FRAME_MOST))
    sealers: dict[tuple[int, int], ff.Sealer] = {}
    sent: dict[int, bytes] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.number):
        frame = delivery.frame
        if delivery.number not in sent:
            key = key_of(frame.stream, delivery.epoch)
            place = (frame.stream, delivery.epoch)
            if place not in sealers:
                sealers[place] = ff.Sealer("insertable", key, key_id=delivery.epoch)
            sealed = sealers[place].seal(content[: frame.size], key_frame=frame.is_key)
            sent[delivery.number] = sealed
    for delivery in deliveries:
        data = sent[delivery.number]
        yield Arrival(delivery, _spoil(data) if delivery.fate == "forged" else data)


def key_of(stream: int, epoch: int) -> bytes:
    """Give the key of a stream in an epoch."""
    return bytes([stream, epoch]).ljust(KEY_LEN, b"k")


def run_hostile(seconds: float) -> dict[str, array[int]]:
    """Run workload G: nanoseconds per frame, by what had become of it.

    Every verdict is checked: forged, replayed and late frames must not cost the
    good ones anything.
    """
    arrivals = list(_sealed(list(hostile(seconds))))
    openers = [
        ff.Opener("insertable", {0: key_of(stream, 0)})
        for stream in range(len(MIXES["A"].kinds))
    ]
    taken: dict[str, array[int]] = {}
    out = bytearray(FRAME_MOST)
    for delivery, data in arrivals:
        frame, fate = delivery.frame, delivery.fate
        opener = openers[frame.stream]
        _rotate(opener, frame.stream, frame.due)
        verdict = ff.Status.OK
        before = perf_counter_ns()
        try:
            opener.open_into(data, out, key_frame=frame.is_key)
        except ff.FrameRejected as rejected:
            verdict = rejected.status
        ns = perf_counter_ns() - before
        assert verdict == VERDICTS[fate], (verdict, delivery)
        taken.setdefault(fate, array("Q")).append(ns)
    return taken


def _rotate(opener: ff.Opener, stream: int, now: float) -> None:
    """Learn the new key when it comes, and drop the old one after the overlap."""
    epoch, since = int(now // ROTATION_SECONDS), now % ROTATION_SECONDS
    if epoch not in opener.keys:
        opener.keys[epoch] = key_of(stream, epoch)
    if since > ROTATION_OVERLAP + GRACE and epoch - 1 in opener.keys:
        del opener.keys[epoch - 1]
