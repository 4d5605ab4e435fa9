"""An SFU of aiortc between two members, which does with frames what it likes.

Both hops have DTLS-SRTP of their own, and both end here, as in any SFU.
"""

from __future__ import annotations

import asyncio
from fractions import Fraction

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from live_peers import Publisher, Subscriber, connection, describe

from fastframe.adapters.aiortc.hooks import DECODER_QUEUE

_CLOCKS = {"video": (90_000, 3_000), "audio": (48_000, 960)}  # Hz, ticks a frame


class Courier:
    """Carries one publisher's frames to one subscriber.

    Args:
        meddle: called with the kind and bytes of each frame that comes; gives
            the list of those that go on.
    """

    def __init__(self, meddle):
        """Carry nothing yet; see connect()."""
        self._requests = []
        self._meddle = meddle
        self._here = connection()
        self._there = connection()
        self._tracks = {kind: _Forwarded(kind) for kind in _CLOCKS}

    async def connect(self, publisher: Publisher, subscriber: Subscriber):
        """Stand between the two: the far hop first, so that it misses nothing."""
        for track in self._tracks.values():
            sender = self._there.addTrack(track)
            if track.kind == "video":
                sender._send_keyframe = self._ask_for_key_frame
        await self._there.setLocalDescription(await self._there.createOffer())
        answer = await subscriber.answer(self._there.localDescription.sdp)
        await self._there.setRemoteDescription(describe("answer", answer))
        await self._here.setRemoteDescription(
            describe("offer", await publisher.offer())
        )
        for receiver in self._here.getReceivers():
            inner = getattr(receiver, DECODER_QUEUE)
            setattr(receiver, DECODER_QUEUE, _Sink(inner, receiver, self._take))
        await self._here.setLocalDescription(await self._here.createAnswer())
        await publisher.accept(self._here.localDescription.sdp)

    @property
    def requests(self):
        """Count the key frames that were asked for."""
        return len(self._requests)

    async def __aenter__(self):
        """Be there."""
        return self

    async def __aexit__(self, *_exc):
        """Leave."""
        for track in self._tracks.values():
            track.stop()
        await asyncio.gather(*self._requests)
        await self._here.close()
        await self._there.close()

    # -- inside --

    def _take(self, kind, data):
        for frame in self._meddle(kind, data):
            self._tracks[kind].queue.put_nowait(frame)

    def _ask_for_key_frame(self):
        for receiver in self._here.getReceivers():
            if receiver.track.kind == "video":
                for source in receiver.getSynchronizationSources():
                    request = receiver._send_rtcp_pli(source.source)
                    self._requests.append(asyncio.ensure_future(request))


class _Forwarded(MediaStreamTrack):
    """Gives frames on as packets, with timestamps of its own."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.queue = asyncio.Queue()
        self._rate, self._step = _CLOCKS[kind]
        self._number = 0

    async def recv(self):
        frame = await self.queue.get()
        if frame is None:
            raise MediaStreamError
        packet = av.Packet(frame)
        packet.pts = packet.dts = self._number * self._step
        packet.time_base = Fraction(1, self._rate)
        self._number += 1
        return packet

    def stop(self):
        super().stop()
        self.queue.put_nowait(None)


class _Sink:
    """Stands in for a receiver's decoder queue; nothing is decoded."""

    def __init__(self, inner, receiver, take):
        self._inner = inner
        self._kind = receiver.track.kind
        self._take = take

    def put(self, item):
        if item is None:
            self._inner.put(None)
        else:
            self._take(self._kind, bytes(item[1].data))

    def __getattr__(self, name):
        return getattr(self._inner, name)
