"""Somebody with root on the SFU, who has its recordings and its memory."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av

from fastframe.adapters.janus import JanusRecording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

WIDTH, HEIGHT = 320, 180  # of the picture drawn from the bytes themselves
# What memory is searched for: bytes from the middle of frames, where none is clear.
_NEEDLES, _NEEDLE_LEN = 50, 24


@dataclass
class Loot:
    """What a recording gave.

    Attributes:
        frames: how many there are.
        bytes: how long they are together.
        decoded: how many pictures a decoder made of them, whatever they show.
        picture: the last one of those, or None.
        noise: the bytes themselves, drawn as grey pixels.
        needles: pieces of the last frames, to look for elsewhere.
    """

    frames: int = 0
    bytes: int = 0
    decoded: int = 0
    picture: av.VideoFrame | None = None
    noise: av.VideoFrame | None = None
    needles: list[bytes] = field(default_factory=list)


def watch(recording: Path) -> Loot:
    """Decode a recording of the SFU's as if nothing were sealed."""
    loot = Loot()
    decoder = av.CodecContext.create("libvpx", "r")
    frames = [frame.data for frame in JanusRecording(recording).frames()]
    for frame in frames:
        loot.frames += 1
        loot.bytes += len(frame)
        with contextlib.suppress(av.FFmpegError):  # ciphertext is no picture
            for picture in decoder.decode(av.Packet(frame)):
                loot.decoded += 1
                loot.picture = picture
    loot.noise = _as_pixels(b"".join(frames)[: WIDTH * HEIGHT])
    loot.needles = _needles(frames)
    return loot


def needles_of(recording: Path) -> list[bytes]:
    """Take pieces of the frames that somebody with the key has recorded."""
    with av.open(str(recording)) as file:
        return _needles([bytes(packet) for packet in file.demux(video=0)])


def count(memory: Sequence[bytes], needles: Iterable[bytes]) -> int:
    """Count how many of the needles stand somewhere in it."""
    return sum(any(needle in piece for piece in memory) for needle in needles)


def _needles(frames: list[bytes]) -> list[bytes]:
    long = [frame for frame in frames if len(frame) > 4 * _NEEDLE_LEN]
    middles = (len(frame) // 2 for frame in long)
    cut = (f[at : at + _NEEDLE_LEN] for f, at in zip(long, middles, strict=True))
    return list(cut)[-_NEEDLES:]


def _as_pixels(data: bytes) -> av.VideoFrame:
    picture = av.VideoFrame(WIDTH, HEIGHT, "gray")
    plane = picture.planes[0]
    rows = (data[at : at + WIDTH] for at in range(0, WIDTH * HEIGHT, WIDTH))
    plane.update(b"".join(row.ljust(plane.line_size, b"\0") for row in rows))
    return picture
