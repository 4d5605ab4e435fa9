"""A made-up clip: colour bars with a moving square, and a tone."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT, RATE = 640, 360, 25
_SQUARE = 80
_AUDIO_RATE = 48_000
_CHUNK = 1024  # samples of one AAC frame
_TONE = 440
# The classic eight bars, as luma and the two chromas of each.
_BARS = (
    (235, 128, 128),
    (210, 16, 146),
    (170, 166, 16),
    (145, 54, 34),
    (106, 202, 222),
    (81, 90, 240),
    (41, 240, 110),
    (16, 128, 128),
)


def make_clip(
    path: Path, seconds: float = 4.0, *, video: bool = True, audio: bool = True
) -> None:
    """Write an H.264 and AAC clip in MP4 (Matroska, by the name's ending)."""
    with av.open(str(path), "w") as sink:
        # Both streams come first: the file's header lists them.
        pictures = _add_video(sink) if video else None
        sound = _add_audio(sink) if audio else None
        if pictures is not None:
            _write_video(sink, pictures, round(seconds * RATE))
        if sound is not None:
            _write_tone(sink, sound, round(seconds * _AUDIO_RATE / _CHUNK))


def _add_video(sink: Any) -> Any:
    stream = sink.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    return stream


def _add_audio(sink: Any) -> Any:
    stream = sink.add_stream("aac", rate=_AUDIO_RATE)
    stream.layout = "mono"
    return stream


def _write_video(sink: Any, stream: Any, count: int) -> None:
    for number in range(count):
        picture = _draw(number)
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        sink.mux(stream.encode(picture))
    sink.mux(stream.encode(None))


def _draw(number: int) -> Any:
    picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    left = (number * 8) % (WIDTH - _SQUARE)
    top = (number * 5) % (HEIGHT - _SQUARE)
    for index, plane in enumerate(picture.planes):
        scale = 1 if index == 0 else 2
        width = WIDTH // scale
        bars = b"".join(bytes([bar[index]]) * (width // len(_BARS)) for bar in _BARS)
        plain = bars.ljust(plane.line_size, b"\0")
        at, size = left // scale, _SQUARE // scale
        square = bytes([235 if index == 0 else 128]) * size
        marked = plain[:at] + square + plain[at + size :]
        rows = range(HEIGHT // scale)
        inside = range(top // scale, top // scale + size)
        plane.update(b"".join(marked if y in inside else plain for y in rows))
    return picture


def _write_tone(sink: Any, stream: Any, chunks: int) -> None:
    step = 2 * math.pi * _TONE / _AUDIO_RATE
    for number in range(chunks):
        at = number * _CHUNK
        wave = array("f", (0.3 * math.sin(step * (at + i)) for i in range(_CHUNK)))
        sound = av.AudioFrame(format="fltp", layout="mono", samples=_CHUNK)
        sound.planes[0].update(wave.tobytes())
        sound.sample_rate = _AUDIO_RATE
        sound.pts, sound.time_base = at, Fraction(1, _AUDIO_RATE)
        sink.mux(stream.encode(sound))
    sink.mux(stream.encode(None))
