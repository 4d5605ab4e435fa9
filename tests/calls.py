"""Calls between two aiortc peers in this process, for the adapter's tests."""

from __future__ import annotations

import asyncio
import contextlib
import time

import av
import pytest

pytest.importorskip("aiortc")

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from clips import HEIGHT, WIDTH, draw, sound

MIMES = {"vp8": "video/VP8", "h264": "video/H264", "opus": "audio/opus"}
_PATIENCE = 20.0  # seconds that a call may take until a test gives up
_GLANCE = 0.02
_ENCODERS = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "h264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "bframes": "0"}),
}


def encode(codec, count, gop=15):
    """Encode count frames with a key frame every gop; give the packets."""
    if codec == "opus":
        context = av.CodecContext.create("libopus", "w")
        context.sample_rate, context.layout, context.format = 48000, "mono", "s16"
        frames = [sound(number) for number in range(count)]
    else:
        name, options = _ENCODERS[codec]
        context = av.CodecContext.create(name, "w")
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.framerate, context.gop_size = 30, gop
        context.options = options
        frames = [draw(number) for number in range(count)]
    context.time_base = frames[0].time_base
    packets = [packet for frame in [*frames, None] for packet in context.encode(frame)]
    for number, packet in enumerate(packets):  # Opus begins before 0
        packet.pts = packet.dts = frames[min(number, count - 1)].pts
        packet.time_base = context.time_base
    return packets[:count]


class PacketTrack(MediaStreamTrack):
    """Yields packets, quicker than they would be shown; then waits."""

    def __init__(self, kind, packets, pause=0.006):
        """Take packets; before() is called with each one's number."""
        super().__init__()
        self.kind = kind
        self.sent = 0
        self.before = lambda _number: None
        self._packets = packets
        self._pause = pause

    async def recv(self):
        """Give the next packet."""
        await asyncio.sleep(self._pause)
        if self.sent == len(self._packets):
            await asyncio.sleep(_PATIENCE)
        if self.readyState != "live":
            raise MediaStreamError
        self.before(self.sent)
        self.sent += 1
        return self._packets[self.sent - 1]


class LiveTrack(MediaStreamTrack):
    """Yields raw pictures or sound, quicker than they would be shown."""

    def __init__(self, kind, pause=0.01, samples=960):
        """Take the kind, "video" or "audio", and how much sound at a time."""
        super().__init__()
        self.kind = kind
        self.sent = 0
        self._pause = pause
        self._samples = samples

    async def recv(self):
        """Give the next picture or piece of sound."""
        await asyncio.sleep(self._pause)
        if self.readyState != "live":
            raise MediaStreamError
        self.sent += 1
        if self.kind == "video":
            return draw(self.sent - 1)
        return sound(self.sent - 1, samples=self._samples)


class ChangingTrack(MediaStreamTrack):
    """Passes sealed packets on, after change(packet, number)."""

    def __init__(self, track, change):
        """Take a track of sealed packets."""
        super().__init__()
        self.kind = track.kind
        self._track = track
        self._change = change
        self._number = 0

    async def recv(self):
        """Give the next packet, changed."""
        packet = await self._track.recv()
        self._number += 1
        return self._change(packet, self._number - 1)


class Call:
    """One peer sending tracks to another, both here.

    Attributes:
        decoded: by kind, the frames that the receiving side decoded.
        receivers: by kind, the receiving side's receivers.
    """

    def __init__(self, tracks, codec="vp8"):
        """Take the tracks to send and the video codec to agree on."""
        self.tracks = tracks
        self.codec = codec
        self.decoded = {"video": [], "audio": []}
        self.receivers = {}
        self.sender = RTCPeerConnection()
        self.receiver = RTCPeerConnection()
        self._drains = []

    async def __aenter__(self):
        """Negotiate; the caller then adds its hooks and waits."""
        for track in self.tracks:
            self.sender.addTrack(track)
        for transceiver in self.sender.getTransceivers():
            if transceiver.kind == "video":
                has = RTCRtpSender.getCapabilities("video").codecs
                wanted = [c for c in has if c.mimeType == MIMES[self.codec]]
                transceiver.setCodecPreferences(wanted)
        await self.sender.setLocalDescription(await self.sender.createOffer())
        await self.receiver.setRemoteDescription(self.sender.localDescription)
        for receiver in self.receiver.getReceivers():
            self.receivers[receiver.track.kind] = receiver
            self._drains.append(asyncio.ensure_future(self._drain(receiver.track)))
        return self

    async def start(self):
        """Let media flow."""
        await self.receiver.setLocalDescription(await self.receiver.createAnswer())
        await self.sender.setRemoteDescription(self.receiver.localDescription)

    async def until(self, is_done):
        """Wait until is_done() holds; a test that waits in vain fails."""
        await until(is_done)

    def decoder_lives(self, kind):
        """Tell whether a receiver's decoder thread still runs."""
        name = "_RTCRtpReceiver__decoder_thread"
        return getattr(self.receivers[kind], name).is_alive()

    async def __aexit__(self, *_exc):
        """Hang up on both sides."""
        await self.sender.close()
        await self.receiver.close()
        await asyncio.gather(*self._drains)

    async def _drain(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                self.decoded[track.kind].append(await track.recv())


async def until(is_done, what="it", patience=_PATIENCE):
    """Wait until is_done() holds; a test that waits in vain fails.

    It may be a coroutine function; what names the thing in the failure.
    """
    end = time.monotonic() + patience
    while True:
        done = is_done()
        if await done if asyncio.iscoroutine(done) else done:
            return
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come in {patience:g} s")
        await asyncio.sleep(_GLANCE)


def tampered(every):
    """Change one bit in every so manieth packet."""

    def change(packet, number):
        if number % every:
            return packet
        forged = bytearray(bytes(packet))
        forged[-1] ^= 1
        out = av.Packet(bytes(forged))
        out.pts, out.dts, out.time_base = packet.pts, packet.dts, packet.time_base
        return out

    return change


def run(coroutine):
    """Run a test's coroutine to its end."""
    asyncio.run(coroutine)
