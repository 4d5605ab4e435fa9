"""Keys that come, change and lack in the middle of a call with a page in Chromium."""

import itertools
import time
from functools import partial

import pytest
from browser_calls import (
    KEY_ID,
    Pattern,
    Receiver,
    openers,
    run,
    sending,
    shows_pattern,
    until,
)
from calls import ChangingTrack, PacketTrack, encode
from chromium import BrowserError

import fastframe as ff
from fastframe.adapters.aiortc import SealedTrack

LIMIT = 60  # seconds until a page goes over to a key without a key frame
STALL = 1.0  # seconds without a picture that nobody should see
# Notes when each picture is shown, in seconds.
WATCH = """() => {
  globalThis.shown = [];
  const video = document.querySelector('video');
  const note = (now) => {
    shown.push(now / 1000);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}"""


def _opens(opener, key_id):
    """Tell whether an opener has opened frames under a key."""
    return opener.stats().keys[key_id].frames_opened > 9


def longest_gap(times):
    """Give the longest time between two pictures."""
    return max(after - before for before, after in itertools.pairwise(times))


def counts_of(told, kind="video"):
    """Give a track's counts by status, nothing if there is no such track yet."""
    return told.get(kind, {}).get("counts", {})


@pytest.mark.parametrize("name", ["insertable", "sframe"])
def test_page_changes_its_key_and_nothing_stalls(name):
    """By message, at once and at a key frame: no frame is lost, no second passes."""
    keys = {KEY_ID + number: ff.generate_key() for number in range(5)}

    async def test(page):
        await page.call("call.useKey", list(keys[KEY_ID]), KEY_ID, "now")
        holders = openers(name, {KEY_ID: keys[KEY_ID]})
        async with Receiver(holders) as receiver:
            await receiver.call(page)
            await until(lambda: receiver.has(30), "pictures")
            del receiver.times[:-1]
            for key_id in list(keys)[1:]:
                for opener in holders.values():
                    opener.keys[key_id] = keys[key_id]
                at = "key_frame" if key_id % 2 else "now"
                await page.call(
                    "call.useKey", list(keys[key_id]), key_id, at, 1000 * LIMIT
                )
                for opener in holders.values():
                    opens = partial(_opens, opener, key_id)
                    await until(opens, "the new key", patience=LIMIT / 2)
            assert longest_gap(receiver.times) < STALL
            for kind in ("video", "audio"):
                assert set(receiver.opened[kind].tally.counts()) == {ff.Status.OK}

    run(test, format=name)


def test_python_changes_its_key_and_the_page_goes_on():
    """The page is told of the key before it is used, as a room does."""
    key, other = ff.generate_key(), ff.generate_key()

    async def test(page):
        await page.call("call.addKey", list(key), KEY_ID)
        sealer = ff.Sealer("insertable", key, key_id=KEY_ID, codec="vp8")
        async with sending(page, [SealedTrack(Pattern(), sealer)]):
            await until(lambda: shows_pattern(page), "the pattern")
            await page.call(WATCH)
            await page.until("shown.length > 20")
            await page.call("call.addKey", list(other), KEY_ID + 1)
            sealer.rotate(other, key_id=KEY_ID + 1)
            await page.until(f"shown.length > {await page.eval('shown.length')} + 30")
            assert longest_gap(await page.eval("shown")) < STALL
            assert set(counts_of(await page.call("call.tell"))) == {"OK"}
            # Without the key that is in use now it stops, and says why.
            await page.call("call.retireKey", KEY_ID + 1)

            async def says_why():
                return counts_of(await page.call("call.tell")).get("UNKNOWN_KEY")

            await until(says_why, "the reason")

    run(test)


@pytest.mark.parametrize(
    ("wrong", "status"), [(False, "UNKNOWN_KEY"), (True, "AUTH_FAILED")]
)
def test_page_without_the_key_shows_nothing_until_it_has_it(wrong, status):
    """It counts why, asks for few key frames, and recovers when the key comes."""
    key = ff.generate_key()

    async def test(page):
        if wrong:
            await page.call("call.addKey", list(ff.generate_key()), KEY_ID)
        sealer = ff.Sealer("insertable", key, key_id=KEY_ID, codec="vp8")
        async with sending(page, [SealedTrack(Pattern(), sealer)]):

            async def dropped():
                return counts_of(await page.call("call.tell")).get(status, 0) > 60

            began = time.monotonic()
            await until(dropped, "dropped frames")
            told = await page.call("call.tell")
            stats = (await page.call("call.stats"))["video"]
            assert set(counts_of(told)) == {status}
            assert stats["framesDecoded"] == 0
            assert await page.call("call.colours") is None
            # The browser asks by itself as well, some three times a second at most.
            assert stats["pliCount"] <= 6 * (time.monotonic() - began) + 6
            await page.call("call.addKey", list(key), KEY_ID)
            await until(lambda: shows_pattern(page), "the pattern")

    run(test)


