"""The consultation: servers, pages, recorder and attacker, from first to last."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from attacker import Loot, count, needles_of, watch
from chromium import Chromium, Page
from janus_room import ROOM, Session, VideoRoom
from janus_server import JanusServer
from process_memory import read_memory
from recorder import Recorder
from sites import Site, folder

from fastframe.keys import protocol
from fastframe.keys.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("doctor", "patient")
PATIENCE = 60.0  # seconds until something that does not come has failed
STRANGER_SECONDS, CALL_SECONDS = 2.0, 6.0
_GLANCE = 0.1

Statuses = dict[str, dict[str, int]]  # name → status → frames


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the call.

    Attributes:
        stranger: what the recorder made of frames while nobody knew its key.
        member: the same at the end of the call.
        loot: what the SFU's recordings of each member gave.
        plain_in_memory: how often opened frames stood in the SFU's memory.
        sealed_in_memory: the same for sealed frames: the search does find.
        recordings: the recorder's files, by name.
    """

    stranger: Statuses
    member: Statuses
    loot: dict[str, Loot]
    plain_in_memory: int
    sealed_in_memory: int
    recordings: dict[str, Path]


class Consultation:
    """A doctor and a patient in two pages, and what there is around them."""

    def __init__(
        self, modules: Path, out: Path, say: Callable[[str], object] = print
    ) -> None:
        """Take the folder of the pages' modules, one to write to, and who is told."""
        self._modules = modules
        self._out = out
        self._say = say
        self._pages: dict[str, Page] = {}
        self._keys: dict[str, bytes] = {}
        self._stack = contextlib.AsyncExitStack()

    async def hold(self, seconds: float = CALL_SECONDS) -> Outcome:
        """Hold it: the servers begin, and end, with it."""
        async with self._stack:
            await self._open_servers()
            await self._open_pages()
            self._say("The doctor and the patient let each other in.")
            await self._let_in("doctor", self._keys["patient"])
            await self._let_in("patient", self._keys["doctor"])
            await asyncio.gather(*(self._until_seen(name) for name in NAMES))
            self._say("A recorder comes. Nobody knows its key.")
            async with self._recorder() as recorder:
                await self._subscribe(recorder)
                await asyncio.sleep(STRANGER_SECONDS)
                stranger = self._statuses(recorder)
                self._say("They let it in.")
                for name in NAMES:
                    await self._let_in(name, recorder.public_key)
                await _until(lambda: self._opens(recorder))
                self._say(
                    "Somebody with root records on the SFU, and reads its memory."
                )
                await self._room.record_all(is_on=True)
                await asyncio.sleep(seconds)
                feeds = await self._room.publishers()
                memory = read_memory(self._server.pid)
                member = self._statuses(recorder)
                await self._photograph()
            await self._room.record_all(is_on=False)
            recordings = {name: recorder.files[self._keys[name]] for name in NAMES}
            loot = {_name(display): self._loot(feed) for feed, display in feeds.items()}
            plain = [each for path in recordings.values() for each in needles_of(path)]
            sealed = [each for one in loot.values() for each in one.needles]
            return Outcome(
                stranger=stranger,
                member=member,
                loot=loot,
                plain_in_memory=count(memory, plain),
                sealed_in_memory=count(memory, sealed),
                recordings=recordings,
            )

    # -- who is in it --

    async def _open_servers(self) -> None:
        self._server = self._stack.enter_context(JanusServer(self._out))
        self._session = await self._stack.enter_async_context(Session(self._server.url))
        self._room = VideoRoom(self._session)
        loot = str(self._server.recordings)
        await self._room.create(rec_dir=loot, bitrate=1_000_000)
        self._relay = await self._stack.enter_async_context(Relay())
        examples = self._modules.parent
        files = {}
        for each in ("browser", self._modules.name):
            files |= folder(examples / each, at=f"/{each}/")
        self._site = await self._stack.enter_async_context(Site(files))

    async def _open_pages(self) -> None:
        relay = self._relay_url
        for name in NAMES:
            browser = await self._stack.enter_async_context(Chromium())
            where = {"room": ROOM, "relay": relay, "janus": self._server.url}
            query = urlencode({"name": name, **where})
            path = f"/{self._modules.name}/member.html"
            page = await browser.open(f"{self._site.url}{path}?{query}")
            await page.until("document.body.dataset.state === 'in the call'")
            own = await page.eval("document.getElementById('own').textContent")
            self._pages[name] = page
            self._keys[name] = protocol.from_text(own, "key", protocol.KEY_MAX)

    def _recorder(self) -> Recorder:
        # It records whoever is here; they decide whether it can.
        known = frozenset(self._keys.values())
        room = f"consultation {ROOM}"
        return Recorder(self._relay_url, room, known.__contains__, self._out)

    async def _subscribe(self, recorder: Recorder) -> None:
        for feed, display in (await self._room.publishers()).items():
            sender = protocol.from_text(display.split(" ")[1], "key", protocol.KEY_MAX)
            handle, offer = await self._room.subscribe(feed)
            answer = await recorder.answer(offer, sender)
            await self._room.start(handle, answer)

    def _loot(self, feed: int) -> Loot:
        """Take what was recorded of a publisher's pictures."""
        (path,) = self._server.recordings.glob(f"*-user-{feed}-*video*.mjr")
        return watch(path)

    # -- what they do --

    async def _let_in(self, name: str, key: bytes) -> None:
        """Have somebody let a key in, by the form that its page has for it."""
        await self._pages[name].call(
            """(text) => {
              const form = document.getElementById('let-in');
              form.elements.key.value = text;
              form.requestSubmit();
            }""",
            protocol.to_text(key),
        )

    async def _until_seen(self, name: str) -> None:
        """Wait until somebody sees the other one move."""
        (other,) = (each for each in NAMES if each != name)
        video = f"document.querySelector('figure[data-whose={other}] video')"
        await self._pages[name].until(f"{video}?.currentTime > 1", PATIENCE)

    async def _photograph(self) -> None:
        for name, page in self._pages.items():
            (self._out / f"{name}.png").write_bytes(await page.screenshot())

    def _statuses(self, recorder: Recorder) -> Statuses:
        return {name: dict(recorder.statuses(self._keys[name])) for name in NAMES}

    def _opens(self, recorder: Recorder) -> bool:
        return all(
            counts.get("OK", 0) > 0 for counts in self._statuses(recorder).values()
        )

    @property
    def _relay_url(self) -> str:
        return f"ws://127.0.0.1:{self._relay.port}/"


def _name(display: str) -> str:
    """Take the name out of what a page shows: name, blank, public key."""
    return display.split(" ", maxsplit=1)[0]


async def _until(is_so: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / _GLANCE)):
        if is_so():
            return
        await asyncio.sleep(_GLANCE)
    raise TimeoutError
