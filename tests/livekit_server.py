"""A LiveKit server for one browser: signalling in protobuf, media by aiortc.

It is the server and the one other participant at once, so that what a real server
would forward is here for the test to seal and open. It speaks both ways of newer
clients: one peer connection for all, whose offers are the client's (the default),
and two, of which the server offers the one that it sends on.

Left out, as no test of end-to-end encryption needs it: tokens, several rooms or
clients, simulcast, adaptive streams, mute, speakers, unpublishing, reconnecting,
server-injected frames.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import SessionDescription, candidate_from_sdp
from peers.node import miss
from websockets.asyncio.server import serve

try:
    from livekit.protocol import models, rtc
except ModuleNotFoundError:
    miss("PyPI's livekit-protocol is not installed: run tools/setup-peers")

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack, RTCDataChannel
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
        subscriber: the one that it receives on, which may be the same.
    """

    def __init__(self, host: str) -> None:
        """Listen on host once entered, on any free port."""
        self.published: list[models.TrackInfo] = []
        self.packets: list[models.DataPacket] = []
        self.publisher = RTCPeerConnection()
        self.publisher.on("datachannel", self._take)
        self.subscriber = RTCPeerConnection()
        self._host = host
        self._server: Server | None = None
        self._client: ServerConnection | None = None
        self._offers = 0
        self._agreed = asyncio.Event()
        self._channels: dict[str, RTCDataChannel] = {}
        self._python = models.ParticipantInfo()
        self._python.CopyFrom(PYTHON)
        self._sids: dict[str, str] = {}  # by the track's own id
        self._codecs: dict[str, str] = {}  # what the client wants, by its track's id
        self._waiting: list[tuple[MediaStreamTrack, str]] = []  # track and codec
        self._filled: dict[str, tuple[MediaStreamTrack, str]] = {}  # by section

    @property
    def url(self) -> str:
        """Give what Room.connect() takes."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://{self._host}:{port}"

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
        for track in tracks:
            sid = self._sids[track.id] = f"TR_python{len(self._sids)}"
            its_mime = mime if track.kind == "video" else "audio/opus"
            self._waiting.append((track, its_mime))
            self._python.tracks.add(
                sid=sid,
                type=KINDS[track.kind],
                source=SOURCES[track.kind],
                mime_type=its_mime,
                encryption=models.Encryption.GCM,
            )
        await self._send(update=rtc.ParticipantUpdate(participants=[self._python]))
        self._agreed.clear()
        if self.subscriber is self.publisher:
            # Its first offer already had sections to spare; this has it offer anew.
            requirement = rtc.MediaSectionsRequirement()
            await self._send(media_sections_requirement=requirement)
        else:
            await self._offer()
        await self._agreed.wait()

    def send(self, packet: models.DataPacket) -> None:
        """Send a data packet; the client must have sent one before."""
        self._channels["_reliable"].send(packet.SerializeToString())

    # -- media --

    def _take(self, channel: RTCDataChannel) -> None:
        self._channels[channel.label] = channel

        def keep(data: bytes) -> None:
            self.packets.append(models.DataPacket.FromString(data))

        channel.on("message", keep)

    def _describe(self, peer: RTCPeerConnection) -> dict[str, Any]:
        """Give what a peer connection says, as the client wants to hear it."""
        # The name of the stream says whose track it is.
        sdp = re.sub(
            r"(?m)^a=msid:\S+", f"a=msid:{PYTHON.sid}|stream", peer.localDescription.sdp
        )
        sids = {
            one.mid: self._sids[one.sender.track.id]
            for one in peer.getTransceivers()
            if one.sender.track is not None
        }
        kind = peer.localDescription.type
        return {"type": kind, "sdp": sdp, "mid_to_track_id": sids}

    async def _offer(self) -> None:
        """Offer what Python's participant sends, on a peer connection for that."""
        for track, mime in self._waiting:
            has = RTCRtpSender.getCapabilities(track.kind).codecs
            transceiver = self.subscriber.addTransceiver(track, "sendonly")
            transceiver.setCodecPreferences(
                [one for one in has if one.mimeType == mime]
            )
        self._waiting.clear()
        await self.subscriber.setLocalDescription(await self.subscriber.createOffer())
        self._offers += 1
        described = self._describe(self.subscriber)
        await self._send(offer=rtc.SessionDescription(**described, id=self._offers))

    def _narrow(self, sdp: str) -> str:
        """Leave in an offer the codecs that are to be used, as aiortc takes the first.

        What waits to be sent is given the sections that the client receives on.
        """
        offer = SessionDescription.parse(sdp)
        for media in offer.media:
            mid, cid = media.rtp.muxId, (media.msid or "").rpartition(" ")[2]
            mime = self._codecs.get(cid)
            if media.direction == "recvonly":
                fits = [one for one in self._waiting if one[0].kind == media.kind]
                if mid not in self._filled and fits:
                    self._filled[mid] = fits[0]
                    self._waiting.remove(fits[0])
                _, mime = self._filled.get(mid, (None, None))
            if mime is not None:
                codecs = media.rtp.codecs
                wanted = [one for one in codecs if one.mimeType.lower() == mime.lower()]
                media.rtp.codecs = wanted
                media.fmt = [one.payloadType for one in wanted]
        return str(offer)

    def _fill(self) -> None:
        """Send in the sections that were chosen for it."""
        for one in self.publisher.getTransceivers():
            if one.mid in self._filled and one.sender.track is None:
                one.sender.replaceTrack(self._filled[one.mid][0])
                one.direction = "sendonly"

    # -- signalling --

    async def _send(self, **message: Any) -> None:
        assert self._client is not None
        await self._client.send(rtc.SignalResponse(**message).SerializeToString())

    async def _talk(self, client: ServerConnection) -> None:
        self._client = client
        offer = read_offer(client.request.path)
        if offer is not None:
            self.subscriber = self.publisher
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
        if offer is not None:
            await self._on_offer(offer)
        async for data in client:
            request = rtc.SignalRequest.FromString(data)
            kind = request.WhichOneof("message")
            answer = getattr(self, f"_on_{kind}", None)
            if answer is not None:
                await answer(getattr(request, kind))

    async def _on_ping_req(self, ping: rtc.Ping) -> None:
        await self._send(pong_resp=rtc.Pong(last_ping_timestamp=ping.timestamp))

    async def _on_offer(self, offer: rtc.SessionDescription) -> None:
        """Answer what the client offers: at first it publishes nothing."""
        publisher, sdp = self.publisher, self._narrow(offer.sdp)
        await publisher.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._fill()
        await publisher.setLocalDescription(await publisher.createAnswer())
        described = self._describe(publisher)
        await self._send(answer=rtc.SessionDescription(**described, id=offer.id))
        if self._filled and not self._waiting:
            self._agreed.set()

    async def _on_answer(self, answer: rtc.SessionDescription) -> None:
        description = RTCSessionDescription(answer.sdp, "answer")
        await self.subscriber.setRemoteDescription(description)
        self._agreed.set()

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
            self._codecs[request.cid] = track.mime_type
        self.published.append(track)
        answer = rtc.TrackPublishedResponse(cid=request.cid, track=track)
        await self._send(track_published=answer)


def read_offer(path: str) -> rtc.SessionDescription | None:
    """Give the offer in a request to join by one peer connection, if it is one."""
    asked = urlsplit(path)
    if not asked.path.endswith("/v1"):
        return None
    text = parse_qs(asked.query)["join_request"][0]
    wrapped = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(text))
    request = wrapped.join_request
    if wrapped.compression == rtc.WrappedJoinRequest.GZIP:
        request = gzip.decompress(request)
    return rtc.JoinRequest.FromString(request).publisher_offer
