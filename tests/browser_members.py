"""Members of a call that are pages, with the modules of examples/browser."""

from __future__ import annotations

import contextlib

from chromium import Chromium
from sites import Site, folder
from support import ROOT, TESTS


@contextlib.asynccontextmanager
async def page_of_a_member():
    """Have a page with `call`, the functions of tests/pages/call.js."""
    files = folder(ROOT / "examples" / "browser")
    files |= folder(TESTS / "pages", "/test/")
    async with Site(files) as site, Chromium() as browser:
        yield await browser.open(f"{site.url}/test/call.html")


class PagePublisher:
    """A page that publishes, with the face of live_peers.Publisher."""

    def __init__(self, page, **options):
        """Take a page, and what call.js's offer() takes."""
        self._page = page
        self._options = options

    async def offer(self):
        """Give the SDP that offers pictures and a tone."""
        return await self._page.call("call.offer", self._options)

    async def accept(self, answer):
        """Take the SDP that answers."""
        await self._page.call("call.accept", answer)

    async def __aenter__(self):
        """Be in the call."""
        return self

    async def __aexit__(self, *_exc):
        """Publish no more; the page itself is somebody else's to close."""
        await self._page.call("call.stop")


class PageSubscriber:
    """A page that subscribes, with the face of live_peers.Subscriber."""

    def __init__(self, page):
        """Take a page."""
        self._page = page

    async def answer(self, offer):
        """Take the SDP that offers tracks; give the one that answers."""
        return await self._page.call("call.answer", offer)

    async def __aenter__(self):
        """Be in the call."""
        return self

    async def __aexit__(self, *_exc):
        """Leave it to who opened the page to close it."""
