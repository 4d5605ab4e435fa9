"""SealedTrack: what a sender sends leaves sealed."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.bitstream import BitStreamFilterContext

import fastframe as ff
from fastframe.adapters.aiortc.chunks import Chunks
from fastframe.adapters.aiortc.live import LiveFrame, teach_encoders, wrap
from fastframe.adapters.tally import Tally

_log = logging.getLogger(__name__)
_START_CODES = (b"\0\0\0\1", b"\0\0\1")


class SealedTrack(MediaStreamTrack):
    """Gives a track's frames sealed; for RTCPeerConnection.addTrack().

    Tracks that yield encoded packets (MediaPlayer(…, decode=False)) are sealed
    packet by packet, by public names of aiortc alone. Such senders cannot make
    a key frame when they are asked for one (PLI). What a live track yields is
    sealed when aiortc has encoded it; there they can.

    H.264 wants a sealer with codec="h264", and packets out of MP4 are turned
    into the start-code form that aiortc can cut. Towards browsers VP8 wants
    codec="vp8". Several senders may share a sealer.

    Args:
        track: the track to read, stopped when this one is.
        sealer: rotate() it at any time.

    Attributes:
        tally: how many frames met which status; only those with OK were sent.
        error: what ended the track, None if nothing did.

    Raises MovedHook if this version of aiortc is not known.
    """

    def __init__(self, track: MediaStreamTrack, sealer: ff.Sealer) -> None:
        """Read from track; nothing is sealed before recv()."""
        super().__init__()
        teach_encoders()
        self.kind = track.kind
        self.tally = Tally()
        self.error: ff.FastframeError | None = None
        self._track = track
        self._sealer = sealer
        self._annexb: Any = None
        self._chunks = Chunks()

    async def recv(self) -> Any:
        """Give the next sealed packet, or raw frame that will be sealed.

        Raises MediaStreamError when the track is over, or no frame can be
        sealed any more; .error then says why.
        """
        while self.readyState == "live":
            raw = self._chunks.take()
            if raw is not None:
                return wrap(raw, self._seal)
            data = await self._track.recv()
            if isinstance(data, av.Packet):
                sealed = self._seal_packet(data)
                if sealed is not None:
                    return sealed
            elif isinstance(data, LiveFrame):
                self._fail(ff.UsageError("this track is sealed already"))
            else:
                self._chunks.put(data)
        raise MediaStreamError

    def stop(self) -> None:
        """End this track and the one it reads."""
        super().stop()
        self._track.stop()

    # -- inside --

    def _seal_packet(self, packet: av.Packet[Any]) -> av.Packet[Any] | None:
        """Seal into a packet of its own: others may hold the one that came."""
        frame = self._in_start_codes(packet)
        is_video = self.kind == "video"
        sealed = self._seal(frame, bool(packet.is_keyframe) if is_video else None)
        if sealed is None:
            return None
        out = av.Packet(sealed)
        out.pts, out.dts = packet.pts, packet.dts
        if packet.time_base is not None:
            out.time_base = packet.time_base
        out.is_keyframe = packet.is_keyframe
        return out

    def _in_start_codes(self, packet: av.Packet[Any]) -> bytes:
        """Give H.264 out of MP4 and Matroska as aiortc's packetiser wants it."""
        stream = packet.stream
        if stream is None or self.kind != "video":
            return bytes(packet)
        context = stream.codec_context
        # ISO/IEC 14496-15: avcC begins with version 1, start codes with 0.
        if context.name != "h264" or bytes(context.extradata or b"")[:1] != b"\1":
            return bytes(packet)
        if self._annexb is None:
            self._annexb = BitStreamFilterContext("h264_mp4toannexb", stream)
        copy = av.Packet(bytes(packet))  # the filter empties what it is given
        copy.is_keyframe = packet.is_keyframe
        return b"".join(bytes(part) for part in self._annexb.filter(copy))

    def _seal(self, frame: bytes, key_frame: bool | None) -> bytes | None:
        """Seal one frame and count it; None if it alone cannot be sealed."""
        try:
            sealed = self._sealer.seal(frame, key_frame=key_frame)
        except ff.FrameRejected as rejected:
            self.tally.add(rejected.status)
            return None
        except ff.KeyExhausted as error:
            self.tally.add(ff.Status.KEY_EXHAUSTED)
            self._fail(error)
        except ff.FastframeError as error:
            self.tally.add(ff.Status.NOT_RUN)
            self._fail(error)
        is_h264 = self.kind == "video" and frame.startswith(_START_CODES)
        if is_h264 and not sealed.startswith(_START_CODES):
            # aiortc would find nothing to send in it, and say nothing.
            self.tally.add(ff.Status.NOT_RUN)
            self._fail(ff.UsageError('H.264 needs a sealer with codec="h264"'))
        self.tally.add(ff.Status.OK)
        return sealed

    def _fail(self, error: ff.FastframeError) -> NoReturn:
        """End the track in the one way that senders end well on."""
        if self.error is None:
            _log.error("SealedTrack: %s; nothing is sent any more", error)
            self.error = error
        raise MediaStreamError from error
