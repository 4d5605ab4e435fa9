"""Calls between a page in Chromium and aiortc, both sealed, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial

import calls
import loopback
import pytest
from chromium import Chromium
from live_peers import connection, describe
from sites import Site, folder
from support import ROOT

pytest.importorskip("aiortc")
pytest.importorskip("numpy")

import av
import numpy as np
from aiortc import RTCRtpSender, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

import fastframe as ff
from fastframe.adapters.aiortc import open_receiver

BROWSER = ROOT / "examples" / "browser"
# All that a page of these modules needs. A worker's own is that of worker.js.
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
HTML = b"""<!doctype html><meta charset="utf-8"><title>a call</title>
<script type="module" src="/page-call.js"></script>
<video autoplay muted playsinline></video><audio autoplay></audio>"""
# As page-call.js paints them: from the top left to the bottom right.
COLOURS = [(200, 30, 30), (30, 180, 30), (30, 30, 200), (200, 200, 30)]
WIDTH, HEIGHT = 320, 240
TOLERANCE = 40  # of 255: the codec, and two ways to turn YUV to RGB
PATIENCE = 60.0
# x264's slice headers reach one bit into what is sealed, where libwebrtc wants a 1
# (for the parameter set 0) and finds the first bit of a key id: from 128 on it is.
KEY_ID = 200
# Browsers take longer than what runs in this process.
until = partial(calls.until, patience=PATIENCE)


def run(test, lacks=(), **given):
    """Run test(page), with a page that is one end of a call; given is its options.

    lacks names files that the server does not have.
    """

    async def whole():
        script = ROOT / "tests" / "peers" / "page-call.js"
        files = {"/": HTML, "/page-call.js": script, **folder(BROWSER)}
        for name in lacks:
            del files["/" + name]
        async with Site(files, HEADERS) as site, Chromium() as browser:
            page = await browser.open(site.url + "/")
            await page.until("'call' in globalThis")
            await page.call("call.begin", given)
            await test(page)
            assert page.errors == []

    loopback.run(whole())


def is_pattern(colours):
    """Tell whether four colours are those that were sent."""
    return colours is not None and all(
        abs(int(has) - meant) <= TOLERANCE
        for found, wanted in zip(colours, COLOURS, strict=True)
        for has, meant in zip(found, wanted, strict=True)
    )


def colours_of(picture):
    """Give the colours in the middle of each quadrant of a decoded picture."""
    pixels = picture.to_ndarray(format="rgb24")
    height, width = pixels.shape[:2]
    return [
        pixels[int(height * y), int(width * x)]
        for y in (0.25, 0.75)
        for x in (0.25, 0.75)
    ]


async def shows_pattern(page):
    """Tell whether the page shows the pattern."""
    return is_pattern(await page.call("call.colours"))


class Pattern(VideoStreamTrack):
    """Yields the pattern as raw pictures, 30 a second."""

    def __init__(self):
        """Paint it once."""
        super().__init__()
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for number, colour in enumerate(COLOURS):
            top, left = number // 2 * HEIGHT // 2, number % 2 * WIDTH // 2
            pixels[top : top + HEIGHT // 2, left : left + WIDTH // 2] = colour
        self._pixels = pixels

    async def recv(self):
        """Give the next picture, with something in the middle that moves."""
        pts, time_base = await self.next_timestamp()
        pixels = self._pixels.copy()
        at = WIDTH // 2 - 20 + pts // 3000 % 40
        pixels[HEIGHT // 2 - 4 : HEIGHT // 2 + 4, at : at + 8] = 255
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture = picture.reformat(format="yuv420p")
        picture.pts, picture.time_base = pts, time_base
        return picture


class Receiver:
    """Python's end of a call that a page sends: opens and decodes.

    Attributes:
        opened: by kind, the OpenedReceiver.
        frames: by kind, what was decoded.
        times: when each picture was.
    """

    def __init__(self, openers):
        """Take an Opener for each kind."""
        self.connection = connection()
        self.openers = openers
        self.opened = {}
        self.frames = {"video": [], "audio": []}
        self.times = []
        self._drains = []

    async def __aenter__(self):
        """Be ready for an offer."""
        self.connection.on("track", self._on_track)
        return self

    async def __aexit__(self, *_exc):
        """Hang up."""
        await self.connection.close()
        await asyncio.gather(*self._drains)

    async def call(self, page, codec="vp8", **given):
        """Have the page send."""
        offer = await page.call("call.send", {"codec": codec, **given})
        await self.connection.setRemoteDescription(describe("offer", offer))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        await page.call("call.accept", self.connection.localDescription.sdp)

    def has(self, pictures, sounds=0):
        """Tell whether so many were decoded."""
        frames = self.frames
        return len(frames["video"]) >= pictures and len(frames["audio"]) >= sounds

    def _on_track(self, track):
        receiver = next(
            one for one in self.connection.getReceivers() if one.track is track
        )
        self.opened[track.kind] = open_receiver(receiver, self.openers[track.kind])
        self._drains.append(asyncio.ensure_future(self._drain(track)))

    async def _drain(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                self.frames[track.kind].append(await track.recv())
                if track.kind == "video":
                    self.times.append(time.monotonic())


@contextlib.asynccontextmanager
async def sending(page, tracks, codec="vp8"):
    """Call a page with tracks that are sealed already."""
    sender = connection()
    for track in tracks:
        sender.addTrack(track)
    for transceiver in sender.getTransceivers():
        if transceiver.kind == "video":
            has = RTCRtpSender.getCapabilities("video").codecs
            wanted = [one for one in has if one.mimeType == calls.MIMES[codec]]
            transceiver.setCodecPreferences(wanted)
    await sender.setLocalDescription(await sender.createOffer())
    answer = await page.call("call.receive", sender.localDescription.sdp)
    await sender.setRemoteDescription(describe("answer", answer))
    try:
        yield sender
    finally:
        await sender.close()
        for track in tracks:
            track.stop()


def openers(name, keys, codec="vp8"):
    """Give an Opener for each kind of track."""
    return {
        "video": ff.Opener(name, dict(keys), codec=codec),
        "audio": ff.Opener(name, dict(keys)),
    }
