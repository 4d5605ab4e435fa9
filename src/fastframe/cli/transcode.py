"""Re-encoding to what WebRTC carries: VP8 and Opus, in memory."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from fastframe.cli.failure import USAGE, CommandError

if TYPE_CHECKING:
    from pathlib import Path

_TICKS = 1000  # a WebM container counts milliseconds
# What a camera in a call would use: no look-ahead, fastest search, and no
# state in the bit stream that a lost frame would spoil for good.
_VP8_OPTIONS = {
    "deadline": "realtime",
    "cpu-used": "8",
    "lag-in-frames": "0",
    "error-resilient": "default",
}
_VP8_BITS = 1_500_000
_OPUS_RATE = 48_000
_OPUS_BITS = 64_000


def transcode(origin: Path | bytes, name: str, seconds: float | None) -> bytes:
    """Give a WebM of a clip's first video and first audio stream.

    Raises CommandError when FFmpeg lacks a codec or cannot read the clip.
    """
    out = io.BytesIO()
    file: Any = io.BytesIO(origin) if isinstance(origin, bytes) else str(origin)
    try:
        with av.open(file) as source, av.open(out, "w", format="webm") as sink:
            pumps = _pumps(source, sink)
            streams = [pump.stream for pump in pumps]
            by_stream = {pump.stream.index: pump for pump in pumps}
            for frame_of, pump in _decoded(source, streams, by_stream):
                if seconds is not None and (frame_of.time or 0.0) >= seconds:
                    if frame_of.time >= seconds + 1:
                        break  # streams run side by side: both are past the end
                    continue
                sink.mux(pump.encode(frame_of))
            for pump in pumps:
                sink.mux(pump.encode(None))
    except (av.FFmpegError, ValueError) as error:
        raise CommandError(f"{name} cannot be transcoded: {error}", USAGE) from None
    return out.getvalue()


class _Pump:
    """One stream on its way from decoder to encoder."""

    def __init__(self, stream: Any, encoder: Any) -> None:
        self.stream = stream
        self._encoder = encoder
        self._resampler = None
        if stream.type == "audio":
            self._resampler = av.AudioResampler("flt", "stereo", _OPUS_RATE, 960)

    def encode(self, frame: Any) -> list[Any]:
        """Encode one decoded frame; None drains the encoder."""
        packets: list[Any] = []
        for ready in self._prepared(frame):
            packets += self._encoder.encode(ready)
        if frame is None:
            packets += self._encoder.encode(None)
        return packets

    def _prepared(self, frame: Any) -> list[Any]:
        if self._resampler is not None:
            return list(self._resampler.resample(frame))
        if frame is None:
            return []
        moment = frame.time or 0.0
        picture = frame.reformat(format="yuv420p")
        picture.pts = round(moment * _TICKS)
        picture.time_base = Fraction(1, _TICKS)
        # The source's picture types are no orders to this encoder.
        picture.pict_type = 0
        return [picture]


def _pumps(source: Any, sink: Any) -> list[_Pump]:
    pumps = []
    for stream in source.streams.video[:1]:
        rate = stream.average_rate or Fraction(25)
        encoder = sink.add_stream("libvpx", rate=rate, options=_VP8_OPTIONS)
        encoder.width, encoder.height = stream.width, stream.height
        encoder.pix_fmt = "yuv420p"
        encoder.bit_rate = _VP8_BITS
        encoder.time_base = Fraction(1, _TICKS)
        pumps.append(_Pump(stream, encoder))
    for stream in source.streams.audio[:1]:
        encoder = sink.add_stream("libopus", rate=_OPUS_RATE)
        encoder.layout = "stereo"
        encoder.bit_rate = _OPUS_BITS
        pumps.append(_Pump(stream, encoder))
    return pumps


def _decoded(source: Any, streams: list[Any], by_stream: dict[int, _Pump]) -> Any:
    for packet in source.demux(streams):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue  # a frame the source's own decoder refuses is left out
        for frame in frames:
            yield frame, by_stream[packet.stream.index]
