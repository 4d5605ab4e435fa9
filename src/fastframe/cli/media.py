"""Media in and out through PyAV: demuxing without re-encoding, and decoding."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av

from fastframe.adapters.av.containers import tracks_of
from fastframe.cli.failure import USAGE, CommandError
from fastframe.cli.parcels import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer

MediaError = av.FFmpegError


@dataclass(frozen=True, slots=True)
class Track:
    """One audio or video stream of a clip.

    Attributes:
        number: its number in the demo, from 0.
        stream: its number in the container.
        kind: "video" or "audio".
        codec: the decoder's name.
        about: size and rate in plain words.
    """

    number: int
    stream: int
    kind: str
    codec: str
    about: str

    @property
    def unit(self) -> str:
        """Name what decoding gives."""
        return "pictures" if self.kind == "video" else "samples"


class Source:
    """A clip that can be read from the start as often as needed.

    Args:
        origin: a file, or a whole container in memory.
        name: what to call it.

    Raises:
        CommandError: it cannot be read, or has neither audio nor video.
    """

    def __init__(self, origin: Path | bytes, name: str) -> None:
        """Open it once, to see its tracks."""
        self._origin = origin
        self.name = name
        self.trouble: str | None = None
        with self._open() as container:
            self.tracks = tuple(_find_tracks(container))
            length = container.duration
            self.seconds = None if length is None else length / av.time_base
        if not self.tracks:
            raise CommandError(f"{name} has neither audio nor video", USAGE)

    def frames(self, seconds: float | None = None) -> Iterator[Frame]:
        """Give the packets of all tracks in one pass, as the container has them.

        A container that breaks off in the middle ends the pass; trouble then
        says why.
        """
        numbers = {track.stream: track.number for track in self.tracks}
        counts = [0] * len(self.tracks)
        ended: set[int] = set()
        start: float | None = None
        with self._open() as container:
            packets = container.demux([container.streams[n] for n in numbers])
            try:
                for packet in packets:
                    if packet.size == 0:
                        continue  # PyAV's mark for the end of a stream
                    number = numbers[packet.stream.index]
                    moment = _moment(packet)
                    start = moment if start is None else start
                    if seconds is not None and moment - start >= seconds:
                        ended.add(number)
                        if len(ended) == len(numbers):
                            return
                        continue
                    yield Frame(
                        number,
                        counts[number],
                        bytes(packet),
                        bool(packet.is_keyframe),
                        packet.pts,
                        packet.dts,
                        moment - start,
                    )
                    counts[number] += 1
            except MediaError as error:
                self.trouble = f"the clip breaks off: {error.strerror}"

    def new_decoder(self, track: Track) -> Decoder:
        """Make a decoder that knows what the container says of the track."""
        return Decoder(self._open(), track)

    def _open(self) -> InputContainer:
        origin: Any = self._origin
        if isinstance(origin, bytes):
            origin = io.BytesIO(origin)
        else:
            _check_readable(origin)
            origin = str(origin)
        try:
            container: InputContainer = av.open(origin)
        except (MediaError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(
                f"{self.name} cannot be read as media: {reason}", USAGE
            ) from None
        return container


class Decoder:
    """Decodes one track and counts; broken and missing frames are tolerated.

    Attributes:
        decoded: pictures, or audio samples, that came out.
        failures: frames that the decoder refused.
    """

    def __init__(self, container: InputContainer, track: Track) -> None:
        """Take the decoder of a freshly opened container, which is kept open."""
        self._container = container
        stream = container.streams[track.stream]
        self._context: Any = stream.codec_context
        self._time_base: Any = stream.time_base
        self._is_video = track.kind == "video"
        self.decoded = 0
        self.failures = 0

    def feed(self, data: bytes | memoryview, frame: Frame) -> list[Any]:
        """Decode one frame's bytes under its time stamps."""
        # PyAV would lend a bytes object to the decoder, which reads past the
        # end. A packet of its own has the spare bytes that FFmpeg asks for.
        packet = av.Packet(len(data))
        memoryview(packet)[:] = data
        packet.pts, packet.dts = frame.pts, frame.dts
        if self._time_base is not None:
            packet.time_base = self._time_base
        packet.is_keyframe = frame.key_frame
        return self._decode(packet)

    def finish(self) -> list[Any]:
        """Give what the decoder still holds, and let go of it."""
        rest = self._decode(None)
        self._container.close()
        return rest

    def _decode(self, packet: Any) -> list[Any]:
        try:
            pictures = list(self._context.decode(packet))
        except MediaError:
            self.failures += 1
            return []
        for picture in pictures:
            self.decoded += 1 if self._is_video else picture.samples
        return pictures


def _check_readable(path: Path) -> None:
    # FFmpeg says the same of a directory as of a broken file.
    if not path.exists():
        raise CommandError(f"no such file: {path}", USAGE)
    if path.is_dir():
        raise CommandError(f"{path} is a directory", USAGE)


def _find_tracks(container: InputContainer) -> Iterator[Track]:
    for number, stream in enumerate(tracks_of(container)):
        context: Any = stream.codec_context
        yield Track(
            number, stream.index, stream.type, context.name, _about(stream, context)
        )


def _about(stream: Any, context: Any) -> str:
    if stream.type == "audio":
        return f"{context.sample_rate / 1000:g} kHz {context.layout.name}"
    rate = stream.average_rate
    return f"{context.width}x{context.height}" + (
        f" at {float(rate):.3g}/s" if rate else ""
    )


def _moment(packet: Any) -> float:
    stamp = packet.dts if packet.dts is not None else packet.pts
    if stamp is None or packet.time_base is None:
        return 0.0
    return float(stamp * packet.time_base)
