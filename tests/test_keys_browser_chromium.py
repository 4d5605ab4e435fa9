"""A page in a real Chromium, over a real relay, among Python's clients."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from relays import ROOM, Person, run, until, until_keyed, url_of
from support import ROOT

from fastframe.keys import protocol
from fastframe.keys.relay import Relay

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
# No package of Python's or Node's brings it, so that even CI may lack it.
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
HEADER_END = b"\r\n\r\n"
PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { toText } from '/bytes.js';
import { Identity } from '/identity.js';
import { KeyManager } from '/key-manager.js';
import { Relay } from '/relay.js';

const [url, room] = %s;
let told = Promise.resolve();
const say = (line) => {
  const body = JSON.stringify(line);
  told = told.then(() => fetch('/told', { method: 'POST', body }));
};
window.onerror = (message) => say({ error: message });
window.onunhandledrejection = ({ reason }) => say({ error: String(reason) });
const spell = ({ sender, key, keyId }) => ({
  sender: sender && toText(sender), key: key && toText(key), keyId,
});
const identity = await Identity.generate();
const relay = new Relay({ url, room, identity });
const manager = new KeyManager({
  identity,
  room,
  trust: () => true,
  send: (to, message) => relay.send(to, message),
  useKey: (what) => say({ use: spell(what) }),
  addKey: (what) => say({ add: spell(what) }),
  retireKey: (what) => say({ retire: spell(what) }),
});
say({ publicKey: toText(identity.publicKey) });
relay.connect(manager, new AbortController().signal);
</script>"""


def read(text):
    """Read bytes as the page spells them."""
    return protocol.from_text(text, "bytes", protocol.KEY_MAX)


class Page:
    """A page that posts its keys to the server it came from."""

    def __init__(self, url):
        """Be a page that joins by this relay."""
        self._html = PAGE % json.dumps([url, ROOM])
        self.public_key = None
        self.own = None
        self.keys = {}
        self.errors = []

    opens = Person.opens

    @contextlib.asynccontextmanager
    async def opened(self, home):
        """Serve it, and have a browser look at it; home is its profile's."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        browser = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={home}",
            f"http://127.0.0.1:{port}/",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # so that its helpers end with it
        )
        try:
            yield self
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)
            await browser.wait()
            server.close()

    async def _serve(self, reader, writer):
        """Answer one request: the page, a module, or what the page tells."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(HEADER_END)).decode()
            path = head.split(" ", 2)[1]
            body, kind = b"", "text/plain"
            if path == "/told":
                length = next(
                    int(line.split(":")[1])
                    for line in head.lower().splitlines()
                    if line.startswith("content-length")
                )
                self._note(json.loads(await reader.readexactly(length)))
            elif path == "/":
                body, kind = self._html.encode(), "text/html"
            else:
                file = ROOT / "examples" / "browser" / Path(path).name
                body = file.read_bytes() if file.is_file() else b""
                kind = "text/javascript"
            answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
            answer += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(answer.encode() + body)
            await writer.drain()
        writer.close()

    def _note(self, line):
        [(what, told)] = line.items()
        if what == "publicKey":
            self.public_key = read(told)
        elif what == "error":
            self.errors.append(told)
        elif what == "use":
            self.own = told["keyId"], read(told["key"])
        else:
            theirs = self.keys.setdefault(read(told["sender"]), {})
            theirs.pop(told["keyId"], None)
            if what == "add":
                theirs[told["keyId"]] = read(told["key"])


def test_chromium_and_clients_share_a_room_over_a_relay(tmp_path):
    """All hear all; a newcomer and a leaver make the page change its key."""

    async def test():
        async with contextlib.AsyncExitStack() as stack:
            relay = await stack.enter_async_context(Relay())
            page = Page(url_of(relay))
            await stack.enter_async_context(page.opened(tmp_path))
            one = await stack.enter_async_context(Person(url_of(relay)))
            await until(lambda: page.public_key is not None or page.errors)
            assert page.errors == []
            await until_keyed([page, one])
            before = page.own
            async with Person(url_of(relay)) as other:
                await until_keyed([page, one, other])
                assert before[1] not in other.seen
            await until(lambda: not other.opens(page))
            await until_keyed([page, one])
            assert page.errors == []

    run(test())
