"""A courier that tampers with a call costs frames, never the call."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import pytest

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")

from calls import encode, until
from courier import Courier
from keyed import Keyed
from live_peers import Publisher, Subscriber
from loopback import run
from tricks import WINDOW, Meddler

from fastframe.adapters.keyframes import is_key_frame

OK = ff.Status.OK
RATE = 60


def clear_of_vp8(frame):
    """Give the length of a sealed VP8 frame's clear start."""
    return 10 if is_key_frame("vp8", frame) else 3


def clear_of_opus(_frame):
    """Give that of sealed Opus."""
    return 0


def test_every_trick_is_told_and_the_call_goes_on():
    """Each frame meets the status it deserves, in order; no stall, no crash."""

    async def scene():
        keyed = Keyed("vp8", replay_window=WINDOW)
        meddlers = {
            "video": Meddler(clear_of_vp8, bytes(encode("vp8", 1)[0])),
            "audio": Meddler(clear_of_opus, bytes(encode("opus", 1)[0])),
        }
        shown_at = []
        async with contextlib.AsyncExitStack() as stack:
            publisher = await stack.enter_async_context(Publisher(keyed.tracks(RATE)))
            subscriber = await stack.enter_async_context(Subscriber(keyed.openers))
            courier = await stack.enter_async_context(
                Courier(lambda kind, frame: meddlers[kind](frame))
            )
            source = keyed.sources["video"]
            subscriber.show = lambda *_: shown_at.append(len(source.times))
            await courier.connect(publisher, subscriber)
            for meddler in meddlers.values():
                await until(lambda one=meddler: one.taken > one.round)
                meddler.is_honest = True
            seen = len(subscriber.numbers)
            await until(lambda: len(subscriber.numbers) > seen + RATE)
            for kind, meddler in meddlers.items():
                told = keyed.openers[kind].statuses
                # The last ones wait in the jitter buffer, or are on their way.
                assert len(meddler.expected) - 20 < len(told)
                wrong = [
                    (number, status, meant)
                    for number, (status, meant) in enumerate(
                        zip(told, meddler.expected, strict=False)
                    )
                    if status not in meant
                ]
                assert wrong == []
                assert subscriber.opened[kind].tally.total == len(told)
                assert subscriber.decoder_lives(kind)
                sealed = len(keyed.sealers[kind].taken)
                assert 0 <= sealed - meddler.taken < 20
            assert max(b - a for a, b in pairwise(shown_at)) < RATE
            assert courier.requests >= 1
            # A key frame has mended what the lost frames had spoilt: pictures
            # are in order, and the last is one of the latest half second.
            last = subscriber.numbers[-RATE // 4 :]
            assert None not in last
            assert last == sorted(set(last))
            assert 0 < len(source.times) - last[-1] < RATE // 2

    run(scene())
