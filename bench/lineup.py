"""Everybody who is compared, as samples of nanoseconds per frame, by name."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceiling import Ceiling
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from measure import per_frame
from same_bytes import (
    KEY,
    KEY_ID,
    CryptodomeSealer,
    ceiling_library,
    has_cryptodome,
)
from stations import Station, each

import fastframe as ff
from fastframe.cli.peer import HEAD_LEN, PREFIX_LEN
from fastframe.cli.rivals import ways as rivals

if TYPE_CHECKING:
    from collections.abc import Callable

    from stations import Work

    Samples = dict[str, Callable[[], float]]

CEILING = "C loop"
PEER, PEER_INTO = "cryptography", "cryptography, _into"
BARE, CRYPTODOME = "cryptography, no framing", "PyCryptodome"
BATCHED, LISTED = "Batch", "list"
WEBCRYPTO = "WebCrypto in Node"
# What fastframe bench calls them, and what they are called beside the others.
_NAMES = {
    "peer": PEER,
    "peer, _into": PEER_INTO,
    "batch": BATCHED,
    "batch, append": "Batch, append",
    "batch, list": LISTED,
}
# Of slow peers fewer frames: a sample that outlasts the scheduler's slice would
# be interrupted on a busy machine, and the others' samples would not.
_SLOW_FRAMES, _SLOW_BYTES = 16, 1 << 20


def lineup(direction: str, size: int) -> Samples:
    """Give a sample of each who seals, or opens, frames of this size."""
    ways = rivals(direction, size)
    _, count = ways[0].prepare()
    samples: Samples = {CEILING: _ceiling(direction, size, count)}
    for way in ways:
        samples[_NAMES.get(way.name, way.name)] = _sample(way.prepare)
    samples[BARE] = _sample(_bare(direction, size, count))
    if has_cryptodome():
        samples[CRYPTODOME] = _sample(_cryptodome(direction, size))
    return samples


def _sample(prepare: Callable[[], Work]) -> Callable[[], float]:
    return lambda: per_frame(prepare)


def _ceiling(direction: str, size: int, count: int) -> Callable[[], float]:
    """Let the C loop run over as many frames as the others have.

    What it reads was written just before, as it is for them.
    """
    loop = Ceiling(ceiling_library(), size, count)

    def sample() -> float:
        loop.seal()
        return loop.seal() if direction == "seal" else loop.open()

    return sample


def _bare(direction: str, size: int, count: int) -> Callable[[], Work]:
    """Call AESGCM alone: no header, no counter, and one IV again and again.

    Nobody may send that; it shows what framing in Python adds.
    """
    cipher, iv, delta = AESGCM(KEY), bytes(HEAD_LEN - 1), b"\0"
    call = cipher.encrypt if direction == "seal" else cipher.decrypt

    def prepare() -> Work:
        # Made anew, so that they are as near to the processor as the others'.
        frames = [
            number.to_bytes(4, "big").ljust(size, b"f") for number in range(count)
        ]
        if direction == "open":
            frames = [cipher.encrypt(iv, frame, delta) for frame in frames]

        def work() -> None:
            for frame in frames:
                call(iv, frame, delta)

        return work, count

    return prepare


def _cryptodome(direction: str, size: int) -> Callable[[], Work]:
    ours = CryptodomeSealer(KEY, KEY_ID, bytes(PREFIX_LEN))
    frames = _few_frames(size)
    if direction == "open":
        wire = [ours.seal(frame) for frame in frames]
        return lambda: each(ours.open, wire)
    return lambda: each(ours.seal, frames)


def _few_frames(size: int) -> list[bytes]:
    count = max(2, min(_SLOW_FRAMES, _SLOW_BYTES // size))
    return [bytes([number]) * size for number in range(count)]


def dave_lineup(size: int) -> tuple[Samples, dict[str, Callable[[bytes], bytes]]]:
    """Give davey beside us, sealing Opus as Discord wants it, and both seals."""
    tests = str(Path(__file__).resolve().parent.parent / "tests")
    if tests not in sys.path:
        sys.path.append(tests)  # a group of DAVE's takes MLS; the tests have that
    from peers.davey import ALICE, Call  # noqa: PLC0415 - from the path above

    call = Call()
    sealer = ff.Sealer("dave", call.base_secret(ALICE), codec="opus")
    frames = _few_frames(size)
    seals: dict[str, Any] = {
        "davey": lambda frame: call.seal("opus", frame),
        "seal": sealer.seal,
    }
    station = Station(size, format_="dave", codec="opus")
    samples = {
        name: _sample(partial(each, seal, frames)) for name, seal in seals.items()
    }
    samples[BATCHED] = _sample(station.seal_batch)
    return samples, seals
