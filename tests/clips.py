"""Small clips in every codec and container, for the tests of recordings."""

from __future__ import annotations

import math
import os
from array import array
from contextlib import contextmanager
from fractions import Fraction

import av

WIDTH, HEIGHT, RATE = 160, 120, 30
SOUND_RATE, SAMPLES = 48_000, 960
TONE = SOUND_RATE / 17 / math.tau  # Hz, of sound()
# By codec: FFmpeg's encoder, its options, and the container it is made in.
ENCODERS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8"}, "mkv"),
    "vp9": ("libvpx-vp9", {"cpu-used": "8", "lag-in-frames": "8"}, "webm"),
    "h264": ("libx264", {"preset": "veryfast"}, "mp4"),
    "h264-annexb": ("libx264", {"preset": "veryfast"}, "ts"),
    "hevc": (
        "libx265",
        {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"},
        "mp4",
    ),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "lp=1"}, "mkv"),
    "opus": ("libopus", {}, "ogg"),
    "aac": ("aac", {}, "mp4"),
}
SOUNDS = ("opus", "aac")


def draw(number):
    """Draw a picture with a bar that has moved by number."""
    picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for index, plane in enumerate(picture.planes):
        at = (number * 3) % (plane.line_size // 2)
        row = bytes([60 + 20 * index]) * at + bytes([200]) * 8
        plane.update(row.ljust(plane.line_size, b"\x40") * plane.height)
    picture.pts, picture.time_base = number, Fraction(1, RATE)
    return picture


def sound(number, sample_format="s16", samples=SAMPLES):
    """Give 20 ms of a tone."""
    start = number * samples
    wave = [math.sin((start + i) / 17) / 4 for i in range(samples)]
    data = array("f", wave)
    if sample_format == "s16":
        data = array("h", (int(32767 * value) for value in wave))
    frame = av.AudioFrame(format=sample_format, layout="mono", samples=samples)
    frame.planes[0].update(data.tobytes())
    frame.sample_rate = SOUND_RATE
    frame.pts, frame.time_base = start, Fraction(1, SOUND_RATE)
    return frame


def make_clip(path, codecs, seconds=2.0, gop=15):
    """Write a clip with one track for each of the codecs."""
    with _priority_kept(), av.open(str(path), "w") as sink:
        tracks = [(codec in SOUNDS, _add(sink, codec, gop)) for codec in codecs]
        for is_sound, stream in tracks:
            rate = SOUND_RATE / SAMPLES if is_sound else RATE
            for number in range(round(seconds * rate)):
                frame = sound(number, stream.format.name) if is_sound else draw(number)
                sink.mux(stream.encode(frame))
            sink.mux(stream.encode(None))
    return path


@contextmanager
def _priority_kept():
    """Take back what SVT-AV1 does as root: it makes the caller SCHED_FIFO, 99.

    A browser that a later test starts would inherit it and starve all else.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def _add(sink, codec, gop):
    name, options, _ = ENCODERS[codec]
    if codec in SOUNDS:
        stream = sink.add_stream(name, rate=SOUND_RATE)
        stream.layout = "mono"
        return stream
    stream = sink.add_stream(name, rate=RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.codec_context.gop_size = gop
    return stream


def packets_of(path, **options):
    """List what a file holds: track, bytes, seconds, key flag, for each packet."""
    with av.open(str(path), options=options) as source:
        found = [
            (p.stream.index, bytes(p), float(p.pts * p.time_base), p.is_keyframe)
            for p in source.demux()
            if p.size
        ]
    return sorted(found, key=lambda one: one[0])  # muxers interleave as they like


def decoded(path):
    """Decode a file; give the pictures and sounds of each stream."""
    with av.open(str(path)) as source:
        return [
            [frame.to_ndarray().tobytes() for frame in _frames(source, stream)]
            for stream in source.streams
        ]


def _frames(source, stream):
    source.seek(0)
    return source.decode(stream)
