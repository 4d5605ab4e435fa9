"""Sealed calls between Chromium and Python through a live Janus."""

from __future__ import annotations

from statistics import median

import pytest

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")
pytest.importorskip("websockets", reason="Janus is asked through a websocket")

from browser_members import PagePublisher, PageSubscriber, page_of_a_member
from calls import until
from clips import TONE
from janus_calls import JanusCall
from keyed import Keyed
from live_peers import Publisher, Subscriber
from loopback import run

OK = ff.Status.OK
SIMULCAST = [
    {"rid": "q", "scaleResolutionDownBy": 2, "maxBitrate": 150_000},
    {"rid": "f", "maxBitrate": 600_000},
]
# Chromium's own counts come later than what they count.
HAVE_MANY = """({ shown, counts, tally }) => shown.length > 60
    && counts.video.framesDecoded > 60
    && tally.video?.OK > 60 && tally.audio?.OK > 60"""


@pytest.mark.parametrize("encodings", [None, SIMULCAST], ids=["one", "simulcast"])
def test_python_opens_what_chromium_publishes(tmp_path, encodings):
    """VP8 and Opus, and a rotation on the way; Janus finds simulcast's key frames."""

    async def scene():
        keyed = Keyed("vp8")
        async with page_of_a_member() as page, JanusCall(tmp_path) as call:
            await page.call("call.use", 1, list(keyed.key))
            options = {"rate": 30, "width": 640, "height": 480, "codec": "vp8"}
            await call.publish(PagePublisher(page, encodings=encodings, **options))
            subscriber = Subscriber(keyed.openers)
            await call.subscribe(subscriber)
            for opener in keyed.openers.values():
                await until(lambda one=opener: _opened(one, 1) > 30)
            new = ff.generate_key()
            for opener in keyed.openers.values():
                opener.opener.keys[2] = new
            await page.call("call.use", 2, list(new))
            for opener in keyed.openers.values():
                await until(lambda one=opener: _opened(one, 2) > 30)
            assert page.errors == []
        for opener in keyed.openers.values():
            assert opener.after_the_first == {OK}
        numbers = subscriber.numbers
        assert None not in numbers
        assert numbers == sorted(numbers)
        # Where Janus goes from one layer to the other, both may have a picture.
        assert len(numbers) - len(set(numbers)) <= (2 if encodings else 0)
        assert median(subscriber.pitches) == pytest.approx(TONE, rel=0.05)

    run(scene())


def _opened(opener, key_id):
    keys = opener.opener.stats().keys
    return keys[key_id].frames_opened if key_id in keys else 0


def test_chromium_shows_what_python_publishes(tmp_path):
    """Every picture that is shown is the right one; what opened was decoded."""

    async def scene():
        keyed = Keyed("vp8")
        async with page_of_a_member() as page, JanusCall(tmp_path) as call:
            await page.call("call.add", 1, list(keyed.key))
            await call.publish(Publisher(keyed.tracks()))
            await call.subscribe(PageSubscriber(page))
            await page.until(f"call.figures().then({HAVE_MANY})")
            told = await page.call("call.figures")
            assert page.errors == []
        numbers = [number for number, _ in told["shown"]]
        assert None not in numbers
        assert numbers == sorted(set(numbers))
        assert set(told["tally"]["audio"]) == {"OK"}

    run(scene())
