"""Calls between livekit-client in Chromium and Python, under end-to-end keys."""

from __future__ import annotations

import math
import secrets

import pytest
from chromium import need_chromium
from peers.node import need_package

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

from calls import MIMES, ChangingTrack, LiveTrack, PacketTrack, encode, tampered
from documents import examples, execute
from livekit_meeting import Halves, Meeting, are_near, colours_of, loudest
from livekit_server import models
from loopback import run

from fastframe.adapters.aiortc import SealedTrack, open_receiver
from fastframe.livekit import DataOpener, DataSealer

PHRASE = "our passphrase"
OTHER_PHRASE = "their passphrase"
RED, BLUE = (255, 0, 0), (0, 0, 255)
GREEN, YELLOW = (0, 160, 0), (240, 220, 0)
ENOUGH = 30  # frames
BEEP = 800  # hertz, what the page sends
HUM = 48_000 / (2 * math.pi * 17)  # what LiveTrack yields
HERTZ = 30  # how far off a tone may be
GCM = models.Encryption.GCM
# What Element Call tells its key provider.
ELEMENT_CALL = {"keyringSize": 256, "ratchetWindowSize": 10}
OK = ff.Status.OK


@pytest.fixture(autouse=True)
def peers():
    """Miss the tests unless the browser and its client are here."""
    need_chromium()
    need_package("livekit-client")


def opener_of(codec):
    """Make an opener under the passphrase."""
    return ff.Opener("livekit", {0: PHRASE}, codec=codec)


def sealed_picture(codec="vp8"):
    """Give a track of known colours, sealed."""
    sealer = ff.Sealer("livekit", PHRASE, codec=codec)
    return SealedTrack(Halves(GREEN, YELLOW), sealer)


def sealed_sound():
    """Give a track of a known tone, sealed."""
    sealer = ff.Sealer("livekit", PHRASE, codec="opus")
    return SealedTrack(LiveTrack("audio", pause=0.018), sealer)


@pytest.mark.parametrize(
    ("codec", "connections"), [("vp8", 1), ("h264", 1), ("vp8", 2)]
)
def test_room_and_python_see_and_hear_each_other(codec, connections):
    """Pictures and sound under one passphrase, both ways; no frame fails."""

    async def scene():
        async with Meeting() as meeting:
            meeting.open_with(video=opener_of(codec), audio=opener_of("opus"))
            await meeting.join(PHRASE, connections=connections)
            await meeting.page.call("publishPicture", codec, "red", "blue")
            await meeting.page.call("publishTone", BEEP)
            await meeting.until(lambda _: meeting.has_opened(ENOUGH, "video", "audio"))
            assert [track.encryption for track in meeting.server.published] == [GCM] * 2
            assert are_near(colours_of(meeting.decoded["video"][-1]), [RED, BLUE])
            assert abs(loudest(meeting.decoded["audio"][-20:]) - BEEP) < HERTZ

            tracks = [sealed_picture(codec), sealed_sound()]
            await meeting.server.publish(tracks, MIMES[codec])
            seen = await meeting.until(
                lambda seen: seen["frames"] > ENOUGH and abs(seen["tone"] - HUM) < HERTZ
            )
            assert are_near(seen["colours"], [GREEN, YELLOW])
            # LiveKit's rules for H.264 take what is VP8 in truth as well.
            assert meeting.mimes == {MIMES[codec], "audio/opus"}
            assert seen["codec"] == MIMES[codec]
            assert seen["isEncrypted"] == {"browser": True, "python": True}
            assert seen["errors"] == []
            for receiver in meeting.opened.values():
                assert receiver.tally.counts().keys() == {OK}

    run(scene())


