"""Receiver: opens what the other members send, and keeps account of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastframe import Opener, Status, UsageError
from fastframe.keys.actions import Event
from fastframe.keys.foresight import Foresight
from fastframe.keys.opening import Fate, Opened, ReceivedTrack
from fastframe.keys.parking import Frame, Parking, ParkingLimits
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fastframe.keys.actions import AddKey
    from fastframe.keys.room import Room
    from fastframe.keys.track import Track

SENDERS_MAX = 1024  # as many as a call has, and those who left it lately


@dataclass(slots=True)
class Sender:
    """What is received from one member."""

    tracks: dict[str, ReceivedTrack]
    foresight: Foresight

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held of it, and nothing waits."""
        return not any(one.parked or one.opener.keys for one in self.tracks.values())


class Receiver:
    """The receiving half of RoomMedia, which see.

    Attributes:
        parking: the frames that wait.
        refused: frames of more senders than are kept account of.
    """

    def __init__(
        self,
        room: Room,
        tracks: Mapping[str, Track],
        limits: ParkingLimits,
        on_event: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        """Know no sender yet."""
        self._room = room
        self._tracks = dict(tracks)
        self._on_event = on_event
        self._clock = clock
        self._senders: dict[bytes, Sender] = {}
        self.parking = Parking(limits)
        self.refused = 0

    # -- keys --

    def add(self, action: AddKey, now: float) -> list[Opened]:
        """Take a key; give the frames that have waited for it."""
        sender = self._sender(action.sender, now)
        if sender is not None:
            for track in sender.tracks.values():
                track.opener.keys[action.key_id] = action.key
            sender.foresight.confirm(action.key_id)
        wipe(action.key)
        return self._open_parked(action.sender, action.key_id, now)

    def retire(self, public_key: bytes, key_id: int) -> None:
        """Wipe a key."""
        if public_key in self._senders:
            for track in self._senders[public_key].tracks.values():
                track.opener.keys.pop(key_id, None)

    def tick(self, now: float) -> list[Opened]:
        """Give up the frames whose keys have not come in time."""
        for sender in self._senders.values():
            sender.foresight.expire(sender.tracks, now)
        return [self._give_up(parked, now) for parked in self.parking.expire(now)]

    def close(self, now: float) -> list[Opened]:
        """Wipe all keys, and give up the frames that still wait."""
        for _, _, track in self:
            track.opener.keys.clear()
        return [self._give_up(parked, now) for parked in self.parking.clear()]

    # -- frames --

    def open(self, frame: Frame) -> Opened:
        """Open a frame that has come, or park it; its sealed is the caller's."""
        if frame.track not in self._tracks:
            raise UsageError(f"no track {frame.track!r}")
        sender = self._sender(frame.sender, frame.at)
        if sender is None:
            self.refused += 1
            return _lost(frame, Fate.DROPPED)
        track = sender.tracks[frame.track]
        track.count()
        status, opened, key_id = track.open(frame.sealed, frame.key_frame)
        if status is not Status.UNKNOWN_KEY:
            return self._conclude(track, frame, status, opened)
        if key_id is not None and sender.foresight.lend(track.opener, key_id, frame.at):
            status, opened, _ = track.open(frame.sealed, frame.key_frame)
            if opened is not None:
                return self._take_ahead(sender, frame, opened, key_id)
            del track.opener.keys[key_id]
        return self._park(track, frame, key_id)

    def opener(self, public_key: bytes, track: str, now: float) -> Opener | None:
        """Give an opener itself, or None if there are too many senders."""
        sender = self._sender(public_key, now)
        return None if sender is None else sender.tracks[track].opener

    def __iter__(self) -> Iterator[tuple[bytes, str, ReceivedTrack]]:
        """Go through the tracks of all senders."""
        for public_key, sender in self._senders.items():
            for name, track in sender.tracks.items():
                yield public_key, name, track

    # -- inside --

    def _park(self, track: ReceivedTrack, frame: Frame, key_id: int | None) -> Opened:
        now = frame.at
        self._tell(frame, track.events.see(Status.UNKNOWN_KEY, now), now, key_id)
        if self.parking.park(frame.copy(key_id)):
            track.wait()
            return _lost(frame, Fate.PARKED)
        track.drop(turned_away=True)
        self._tell(frame, track.events.repeat("frames_dropped", now), now)
        return _lost(frame, Fate.DROPPED)

    def _take_ahead(
        self, sender: Sender, frame: Frame, opened: bytes, key_id: int
    ) -> Opened:
        """Hold a key that a frame was ahead with, and has proven."""
        sender.foresight.keep(sender.tracks, key_id, frame.at)
        track = sender.tracks[frame.track]
        return self._conclude(track, frame, Status.OK, opened)

    def _open_parked(self, public_key: bytes, key_id: int, now: float) -> list[Opened]:
        late = []
        for frame in self.parking.release(public_key, key_id):
            track = self._senders[public_key].tracks[frame.track]
            status, opened, _ = track.open(frame.sealed, frame.key_frame)
            waited = now - frame.at
            track.end_wait(waited, is_open=opened is not None)
            late.append(self._conclude(track, frame, status, opened, waited))
        return late

    def _conclude(
        self,
        track: ReceivedTrack,
        frame: Frame,
        status: Status,
        opened: bytes | None,
        waited: float = 0.0,
    ) -> Opened:
        now = frame.at + waited
        if opened is None:
            track.reject(status)
        fate = Fate.REJECTED if opened is None else Fate.OPENED
        self._tell(frame, track.events.see(status, now), now)
        names = frame.sender, frame.track, frame.note
        return Opened(fate, status, opened, *names, waited)

    def _give_up(self, frame: Frame, now: float) -> Opened:
        track = self._senders[frame.sender].tracks[frame.track]
        waited = now - frame.at
        track.end_wait(waited, is_open=False)
        track.drop(turned_away=False)
        self._tell(frame, track.events.repeat("frames_dropped", now), now)
        return _lost(frame, Fate.DROPPED, waited)

    def _sender(self, public_key: bytes, now: float) -> Sender | None:
        sender = self._senders.get(public_key)
        if sender is None and (len(self._senders) < SENDERS_MAX or self._evict()):
            tracks = {name: self._track(one) for name, one in self._tracks.items()}
            sender = Sender(tracks, Foresight(self._room, public_key, now))
            self._senders[public_key] = sender
        return sender

    def _track(self, track: Track) -> ReceivedTrack:
        room = self._room
        opener = Opener(room.format, **track.opener_options(room.format, room.suite))
        is_off = room.encryption == "off"
        return ReceivedTrack(opener, is_off=is_off, clock=self._clock)

    def _evict(self) -> bool:
        """Forget the first sender that is idle."""
        idle = next((one for one, held in self._senders.items() if held.is_idle), None)
        if idle is not None:
            del self._senders[idle]
        return idle is not None

    def _tell(
        self,
        frame: Frame,
        event: tuple[str, int] | None,
        now: float,
        key_id: int | None = None,
    ) -> None:
        if event is not None:
            name, count = event
            self._on_event(Event(name, frame.sender, now, frame.track, key_id, count))


def _lost(frame: Frame, fate: Fate, waited: float = 0.0) -> Opened:
    names = frame.sender, frame.track, frame.note
    return Opened(fate, Status.UNKNOWN_KEY, None, *names, waited)
