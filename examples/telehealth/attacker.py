"""Somebody with root on the SFU: records, reads its memory, and tries to watch."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import av

from fastframe.adapters.janus import JanusRecording

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, HEIGHT = 320, 180  # of the picture drawn from the bytes themselves


@dataclass
class Loot:
    """What a recording gave.

    Attributes:
        frames: how many there are.
        bytes: how long they are together.
        decoded: how many pictures a decoder made of them, whatever they show.
        picture: the last one of those, or None.
        noise: the bytes themselves, drawn as grey pixels.
    """

    frames: int = 0
    bytes: int = 0
    decoded: int = 0
    picture: av.VideoFrame | None = None
    noise: av.VideoFrame | None = None
    contents: bytearray = field(default_factory=bytearray, repr=False)


def watch(recording: Path) -> Loot:
    """Decode a recording of the SFU's as if nothing were sealed."""
    loot = Loot()
    decoder = av.CodecContext.create("vp8", "r")
    for frame in JanusRecording(recording).frames():
        loot.frames += 1
        loot.bytes += len(frame.data)
        loot.contents += frame.data
        with contextlib.suppress(av.FFmpegError):  # ciphertext is no picture
            for picture in decoder.decode(av.Packet(frame.data)):
                loot.decoded += 1
                loot.picture = picture
    loot.noise = _as_pixels(bytes(loot.contents[: WIDTH * HEIGHT]))
    return loot


def count_in_memory(pid: int, needles: Iterable[bytes]) -> int:
    """Count how often any of the needles stands in a process's memory."""
    wanted = list(needles)
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("r") or line.endswith("[vvar]"):
                continue
            first, last = (int(text, 16) for text in span.split("-"))
            with contextlib.suppress(OSError, OverflowError):  # [vsyscall]
                memory.seek(first)
                area = memory.read(last - first)
                found += sum(area.count(needle) for needle in wanted)
    return found


def _as_pixels(data: bytes) -> av.VideoFrame:
    picture = av.VideoFrame(WIDTH, HEIGHT, "gray")
    plane = picture.planes[0]
    rows = (data[at : at + WIDTH] for at in range(0, WIDTH * HEIGHT, WIDTH))
    plane.update(b"".join(row.ljust(plane.line_size, b"\0") for row in rows))
    return picture
