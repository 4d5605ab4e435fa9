"""Whole recordings: sealed into a container, and opened into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

import fastframe as ff
from fastframe.adapters.av.containers import choose, codec_of, tracks_of, write_options
from fastframe.adapters.av.files import SealedFile, describe_rest, moment_of
from fastframe.adapters.av.packets import dressed
from fastframe.adapters.av.recording_keys import new_sealers
from fastframe.adapters.av.report import Books, NothingOpened, Report
from fastframe.adapters.av.sink import new_container
from fastframe.adapters.av.times import new_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fastframe.adapters.tally import Buffer

    Progress = Callable[[float, "float | None"], object]

_EVERY = 100  # packets, between two calls of progress()


def plan_target(source: str | Path, target: str | Path) -> Path:
    """Give the name that seal_recording() would write to; raises as it does."""
    source = Path(source)
    with av.open(str(source)) as origin:
        return choose(Path(target), source, _need_tracks(origin, source))


def seal_recording(
    source: str | Path,
    target: str | Path,
    key: Buffer,
    *,
    progress: Progress | None = None,
) -> Report:
    """Seal every packet of a recording; the result is a container as before.

    Tracks, codec parameters, times and key flags stay readable, so that it can
    be listed, cut and wound; pictures and sound are SFrame (RFC 9605), with a
    cipher key for each track of each file, so one key may seal any number of
    recordings. Streams that are neither audio nor video, cover art, titles and
    side data are left out.

    Args:
        source: anything FFmpeg can read.
        target: a container that keeps its packets (docs/pipelines.md); without
            an ending one is chosen, see Report.path. It appears when whole.
        key: 16 or 32 bytes.
        progress: called now and then with seconds done and seconds in all.

    Raises:
        UsageError: the key, or the target's container, does not fit.
        av.FFmpegError, OSError: a file cannot be read or written.
    """
    source, target = Path(source), Path(target)
    with av.open(str(source)) as origin:
        streams = _need_tracks(origin, source)
        target = choose(target, source, streams)
        books = {s.index: Books(s.index, codec_of(s)) for s in streams}
        sealers = dict(zip(books, new_sealers(key, len(streams)), strict=True))
        follow = _Follower(progress, _length(origin))
        try:
            with new_container(target, write_options(target)) as sink:
                outs = _same_tracks(sink, streams)
                for packet in origin.demux(streams):
                    if not packet.size:
                        continue
                    index = packet.stream.index
                    sealed = dressed(sealers[index].seal(packet), packet)
                    sealed.stream = outs[index]
                    moment = moment_of(packet)
                    books[index].enter(ff.Status.OK, None, moment)
                    sink.mux(sealed)
                    follow.at(moment)
        finally:
            for sealer in sealers.values():
                sealer.close()
        tracks = tuple(one.close() for one in books.values())
        return Report(target, tracks, describe_rest(origin, streams))


def open_recording(
    source: str | Path,
    target: str | Path,
    key: Buffer | None = None,
    *,
    openers: Mapping[str, ff.Opener] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Open a sealed recording into one that any player plays.

    Packets come out as they went in, bit for bit. What does not open is left
    out and counted; a truncated or damaged file is opened up to the damage and
    behind it.

    Args:
        source: the sealed file.
        key: as SealedFile's.
        openers: as SealedFile's.
        target: any container of FFmpeg's that takes the codecs.
        progress: called now and then with seconds done and seconds in all.

    Raises as SealedFile, and NothingOpened; then there is no target.
    """
    target = Path(target)
    with SealedFile(source, key, openers=openers) as file:
        follow = _Follower(progress, file.seconds)
        with new_container(target, {}) as sink:
            writer = _Writer(sink, file.streams)
            for packet in file.packets():
                follow.at(moment_of(packet))
                writer.write(packet)
            writer.finish()
            if not any(track.opened for track in file.reports()):
                raise NothingOpened(file.reports())
        return Report(
            target,
            file.reports(),
            file.left_out,
            file.seconds_missing,
            file.trouble or writer.trouble,
        )


class _Writer:
    """Writes opened packets to the tracks they came from."""

    def __init__(self, sink: Any, streams: list[Any]) -> None:
        self._sink = sink
        self._outs = _same_tracks(sink, streams)
        self._clocks = {stream.index: new_clock(stream) for stream in streams}
        self._written = self._refused = 0

    @property
    def trouble(self) -> str | None:
        """Say what could not be written, in words."""
        if not self._refused:
            return None
        return f"{self._refused} packets that opened have times no container takes"

    def write(self, packet: av.Packet[Any]) -> None:
        """Write a packet, or let it wait for its decode time."""
        index = packet.stream.index
        self._mux(index, self._clocks[index].add(packet))

    def finish(self) -> None:
        """Write what still waits."""
        for index, clock in self._clocks.items():
            self._mux(index, clock.finish())
        if self._refused and not self._written:
            raise ff.UsageError("this container does not take what was opened")

    def _mux(self, index: int, packets: Iterable[av.Packet[Any]]) -> None:
        for packet in packets:
            packet.stream = self._outs[index]
            try:
                self._sink.mux(packet)
            except av.ArgumentError:
                self._refused += 1
            else:
                self._written += 1


def _need_tracks(container: Any, source: Path) -> list[Any]:
    streams = list(tracks_of(container))
    if not streams:
        raise ff.UsageError(f"{source.name} has neither audio nor video")
    return streams


def _same_tracks(sink: Any, streams: list[Any]) -> dict[int, Any]:
    """Add a stream for each of the source's, by the source's numbers."""
    try:
        return {
            stream.index: sink.add_stream_from_template(stream, opaque=True)
            for stream in streams
        }
    except ValueError as error:
        raise ff.UsageError(str(error)) from None


def _length(container: Any) -> float | None:
    length = container.duration
    return None if length is None else float(length / av.time_base)


class _Follower:
    """Tells somebody now and then how far the work is."""

    def __init__(self, progress: Progress | None, total: float | None) -> None:
        self._progress = progress
        self._total = total
        self._count = 0

    def at(self, moment: float) -> None:
        self._count += 1
        if self._progress is not None and self._count % _EVERY == 0:
            self._progress(moment, self._total)
