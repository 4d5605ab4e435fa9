"""What the members of a sealed call have: a key, sealers, openers, tracks."""

from __future__ import annotations

import numbered
from live_peers import OpenerWitness, SealerWitness
from live_tracks import pictures, tone

import fastframe as ff
from fastframe.adapters.aiortc import SealedTrack


class Keyed:
    """Both ends of a call on one key.

    Attributes:
        sealers, openers: by kind, with witnesses.
        sources: by kind, the tracks that tracks() seals.
    """

    def __init__(self, codec="vp8", **opener_options):
        """Draw a key; codec is the video's clear bytes, None for none."""
        self.key = ff.generate_key()
        self._options = opener_options
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
            kind: OpenerWitness(self._opener(held, codec))
            for kind, codec in self.codecs.items()
        }

    def tracks(self, rate=30, size=(numbered.WIDTH, numbered.HEIGHT)):
        """Give sealed tracks of pictures, so many a second, and sound."""
        self.sources = {"video": pictures(rate, *size), "audio": tone()}
        return [
            SealedTrack(track, self.sealers[kind])
            for kind, track in self.sources.items()
        ]

    def _opener(self, keys, codec):
        return ff.Opener("insertable", keys, codec=codec, **self._options)
