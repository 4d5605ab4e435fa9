"""Sealing and opening an hour of 720p: throughput, memory, and every bit.

Usage: recordings.py [--minutes 60] [--folder /tmp]. The recording is made of a
short encoded clip, over and over. Times are shown beside those of FFmpeg's own
copying from container to container through PyAV, in the same run.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

import fastframe as ff
from fastframe.adapters.av import open_recording, seal_recording

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HEIGHT, RATE = 1280, 720, 30
SECONDS = 20  # of the clip that is repeated
SOUND_RATE, SAMPLES = 48_000, 960
BITS = 2_000_000


def picture(number: int, noise: bytes) -> Any:
    """Draw moving noise on grey, so that the encoder has something to do."""
    made = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane in made.planes:
        start = number * 977 % (len(noise) // 2)
        size = plane.line_size * plane.height
        plane.update(noise[start : start + plane.line_size * 40].ljust(size, b"\x70"))
    made.pts, made.time_base = number, Fraction(1, RATE)
    return made


def sound(number: int, noise: bytes) -> Any:
    """Give 20 ms of something."""
    made = av.AudioFrame(format="s16", layout="mono", samples=SAMPLES)
    made.planes[0].update(noise[number : number + 2 * SAMPLES])
    made.sample_rate, made.pts = SOUND_RATE, number * SAMPLES
    made.time_base = Fraction(1, SOUND_RATE)
    return made


def make_clip(path: Path) -> None:
    """Encode the clip that is repeated: H.264 and Opus."""
    noise = random.Random(1).randbytes(WIDTH * HEIGHT)
    with av.open(str(path), "w") as sink:
        video = sink.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = BITS
        audio = sink.add_stream("libopus", rate=SOUND_RATE)
        audio.layout = "mono"
        for number in range(SECONDS * RATE):
            sink.mux(video.encode(picture(number, noise)))
        sink.mux(video.encode(None))
        for number in range(SECONDS * SOUND_RATE // SAMPLES):
            sink.mux(audio.encode(sound(number, noise)))
        sink.mux(audio.encode(None))


def repeat(clip: Path, path: Path, rounds: int) -> None:
    """Write a recording of the clip, over and over."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as sink:
        outs = [sink.add_stream_from_template(s, opaque=True) for s in source.streams]
        packets = [packet for packet in source.demux() if packet.size]
        times = [(p.pts, p.dts, p.time_base, p.stream.index) for p in packets]
        for number in range(rounds):
            for packet, (pts, dts, base, index) in zip(packets, times, strict=True):
                shift = round(number * (SECONDS + 0.1) / base)  # encoders add a bit
                copy: Any = av.Packet(bytes(packet))
                copy.pts, copy.dts, copy.time_base = pts + shift, dts + shift, base
                copy.is_keyframe, copy.stream = packet.is_keyframe, outs[index]
                sink.mux(copy)


def copy_plainly(source: Path, target: Path) -> None:
    """Copy as sealing does, without sealing: what PyAV itself takes."""
    with av.open(str(source)) as origin, av.open(str(target), "w") as sink:
        outs = [sink.add_stream_from_template(s, opaque=True) for s in origin.streams]
        for packet in origin.demux():
            if packet.size:
                packet.stream = outs[packet.stream.index]
                sink.mux(packet)


def bytes_of(path: Path, number: int) -> Iterator[bytes]:
    """Give the packets of one track."""
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams[number]):
            if packet.size:
                yield bytes(packet)


class Resident:
    """Looks at the resident size while the work goes on."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.sizes: list[tuple[float, int]] = []

    def __call__(self, done: float, total: float | None) -> None:
        """Note it, in MiB; a hundred times an hour will do."""
        share = done / (total or 1)
        if not self.sizes or share > self.sizes[-1][0] + 0.01:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.sizes.append((share, pages * 4096 >> 20))

    def __str__(self) -> str:
        """Show a tenth of the way against the end."""
        early = next((size for share, size in self.sizes if share > 0.1), 0)
        return f"resident {early} MiB after a tenth, {self.sizes[-1][1]} at the end"


def timed(title: str, size: int, work: Any) -> float:
    """Run work once and print how fast it was."""
    begin = time.perf_counter()
    work()
    taken = time.perf_counter() - begin
    print(f"{title:28} {taken:7.2f} s {size / taken / 1e6:8.0f} MB/s")
    return taken


def main() -> None:
    """Make, seal, open and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--ending", default="mkv", choices=("mkv", "mp4", "nut"))
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        paths = {
            one: folder / f"{one}.{args.ending}"
            for one in ("clip", "whole", "copy", "sealed", "open")
        }
        make_clip(paths["clip"])
        repeat(paths["clip"], paths["whole"], args.minutes * 60 // SECONDS)
        size = paths["whole"].stat().st_size
        print(f"{args.minutes} minutes of 720p in .{args.ending}: {size / 1e6:.0f} MB")
        key, seen = ff.generate_key(), [Resident(), Resident()]
        plain = timed(
            "copied by PyAV alone",
            size,
            lambda: copy_plainly(paths["whole"], paths["copy"]),
        )
        paths["copy"].unlink()
        sealing = timed(
            "sealed",
            size,
            lambda: seal_recording(
                paths["whole"], paths["sealed"], key, progress=seen[0]
            ),
        )
        print(f"  {seen[0]}; {sealing / plain:.2f} times the copy")
        opening = timed(
            "opened",
            size,
            lambda: open_recording(
                paths["sealed"], paths["open"], key, progress=seen[1]
            ),
        )
        print(f"  {seen[1]}; {opening / plain:.2f} times the copy")
        for track in (0, 1):
            pairs = zip(
                bytes_of(paths["whole"], track),
                bytes_of(paths["open"], track),
                strict=True,
            )
            count = 0
            for before, after in pairs:
                assert before == after, f"track {track}, packet {count}"
                count += 1
            print(f"track {track}: {count} packets, every one bit for bit")


if __name__ == "__main__":
    main()
