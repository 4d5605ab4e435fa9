"""A LiveKit server for one browser: signalling in protobuf, media by aiortc.

It is the server and the one other participant at once, so that what a real server
would forward is here for the test to seal and open.

Left out, as no test of end-to-end encryption needs it: tokens, several rooms or
clients, the single peer connection that newer servers offer (the client's option
singlePeerConnection must be false), simulcast, adaptive streams, mute, speakers,
unpublishing, reconnecting, server-injected frames.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from livekit.protocol import models, rtc
from websockets.asyncio.server import serve

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCDataChannel, RTCRtpReceiver
    from websockets.asyncio.server import Server, ServerConnection

BROWSER = models.ParticipantInfo(
    sid="PA_browser",
    identity="browser",
    state=models.ParticipantInfo.ACTIVE,
    permission=models.ParticipantPermission(can_publish=True, can_subscribe=True),
)
PYTHON = models.ParticipantInfo(
    sid="PA_python", identity="python", state=models.ParticipantInfo.ACTIVE
)
KINDS = {"audio": models.AUDIO, "video": models.VIDEO}
SOURCES = {"audio": models.MICROPHONE, "video": models.CAMERA}
PING_EVERY, PING_PATIENCE = 10, 60  # seconds; the client gives up after the second


class LivekitServer:
    """Answers one client of livekit-client and is in the room with it.

    Attributes:
        published: what the client says of each track that it publishes.
        packets: what it sends in its data channels.
        publisher: the peer connection that the client sends on.
        subscriber: the one that it receives on.
    """

    def __init__(self, host: str) -> None:
        """Listen on host once entered, on any free port."""
        self.published: list[models.TrackInfo] = []
        self.packets: list[models.DataPacket] = []
        self.publisher = RTCPeerConnection()
        self.publisher.on("datachannel", self._read)
        self.subscriber = RTCPeerConnection()
        self._data = self.subscriber.createDataChannel("_reliable")
        self._host = host
        self._server: Server | None = None
        self._client: ServerConnection | None = None
        self._offers = 0
        self._answered = asyncio.Event()
        self._python = models.ParticipantInfo()
        self._python.CopyFrom(PYTHON)

    @property
    def url(self) -> str:
        """Give what Room.connect() takes."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://{self._host}:{port}"

    @property
    def receivers(self) -> dict[str, RTCRtpReceiver]:
        """Give the receivers of what the client sends, by kind."""
        return {
            one.kind: one.receiver
            for one in self.publisher.getTransceivers()
            if one.receiver.track is not None
        }

    async def __aenter__(self) -> LivekitServer:
        """Start to listen."""
        self._server = await serve(self._talk, self._host, 0)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Hang up."""
        assert self._server is not None
        await self.publisher.close()
        await self.subscriber.close()
        self._server.close()
        await self._server.wait_closed()

    async def publish(self, tracks: list[MediaStreamTrack], mime: str) -> None:
        """Have Python's participant publish tracks; mime is the video's.

        Returns when the client has agreed to them.
        """
        sids = {}
        for track in tracks:
            transceiver = self.subscriber.addTransceiver(track, "sendonly")
            sid = f"TR_{track.kind}{len(self._python.tracks)}"
            sids[track.id] = sid
            if track.kind == "video":
                has = RTCRtpSender.getCapabilities("video").codecs
                transceiver.setCodecPreferences([c for c in has if c.mimeType == mime])
            self._python.tracks.add(
                sid=sid,
                type=KINDS[track.kind],
                source=SOURCES[track.kind],
                mime_type=mime if track.kind == "video" else "audio/opus",
                encryption=models.Encryption.GCM,
            )
        await self._send(update=rtc.ParticipantUpdate(participants=[self._python]))
        await self.subscriber.setLocalDescription(await self.subscriber.createOffer())
        mids = {
            one.mid: sids[one.sender.track.id]
            for one in self.subscriber.getTransceivers()
            if one.sender.track.id in sids
        }
        self._offers += 1
        self._answered.clear()
        # The client tells by the stream's name whose track it is.
        sdp = self.subscriber.localDescription.sdp
        sdp = re.sub(r"(?m)^a=msid:\S+", f"a=msid:{PYTHON.sid}|stream", sdp)
        offer = rtc.SessionDescription(
            type="offer", sdp=sdp, id=self._offers, mid_to_track_id=mids
        )
        await self._send(offer=offer)
        await self._answered.wait()

    def send(self, packet: models.DataPacket) -> None:
        """Send a data packet; something must have been published before."""
        self._data.send(packet.SerializeToString())

    # -- inside --

    def _read(self, channel: RTCDataChannel) -> None:
        def keep(data: bytes) -> None:
            self.packets.append(models.DataPacket.FromString(data))

        channel.on("message", keep)

    async def _send(self, **message: Any) -> None:
        assert self._client is not None
        await self._client.send(rtc.SignalResponse(**message).SerializeToString())

    async def _talk(self, client: ServerConnection) -> None:
        self._client = client
        join = rtc.JoinResponse(
            room=models.Room(sid="RM_room", name="room"),
            participant=BROWSER,
            other_participants=[self._python],
            server_info=models.ServerInfo(version="1.9.0", protocol=16),
            subscriber_primary=False,
            ping_interval=PING_EVERY,
            ping_timeout=PING_PATIENCE,
        )
        await self._send(join=join)
        async for data in client:
            request = rtc.SignalRequest.FromString(data)
            kind = request.WhichOneof("message")
            answer = getattr(self, f"_on_{kind}", None)
            if answer is not None:
                await answer(getattr(request, kind))

    async def _on_ping_req(self, ping: rtc.Ping) -> None:
        await self._send(pong_resp=rtc.Pong(last_ping_timestamp=ping.timestamp))

    async def _on_offer(self, offer: rtc.SessionDescription) -> None:
        """Answer what the client publishes: at first data channels alone."""
        publisher = self.publisher
        await publisher.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await publisher.setLocalDescription(await publisher.createAnswer())
        sdp = publisher.localDescription.sdp
        await self._send(
            answer=rtc.SessionDescription(type="answer", sdp=sdp, id=offer.id)
        )

    async def _on_answer(self, answer: rtc.SessionDescription) -> None:
        description = RTCSessionDescription(answer.sdp, "answer")
        await self.subscriber.setRemoteDescription(description)
        self._answered.set()

    async def _on_trickle(self, trickle: rtc.TrickleRequest) -> None:
        told = json.loads(trickle.candidateInit)
        text = told["candidate"].removeprefix("candidate:")
        if not text:
            return
        candidate = candidate_from_sdp(text)
        candidate.sdpMid = told["sdpMid"]
        candidate.sdpMLineIndex = told["sdpMLineIndex"]
        is_publisher = trickle.target == rtc.PUBLISHER
        peer = self.publisher if is_publisher else self.subscriber
        await peer.addIceCandidate(candidate)

    async def _on_add_track(self, request: rtc.AddTrackRequest) -> None:
        track = models.TrackInfo(
            sid=f"TR_browser{len(self.published)}",
            type=request.type,
            source=request.source,
            encryption=request.encryption,
            mime_type="audio/opus",
        )
        for codec in request.simulcast_codecs:
            track.mime_type = f"video/{codec.codec}"
            track.codecs.add(mime_type=track.mime_type, cid=codec.cid)
        self.published.append(track)
        answer = rtc.TrackPublishedResponse(cid=request.cid, track=track)
        await self._send(track_published=answer)
