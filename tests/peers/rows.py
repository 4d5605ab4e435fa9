"""Set up livekit-client and us alike: one row for each way to do so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fastframe as ff
from peers.livekit import Worker

if TYPE_CHECKING:
    from peers.node import Driver

MATERIAL = bytes(range(32))
SUITES = {128: "AES-128-GCM", 256: "AES-256-GCM"}


@dataclass(frozen=True)
class Row:
    """One way to set up both ends."""

    codec: str | None
    kdf: str
    bits: int
    key_id: int = 0

    def __str__(self) -> str:
        """Name the row in test reports."""
        return f"{self.codec or 'unnamed'}-{self.kdf}-{self.bits}"

    @property
    def options(self) -> dict[str, Any]:
        """Give what our ends are made with."""
        suite = SUITES[self.bits]
        return {"codec": self.codec, "kdf": self.kdf, "suite": suite}

    def worker(self, driver: Driver, **options: Any) -> Worker:
        """Make the peer, with the key in place."""
        worker = Worker(driver, keySize=self.bits, **options)
        worker.set_key(MATERIAL, self.key_id, self.kdf)
        return worker

    def sealer(self, **options: Any) -> ff.Sealer:
        """Make our sender."""
        given = self.options | options
        return ff.Sealer("livekit", MATERIAL, key_id=self.key_id, **given)

    def opener(self, **options: Any) -> ff.Opener:
        """Make our receiver."""
        given = self.options | options
        return ff.Opener("livekit", {self.key_id: MATERIAL}, **given)


VP8 = Row("vp8", "hkdf", 128)
H264 = Row("h264", "hkdf", 128)
