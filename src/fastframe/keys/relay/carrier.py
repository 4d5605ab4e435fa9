"""What goes on between members: who is there, who has gone, who says what."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING

from fastframe.keys.protocol import (
    RUN_LEN,
    CloseCode,
    Errors,
    ProtocolError,
    decode,
    encode,
    read_send,
)
from fastframe.keys.relay.log import name_of, say
from fastframe.keys.relay.rooms import Rooms
from fastframe.keys.relay.seat import push, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastframe.keys.relay.limits import Limits
    from fastframe.keys.relay.metrics import Metrics
    from fastframe.keys.relay.seat import Seat


class Carrier:
    """The rooms of one relay and what is carried in them.

    Attributes:
        rooms: the rooms and who is in them.
        is_closing: set when the relay ends: members that go are then no news.
    """

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        """Begin with no rooms."""
        self.rooms = Rooms(limits)
        self.is_closing = False
        self._limits = limits
        self._metrics = metrics
        self._run = secrets.token_bytes(RUN_LEN)
        self._ends: set[asyncio.Task[None]] = set()

    def enter(self, seat: Seat) -> None:
        """Seat a member and tell the others; ProtocolError if there is no place.

        Who comes in a second time takes the first one's place: its connection
        is dead, and neither end has noticed yet.
        """
        before = self.rooms.enter(seat, time.monotonic())
        others = self.rooms.others(seat)
        if before is not None:
            self._end(before, CloseCode.REPLACED)
            self._metrics.ends.labels("replaced").inc()
            push(others.values(), encode("left", public_key=seat.public_key))
        push([seat], self._welcome(list(others)))
        push(others.values(), encode("joined", public_key=seat.public_key))
        self._drop_slow(others.values())
        say("joined", room=name_of(seat.room), member=name_of(seat.public_key))

    def _welcome(self, public_keys: list[bytes]) -> str:
        limits = self._limits
        rates = {
            "messages": [limits.messages_per_second, limits.messages_at_once],
            "bytes": [limits.bytes_per_second, limits.bytes_at_once],
        }
        return encode(
            "members",
            public_keys=public_keys,
            run=self._run,
            blob_max=limits.blob_bytes,
            rates=rates,
        )

    def leave(self, seat: Seat, reason: str) -> None:
        """Take a member out and tell the others, unless that is done already."""
        if not self.rooms.leave(seat):
            return
        if not self.is_closing:
            # When the relay ends they all lose it, and not each other: "left"
            # would have every member change its keys for nothing.
            others = self.rooms.others(seat)
            # Whoever is too slow for this, too, is found later: to drop it here
            # would be another leave inside this one, and so on through a room.
            push(others.values(), encode("left", public_key=seat.public_key))
        self._metrics.ends.labels(reason).inc()
        say(
            "left",
            room=name_of(seat.room),
            member=name_of(seat.public_key),
            reason=reason,
        )

    def take(self, seat: Seat, frame: str | bytes) -> None:
        """Carry one frame of a member's to whom it is for, or refuse it."""
        now = time.monotonic()
        self._metrics.bytes_received.inc(len(frame))
        try:
            self._carry(seat, frame, now)
        except ProtocolError as error:
            self._refuse(seat, error.code, now)

    def _carry(self, seat: Seat, frame: str | bytes, now: float) -> None:
        # Before it is read: reading is what a flood would cost.
        seat.charge_message(now)
        sent = read_send(decode(frame), self._limits.blob_bytes)
        self._metrics.blobs_received.inc()
        if sent.to is None:
            others = self.rooms.others(seat)
            receivers = list(others.values())
        else:
            receiver = self.rooms.find(seat.room, sent.to)
            if receiver is None:
                raise ProtocolError(Errors.NO_SUCH_MEMBER, "it is not in this room")
            receivers = [receiver]
        seat.charge_bytes(len(sent.blob) * len(receivers), now)
        # "from" is what the door has proven, never what a member says.
        fields = {"from": seat.public_key, "blob": sent.blob}
        carried = encode("deliver", **fields)
        push(receivers, carried)
        self._metrics.blobs_relayed.inc(len(receivers))
        self._metrics.bytes_relayed.inc(len(carried) * len(receivers))
        self._drop_slow(receivers)

    def _refuse(self, seat: Seat, code: Errors, now: float) -> None:
        self._metrics.blobs_refused.labels(code.value).inc()
        push([seat], refusal(code))
        # To write to one who has just left is nobody's fault.
        is_blameless = code is Errors.NO_SUCH_MEMBER
        if not is_blameless and not seat.bear(now):
            self._end(seat, CloseCode.MISBEHAVED)
        self._drop_slow([seat])

    def _drop_slow(self, seats: Iterable[Seat]) -> None:
        for seat in list(seats):
            if seat.is_too_slow():
                self._end(seat, CloseCode.TOO_SLOW)

    def _end(self, seat: Seat, code: CloseCode) -> None:
        """Have a member out at once; its connection closes when it can."""
        if seat.end_code is not None:
            return
        seat.end_code = code
        if code >= CloseCode.REFUSED:
            say("ended", logging.WARNING, code=int(code), why=code.name.lower())
        task = asyncio.get_running_loop().create_task(seat.end())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)
        self.leave(seat, code.name.lower())

    async def watch(self) -> None:
        """Put out those who have stopped reading, until cancelled."""
        while True:
            await asyncio.sleep(self._limits.heartbeat_seconds)
            for seat in self.rooms.everyone():
                if seat.has_stalled() or seat.is_too_slow():
                    self._end(seat, CloseCode.TOO_SLOW)

    async def finish(self) -> None:
        """Wait until no connection is being closed any more."""
        await asyncio.gather(*self._ends, return_exceptions=True)
