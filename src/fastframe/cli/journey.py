"""The way of a clip's frames: seal, carry, open, compare, decode."""

from __future__ import annotations

from array import array
from time import perf_counter_ns
from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.courier import IV_LEN, TAG_LEN, Courier
from fastframe.cli.ledger import UNTOUCHED, Ledger
from fastframe.cli.parcels import Parcel
from fastframe.cli.player import Player
from fastframe.cli.spy import Spy

if TYPE_CHECKING:
    from fastframe.cli.courier import Shares
    from fastframe.cli.media import Source, Track
    from fastframe.cli.parcels import Delivery, Frame

REPLAY_WINDOW = 1024  # far wider than the courier's delays
_SAMPLE_FRAMES = 1024  # of each track, kept for the speed measurement
_SAMPLE_BYTES = 32 << 20


class Lane:
    """All that one track needs: both ends, the books, the spy, the player."""

    def __init__(self, source: Source, track: Track, format_: str, suite: str) -> None:
        """Make a fresh key and hand it to both ends, but not to the courier."""
        key_id = track.number + 1
        key = ff.generate_key(suite)
        self.track = track
        self.sealer = ff.Sealer(format_, key, key_id=key_id, suite=suite)
        self.opener = ff.Opener(
            format_, {key_id: key}, suite=suite, replay_window=REPLAY_WINDOW
        )
        self.stranger = ff.Opener(
            format_, {key_id: ff.generate_key(suite)}, suite=suite
        )
        self.stranger_opened = 0
        head_len = self.sealer.overhead - TAG_LEN
        self.ledger = Ledger(f"{track.kind} {track.number}", head_len, REPLAY_WINDOW)
        self.player = Player(source, track)
        self.spy = Spy(source.new_decoder(track), head_len, IV_LEN)
        self.sealing, self.opening = array("Q"), array("Q")
        self.sample: list[Frame] = []
        self._sample_room = _SAMPLE_BYTES
        self._memory = bytearray(1 << 16)

    def seal(self, frame: Frame) -> Parcel:
        """Seal one frame and book it."""
        memory = self._room_for(len(frame.data) + self.sealer.overhead)
        before = perf_counter_ns()
        size = self.sealer.seal_into(frame.data, memory, key_frame=frame.key_frame)
        self.sealing.append(perf_counter_ns() - before)
        sealed = bytes(memoryview(memory)[:size])
        self.ledger.send(frame, sealed)
        if len(self.sample) < _SAMPLE_FRAMES and self._sample_room > 0:
            self.sample.append(frame)
            self._sample_room -= len(frame.data)
        return Parcel(frame, sealed, frame.key_frame)

    def receive(self, delivery: Delivery) -> ff.Status:
        """Open what arrives, compare it with what was sent, decode it."""
        sealed = delivery.sealed
        size = max(0, len(sealed) - self.sealer.overhead)
        memory = self._room_for(size)
        if delivery.harm is not None:
            memory[:size] = bytes([UNTOUCHED]) * size
        status, got = ff.Status.OK, 0
        before = perf_counter_ns()
        try:
            got = self.opener.open_into(sealed, memory, key_frame=delivery.key_frame)
        except ff.FrameRejected as rejected:
            status = rejected.status
        self.opening.append(perf_counter_ns() - before)
        # A repeated frame is turned away before anything is written, so only
        # a changed one can leave something behind.
        rest = bytes(memory[:size]) if delivery.harm is not None else b""
        opened = bytes(memoryview(memory)[:got])
        self.ledger.settle(delivery, status, opened, rest)
        if status == ff.Status.OK:
            self.player.play(opened, delivery)
        self._let_stranger_try(delivery)
        return status

    def _let_stranger_try(self, delivery: Delivery) -> None:
        try:
            self.stranger.open(delivery.sealed, key_frame=delivery.key_frame)
        except ff.FrameRejected:
            pass
        else:
            self.stranger_opened += 1

    def _room_for(self, size: int) -> bytearray:
        if len(self._memory) < size:
            self._memory = bytearray(2 * size)
        return self._memory


class Journey:
    """Takes a clip from sealers through the courier to openers.

    Attributes:
        lanes: one for each track.
        opened, rejected: deliveries so far.
    """

    def __init__(
        self, source: Source, format_: str, suite: str, shares: Shares, seed: int
    ) -> None:
        """Set up both ends of every track and the courier between them."""
        self.lanes = [Lane(source, track, format_, suite) for track in source.tracks]
        head_len = self.lanes[0].sealer.overhead - TAG_LEN
        self.courier = Courier(shares, seed, head_len)
        self.opened = self.rejected = 0

    def send(self, frame: Frame) -> None:
        """Send one frame on its way and receive what is delivered now."""
        lane = self.lanes[frame.track]
        parcel = lane.seal(frame)
        lane.spy.look(parcel)
        for delivery in self.courier.carry(parcel):
            self._receive(delivery)

    def finish(self) -> list[str]:
        """Receive what is still on its way; give the problems of all books."""
        for delivery in self.courier.finish():
            self._receive(delivery)
        problems = []
        for lane in self.lanes:
            lane.player.finish()
            number = lane.track.number
            lane.ledger.close(
                self.courier.fates[number],
                self.courier.dropped[number],
                lane.sealer.stats(),
                lane.opener.stats(),
            )
            problems += lane.ledger.problems
            if lane.stranger_opened:
                problems.append(
                    f"a wrong key opened {lane.stranger_opened} frames of track "
                    f"{number}"
                )
        return problems

    def _receive(self, delivery: Delivery) -> None:
        status = self.lanes[delivery.parcel.frame.track].receive(delivery)
        if status == ff.Status.OK:
            self.opened += 1
        else:
            self.rejected += 1
