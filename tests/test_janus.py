"""Sealed calls between aiortc peers through a live Janus."""

from __future__ import annotations

from statistics import median

import pytest

import fastframe as ff

pytest.importorskip("aiortc", reason="the aiortc extra is not installed")
pytest.importorskip("websockets", reason="Janus is asked through a websocket")

from calls import run, until
from clips import TONE
from janus_calls import JanusCall
from live_peers import OpenerWitness, Publisher, SealerWitness, Subscriber
from live_tracks import pictures, tone

from fastframe.adapters.aiortc import SealedTrack

OK = ff.Status.OK
ADDRESS = "127.78.0.1"


class Keyed:
    """Both ends of a call on one key: by kind, sealers and openers."""

    def __init__(self, codec="vp8"):
        """Draw a key; codec is the video's clear bytes, None for none."""
        self.key = ff.generate_key()
        self.codecs = {"video": codec, "audio": None}
        self.sealers = {
            kind: SealerWitness(self.sealer(kind), keep=True) for kind in self.codecs
        }
        self.openers = self.more_openers()

    def sealer(self, kind):
        """Make a sealer for a kind of track."""
        return ff.Sealer("insertable", self.key, key_id=1, codec=self.codecs[kind])

    def more_openers(self, keys=None):
        """Give another member's openers, with the call's key or other ones."""
        held = {1: self.key} if keys is None else keys
        return {
            kind: OpenerWitness(ff.Opener("insertable", held, codec=codec))
            for kind, codec in self.codecs.items()
        }

    def tracks(self):
        """Give sealed tracks of pictures and sound."""
        return [
            SealedTrack(track, self.sealers[track.kind])
            for track in (pictures(), tone())
        ]


@pytest.mark.parametrize("codec", [None, "vp8"], ids=["whole", "clear start"])
def test_every_frame_opens_and_every_picture_is_right(tmp_path, codec):
    """Janus forwards what it cannot read, and receivers have all of it."""

    async def scene():
        keyed = Keyed(codec)
        async with JanusCall(tmp_path, ADDRESS) as call:
            await call.publish(Publisher(keyed.tracks()))
            subscriber = Subscriber(keyed.openers)
            await call.subscribe(subscriber)
            await until(
                lambda: len(subscriber.numbers) > 60 and len(subscriber.pitches) > 60
            )
        assert keyed.openers["video"].after_the_first == {OK}
        assert keyed.openers["audio"].after_the_first == {OK}
        numbers = subscriber.numbers
        assert None not in numbers
        assert numbers == sorted(set(numbers))
        assert median(subscriber.pitches) == pytest.approx(TONE, rel=0.05)

    run(scene())
