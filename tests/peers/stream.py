"""@stream-io/video-client's end-to-end worker, as seen from Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.node import Bytes, Driver
    from peers.shapes import Frame

PACKAGE = "@stream-io/video-client"
ALICE = "alice"


@dataclass
class Outcome:
    """What became of the frames of one run; those dropped are None.

    Attributes:
        events: what the worker told the page, without the "e2ee." of its type.
    """

    frames: list[bytes | None]
    died: str | None
    events: list[dict[str, Any]]

    @property
    def names(self) -> list[str]:
        """Give the events' types in order."""
        return [event["type"].removeprefix("e2ee.") for event in self.events]


class Worker:
    """One worker; its frame counter starts at 1 and is shared by all tracks."""

    def __init__(self, driver: Driver) -> None:
        """Make the worker anew."""
        self._driver = driver
        driver.ask("start")

    def set_key(self, key: Bytes, key_index: int = 0, user: str | None = ALICE) -> None:
        """Import a user's key, or one for all users if user is None."""
        answer, _ = self._driver.ask("setKey", [key], user=user, keyIndex=key_index)
        held = answer["state"]["sharedKeys" if user is None else "perUserKeys"]
        assert key_index in [each["keyIndex"] for each in held], "key refused"

    def seal(
        self,
        track: str,
        codec: str | None,
        frames: Sequence[Frame],
        user: str = ALICE,
        *,
        is_refused: bool = False,
    ) -> Outcome:
        """Run encoded frames through the sender's transform.

        Say is_refused for a codec that the worker drops everything of.
        """
        kinds = [frame.key_frame for frame in frames]
        blobs = [frame.data for frame in frames]
        return self._run("encode", track, codec, blobs, kinds, user, is_refused)

    def open(
        self,
        track: str,
        sealed: Sequence[Bytes],
        kinds: Sequence[bool | None],
        user: str = ALICE,
    ) -> Outcome:
        """Run sealed frames through the receiver's transform."""
        return self._run("decode", track, None, sealed, kinds, user)

    def _run(
        self,
        direction: str,
        track: str,
        codec: str | None,
        blobs: Sequence[Bytes],
        kinds: Sequence[bool | None],
        user: str,
        is_refused: bool = False,
    ) -> Outcome:
        # The lack of a type is how both workers know audio.
        names = {True: "key", False: "delta", None: None}
        types = None if None in kinds else [names[kind] for kind in kinds]
        answer, frames = self._driver.ask(
            "run",
            blobs,
            direction=direction,
            user=user,
            track=track,
            codec=codec,
            types=types,
            isRefused=is_refused,
        )
        return Outcome(frames, **answer)
