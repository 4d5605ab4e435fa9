"""The ways to seal and open that bench compares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import cryptography
from cryptography.hazmat.backends.openssl import backend

import fastframe as ff
from fastframe.cli.peer import OVERHEAD, PREFIX_LEN, PeerOpener, PeerSealer

BATCH = 32
_BATCHES_MOST = 32  # one timed stretch: as many batches as make up …
_BYTES_WANTED = 2 << 20  # … this many bytes
_PLAIN, _INTO = "peer", "peer, _into"
_BATCH, _FILLED, _LIST = "batch", "batch, append", "batch, list"
_KEY = bytes(range(16))
_KEY_ID = 7
_prefixes = count(1)

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the work.

    Attributes:
        name: what to call it.
        peer: the name of the peer's way that it is compared with.
        prepare: gives work to be timed and how many frames it is.
    """

    name: str
    peer: str
    prepare: Callable[[], tuple[Work, int]]


def agree() -> bool:
    """Whether peer and fastframe open each other's frames."""
    frame = bytes(range(200))
    peers = PeerSealer(_KEY, _KEY_ID, _new_prefix()).seal(frame, key_frame=True)
    ours = ff.Sealer("insertable", _KEY, key_id=_KEY_ID).seal(frame, key_frame=True)
    opened = ff.Opener("insertable", {_KEY_ID: _KEY}).open(peers, key_frame=True)
    return (
        opened == frame
        and PeerOpener({_KEY_ID: _KEY}).open(ours, key_frame=True) == frame
    )


def peer_openssl() -> str:
    """Name the OpenSSL that the cryptography package runs on."""
    return backend.openssl_version_text()


def peer_version() -> str:
    """Give the cryptography package's version."""
    return cryptography.__version__


def ways(direction: str, size: int) -> list[Way]:
    """Give the ways to seal, or to open, frames of one size."""
    batches = max(1, min(_BATCHES_MOST, _BYTES_WANTED // (BATCH * size)))
    return (_Sealing if direction == "seal" else _Opening)(size, batches).ways()


class _Bench:
    """The frames of one size, and memory to write into."""

    def __init__(self, size: int, batches: int) -> None:
        total = batches * BATCH
        room = BATCH * (size + OVERHEAD)
        # No two frames are one object, so none is warmer than another.
        self.frames = [n.to_bytes(4, "big").ljust(size, b"f") for n in range(total)]
        self.out = bytearray(size + OVERHEAD)
        self.batches = [ff.Batch(BATCH, room) for _ in range(batches)]

    def chunks(self, frames: list[bytes]) -> Iterator[list[bytes]]:
        """Cut frames into batches."""
        return (frames[at : at + BATCH] for at in range(0, len(frames), BATCH))

    def one_by_one(self, call: Callable[[bytes], object], frames: list[bytes]) -> Work:
        """Call once per frame, in a plain loop for peer and us alike."""

        def work() -> None:
            for frame in frames:
                call(frame)

        return work

    def into(self, call: Callable[..., int], frames: list[bytes]) -> Work:
        """Call once per frame with the memory to write into."""
        out = self.out

        def work() -> None:
            for frame in frames:
                call(frame, out)

        return work

    def in_lists(self, call: Callable[..., Any], frames: list[bytes]) -> Work:
        """Call once for each list of frames."""
        chunks = list(self.chunks(frames))

        def work() -> None:
            for chunk in chunks:
                call(chunk, key_frame=False)

        return work

    def in_batches(self, call: Callable[[ff.Batch], Any], frames: list[bytes]) -> Work:
        """Call once for each Batch, filled beforehand."""
        for batch, chunk in zip(self.batches, self.chunks(frames), strict=True):
            _fill(batch, chunk)

        def work() -> None:
            for batch in self.batches:
                call(batch)

        return work

    def filled(self, call: Callable[[ff.Batch], Any], frames: list[bytes]) -> Work:
        """Fill each Batch and call: what it takes when frames come as bytes."""
        pairs = list(zip(self.batches, self.chunks(frames), strict=True))

        def work() -> None:
            for batch, chunk in pairs:
                _fill(batch, chunk)
                call(batch)

        return work


class _Sealing(_Bench):
    def ways(self) -> list[Way]:
        """Seal the same frames every round: the counter makes them new."""
        peer = PeerSealer(_KEY, _KEY_ID, _new_prefix())
        own = ff.Sealer("insertable", _KEY, key_id=_KEY_ID)

        def way(name: str, against: str, make: Callable[..., Work], call: Any) -> Way:
            return Way(
                name, against, lambda: (make(call, self.frames), len(self.frames))
            )

        return [
            way(_PLAIN, _PLAIN, self.one_by_one, peer.seal),
            way(_INTO, _INTO, self.into, peer.seal_into),
            way("seal", _PLAIN, self.one_by_one, own.seal),
            way("seal_into", _INTO, self.into, own.seal_into),
            way(_BATCH, _PLAIN, self.in_batches, own.seal_batch),
            way(_FILLED, _PLAIN, self.filled, own.seal_batch),
            way(_LIST, _PLAIN, self.in_lists, own.seal_batch),
        ]


class _Opening(_Bench):
    def ways(self) -> list[Way]:
        """Open frames that were never opened: a replay would cost less.

        These are delta frames, so leaving out key_frame= costs nothing.
        """
        sealer = ff.Sealer("insertable", _KEY, key_id=_KEY_ID)
        peer = PeerOpener({_KEY_ID: _KEY})
        own = ff.Opener("insertable", {_KEY_ID: _KEY})

        def way(name: str, against: str, make: Callable[..., Work], call: Any) -> Way:
            def prepare() -> tuple[Work, int]:
                sealed = [sealer.seal(frame) for frame in self.frames]
                return make(call, sealed), len(sealed)

            return Way(name, against, prepare)

        return [
            way(_PLAIN, _PLAIN, self.one_by_one, peer.open),
            way(_INTO, _INTO, self.into, peer.open_into),
            way("open", _PLAIN, self.one_by_one, own.open),
            way("open_into", _INTO, self.into, own.open_into),
            way(_BATCH, _PLAIN, self.in_batches, own.open_batch),
            way(_FILLED, _PLAIN, self.filled, own.open_batch),
            way(_LIST, _PLAIN, self.in_lists, own.open_batch),
        ]


def _fill(batch: ff.Batch, frames: list[bytes]) -> None:
    batch.clear()
    for frame in frames:
        batch.append(frame, False)


def _new_prefix() -> bytes:
    return next(_prefixes).to_bytes(PREFIX_LEN, "big")
