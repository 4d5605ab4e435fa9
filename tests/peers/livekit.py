"""livekit-client's end-to-end worker, as seen from Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peers.node import Bytes, Driver
    from peers.shapes import Frame

PACKAGE = "livekit-client"
# What livekit-client itself takes where an application says nothing.
DEFAULTS: dict[str, Any] = {
    "sharedKey": False,
    "ratchetSalt": "LKFrameEncryptionKey",
    "ratchetWindowSize": 0,
    "failureTolerance": -1,
    "keyringSize": 16,
    "keySize": 128,
}
ALICE = "alice"


@dataclass
class Outcome:
    """What became of the frames of one run; those dropped are None."""

    frames: list[bytes | None]
    died: str | None
    errors: list[str]
    ratchets: int
    metadata: list[dict[str, Any]]


@dataclass
class Track:
    """How frames reach the worker: from which track, under which codec.

    Attributes:
        name: one stream per name and direction.
        codec: "opus" for audio; None for video whose codec nobody names.
        ssrc: names the stream in the IVs that the worker writes.
        step: how far RTP timestamps are apart.
        trailer: the client's options for its metadata trailer; None where the
            track has none.
    """

    name: str
    codec: str | None
    ssrc: int = 0x1234_5678
    timestamp: int = 90_000
    step: int = 3000
    trailer: dict[str, bool] | None = None
    _sent: int = field(default=0, repr=False)

    def describe(self, kinds: Sequence[bool | None]) -> dict[str, Any]:
        """Give the fields of a run; timestamps go on from run to run."""
        is_audio = self.codec == "opus"
        names = {True: "key", False: "delta", None: "delta"}
        at = self.timestamp + self._sent * self.step
        self._sent += len(kinds)
        return {
            "track": self.name,
            "codec": None if is_audio else self.codec,
            "mime": None if is_audio or not self.codec else f"video/{self.codec}",
            "types": None if is_audio else [names[kind] for kind in kinds],
            "ssrc": self.ssrc,
            "timestamp": at,
            "step": self.step,
            "trailer": self.trailer,
        }


class Worker:
    """One worker with the key provider's options; participants are by name."""

    def __init__(self, driver: Driver, **options: Any) -> None:
        """Load the worker anew, with what options change of DEFAULTS."""
        self._driver = driver
        driver.ask("start", options=DEFAULTS | options)
        self.enable(ALICE)

    def enable(self, participant: str, *, enabled: bool = True) -> None:
        """Tell whether the participant's media is encrypted."""
        self._driver.ask("enable", participant=participant, enabled=enabled)

    def set_key(
        self,
        material: Bytes,
        key_index: int = 0,
        kdf: str = "hkdf",
        *,
        participant: str = ALICE,
        update: bool = True,
    ) -> None:
        """Set a participant's key; update makes it the one to seal with."""
        self._driver.ask(
            "setKey",
            [material],
            participant=participant,
            kdf=kdf.upper(),
            keyIndex=key_index,
            update=update,
        )

    def ratchet(self, key_index: int = 0, participant: str = ALICE) -> bytes:
        """Ratchet one step, as an application asks for it; give the material."""
        _, [chain] = self._driver.ask(
            "ratchet", participant=participant, keyIndex=key_index
        )
        assert chain is not None
        return chain

    def set_sif_trailer(self, trailer: bytes) -> None:
        """Set the room's mark of server-injected frames."""
        self._driver.ask("setSifTrailer", [trailer])

    def seal(
        self, track: Track, frames: Sequence[Frame], participant: str = ALICE
    ) -> Outcome:
        """Run encoded frames through the sender's transform."""
        kinds = [frame.key_frame for frame in frames]
        return self._run("encode", track, [f.data for f in frames], kinds, participant)

    def open(
        self,
        track: Track,
        sealed: Sequence[Bytes],
        kinds: Sequence[bool | None],
        participant: str = ALICE,
    ) -> Outcome:
        """Run sealed frames through the receiver's transform."""
        return self._run("decode", track, sealed, kinds, participant)

    def _run(
        self,
        direction: str,
        track: Track,
        blobs: Sequence[Bytes],
        kinds: Sequence[bool | None],
        participant: str,
    ) -> Outcome:
        how = {"direction": direction, "participant": participant}
        answer, frames = self._driver.ask("run", blobs, **how, **track.describe(kinds))
        return Outcome(frames, **answer)

    def seal_data(
        self, payloads: Sequence[bytes], participant: str = ALICE
    ) -> list[tuple[bytes, bytes, int]]:
        """Seal data packets; give encrypted_value, IV and key index of each."""
        answer, blobs = self._driver.ask("sealData", payloads, participant=participant)
        flat = [blob or b"" for blob in blobs]
        return list(zip(flat[::2], flat[1::2], answer["indices"], strict=True))

    def open_data(
        self, packets: Sequence[tuple[bytes, bytes, int]], participant: str = ALICE
    ) -> list[bytes | None]:
        """Open data packets given as seal_data() gives them; None if refused."""
        blobs = [blob for value, iv, _ in packets for blob in (value, iv)]
        indices = [index for _, _, index in packets]
        return self._driver.ask(
            "openData", blobs, participant=participant, indices=indices
        )[1]
