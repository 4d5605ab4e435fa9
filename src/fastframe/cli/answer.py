"""One known answer: a frame, sealed, and what seals and opens it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import fastframe as ff

_PREFIX_LEN = 4
_MASK = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Answer:
    """One frame, sealed: all but format and plain is in hex.

    Attributes:
        name: where it is from.
        format: the wire format.
        suite: the cipher suite.
        key: the key, or what it is derived from.
        iv: the 12-byte nonce; of SFrame the counter.
        frame: the plaintext.
        sealed: the whole sealed frame.
        aad: the caller's bytes, where the format takes any.
        key_id: the key id.
        key_frame: the mark.
        codec: the codec.
        kdf: how the key is derived, where there is a choice.
        opened: what comes out, where that is not the plaintext.
    """

    name: str
    format: str
    suite: str
    key: str
    iv: str
    frame: str
    sealed: str
    aad: str = ""
    key_id: int = 0
    key_frame: bool = False
    codec: str | None = None
    kdf: str | None = None
    opened: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """Give what both ends are made with."""
        given: dict[str, Any] = {"suite": self.suite, "codec": self.codec}
        if self.kdf is not None:
            given["kdf"] = self.kdf
        if self.format == "raw":
            given["salt"] = bytes.fromhex(self.iv)
        return given

    def sealer(self) -> ff.Sealer:
        """Make a sealer whose first nonce is iv."""
        iv = bytes.fromhex(self.iv)
        low = int.from_bytes(iv[_PREFIX_LEN:], "big")
        own: dict[str, Any] = {
            "insertable": {
                "ssrc": int.from_bytes(iv[:_PREFIX_LEN], "big"),
                "counter": low,
            },
            "sframe": {"counter": low},
            "livekit": {"salt": iv},
            "stream": {"salt": iv[:8], "counter": low & _MASK},
            "dave": {"counter": int.from_bytes(iv[8:], "little")},
            "raw": {},
        }
        own["insertable-bare"] = own["insertable"]
        own["livekit-data"] = own["element-call"] = own["jitsi"] = own["livekit"]
        return ff.Sealer(
            self.format,
            bytes.fromhex(self.key),
            key_id=self.key_id,
            **(self.options | own[self.format]),
        )

    def opener(self) -> ff.Opener:
        """Make the opener at the other end."""
        key = bytes.fromhex(self.key)
        return ff.Opener(self.format, {self.key_id: key}, **self.options)

    def beside(self) -> dict[str, Any]:
        """Give what goes beside the frame on both ends."""
        aad = bytes.fromhex(self.aad) if self.aad else None
        return {"key_frame": self.key_frame, "aad": aad}
