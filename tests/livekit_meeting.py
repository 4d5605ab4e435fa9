"""A page in a Room of livekit-client, in Chromium, and Python in that room with it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from calls import LiveTrack
from chromium import Chromium
from livekit_server import LivekitServer
from loopback import ADDRESS
from peers.node import HERE, MODULES
from sites import Site

from fastframe.adapters.aiortc import OpenedReceiver, on_encoded, open_receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import MediaStreamTrack

    import fastframe as ff

PACKAGE = MODULES / "livekit-client" / "dist"
FILES = [
    HERE / "livekit-room.mjs",
    PACKAGE / "livekit-client.esm.mjs",
    PACKAGE / "livekit-client.e2ee.worker.mjs",
]
PAGE = b"""<!doctype html><meta charset="utf-8"><body>
<script type="module" src="/livekit-room.mjs"></script>"""
PAGES = {"/": PAGE}
WIDTH, HEIGHT = 320, 240
PATIENCE = 30.0  # seconds that a call may take until a test gives up
GLANCE = 0.05
NEAR = 40  # of 255: what codecs and conversions may do to a colour
HERTZ = 30  # what a tone may be off

Colour = tuple[int, int, int]


class Meeting:
    """One page and one server, which is Python's participant as well.

    Attributes:
        page: call() its functions, those of peers/livekit-room.mjs.
        decoded: by kind, what Python decoded of what the page sends.
        opened: by kind, the receivers, once open_with() was called.
        mimes: the codecs of what went on to its decoders.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self.server = LivekitServer(ADDRESS)
        self.server.publisher.on("track", self._decode)
        self.decoded: dict[str, list[Any]] = {"video": [], "audio": []}
        self.opened: dict[str, OpenedReceiver] = {}
        self.mimes: set[str] = set()
        self.page: Any = None
        self._drains: list[asyncio.Future[None]] = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Meeting:
        """Start browser and server, and load the page."""
        async with contextlib.AsyncExitStack() as stack:
            enter = stack.enter_async_context
            await enter(self.server)
            site = await enter(Site({f"/{file.name}": file for file in FILES} | PAGES))
            browser = await enter(Chromium())
            self.page = await browser.open(site.url + "/")
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """End browser and server."""
        await self._stack.__aexit__(*exc)
        await asyncio.gather(*self._drains)

    async def join(
        self, shared: str | bytes = "", *, connections: int = 1, **options: int
    ) -> None:
        """Have the page join the room, by one peer connection or by two.

        shared is the key of all, a passphrase or bytes. Without it each member
        has keys of its own; options are then those of the page's key provider.
        """
        key = shared if isinstance(shared, str) else list(shared)
        await self.page.call("join", self.server.url, key, options, connections == 1)

    def open_with(self, **openers: ff.Opener) -> None:
        """Open what the page will send, by kind."""

        def start(track: MediaStreamTrack) -> None:
            all_receivers = self.server.publisher.getReceivers()
            receiver = next(one for one in all_receivers if one.track is track)
            self.opened[track.kind] = open_receiver(receiver, openers[track.kind])
            on_encoded(receiver, lambda frame: self.mimes.add(frame.mime_type))

        self.server.publisher.on("track", start)

    def _decode(self, track: MediaStreamTrack) -> None:
        self._drains.append(asyncio.ensure_future(self._drain(track)))

    async def _drain(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                self.decoded[track.kind].append(await track.recv())

    async def until(self, is_done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until is_done(what the page sees) holds; give what it sees then."""
        seen: dict[str, Any] = {}
        for _ in range(int(PATIENCE / GLANCE)):
            seen = await self.page.call("look")
            if is_done(seen):
                return seen
            await asyncio.sleep(GLANCE)
        said = "\n".join([*self.page.lines[-5:], *self.page.errors])
        pytest.fail(f"not in {PATIENCE:g} s: {seen}, {self.opened}\n{said}")

    def has_opened(self, count: int, *kinds: str) -> bool:
        """Tell whether so many frames of these kinds were opened."""
        return all(k in self.opened and self.opened[k].tally.ok >= count for k in kinds)


class Halves(LiveTrack):
    """Yields pictures of two halves, with a dot that moves as time goes by."""

    def __init__(self, left: Colour, right: Colour) -> None:
        """Take the colours of the halves."""
        super().__init__("video", pause=0.03)
        self._halves = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        self._halves[:, : WIDTH // 2] = left
        self._halves[:, WIDTH // 2 :] = right

    async def recv(self) -> av.VideoFrame:
        """Give the next picture."""
        timed = await super().recv()
        pixels = self._halves.copy()
        at = 2 * self.sent % WIDTH
        pixels[:16, at : at + 16] = 255
        picture = av.VideoFrame.from_ndarray(pixels).reformat(format="yuv420p")
        picture.pts, picture.time_base = timed.pts, timed.time_base
        return picture


def colours_of(picture: av.VideoFrame) -> list[list[int]]:
    """Give the colours in the middle of both halves."""
    pixels = picture.to_ndarray(format="rgb24")
    row = pixels[picture.height // 2]
    return [row[picture.width * at // 4].tolist() for at in (1, 3)]


def are_near(found: list[list[int]] | None, wanted: list[Colour]) -> bool:
    """Tell whether colours are as good as the same; None is no picture at all."""
    return found is not None and int(np.abs(np.subtract(found, wanted)).max()) <= NEAR


def loudest(sounds: list[av.AudioFrame]) -> float:
    """Give the loudest frequency of decoded sound, in hertz; 0 in silence."""
    wave = np.concatenate([s.to_ndarray().reshape(-1, 2)[:, 0] for s in sounds])
    levels = np.abs(np.fft.rfft(wave))
    top = int(levels.argmax())
    return top * sounds[0].sample_rate / len(wave) if levels[top] else 0.0
