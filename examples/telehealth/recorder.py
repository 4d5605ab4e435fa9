"""A recorder that takes part in a sealed call: it opens what its key lets it open."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole

from fastframe.adapters.aiortc import EncodedFrame, on_encoded, open_receiver
from fastframe.keys import Identity, Room, RoomMedia, Track
from fastframe.keys.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiortc import MediaStreamTrack, RTCRtpReceiver

    from fastframe.adapters.aiortc import OpenedReceiver

# What the pages seal with: see ../browser/.
TRACKS = {
    "video": Track(codec="vp8"),
    "audio": Track(codec="opus", has_key_frames=False),
}


class Recorder:
    """A member of a room that only listens, and writes a WebM file per sender.

    An asynchronous context manager: in it, it is in the room.

    Attributes:
        public_key: what the others let it in by.
        received: what is opened, by sender and kind.
        files: what is written, by sender.
    """

    def __init__(
        self, relay: str, room: str, trust: Callable[[bytes], bool], folder: Path
    ) -> None:
        """Take the relay's address, the room's name, whom to trust, and a folder."""
        identity = Identity.generate()
        self.public_key = identity.public_key
        self.received: dict[tuple[bytes, str], OpenedReceiver] = {}
        self.files: dict[bytes, Path] = {}
        self._folder = folder
        self._room = Room(identity, room, trust=trust)
        self._media = RoomMedia(self._room, TRACKS)
        self._client = Client(relay, identity, self._room)
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Recorder:
        """Join the room by its relay."""
        await self._stack.enter_async_context(self._client)
        task = asyncio.create_task(self._follow_keys())
        self._stack.push_async_callback(_end, task)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Hang up, close the files, leave the room and let go of its keys."""
        await self._stack.aclose()
        self._media.close(self._client.now())

    async def answer(self, offer: str, sender: bytes) -> str:
        """Take an SFU's offer of a sender's media; give the answer."""
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        path = self._folder / f"recorded-{len(self.files)}.webm"
        self.files[sender] = path
        file = _File(path)
        sink = MediaBlackhole()  # decoded frames would pile up

        @connection.on("track")
        def open_track(track: MediaStreamTrack) -> None:
            receiver = next(
                each for each in connection.getReceivers() if each.track is track
            )
            self._open(receiver, sender, track.kind, file)
            sink.addTrack(track)

        self._stack.callback(file.close)
        self._stack.push_async_callback(connection.close)
        self._stack.push_async_callback(sink.stop)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        await sink.start()
        return connection.localDescription.sdp

    def statuses(self, sender: bytes) -> Counter[str]:
        """Count what became of a sender's frames, by status."""
        counts: Counter[str] = Counter()
        for (whose, _kind), receiver in self.received.items():
            if whose == sender:
                counts.update({s.name: n for s, n in receiver.tally.counts().items()})
        return counts

    # -- inside --

    def _open(
        self, receiver: RTCRtpReceiver, sender: bytes, kind: str, file: _File
    ) -> None:
        opener = self._media.opener(sender, kind, self._client.now())
        if opener is None:  # more senders than are kept account of
            return
        self.received[sender, kind] = open_receiver(receiver, opener)
        on_encoded(receiver, file.keep)

    async def _follow_keys(self) -> None:
        async for action in self._client:
            self._media.apply([action], self._client.now())


class _File:
    """A WebM file that begins with the first key frame."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w")
        video = self._container.add_stream("libvpx", rate=30)
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = self._container.add_stream("libopus", rate=48_000)
        self._streams: dict[str, Any] = {"video/VP8": video, "audio/opus": audio}
        self._starts: dict[str, int] = {}
        self._is_open = True

    def keep(self, frame: EncodedFrame) -> None:
        """Write a frame, as it was encoded at its sender."""
        kind = frame.mime_type
        has_begun = "video/VP8" in self._starts
        if not self._is_open or (not has_begun and not _is_picture(frame)):
            return
        packet = frame.as_packet()
        start = self._starts.setdefault(kind, frame.timestamp)
        packet.pts = packet.dts = frame.timestamp - start
        packet.stream = self._streams[kind]
        self._container.mux(packet)

    def close(self) -> None:
        """Write what is left, and close."""
        self._is_open = False  # PyAV does not survive mux() on a closed container
        self._container.close()


def _is_picture(frame: EncodedFrame) -> bool:
    return frame.mime_type == "video/VP8" and frame.key_frame


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
