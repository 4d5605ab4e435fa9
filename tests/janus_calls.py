"""Calls through a live Janus: a room, and the members in it."""

from __future__ import annotations

import contextlib

from janus_room import Session, VideoRoom
from janus_server import JanusServer


class JanusCall:
    """A room on a Janus of its own; an asynchronous context manager.

    Attributes:
        server: the Janus.
        room: its VideoRoom.
        feed: who published last.
    """

    def __init__(self, folder):
        """Take a folder for the server's files."""
        self.server = JanusServer(folder)
        self.feed = None
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self):
        """Start the server and make the room."""
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(self.server)
            session = await stack.enter_async_context(Session(self.server.url))
            self.room = VideoRoom(session)
            await self.room.create()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *exc):
        """Have the members hang up, and stop the server."""
        await self._stack.__aexit__(*exc)

    async def publish(self, publisher):
        """Have a member publish, and wait until media flows; give its handle."""
        await self._stack.enter_async_context(publisher)
        handle, self.feed, answer = await self.room.publish(await publisher.offer())
        await publisher.accept(answer)
        await handle.until("webrtcup")
        return handle

    async def subscribe(self, subscriber, **options):
        """Have a member subscribe to who published last."""
        await self._stack.enter_async_context(subscriber)
        handle, offer = await self.room.subscribe(self.feed, **options)
        await self.room.start(handle, await subscriber.answer(offer))
        return handle
