"""A page in a real Chromium, over a real relay, among Python's clients."""

import contextlib
import json

from chromium import Chromium
from relays import ROOM, Person, run, until, until_keyed, url_of
from sites import Site, folder
from support import ROOT

from fastframe.keys import protocol
from fastframe.keys.relay import Relay

PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
import { toText } from '/bytes.js';
import { Identity } from '/identity.js';
import { KeyManager } from '/key-manager.js';
import { Relay } from '/relay.js';

const [url, room] = %s;
const say = (line) => console.log(JSON.stringify(line));
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
    """A page that says its keys on its console."""

    def __init__(self, url):
        """Be a page that joins by this relay."""
        self._html = PAGE % json.dumps([url, ROOM])
        self.public_key = None
        self.own = None
        self.keys = {}
        self.errors = []

    opens = Person.opens

    @contextlib.asynccontextmanager
    async def opened(self):
        """Serve it, and have a browser look at it."""
        files = {"/": self._html.encode(), **folder(ROOT / "examples" / "browser")}
        async with Site(files) as site, Chromium() as browser:
            page = await browser.open(site.url + "/", hear=self._note)
            self.errors = page.errors
            yield self

    def _note(self, line):
        [(what, told)] = json.loads(line).items()
        if what == "publicKey":
            self.public_key = read(told)
        elif what == "use":
            self.own = told["keyId"], read(told["key"])
        else:
            theirs = self.keys.setdefault(read(told["sender"]), {})
            theirs.pop(told["keyId"], None)
            if what == "add":
                theirs[told["keyId"]] = read(told["key"])


def test_chromium_and_clients_share_a_room_over_a_relay():
    """All hear all; a newcomer and a leaver make the page change its key."""

    async def test():
        async with contextlib.AsyncExitStack() as stack:
            relay = await stack.enter_async_context(Relay())
            page = Page(url_of(relay))
            await stack.enter_async_context(page.opened())
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
