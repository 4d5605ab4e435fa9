"""Drive a headless Chromium over a pipe, by its DevTools protocol.

Nothing is needed but the browser, and no port: it ends when the pipe does.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

from loopback import TIED
from peers.node import miss

# Debian's own wrapper comes last: it prints and changes flags.
BINARIES = ("/usr/lib/chromium/chromium", "google-chrome", "chromium")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it refuses to be root's otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--mute-audio",
    # A page that nobody looks at runs as fast as one that somebody does.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    # Names in place of addresses would need a network that resolves them.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--allow-loopback-in-peer-connection",
)
# It reads 3 and writes 4, while asyncio offers what begins as 0 and 1.
PLUMBING = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
PATIENCE = 60  # seconds for one answer
GLANCE = 0.02
MESSAGE_MAX = 1 << 28
END = b"\0"


class BrowserError(Exception):
    """The browser ended, refused, or the page's script threw."""


def need_chromium():
    """Miss the test unless a Chromium is here; give its path."""
    found = next(filter(None, map(shutil.which, BINARIES)), None)
    return found or miss("Chromium is not installed")


class Chromium:
    """A browser of its own profile, in an async with."""

    def __init__(self, *flags):
        """Take flags beyond FLAGS."""
        self._flags = flags
        self._count = 0
        self._waiting = {}
        self._pages = {}  # a session's id → the Page it is about
        self._home = None
        self._process = None
        self._reading = None

    async def __aenter__(self):
        """Start it."""
        binary = need_chromium()
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [binary, *FLAGS, f"--user-data-dir={self._home.name}", *self._flags]
        tied = TIED if shutil.which(TIED[0]) else ()
        with self._said.open("wb") as said:
            self._process = await asyncio.create_subprocess_exec(
                *("sh", "-c", PLUMBING, "sh", *tied),
                *(*command, "--remote-debugging-pipe", "about:blank"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                limit=MESSAGE_MAX,
                start_new_session=True,  # so that its helpers end with it
            )
        self._reading = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_exc):
        """End it, by force if it hangs."""
        with contextlib.suppress(BrowserError, asyncio.TimeoutError):
            await asyncio.wait_for(self.ask("Browser.close"), 5)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reading
        self._process.stdin.close()
        self._home.cleanup()

    async def ask(self, method, session=None, **params):
        """Send a command; give its result."""
        self._count += 1
        answer = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        message = {"id": self._count, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        if self._reading.done():
            raise BrowserError(self._last_words())
        self._process.stdin.write(json.dumps(message).encode() + END)
        told = await asyncio.wait_for(answer, PATIENCE)
        if "error" in told:
            raise BrowserError(f"{method}: {told['error']['message']}")
        return told["result"]

    async def open(self, url, hear=None):
        """Open a page and wait until it is loaded; give the Page.

        hear(line) is called with each line that it writes to its console.
        """
        target = await self.ask("Target.createTarget", url="about:blank")
        target_id = target["targetId"]
        attached = await self.ask(
            "Target.attachToTarget", targetId=target_id, flatten=True
        )
        page = Page(self, attached["sessionId"], hear)
        self._pages[page.session] = page
        await page.go(url)
        return page

    @property
    def _said(self):
        return Path(self._home.name, "stderr.txt")

    def _last_words(self):
        words = self._said.read_text(errors="replace")[-1000:]
        return f"the browser has ended:\n{words}"

    async def _read(self):
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    message = await self._process.stdout.readuntil(END)
                    self._take(json.loads(message[: -len(END)]))
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_result({"error": {"message": self._last_words()}})

    def _take(self, message):
        if "id" in message:
            answer = self._waiting.pop(message["id"])
            if not answer.done():
                answer.set_result(message)
        elif message.get("sessionId") in self._pages:
            page = self._pages[message["sessionId"]]
            page.take(message["method"], message["params"])

    async def adopt(self, session, page):
        """Listen to a worker, and take what it says as said by its page."""
        self._pages[session] = page
        # It may have ended by now, with nothing to say.
        with contextlib.suppress(BrowserError):
            await self.ask("Runtime.enable", session)


class Page:
    """A page that was opened, and its workers.

    Attributes:
        lines: what it wrote to its console.
        errors: what it threw and nobody caught, and what the browser complains
            of, such as a breach of its Content-Security-Policy.
    """

    def __init__(self, browser, session, hear=None):
        """Be the page of a session; see Chromium.open()."""
        self.session = session
        self.lines = []
        self.errors = []
        self._browser = browser
        self._hear = hear
        self._loaded = asyncio.Event()
        self._adoptions = []  # a task nobody holds may be dropped

    async def ask(self, method, **params):
        """Send a command about this page."""
        return await self._browser.ask(method, self.session, **params)

    async def go(self, url):
        """Go there and wait until the page is loaded, its modules included."""
        for domain in ("Runtime", "Page", "Log"):
            await self.ask(f"{domain}.enable")
        follow = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}
        await self.ask("Target.setAutoAttach", **follow)
        self._loaded.clear()
        told = await self.ask("Page.navigate", url=url)
        if "errorText" in told:
            raise BrowserError(f"{url}: {told['errorText']}")
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def eval(self, script):
        """Evaluate an expression, await it; give its value, which JSON can say."""
        told = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            raise BrowserError(_spell(told["exceptionDetails"]))
        return told["result"].get("value")

    async def call(self, function, *values):
        """Call a function, given by its source or its name; as eval()."""
        return await self.eval(f"({function})(...{json.dumps(values)})")

    async def until(self, script, patience=PATIENCE):
        """Wait until an expression is true in Python, too; give its value."""
        value = None
        with contextlib.suppress(asyncio.TimeoutError):
            value = await asyncio.wait_for(self._until(script), patience)
        if not value:
            said = "\n".join([*self.lines[-5:], *self.errors[-5:]])
            raise BrowserError(f"never came true in {patience} s: {script}\n{said}")
        return value

    async def _until(self, script):
        while not (value := await self.eval(script)):  # noqa: ASYNC110 - a page has no event
            await asyncio.sleep(GLANCE)
        return value

    async def screenshot(self, **options):
        """Give the page as it looks, as PNG."""
        told = await self.ask("Page.captureScreenshot", format="png", **options)
        return base64.b64decode(told["data"])

    def take(self, event, params):
        """Hear what the browser tells of this page."""
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Runtime.consoleAPICalled":
            spoken = (
                one.get("value", one.get("description")) for one in params["args"]
            )
            self.lines.append(" ".join(map(str, spoken)))
            if self._hear is not None:
                self._hear(self.lines[-1])
        elif event == "Runtime.exceptionThrown":
            self.errors.append(_spell(params["exceptionDetails"]))
        elif event == "Log.entryAdded":
            if params["entry"]["level"] == "error":
                self.errors.append(params["entry"]["text"])
        elif event == "Target.attachedToTarget":
            adoption = self._browser.adopt(params["sessionId"], self)
            self._adoptions.append(asyncio.ensure_future(adoption))


def _spell(details):
    thrown = details.get("exception", {})
    return thrown.get("description") or str(thrown.get("value", details["text"]))
