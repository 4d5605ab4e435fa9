"""The receiver's player: puts opened frames in order and decodes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastframe.cli.courier import LATE_MOST
from fastframe.cli.jitter import JitterBuffer
from fastframe.cli.snapshot import Snapshot
from fastframe.cli.spy import fingerprint

if TYPE_CHECKING:
    from fastframe.cli.media import Source, Track
    from fastframe.cli.parcels import Delivery

_PRINTS_MOST = 400  # decoded pictures remembered, to compare the spy's with
_PATIENCE = LATE_MOST + 2  # frames, so that every late one is still in time
_PICTURE_AT = 0.4  # of the clip: where --save-frame looks for a picture


class Player:
    """Decodes the opened frames of one track.

    Attributes:
        decoder: the decoder, which counts what comes out.
        prints: fingerprints of what came out.
        snapshot: one of the pictures, for --save-frame.
    """

    def __init__(self, source: Source, track: Track) -> None:
        """Start with an empty jitter buffer."""
        self._is_video = track.kind == "video"
        self._jitter = JitterBuffer(_PATIENCE)
        self.decoder = source.new_decoder(track)
        self.prints: set[bytes] = set()
        self.snapshot = Snapshot((source.seconds or 0.0) * _PICTURE_AT)

    def play(self, opened: bytes, delivery: Delivery) -> None:
        """Take an opened frame; decode what is next in order."""
        self._decode(self._jitter.put(opened, delivery))

    def finish(self) -> None:
        """Decode what still waits, and what the decoder holds."""
        self._decode(self._jitter.drain())
        self._keep(self.decoder.finish())

    def _decode(self, frames: list[tuple[bytes, Delivery]]) -> None:
        for data, delivery in frames:
            if self._is_video:
                self.snapshot.remember(delivery)
            self._keep(self.decoder.feed(data, delivery.parcel.frame))

    def _keep(self, decoded: list[Any]) -> None:
        for item in decoded:
            if len(self.prints) < _PRINTS_MOST:
                mark = fingerprint(item)
                if mark:
                    self.prints.add(mark)
            if self._is_video:
                self.snapshot.offer(item)
