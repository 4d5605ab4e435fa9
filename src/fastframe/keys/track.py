"""Track: how frames of one kind are sealed and opened in a room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastframe import UsageError
from fastframe.keys.chain import DEFAULT_SUITE

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Track:
    """A kind of frames that each member may send: audio, video, a screen.

    Attributes:
        codec: as for Sealer and Opener.
        has_key_frames: whether a new key waits for one. For audio say False:
            each of its frames stands alone.
        ssrc: of the stream. "sframe" with several tracks needs one for each,
            for there each has a key of its own; else two of them would count
            through the same nonces.
        for_sealer, for_opener: further options of each.
    """

    codec: str | None = None
    has_key_frames: bool = True
    ssrc: int | None = None
    for_sealer: Mapping[str, Any] = field(default_factory=dict)
    for_opener: Mapping[str, Any] = field(default_factory=dict)

    def sealer_options(self, format_: str, suite: str | int | None) -> dict[str, Any]:
        """Give all options of Sealer but the key."""
        own = {} if self.ssrc is None else {"ssrc": self.ssrc}
        return {**self._shared(format_, suite), **own, **self.for_sealer}

    def opener_options(self, format_: str, suite: str | int | None) -> dict[str, Any]:
        """Give all options of Opener but the keys."""
        own = {"ssrc": self.ssrc} if format_ == "sframe" and self.ssrc else {}
        return {**self._shared(format_, suite), **own, **self.for_opener}

    def _shared(self, format_: str, suite: str | int | None) -> dict[str, Any]:
        if format_ == "sframe" and suite is None:
            suite = DEFAULT_SUITE  # a ratcheted base key has another length
        options: dict[str, Any] = {"codec": self.codec, "suite": suite}
        if format_ == "livekit":
            options["kdf"] = "hkdf"  # a room's keys are bytes, not passphrases
        return options


def check_tracks(tracks: Mapping[str, Track], format_: str) -> None:
    """Refuse what would fail late, or let frames through in the clear."""
    if not tracks:
        raise UsageError("a room's media needs at least one track")
    for name, track in tracks.items():
        if track.for_opener.get("forward_clear"):
            raise UsageError(
                f"track {name!r} would forward frames in the clear; "
                "that is for a room with encryption='off'"
            )
    numbers = [track.ssrc for track in tracks.values()]
    is_shared = None in numbers or len(set(numbers)) < len(numbers)
    if format_ == "sframe" and len(tracks) > 1 and is_shared:
        raise UsageError("'sframe' with several tracks needs an ssrc= of its own each")
