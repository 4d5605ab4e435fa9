"""SealedFile: reading a sealed recording through its container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

import fastframe as ff
from fastframe.adapters.av.containers import READ_OPTIONS, codec_of, tracks_of
from fastframe.adapters.av.packets import dressed, padded
from fastframe.adapters.av.recording_keys import CallOpener, Family, TrackOpener
from fastframe.adapters.av.report import Books

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastframe.adapters.av.report import TrackReport
    from fastframe.adapters.tally import Buffer

_PATIENCE = 100  # errors in a row, until the rest of a file is given up
_SECONDS_MISSED = 1.0  # containers round the end of a recording


class SealedFile:
    """A sealed recording, opened packet by packet as it is read.

    Args:
        path: a file that seal_recording() made; or, with openers, any
            container with the sealed frames of a call.
        key: the key it was sealed with, 16 or 32 bytes; or
        openers: "video" and "audio" to the call's openers.

    Attributes:
        container: PyAV's, with the tracks, their codecs and times.
        streams: its audio and video tracks.
        left_out: what else the container holds, in words.

    Raises:
        UsageError: the key does not fit, or there is no track.
        av.FFmpegError, OSError: it cannot be read as media.
    """

    def __init__(
        self,
        path: str | Path,
        key: Buffer | None = None,
        *,
        openers: Mapping[str, ff.Opener] | None = None,
    ) -> None:
        """Open the container; no packet is read yet."""
        if (key is None) == (openers is None):
            raise ff.UsageError("take key= or openers=, one of them")
        self._family = None if key is None else Family(key)
        self.container: Any = av.open(str(path), options=READ_OPTIONS)
        self.streams = list(tracks_of(self.container))
        self.left_out = describe_rest(self.container, self.streams)
        self.trouble: str | None = None
        self._openers: dict[int, TrackOpener | CallOpener] = {}
        self._books = {s.index: Books(s.index, codec_of(s)) for s in self.streams}
        try:
            self._prepare(Path(path).name, openers)
        except ff.UsageError:
            self.close()
            raise

    @property
    def seconds(self) -> float | None:
        """How long the container says the recording is."""
        length = self.container.duration
        return None if length is None else float(length / av.time_base)

    def packets(self) -> Iterator[av.Packet[Any]]:
        """Give the packets that open, of all tracks, in the file's order.

        They are new packets, and can be decoded or muxed. A damaged file is
        read on behind the damage.
        """
        for packet in self._demux():
            books = self._books[packet.stream.index]
            status, frame, counter = self._openers[packet.stream.index].open(packet)
            books.enter(status, counter, moment_of(packet))
            if status == ff.Status.OK:
                yield dressed(padded(frame), packet)

    def seek(self, seconds: float) -> None:
        """Go to the key frame at or before a time; packets() goes on there."""
        self.container.seek(round(seconds * av.time_base))
        for index, books in self._books.items():
            books.skip_to()
            self._openers[index].rewind()

    def reports(self) -> tuple[TrackReport, ...]:
        """Give what became of the packets read so far."""
        return tuple(books.close() for books in self._books.values())

    @property
    def seconds_missing(self) -> float:
        """How much before the container's end the last packet came."""
        last = max(books.seconds for books in self._books.values())
        missing = (self.seconds or 0.0) + self._start() - last
        return missing if missing > _SECONDS_MISSED else 0.0

    def close(self) -> None:
        """Close the file and wipe the keys."""
        self.container.close()
        if self._family is not None:
            self._family.wipe()
        for opener in self._openers.values():
            opener.close()

    def __enter__(self) -> SealedFile:
        """Read it in a with statement."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close the file and wipe the keys."""
        self.close()

    # -- inside --

    def _prepare(self, name: str, openers: Mapping[str, ff.Opener] | None) -> None:
        if not self.streams:
            raise ff.UsageError(f"{name} has neither audio nor video")
        for stream in self.streams:
            self._openers[stream.index] = self._new_opener(stream, openers)

    def _new_opener(
        self, stream: Any, openers: Mapping[str, ff.Opener] | None
    ) -> TrackOpener | CallOpener:
        if self._family is not None:
            return TrackOpener(self._family)
        opener = (openers or {}).get(stream.type)
        if opener is None:
            raise ff.UsageError(f"openers= has none for {stream.type!r}")
        return CallOpener(opener)

    def _demux(self) -> Iterator[av.Packet[Any]]:
        failures = 0
        while failures < _PATIENCE:
            try:
                for packet in self.container.demux(self.streams):
                    if packet.size:  # PyAV marks ends with empty packets
                        failures = 0
                        yield packet
            except av.FFmpegError as error:  # noqa: PERF203 - reads on behind damage
                failures += 1
                self.trouble = self.trouble or str(error.strerror)
            else:
                return

    def _start(self) -> float:
        start = self.container.start_time
        return 0.0 if start is None else float(start / av.time_base)


def describe_rest(container: Any, streams: list[Any]) -> tuple[str, ...]:
    """Name the streams of a container that are not among some."""
    kept = {stream.index for stream in streams}
    rest = [stream for stream in container.streams if stream.index not in kept]
    return tuple(f"stream {stream.index} ({stream.type})" for stream in rest)


def moment_of(packet: Any) -> float:
    """Give a packet's time in seconds; 0.0 if it has none."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    base = packet.time_base
    if stamp is None or base is None:
        return 0.0
    # Once per packet, and a Fraction would take longer than opening does.
    return float(stamp * base.numerator / base.denominator)