def test_wrong_passphrase_shows_nothing_until_the_right_one_comes():
    """Both ends say so, neither shows anything, and neither has to hang up."""

    async def scene():
        async with Meeting() as meeting:
            meeting.open_with(video=opener_of("vp8"))
            await meeting.join(OTHER_PHRASE)
            await meeting.page.call("publishPicture", "vp8", "red", "blue")
            await meeting.server.publish([sealed_picture()], MIMES["vp8"])
            seen = await meeting.until(
                lambda seen: (
                    seen["errors"]
                    and "video" in meeting.opened
                    and meeting.opened["video"].tally.total > ENOUGH
                )
            )
            assert {who for who, _ in seen["errors"]} == {"python"}
            assert (seen["frames"], seen["colours"]) == (0, None)
            tally = meeting.opened["video"].tally
            assert tally.counts().keys() == {ff.Status.AUTH_FAILED}
            assert meeting.mimes == set()  # the decoder was given nothing

            await meeting.page.call("setKey", PHRASE)
            seen = await meeting.until(
                lambda seen: seen["frames"] > ENOUGH and meeting.decoded["video"]
            )
            assert are_near(seen["colours"], [GREEN, YELLOW])
            assert are_near(colours_of(meeting.decoded["video"][-1]), [RED, BLUE])

    run(scene())


def test_keys_of_element_call_change_and_no_frame_is_lost():
    """Each has its own key bytes and index; receivers learn the next one first."""

    async def scene():
        theirs, next_theirs, ours, next_ours = (secrets.token_bytes(16) for _ in "1234")
        opener = ff.Opener("element-call", {200: theirs}, codec="vp8")
        sealer = ff.Sealer("element-call", ours, key_id=254, codec="vp8")
        async with Meeting() as meeting:
            meeting.open_with(video=opener)
            await meeting.join(**ELEMENT_CALL)
            await meeting.page.call("setKey", list(ours), "python", 254)
            await meeting.page.call("setKey", list(theirs), "browser", 200)
            await meeting.page.call("publishPicture", "vp8", "red", "blue")
            track = SealedTrack(Halves(GREEN, YELLOW), sealer)
            await meeting.server.publish([track], MIMES["vp8"])
            await meeting.until(
                lambda seen: (
                    seen["frames"] > ENOUGH and meeting.has_opened(ENOUGH, "video")
                )
            )

            await meeting.page.call("setKey", list(next_ours), "python", 255)
            sealer.rotate(next_ours, key_id=255)
            opener.keys[201] = next_theirs
            await meeting.page.call("setKey", list(next_theirs), "browser", 201)
            before = track.tally.ok
            seen = await meeting.until(
                lambda seen: (
                    seen["frames"] > before + ENOUGH
                    and opener.stats().keys[201].frames_opened > ENOUGH
                )
            )
            # Whatever still came under the first keys would not open now.
            await meeting.page.call("setKey", list(theirs), "python", 254)
            del opener.keys[200]
            start = seen["frames"]
            seen = await meeting.until(lambda seen: seen["frames"] > start + ENOUGH)
            assert seen["errors"] == []
            assert meeting.opened["video"].tally.counts().keys() == {OK}

    run(scene())


def test_ratchets_are_followed():
    """A step ahead on either side, and nobody is told."""

    async def scene():
        theirs, ours = secrets.token_bytes(32), secrets.token_bytes(32)
        opener = ff.Opener("livekit", {3: theirs}, codec="vp8", kdf="hkdf")
        sealer = ff.Sealer("livekit", ours, key_id=5, codec="vp8", kdf="hkdf")
        async with Meeting() as meeting:
            meeting.open_with(video=opener)
            await meeting.join()
            await meeting.page.call("setKey", list(ours), "python", 5)
            await meeting.page.call("setKey", list(theirs), "browser", 3)
            await meeting.page.call("publishPicture", "vp8", "red", "blue")
            track = SealedTrack(Halves(GREEN, YELLOW), sealer)
            await meeting.server.publish([track], MIMES["vp8"])
            seen = await meeting.until(
                lambda seen: (
                    seen["frames"] > ENOUGH and meeting.has_opened(ENOUGH, "video")
                )
            )
            assert seen["ratchets"] == []

            sealer.ratchet()
            await meeting.page.call("ratchet", "browser", 3)
            before = track.tally.ok
            seen = await meeting.until(
                lambda seen: (
                    seen["frames"] > before + ENOUGH
                    and opener.stats().keys[3].ratchet_step == 1
                )
            )
            assert sorted(seen["ratchets"]) == ["browser", "python"]
            assert seen["errors"] == []
            assert meeting.opened["video"].tally.counts().keys() == {OK}

    run(scene())


