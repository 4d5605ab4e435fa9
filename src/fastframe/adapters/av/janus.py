"""Opening Janus's recording of a sealed call into a file that plays."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

from fastframe.adapters.av.packets import padded
from fastframe.adapters.av.report import Books, NothingOpened, Report
from fastframe.adapters.av.sink import new_container
from fastframe.adapters.janus import JanusRecording
from fastframe.adapters.keyframes import is_key_frame
from fastframe.adapters.tally import try_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import fastframe as ff

    Opened = tuple[int, bytes]

_BEFORE_KEY = 512  # frames kept while no key frame has come that tells the size
_SAMPLE_RATE = 48_000
# The IVF header: signature, version, header length, codec, size, time base.
_IVF = struct.Struct("<4sHH4sHHIIII")
_FOURCC = {"vp8": b"VP80", "vp9": b"VP90"}


def kind_of_janus(source: str | Path) -> str:
    """Tell whether an .mjr holds "video" or "audio"; raises as open_janus()."""
    return JanusRecording(source).kind


def open_janus(
    source: str | Path,
    target: str | Path,
    opener: ff.Opener,
    *,
    progress: Callable[[float, float | None], object] | None = None,
) -> Report:
    """Open an .mjr of a sealed call: one track, H.264, VP8, VP9 or Opus.

    Frames of which a packet never reached Janus are left out, and counted
    as incomplete; what does not open is left out by status.

    Args:
        source: the .mjr.
        target: a container for the codec; .mkv takes them all.
        opener: of the call's format, codec and keys.
        progress: called now and then with seconds done; the end is not known.

    Raises:
        UsageError: source is no .mjr of a known codec, or target no container
            for it.
        NothingOpened: not one frame opened.
        OSError, av.FFmpegError: a file cannot be read or written.
    """
    recording = JanusRecording(source)
    target = Path(target)
    books = Books(0, recording.codec)
    frames = _opened(recording, opener, books)
    with new_container(target, {}) as sink:
        before, stream = _new_stream(sink, recording, frames, books)
        for number, (timestamp, data) in enumerate(chain(before, frames)):
            packet: av.Packet[Any] = av.Packet(padded(data))
            packet.pts = packet.dts = timestamp
            packet.time_base = Fraction(1, recording.clock_rate)
            packet.is_keyframe = is_key_frame(recording.codec, data)
            packet.stream = stream
            sink.mux(packet)
            if progress is not None and number % 100 == 0:
                progress(timestamp / recording.clock_rate, None)
    trouble = None
    if recording.damaged:
        trouble = f"{recording.damaged} bytes of the file make no sense"
    return Report(target, (books.close(),), trouble=trouble)


def _opened(
    recording: JanusRecording, opener: ff.Opener, books: Books
) -> Iterator[Opened]:
    for frame in recording.frames():
        if not frame.is_complete:
            books.incomplete += 1
            continue
        status, data = try_open(opener, frame.data)
        books.enter(status, None, frame.timestamp / recording.clock_rate)
        if data:
            yield frame.timestamp, data


def _new_stream(
    sink: Any, recording: JanusRecording, frames: Iterator[Opened], books: Books
) -> tuple[list[Opened], Any]:
    """Add the stream; for video the first key frame tells its size."""
    before = [first for first in [next(frames, None)] if first is not None]
    if not before:
        raise NothingOpened([books.close()])
    if recording.kind == "audio":
        return before, sink.add_stream("libopus", rate=_SAMPLE_RATE)
    while not is_key_frame(recording.codec, before[-1][1]):
        following = next(frames, None)
        if following is None or len(before) == _BEFORE_KEY:
            break
        before.append(following)
    with _as_file(recording.codec, before[-1][1]) as sample:
        stream = sink.add_stream_from_template(sample.streams[0], opaque=True)
    return before, stream


def _as_file(codec: str, frame: bytes) -> Any:
    """Give a container around one frame, from which FFmpeg learns its size."""
    if codec == "h264":
        return av.open(io.BytesIO(frame), format="h264")
    header = _IVF.pack(
        b"DKIF", 0, _IVF.size, _FOURCC[codec], 0, 0, 1, 1, 1, 0
    ) + struct.pack("<IQ", len(frame), 0)
    return av.open(io.BytesIO(header + frame), format="ivf")
