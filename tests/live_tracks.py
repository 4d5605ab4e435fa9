"""Tracks at the pace of a real call: numbered pictures, and a tone."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numbered
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from clips import SAMPLES, SOUND_RATE, sound


class PacedTrack(MediaStreamTrack):
    """Gives frame after frame when each is due.

    Attributes:
        times: when each was given, in seconds of time.perf_counter().
    """

    def __init__(self, kind, rate, make):
        """Take how many frames a second, and what makes one of its number."""
        super().__init__()
        self.kind = kind
        self.times = []
        self.before = lambda _number: None
        self._rate = rate
        self._make = make
        self._begin = None

    async def recv(self):
        """Give the next frame; before() is called with its number first."""
        number = len(self.times)
        now = time.perf_counter()
        if self._begin is None:
            self._begin = now
        await asyncio.sleep(max(0.0, self._begin + number / self._rate - now))
        if self.readyState != "live":
            raise MediaStreamError
        self.before(number)
        frame = self._make(number)
        self.times.append(time.perf_counter())
        return frame


def pictures(rate=30, width=numbered.WIDTH, height=numbered.HEIGHT):
    """Give a track of numbered pictures."""
    return PacedTrack(
        "video", rate, lambda number: numbered.draw(number, rate, width, height)
    )


def tone():
    """Give a track of sound."""
    return PacedTrack("audio", SOUND_RATE / SAMPLES, sound)


def encoded_pictures(count, gop, rate=30):
    """Give a track of pictures that were encoded before, over and over.

    A sender of packets cannot make a key frame when it is asked for one.
    """
    context = av.CodecContext.create("libvpx", "w")
    context.width, context.height = numbered.WIDTH, numbered.HEIGHT
    context.pix_fmt, context.gop_size = "yuv420p", gop
    context.time_base, context.framerate = Fraction(1, rate), rate
    context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    made = [p for n in range(count) for p in context.encode(numbered.draw(n, rate))]
    assert len(made) == count

    def give(number):
        packet = av.Packet(bytes(made[number % count]))
        packet.pts = packet.dts = number
        packet.time_base = Fraction(1, rate)
        packet.is_keyframe = made[number % count].is_keyframe
        return packet

    return PacedTrack("video", rate, give)
