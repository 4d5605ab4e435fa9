"""Sealed calls between a page in Chromium and aiortc, in both directions."""

import pytest
from browser_calls import (
    KEY_ID,
    Pattern,
    Receiver,
    colours_of,
    is_pattern,
    openers,
    run,
    sending,
    shows_pattern,
    until,
)
from calls import LiveTrack

import fastframe as ff
from fastframe.adapters.aiortc import SealedTrack

# What a page speaks, over which codec, in which of the browser's two ways.
ROWS = [
    ("insertable", "vp8", False),
    ("insertable", "h264", False),
    ("sframe", "vp8", False),
    ("sframe", "h264", False),
    ("insertable", "vp8", True),
]
# A receiver may join in the middle of a frame: aiortc's buffer does not look.
CUT_OFF_MAX = 1


def only_ok(tally):
    """Tell whether nothing was lost but what was cut off at the start."""
    counts = {status.name: count for status, count in tally.counts().items()}
    lost = sum(counts.values()) - counts["OK"]
    return lost <= CUT_OFF_MAX and set(counts) <= {"OK", "AUTH_FAILED"}


@pytest.mark.parametrize(("name", "codec", "is_legacy"), ROWS)
def test_python_opens_and_shows_what_a_page_sends(name, codec, is_legacy):
    """Every frame opens, the pictures are those sent, the sound is no silence."""
    key = ff.generate_key()

    async def test(page):
        await page.call("call.useKey", list(key), KEY_ID, "now")
        async with Receiver(openers(name, {KEY_ID: key}, codec)) as receiver:
            await receiver.call(page, codec)
            await until(lambda: receiver.has(60, 100), "pictures and sound")
            told = await page.call("call.tell")
        for kind in ("video", "audio"):
            tally = receiver.opened[kind].tally
            assert only_ok(tally), tally
            assert set(told[kind]["counts"]) == {"OK"}
        assert told["video"]["codec"] == codec
        assert all(is_pattern(colours_of(one)) for one in receiver.frames["video"])
        sounds = receiver.frames["audio"][-50:]
        assert max(abs(one.to_ndarray()).max() for one in sounds) > 1000

    run(test, format=name, isLegacy=is_legacy)


@pytest.mark.parametrize(("name", "codec", "is_legacy"), ROWS)
def test_page_opens_and_shows_what_python_sends(name, codec, is_legacy):
    """The video element shows what was sealed here, and frames go on coming."""
    key = ff.generate_key()

    async def test(page):
        await page.call("call.addKey", list(key), KEY_ID)
        video = ff.Sealer(name, key, key_id=KEY_ID, codec=codec)
        other = ff.generate_key()
        sound = ff.Sealer(name, other, key_id=KEY_ID + 1)
        await page.call("call.addKey", list(other), KEY_ID + 1)
        tracks = [
            SealedTrack(Pattern(), video),
            SealedTrack(LiveTrack("audio", pause=0.02), sound),
        ]
        async with sending(page, tracks, codec):

            async def decoded():
                stats = await page.call("call.stats")
                return stats.get("video", {}).get("framesDecoded", 0) >= 60

            await until(decoded, "60 pictures")
            await until(lambda: shows_pattern(page), "the pattern")
            told = await page.call("call.tell")
        assert told["video"]["counts"]["OK"] >= 60
        assert set(told["video"]["counts"]) == {"OK"}

    run(test, format=name, isLegacy=is_legacy)
