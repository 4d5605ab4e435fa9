"""A client of Janus's websockets, and of its VideoRoom, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
from itertools import count

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 20.0  # seconds that an answer may take
_KEEPALIVE = 20.0  # Janus forgets a session after 60
ROOM = 1


class JanusRefused(Exception):
    """Janus, or a plugin of its, has answered with an error."""


class Handle:
    """Somebody in a plugin: one peer connection, and what is said about it."""

    def __init__(self, session, number):
        """Be a handle that session has attached."""
        self.number = number
        self._session = session
        self._events = set()
        self._news = asyncio.Condition()

    async def ask(self, body, jsep=None):
        """Send a message; give the plugin's answer and its SDP (or None)."""
        more = {"jsep": jsep} if jsep else {}
        message = {"handle_id": self.number, "body": body, **more}
        answer = await self._session.request("message", **message)
        data = answer["plugindata"]["data"]
        if "error" in data:
            raise JanusRefused(data["error"])
        return data, answer.get("jsep")

    async def until(self, event):
        """Wait for an event, such as "webrtcup": media can flow."""
        async with self._news:
            is_there = self._news.wait_for(lambda: event in self._events)
            await asyncio.wait_for(is_there, PATIENCE)

    async def note(self, event):
        """Take what Janus tells of this handle."""
        async with self._news:
            self._events.add(event)
            self._news.notify_all()


class Session:
    """A connection to Janus; an asynchronous context manager."""

    def __init__(self, url):
        """Be a session with the Janus at url."""
        self._url = url
        self._waiting = {}
        self._handles = {}
        self._numbers = count(1)
        self._number = None
        self._tasks = []

    async def __aenter__(self):
        """Connect and begin."""
        protocol = "janus-protocol"
        self._socket = await connect(self._url, subprotocols=[protocol], proxy=None)
        self._tasks = [
            asyncio.ensure_future(work()) for work in (self._listen, self._stay)
        ]
        self._number = (await self.request("create"))["data"]["id"]
        return self

    async def __aexit__(self, *_exc):
        """End the session, and with it all its handles."""
        with contextlib.suppress(JanusRefused, ConnectionClosed, TimeoutError):
            await self.request("destroy")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def attach(self, plugin):
        """Enter a plugin by its short name."""
        answer = await self.request("attach", plugin=f"janus.plugin.{plugin}")
        handle = Handle(self, answer["data"]["id"])
        self._handles[handle.number] = handle
        return handle

    async def request(self, kind, **fields):
        """Send a request; give what answers it, past mere acknowledgement."""
        name = f"t{next(self._numbers)}"
        where = {} if self._number is None else {"session_id": self._number}
        message = {"janus": kind, "transaction": name, **where, **fields}
        answer = self._waiting[name] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(json.dumps(message))
            said = await asyncio.wait_for(answer, PATIENCE)
        finally:
            del self._waiting[name]
        if said["janus"] == "error":
            raise JanusRefused(said["error"]["reason"])
        return said

    # -- inside --

    async def _listen(self):
        async for text in self._socket:
            said = json.loads(text)
            if said["janus"] == "ack":  # the answer itself follows
                continue
            answer = self._waiting.get(said.get("transaction"))
            if answer is not None and not answer.done():
                answer.set_result(said)
            elif said.get("sender") in self._handles:
                await self._handles[said["sender"]].note(said["janus"])

    async def _stay(self):
        for number in count():
            await asyncio.sleep(_KEEPALIVE)
            beat = {"janus": "keepalive", "transaction": f"k{number}"}
            await self._socket.send(json.dumps({**beat, "session_id": self._number}))


class VideoRoom:
    """The VideoRoom with one room, in which members publish and subscribe."""

    def __init__(self, session):
        """Use a session; see create()."""
        self._session = session

    async def create(self, **options):
        """Make the room; options are those of the plugin."""
        handle = await self._session.attach("videoroom")
        room = {"request": "create", "room": ROOM, "publishers": 6, **options}
        await handle.ask({"videocodec": "vp8", "audiocodec": "opus", **room})

    async def publish(self, offer):
        """Publish what an SDP offers, sealed; give handle, feed and the answer."""
        handle = await self._session.attach("videoroom")
        body = {"request": "join", "room": ROOM, "ptype": "publisher"}
        joined, _ = await handle.ask(body)
        jsep = {"type": "offer", "sdp": offer, "e2ee": True}
        _, answer = await handle.ask({"request": "publish"}, jsep)
        return handle, joined["id"], answer["sdp"]

    async def subscribe(self, feed, **options):
        """Ask for a feed; give the handle and the offer that start() answers."""
        handle = await self._session.attach("videoroom")
        stream = {"feed": feed, **options}
        body = {"request": "join", "room": ROOM, "ptype": "subscriber"}
        _, offer = await handle.ask({**body, "streams": [stream]})
        return handle, offer["sdp"]

    async def publishers(self):
        """Give the names that publishers have given themselves, by feed."""
        handle = await self._session.attach("videoroom")
        told, _ = await handle.ask({"request": "listparticipants", "room": ROOM})
        everybody = told["participants"]
        return {one["id"]: one["display"] for one in everybody if one["publisher"]}

    async def record_all(self, *, is_on):
        """Begin or stop recording all publishers, as whoever runs it can."""
        handle = await self._session.attach("videoroom")
        body = {"request": "enable_recording", "room": ROOM, "record": is_on}
        await handle.ask(body)

    @staticmethod
    async def start(handle, answer):
        """Have media flow to a subscriber."""
        jsep = {"type": "answer", "sdp": answer}
        await handle.ask({"request": "start"}, jsep)

    @staticmethod
    async def record(handle, stem):
        """Record a publisher's tracks from now on, in files that begin with stem.

        Janus marks them as sealed if it knew when recording began.
        """
        body = {"request": "configure", "record": True, "filename": str(stem)}
        await handle.ask(body)

    @staticmethod
    async def stop_recording(handle):
        """Close the files of a publisher's recording."""
        await handle.ask({"request": "configure", "record": False})
