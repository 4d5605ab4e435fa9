"""RoomMedia: the sealers and openers of a room, which do what the room says."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastframe import UsageError
from fastframe.keys.actions import (
    AddKey,
    Event,
    RetireKey,
    StepKey,
    StopSealing,
    UseKey,
)
from fastframe.keys.parking import Frame, ParkingLimits
from fastframe.keys.public import fingerprint
from fastframe.keys.receiving import Receiver
from fastframe.keys.sealing import RoomSealer
from fastframe.keys.stats import RoomStats
from fastframe.keys.track import Track, check_tracks
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fastframe import Opener
    from fastframe.keys.actions import Action
    from fastframe.keys.opening import Opened
    from fastframe.keys.room import Room

_LOGGER = logging.getLogger("fastframe.keys.media")


class RoomMedia:
    """Seals this member's tracks and opens the others', as a Room directs.

    Hand it all actions that the room gives; it carries out those about keys.
    Calls must not overlap: guard it with the lock that guards the room.

    Args:
        room: its format, suite and encryption are used.
        tracks: track name -> Track, the same for all members.
        parking: how many frames may wait for their keys.
        on_event: called with each Event, of the room's too. What it raises is
            logged: a window that failed to say who has left must not keep the
            sealers from the key that shuts it out.
        clock: measures time spent, for stats() alone.

    Attributes:
        sealers: track name -> RoomSealer.
    """

    def __init__(
        self,
        room: Room,
        tracks: Mapping[str, Track],
        *,
        parking: ParkingLimits | None = None,
        on_event: Callable[[Event], None] = lambda _event: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Check the tracks; there are no keys yet."""
        check_tracks(tracks, room.format)
        self._room = room
        self._tracks = dict(tracks)
        self._on_event = on_event
        limits = parking or ParkingLimits()
        self._receiver = Receiver(room, tracks, limits, self._tell, clock)
        self.sealers = {
            name: RoomSealer(
                name,
                room.format,
                track.sealer_options(room.format, room.suite),
                is_off=room.encryption == "off",
                clock=clock,
            )
            for name, track in tracks.items()
        }

    def apply(self, actions: Iterable[Action], now: float) -> list[Opened]:
        """Carry out what concerns keys; give the frames that open late by it.

        Keys are wiped in it. So each action is for one RoomMedia, once: UsageError
        for a second time, or frames would be sealed under a key of zeroes.
        """
        self._room.check_process()
        late: list[Opened] = []
        for action in actions:
            if isinstance(action, (AddKey, UseKey)) and not any(action.key):
                raise UsageError("this action was carried out before: its key is gone")
            if isinstance(action, AddKey):
                late += self._receiver.add(action, now)
            elif isinstance(action, RetireKey):
                self._receiver.retire(action.sender, action.key_id)
            elif isinstance(action, Event):
                self._tell(action)
            else:
                self._direct(action)
        return late

    def open(
        self,
        sender: bytes,
        sealed: bytes | bytearray | memoryview,
        now: float,
        *,
        track: str,
        key_frame: bool | None = None,
        note: Any = None,
    ) -> Opened:
        """Open a frame, or park it until its key comes; never raises for it.

        Args:
            sender: the public key of the member it is from, as the transport
                says. Who lies about it has named a key that does not fit.
            sealed: the frame as it came; copied only if it has to wait.
            now: the time, by the clock that the room is told.
            track: the name of its track; UsageError if there is none.
            key_frame: as for Opener.open().
            note: comes back with the frame, also when it opens late.
        """
        frame = Frame(sender, track, None, sealed, key_frame, note, now)
        return self._receiver.open(frame)

    def opener(self, sender: bytes, track: str, now: float) -> Opener | None:
        """Give an opener itself, for batches; what it opens is not counted here.

        None if there are more senders than are kept account of.
        """
        return self._receiver.opener(sender, track, now)

    def tick(self, now: float) -> list[Opened]:
        """Give up the frames whose keys have not come in time."""
        return self._receiver.tick(now)

    def close(self, now: float) -> list[Opened]:
        """Wipe all keys, and give up the frames that still wait."""
        for sealer in self.sealers.values():
            sealer.close()
        return self._receiver.close(now)

    def stats(self) -> RoomStats:
        """Read all counters."""
        room = self._room
        return RoomStats(
            room=room.id,
            encryption=room.encryption,
            member=fingerprint(room.public_key),
            members=len(room.members),
            generation=room.generation,
            messages_refused=room.messages_refused,
            frames_parked=self._receiver.parking.frames,
            bytes_parked=self._receiver.parking.bytes,
            frames_refused=self._receiver.refused,
            sealed=tuple(sealer.stats() for sealer in self.sealers.values()),
            opened=tuple(
                track.stats(fingerprint(sender), name)
                for sender, name, track in self._receiver
            ),
        )

    def _tell(self, event: Event) -> None:
        """Tell the caller, whose failure is not the stream's."""
        try:
            self._on_event(event)
        except Exception:
            _LOGGER.exception("on_event failed for %s", event.name)

    def _direct(self, action: Action) -> None:
        """Have the sealers do what an action says, if it is for them."""
        for name, sealer in self.sealers.items():
            if isinstance(action, UseKey):
                own = replace(action, key=bytearray(action.key))
                sealer.use(own, at_once=not self._tracks[name].has_key_frames)
            elif isinstance(action, StepKey):
                sealer.step()
            elif isinstance(action, StopSealing):
                sealer.close()
        if isinstance(action, UseKey):
            wipe(action.key)
