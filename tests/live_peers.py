"""Members of a call through a server: publishers, subscribers, witnesses."""

from __future__ import annotations

import asyncio
import contextlib
import time
from array import array
from itertools import pairwise

import numbered
import pytest

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

import fastframe as ff
from fastframe.adapters.aiortc import open_receiver


class SealerWitness:
    """Stands in for a sealer: notes what it seals, and how long that takes.

    Attributes:
        frames: the frames that were sealed, if they are to be kept.
        key_frames: how many of them were key frames.
        taken: nanoseconds of each.
    """

    def __init__(self, sealer, *, keep=False):
        """Look over the shoulder of a sealer."""
        self.sealer = sealer
        self.frames = []
        self.key_frames = 0
        self.taken = array("Q")
        self._keep = keep

    def seal(self, frame, *, key_frame=None):
        """Seal, and note it."""
        before = time.perf_counter_ns()
        sealed = self.sealer.seal(frame, key_frame=key_frame)
        self.taken.append(time.perf_counter_ns() - before)
        self.key_frames += bool(key_frame)
        if self._keep:
            self.frames.append(bytes(frame))
        return sealed


class OpenerWitness:
    """Stands in for an opener: notes what it says of each frame.

    Attributes:
        statuses: of each frame, in the order they came.
        taken: nanoseconds of each.
    """

    def __init__(self, opener):
        """Look over the shoulder of an opener."""
        self.opener = opener
        self.statuses = []
        self.taken = array("Q")

    def open(self, sealed):
        """Open, and note it."""
        before = time.perf_counter_ns()
        try:
            opened = self.opener.open(sealed)
        except ff.FrameRejected as rejected:
            self.statuses.append(rejected.status)
            raise
        finally:
            self.taken.append(time.perf_counter_ns() - before)
        self.statuses.append(ff.Status.OK)
        return opened

    @property
    def after_the_first(self):
        """Give the statuses behind the first frame.

        Who joins in the middle may get a first frame whose beginning is
        missing: aiortc does not look whether a packet begins a frame.
        """
        return set(self.statuses[1:])


class Publisher:
    """A member that sends tracks."""

    def __init__(self, tracks):
        """Take the tracks to send."""
        self.connection = connection()
        for track in tracks:
            self.connection.addTrack(track)

    async def offer(self):
        """Give the SDP that offers the tracks."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, answer):
        """Take the SDP that answers."""
        await self.connection.setRemoteDescription(describe("answer", answer))

    async def __aenter__(self):
        """Be in the call."""
        return self

    async def __aexit__(self, *_exc):
        """Hang up."""
        await self.connection.close()


class Subscriber:
    """A member that opens and decodes what it gets.

    Attributes:
        opened: by kind, what opens the receivers' frames.
        receivers: by kind, the receivers.
        numbers: of the decoded pictures, None if one cannot be read.
        times: when each of those came, in seconds of time.perf_counter().
        pitches: of the decoded pieces of sound, in Hz.
        show: called with each decoded picture and its number.
    """

    def __init__(self, openers):
        """Take an opener for each kind of track."""
        self.connection = connection()
        self.opened = {}
        self.receivers = {}
        self.numbers = []
        self.times = []
        self.pitches = []
        self.show = lambda _picture, _number: None
        self._openers = openers
        self._drains = []

    async def answer(self, offer):
        """Take the SDP that offers tracks; give the one that answers."""
        await self.connection.setRemoteDescription(describe("offer", offer))
        for receiver in self.connection.getReceivers():
            kind = receiver.track.kind
            self.receivers[kind] = receiver
            self.opened[kind] = open_receiver(receiver, self._openers[kind])
            self._drains.append(asyncio.ensure_future(self._drain(receiver.track)))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    def decoder_lives(self, kind):
        """Tell whether a receiver's decoder thread still runs."""
        name = "_RTCRtpReceiver__decoder_thread"
        return getattr(self.receivers[kind], name).is_alive()

    async def __aenter__(self):
        """Be in the call."""
        return self

    async def __aexit__(self, *_exc):
        """Hang up."""
        await self.connection.close()
        await asyncio.gather(*self._drains)

    async def _drain(self, track):
        take = self._take_picture if track.kind == "video" else self._take_sound
        with contextlib.suppress(MediaStreamError):
            while True:
                take(await track.recv())

    def _take_picture(self, picture):
        number = numbered.read(picture)
        self.times.append(time.perf_counter())
        self.numbers.append(number)
        self.show(picture, number)

    def _take_sound(self, piece):
        samples = memoryview(bytes(piece.planes[0])).cast("h")
        channels = len(piece.layout.channels)
        wave = samples[: piece.samples * channels : channels]  # the plane is larger
        turns = sum((a < 0) != (b < 0) for a, b in pairwise(wave))
        self.pitches.append(turns / 2 * piece.sample_rate / len(wave))


def connection():
    """Make a peer connection that asks no server where it is."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def describe(kind, sdp):
    """Make an "offer" or an "answer" of an SDP."""
    return RTCSessionDescription(sdp, kind)