def test_tampered_frames_cost_themselves():
    """The room is told who sent them, and goes on with the next key frame."""

    async def scene():
        sealer = ff.Sealer("livekit", PHRASE, codec="vp8")
        packets = PacketTrack("video", encode("vp8", 600), pause=0.02)
        sealed = SealedTrack(packets, sealer)
        async with Meeting() as meeting:
            await meeting.join(PHRASE)
            track = ChangingTrack(sealed, tampered(every=40))
            await meeting.server.publish([track], MIMES["vp8"])
            seen = await meeting.until(
                lambda seen: seen["frames"] > 3 * ENOUGH and seen["errors"]
            )
            assert packets.sent > 2 * 40
            assert {who for who, _ in seen["errors"]} == {"python"}

    run(scene())


@pytest.mark.parametrize(
    ("shared", "kdf"),
    [(PHRASE, "pbkdf2"), (bytes(range(32)), "hkdf")],
    ids=["text", "bytes"],
)
def test_data_packets_are_opened_and_sealed(shared, kdf):
    """What the room sends in data channels, and what it shows of ours."""

    async def scene():
        opener = DataOpener({0: shared}, kdf=kdf)
        sealer = DataSealer(shared, kdf=kdf)
        async with Meeting() as meeting:
            await meeting.join(shared)
            await meeting.page.call("sendData", "hello", "chat")
            await meeting.until(lambda _: meeting.server.packets)
            packet = meeting.server.packets[0].encrypted_packet
            opened = opener.open(
                packet.encrypted_value, iv=packet.iv, key_index=packet.key_index
            )
            user = models.EncryptedPacketPayload.FromString(opened).user
            assert (user.payload, user.topic) == (b"hello", "chat")

            user = models.UserPacket(payload=b"hello yourself", topic="chat")
            payload = models.EncryptedPacketPayload(user=user)
            iv, index, value = sealer.seal(payload.SerializeToString())
            packet = models.EncryptedPacket(
                encryption_type=GCM, iv=iv, key_index=index, encrypted_value=value
            )
            meeting.server.send(
                models.DataPacket(
                    encrypted_packet=packet, participant_identity="python"
                )
            )
            seen = await meeting.until(lambda seen: seen["messages"])
            assert seen["messages"] == [["python", "hello yourself", "chat", GCM]]

    run(scene())


def test_bot_of_the_documents_is_in_the_call():
    """What docs/pipelines.md shows, with no changes but where tracks come from."""
    (text,) = examples("python", "docs/pipelines.md", "## LiveKit")

    async def scene():
        async with Meeting() as meeting:
            names = {
                "SealedTrack": SealedTrack,
                "camera": Halves(GREEN, YELLOW),
                "ff": ff,
                "microphone": LiveTrack("audio", pause=0.018),
                "open_receiver": open_receiver,
                "passphrase": PHRASE,
                "pc": meeting.server.publisher,
            }
            await execute(text, names)
            await meeting.join(PHRASE)
            await meeting.page.call("publishPicture", "vp8", "red", "blue")
            await meeting.page.call("publishTone", BEEP)
            tracks = [names["video"], names["audio"]]
            await meeting.server.publish(tracks, MIMES["vp8"])
            seen = await meeting.until(
                lambda seen: (
                    seen["frames"] > ENOUGH
                    and abs(seen["tone"] - HUM) < HERTZ
                    and all(len(frames) > ENOUGH for frames in meeting.decoded.values())
                )
            )
            assert seen["errors"] == []
            assert are_near(colours_of(meeting.decoded["video"][-1]), [RED, BLUE])
            assert abs(loudest(meeting.decoded["audio"][-20:]) - BEEP) < HERTZ

    run(scene())
