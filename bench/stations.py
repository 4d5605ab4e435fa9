"""Frames of one size on their way through one format, sealed and opened anew.

Each method prepares work that was never done before: sealers count up, and what
is opened was just sealed, so that no replay is refused early and no single
buffer stays in the nearest cache.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = tuple[Callable[[], object], int]

BATCH = 32
GROWTH_MOST = 400  # more than any format adds to the frames here, escapes included
FRAMES_WANTED, BYTES_WANTED = 1024, 2 << 20  # in one timed stretch, whichever is less
# What a format needs beside a key: PBKDF2 would be timed nowhere, yet take 50 ms.
OPTIONS: dict[str, dict[str, Any]] = {
    "raw": {"salt": bytes(12)},
    "livekit": {"kdf": "hkdf"},
    "livekit-data": {"kdf": "hkdf"},
}
NEEDS_CODEC = {"stream": "opus"}
HEADS = {
    "h264": b"\0\0\0\1\x67SPS-SPS\0\0\0\1\x68PPS\0\0\0\1\x65",
    "h265": b"\0\0\0\1\x42\x01SPS\0\0\0\1\x44\x01PPS\0\0\0\1\x26\x01",
    "vp8": b"\x01",  # a delta
}


def make_frame(codec: str | None, size: int) -> bytes:
    """Make a frame of the codec's shape: parameter sets and one slice."""
    body = bytes(byte | 4 for byte in os.urandom(size))  # no start code by chance
    return (HEADS.get(codec or "", b"") + body)[:size]


class Station:
    """Both ends of one format, and enough frames for one timed stretch.

    Args:
        size: bytes per frame.
        length: frames per batch.
        format_: the wire format; its options are seen to.
        how: suite= and codec=, for both ends.
    """

    def __init__(
        self, size: int, length: int = BATCH, format_: str = "insertable", **how: Any
    ) -> None:
        """Make the frames, the batches and both ends."""
        how = {"codec": NEEDS_CODEC.get(format_), **OPTIONS.get(format_, {}), **how}
        key = bytes(ff.generate_key(how.get("suite") or "AES-128-GCM"))
        self.size, self.length = size, length
        self.sealer = ff.Sealer(format_, key, **how)
        self.opener = ff.Opener(format_, {0: key}, **how)
        wanted = min(FRAMES_WANTED, BYTES_WANTED // size)
        self.count = max(1, wanted // length) * length
        kinds = [make_frame(how["codec"], size) for _ in range(min(self.count, BATCH))]
        self.frames = [bytes(bytearray(kinds[n % BATCH])) for n in range(self.count)]
        room = length * (size + GROWTH_MOST)
        self._batches = [ff.Batch(length, room) for _ in range(self.count // length)]
        self._out = bytearray(size + GROWTH_MOST)
        # Only "raw" sends no counter: there the opener is told.
        self._tells = (lambda n: {"counter": n}) if format_ == "raw" else (lambda _: {})
        self._sent = 0
        self._check()

    def _check(self) -> None:
        """Frames that fail would be fast; see once that they open."""
        work, count = self.open_batch()
        work()
        assert self.opener.stats().frames_opened == count

    def sealed(self) -> list[bytes]:
        """Seal all frames one by one: never opened before."""
        self._sent += self.count
        return [self.sealer.seal(frame) for frame in self.frames]

    def _fill(self, frames: list[bytes], *, opens: bool) -> None:
        """Put frames into the batches, as deltas."""
        first = self._sent - self.count
        for number, frame in enumerate(frames):
            batch = self._batches[number // self.length]
            if number % self.length == 0:
                batch.clear()
            told = self._tells(first + number) if opens else {}
            batch.append(frame, False, **told)

    def _in_batches(self, call: Callable[[ff.Batch], Any]) -> Work:
        def work() -> None:
            for batch in self._batches:
                call(batch)

        return work, self.count

    def _in_lists(self, call: Callable[..., Any], frames: list[bytes]) -> Work:
        step = self.length
        lists = [frames[at : at + step] for at in range(0, self.count, step)]

        def work() -> None:
            for part in lists:
                call(part, key_frame=False)

        return work, self.count

    def seal_batch(self) -> Work:
        """Seal frames that stand in Batch objects already."""
        self._fill(self.frames, opens=False)
        self._sent += self.count
        return self._in_batches(self.sealer.seal_batch)

    def open_batch(self) -> Work:
        """Open frames that stand in Batch objects already."""
        self._fill(self.sealed(), opens=True)
        return self._in_batches(self.opener.open_batch)

    def seal_list(self) -> Work:
        """Seal plain lists of bytes."""
        self._sent += self.count
        return self._in_lists(self.sealer.seal_batch, self.frames)

    def open_list(self) -> Work:
        """Open plain lists of bytes."""
        return self._in_lists(self.opener.open_batch, self.sealed())

    def seal(self) -> Work:
        """Seal one frame per call, into new bytes."""
        self._sent += self.count
        return each(self.sealer.seal, self.frames)

    def open(self) -> Work:
        """Open one frame per call, into new bytes."""
        return each(self.opener.open, self.sealed())

    def seal_into(self) -> Work:
        """Seal one frame per call, into memory made before."""
        self._sent += self.count
        return each_into(self.sealer.seal_into, self.frames, self._out)

    def open_into(self) -> Work:
        """Open one frame per call, into memory made before."""
        return each_into(self.opener.open_into, self.sealed(), self._out)


def each(call: Callable[[bytes], object], frames: list[bytes]) -> Work:
    """Call once per frame and keep nothing, as one who sends them on."""

    def work() -> None:
        for frame in frames:
            call(frame)

    return work, len(frames)


def each_into(
    call: Callable[[bytes, bytearray], object], frames: list[bytes], out: bytearray
) -> Work:
    """Call once per frame with the memory to write into."""

    def work() -> None:
        for frame in frames:
            call(frame, out)

    return work, len(frames)
