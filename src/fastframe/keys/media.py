"""RoomMedia: the sealers and openers of a room, which do what the room says."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastframe import Opener, Status, UsageError
from fastframe.keys.actions import AddKey, Event, RetireKey, StepKey, UseKey
from fastframe.keys.held import wipe
from fastframe.keys.opening import Fate, Opened, ReceivedTrack
from fastframe.keys.parking import ParkedFrame, Parking, ParkingLimits
from fastframe.keys.public import fingerprint
from fastframe.keys.sealing import RoomSealer
from fastframe.keys.stats import RoomStats
from fastframe.keys.track import Track, check_tracks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fastframe.keys.actions import Action
    from fastframe.keys.room import Room

SENDERS_MAX = 1024  # as many as a call has, and those who left it lately


class RoomMedia:
    """Seals this member's tracks and opens the others', as a Room directs.

    Hand it all actions that the room gives; it carries out those about keys.
    Calls must not overlap: guard it with the lock that guards the room.

    Args:
        room: its format, suite and encryption are used.
        tracks: track name -> Track, the same for all members.
        parking: how many frames may wait for their keys.
        on_event: called with each Event, of the room's too.
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
        on_event: Callable[[Event], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Check the tracks; there are no keys yet."""
        check_tracks(tracks, room.format)
        self._room = room
        self._is_off = room.encryption == "off"
        self._clock = clock
        self._tracks = dict(tracks)
        self._on_event = on_event
        self._parking = Parking(parking or ParkingLimits())
        self._received: dict[bytes, dict[str, ReceivedTrack]] = {}
        self.sealers = {
            name: RoomSealer(
                name,
                room.format,
                track.sealer_options(room.format, room.suite),
                is_off=self._is_off,
                clock=clock,
            )
            for name, track in tracks.items()
        }

    # -- keys --

    def apply(self, actions: Iterable[Action], now: float) -> list[Opened]:
        """Carry out what concerns keys; give the frames that open late by it."""
        late: list[Opened] = []
        for action in actions:
            if isinstance(action, UseKey):
                self._use(action)
            elif isinstance(action, StepKey):
                for sealer in self.sealers.values():
                    sealer.step()
            elif isinstance(action, AddKey):
                late += self._add(action, now)
            elif isinstance(action, RetireKey):
                for track in self._received.get(action.sender, {}).values():
                    track.opener.keys.pop(action.key_id, None)
            elif isinstance(action, Event) and self._on_event is not None:
                self._on_event(action)
        return late

    def tick(self, now: float) -> list[Opened]:
        """Give up the frames whose keys have not come in time."""
        return [self._give_up(parked, now) for parked in self._parking.expire(now)]

    def close(self, now: float) -> list[Opened]:
        """Wipe all keys, and give up the frames that still wait."""
        for sealer in self.sealers.values():
            sealer.close()
        for tracks in self._received.values():
            for track in tracks.values():
                track.opener.keys.clear()
        return [self._give_up(parked, now) for parked in self._parking.clear()]

    # -- frames --

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
            track: the name of its track.
            key_frame: as for Opener.open().
            note: comes back with the frame, also when it opens late.
        """
        if track not in self._tracks:
            raise UsageError(f"no track {track!r}")
        received = self._track(sender, track)
        if received is None:
            return Opened(Fate.DROPPED, Status.UNKNOWN_KEY, None, sender, track, note)
        received.count()
        status, frame, key_id = received.open(sealed, key_frame=key_frame)
        if status is Status.UNKNOWN_KEY:
            self._tell(sender, track, received.events.see(status, now), now, key_id)
            parked = ParkedFrame(
                sender, track, key_id, bytes(sealed), key_frame, note, now
            )
            if self._parking.park(parked):
                received.wait()
                return Opened(Fate.PARKED, status, None, sender, track, note)
            received.drop(turned_away=True)
            self._tell(
                sender, track, received.events.repeat("frames_dropped", now), now
            )
            return Opened(Fate.DROPPED, status, None, sender, track, note)
        return self._conclude(received, status, frame, (sender, track, note), now)

    def opener(self, sender: bytes, track: str) -> Opener | None:
        """Give the opener itself, for batches; nothing is parked then."""
        received = self._track(sender, track)
        return None if received is None else received.opener

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
            frames_parked=self._parking.frames,
            bytes_parked=self._parking.bytes,
            sealed=tuple(sealer.stats() for sealer in self.sealers.values()),
            opened=tuple(
                track.stats(fingerprint(sender), name)
                for sender, tracks in self._received.items()
                for name, track in tracks.items()
            ),
        )

    # -- inside --

    def _use(self, action: UseKey) -> None:
        for name, sealer in self.sealers.items():
            own = replace(action, key=bytearray(action.key))
            sealer.use(own, at_once=not self._tracks[name].has_key_frames)
        wipe(action.key)

    def _add(self, action: AddKey, now: float) -> list[Opened]:
        for name in self._tracks:
            track = self._track(action.sender, name)
            if track is not None:
                track.opener.keys[action.key_id] = action.key
        wipe(action.key)
        released = self._parking.release(action.sender, action.key_id)
        return [self._open_late(parked, now) for parked in released]

    def _open_late(self, parked: ParkedFrame, now: float) -> Opened:
        received = self._received[parked.sender][parked.track]
        status, frame, _ = received.open(parked.sealed, key_frame=parked.key_frame)
        waited = now - parked.at
        received.end_wait(waited, is_open=frame is not None)
        names = (parked.sender, parked.track, parked.note)
        return self._conclude(received, status, frame, names, now, waited)

    def _conclude(
        self,
        received: ReceivedTrack,
        status: Status,
        frame: bytes | None,
        names: tuple[bytes, str, Any],
        now: float,
        waited: float = 0.0,
    ) -> Opened:
        sender, track, note = names
        if frame is None:
            received.reject(status)
        fate = Fate.REJECTED if frame is None else Fate.OPENED
        self._tell(sender, track, received.events.see(status, now), now)
        return Opened(fate, status, frame, sender, track, note, waited)

    def _give_up(self, parked: ParkedFrame, now: float) -> Opened:
        sender, track = parked.sender, parked.track
        received = self._received[sender][track]
        waited = now - parked.at
        received.end_wait(waited, is_open=False)
        received.drop(turned_away=False)
        self._tell(sender, track, received.events.repeat("frames_dropped", now), now)
        names = (sender, track, parked.note)
        return Opened(Fate.DROPPED, Status.UNKNOWN_KEY, None, *names, waited)

    def _track(self, sender: bytes, name: str) -> ReceivedTrack | None:
        """Give a sender's track; None if there are too many senders."""
        tracks = self._received.get(sender)
        if tracks is None:
            if len(self._received) >= SENDERS_MAX and not self._evict():
                return None
            tracks = self._received[sender] = {
                one: self._new_track(track) for one, track in self._tracks.items()
            }
        return tracks[name]

    def _new_track(self, track: Track) -> ReceivedTrack:
        room = self._room
        options = track.opener_options(room.format, room.suite)
        return ReceivedTrack(
            Opener(room.format, **options), is_off=self._is_off, clock=self._clock
        )

    def _evict(self) -> bool:
        """Forget a sender of whom nothing is held and nothing waits."""
        for sender, tracks in self._received.items():
            if not any(one.parked or one.opener.keys for one in tracks.values()):
                del self._received[sender]
                return True
        return False

    def _tell(
        self,
        sender: bytes,
        track: str,
        event: tuple[str, int] | None,
        now: float,
        key_id: int | None = None,
    ) -> None:
        if event is not None and self._on_event is not None:
            name, count = event
            self._on_event(Event(name, sender, now, track, key_id, count))
