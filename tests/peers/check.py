"""What all tests against peers do: compare, tamper, seal and open by ours."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from peers.shapes import Frame

Opened = bytes | None


def kinds_of(frames: Iterable[Frame]) -> list[bool | None]:
    """List whether each is a key frame."""
    return [frame.key_frame for frame in frames]


def assert_same(got: Sequence[Opened], wanted: Sequence[bytes]) -> None:
    """Compare frame by frame; say where and how, not megabytes of what."""
    pairs = list(zip(got, wanted, strict=True))
    wrong = [at for at, (ours, theirs) in enumerate(pairs) if ours != theirs]
    told = [f"#{at}: {show(got[at])}, not {show(wanted[at])}" for at in wrong[:5]]
    assert not wrong, f"{len(wrong)} of {len(got)} frames: " + "; ".join(told)


def show(frame: Opened) -> str:
    """Describe a frame in few words."""
    return "dropped" if frame is None else f"{len(frame)} B {frame[:24].hex()}"


def seal_all(sealer: ff.Sealer, frames: Sequence[Frame]) -> list[bytes]:
    """Seal frames in batches of 100; all must go well."""
    sealed: list[bytes] = []
    for at in range(0, len(frames), 100):
        part = frames[at : at + 100]
        data = [frame.data for frame in part]
        result = sealer.seal_batch(data, key_frame=kinds_of(part))
        result.raise_first()
        sealed += map(bytes, result)
    return sealed


def open_all(
    opener: ff.Opener, sealed: Sequence[bytes], kinds: Sequence[bool | None]
) -> list[Opened]:
    """Open frames in batches of 100; those that are rejected are None."""
    opened: list[Opened] = []
    for at in range(0, len(sealed), 100):
        part = slice(at, at + 100)
        result = opener.open_batch(list(sealed[part]), key_frame=list(kinds[part]))
        opened += [
            bytes(frame) if status == ff.Status.OK else None
            for frame, status in zip(result, result.status, strict=True)
        ]
    return opened


def open_some(
    opener: ff.Opener, sealed: Sequence[bytes], every: int = 20
) -> list[Opened]:
    """Open each 20th frame by itself, without a word on whether it is a key frame."""
    return [try_open(opener, frame) for frame in sealed[::every]]


def try_open(opener: ff.Opener, sealed: bytes, key_frame: bool | None = None) -> Opened:
    """Open one frame; None if it is rejected."""
    try:
        return opener.open(sealed, key_frame=key_frame)
    except ff.FrameRejected:
        return None


def tamper(sealed: Sequence[bytes], spare: int = 0, seed: int = 1) -> list[bytes]:
    """Flip one bit in each frame, anywhere but in its last spare bytes."""
    rng = random.Random(seed)
    changed = []
    for frame in sealed:
        flipped = bytearray(frame)
        flipped[rng.randrange(len(frame) - spare)] ^= 1 << rng.randrange(8)
        changed.append(bytes(flipped))
    return changed