def test_page_without_a_key_sends_nothing_in_the_clear():
    """Nothing leaves until there is a key; then a key frame comes at once."""
    key = ff.generate_key()

    async def test(page):
        async with Receiver(openers("insertable", {KEY_ID: key})) as receiver:
            await receiver.call(page)

            async def dropped():
                told = await page.call("call.tell")
                return all(
                    counts_of(told, kind).get("UNKNOWN_KEY", 0) > 50
                    for kind in ("video", "audio")
                )

            await until(dropped, "dropped frames")
            assert all(not one.tally.counts() for one in receiver.opened.values())
            stats = await page.call("call.stats")
            assert stats["video"]["packetsSent"] == stats["audio"]["packetsSent"] == 0
            await page.call("call.useKey", list(key), KEY_ID, "now")
            await until(lambda: receiver.has(30, 30), "pictures and sound")

    run(test)


def test_page_whose_worker_is_missing_sends_nothing():
    """Not in the clear either; who hands over a key is told."""

    async def test(page):
        with pytest.raises(BrowserError, match="no worker"):
            await page.call("call.useKey", list(ff.generate_key()), KEY_ID, "now")
        async with Receiver(openers("insertable", {})) as receiver:
            await receiver.call(page)

            async def encoded():
                stats = await page.call("call.stats")
                return stats["video"]["framesEncoded"] > 20

            await until(encoded, "frames that a transform could get")
            stats = await page.call("call.stats")
            assert stats["video"]["packetsSent"] == stats["audio"]["packetsSent"] == 0
            assert all(not one.tally.counts() for one in receiver.opened.values())
        assert all("404" in error for error in page.errors)
        page.errors.clear()

    run(test, lacks=["worker.js"])


def test_bad_frames_cost_themselves_and_no_more():
    """Changed, repeated and cut ones are counted by name; the rest is shown."""
    key = ff.generate_key()
    sent = []

    def spoil(packet, number):
        sent.append(bytes(packet))
        data = bytearray(sent[-1])
        if number % 15 == 5:
            data[-1] ^= 1
        elif number % 15 == 8:
            data = sent[number - 6]
        elif number % 15 == 11:
            data = data[:20]
        if bytes(data) == sent[-1]:
            return packet
        spoiled = type(packet)(bytes(data))
        spoiled.pts, spoiled.time_base = packet.pts, packet.time_base
        return spoiled

    async def test(page):
        await page.call("call.addKey", list(key), KEY_ID)
        sealer = ff.Sealer("insertable", key, key_id=KEY_ID, codec="vp8")
        clip = PacketTrack("video", encode("vp8", 300), pause=0.02)
        track = ChangingTrack(SealedTrack(clip, sealer), spoil)
        async with sending(page, [track]):

            async def seen():
                counts = counts_of(await page.call("call.tell"))
                spoilt = ("AUTH_FAILED", "REPLAYED", "MALFORMED")
                return (
                    all(counts.get(status, 0) > 3 for status in spoilt)
                    and counts["OK"] > 60
                )

            await until(seen, "each kind of bad frame, and good ones")
            counts = counts_of(await page.call("call.tell"))
            assert set(counts) == {"OK", "AUTH_FAILED", "REPLAYED", "MALFORMED"}
            stats = (await page.call("call.stats"))["video"]
            assert stats["keyFramesDecoded"] > 1

    run(test)


def test_key_that_has_sealed_never_seals_again():
    """Not twice, not in another tab, not after a reload: its nonces may be used."""
    key, fresh = list(ff.generate_key()), list(ff.generate_key())

    async def refused(page):
        with pytest.raises(BrowserError, match="ConstraintError"):
            await page.call("call.useKey", key, KEY_ID, "now")

    async def test(page):
        url = await page.eval("location.href")
        await page.call("call.useKey", key, KEY_ID, "now")
        await refused(page)
        tab = await page._browser.open(url)
        await page.go(url)
        for other in (tab, page):
            await other.until("'call' in globalThis")
            await other.call("call.begin", {"format": "sframe"})
            await refused(other)
        # A refused key leaves none in use: it was to shut somebody out.
        await page.call("call.useKey", fresh, KEY_ID, "now")
        await refused(page)
        async with Receiver(openers("sframe", {KEY_ID: bytes(fresh)})) as receiver:
            await receiver.call(page)

            async def dropped():
                return (
                    counts_of(await page.call("call.tell")).get("UNKNOWN_KEY", 0) > 20
                )

            await until(dropped, "dropped frames")
            assert set(counts_of(await page.call("call.tell"))) == {"UNKNOWN_KEY"}

    run(test)
