"""Each wire format by the reference alone: what a row must do, in one shape.

A model seals under a nonce that the test names (12 bytes, or the counter where
the rest of the nonce is not sent), reads that nonce off a sealed frame, opens,
and says what a frame comes back as. A frame that the format cannot carry raises
Rejected, as one that does not open does.
"""

# ruff: noqa: ARG002 - each model takes what any of them needs

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import reference
from reference import (
    clear,
    insertable,
    sframe,
)
from reference.escape import trailing_zeros, unescape_strict

if TYPE_CHECKING:
    from collections.abc import Mapping

SALT = bytes(range(0xA0, 0xAC))  # what "raw" rows agree on
NAL = clear.NAL_CODECS


@dataclass(frozen=True)
class Model:
    """One wire format with codec and suite; key_size is the AES key's."""

    codec: str | None
    suite: int  # SFrame's number, 0 elsewhere
    key_size: int

    def derive(self, material: bytes, nonce: Any = 0, key_id: int = 0) -> bytes:
        """Make the key in use of the material that is handed round."""
        return material

    def split(self, frame: bytes, kind: bool | None) -> tuple[bytes, bytes]:
        """Cut a frame into its clear prefix, in canonical form, and the rest."""
        return b"", frame

    def comes_back(self, frame: bytes, kind: bool | None = None) -> bytes:
        """Give what a receiver gets of a frame."""
        return b"".join(self.split(frame, kind))

    def is_unfit(self, frame: bytes, sealed: bytes) -> bool:
        """Tell a sealed frame that must be sealed again under another nonce."""
        return False

    def seal(self, frame: bytes, **named: Any) -> bytes:
        """Seal under key, key_id, nonce, and aad where the format takes it."""
        raise NotImplementedError

    def open(
        self, sealed: bytes, keys: Mapping[int, bytes], kind: bool | None, **beside: Any
    ) -> bytes:
        """Open with keys in use, by key id."""
        raise NotImplementedError

    def nonce_of(self, frame: bytes, sealed: bytes, kind: bool | None) -> Any:
        """Read the nonce, or the counter, that a sealed frame carries."""
        raise NotImplementedError


class Raw(Model):
    """AES-GCM itself."""

    def seal(self, frame, *, key, key_id, nonce, kind=None, aad=b""):
        """Seal; the counter is the nonce here."""
        return reference.seal(
            "raw", key, reference.make_nonce(SALT, nonce), frame, aad=aad
        )

    def open(self, sealed, keys, kind, *, counter=0, aad=b""):
        """Open with the one key there is."""
        nonce = reference.make_nonce(SALT, counter)
        return reference.open_frame("raw", dict(keys), sealed, nonce=nonce, aad=aad)

    def nonce_of(self, frame, sealed, kind):
        """Know that none is sent: the harness has it."""


class Own(Model):
    """The shared half of fastframe's own supersets."""

    def split(self, frame, kind):
        """Cut as the codec says, whatever the caller does."""
        return clear.own_split(self.codec, frame)

    def run_of(self, frame, sealed, kind):
        """Give what stands behind the clear bytes, escapes undone."""
        prefix, _ = self.split(frame, kind)
        run = sealed[len(prefix) :]
        if self.codec not in NAL:
            return run
        return unescape_strict(run, trailing_zeros(prefix))

    def is_unfit(self, frame, sealed):
        """Parsers of NAL units cut zeros off the end of a frame."""
        return self.codec in NAL and sealed.endswith(b"\0")


class Insertable(Own):
    """The article's layout."""

    bare = False

    def seal(self, frame, *, key, key_id, nonce, kind=None):
        """Seal under a 12-byte IV."""
        named = {"codec": self.codec, "key_frame": kind, "bare": self.bare}
        return insertable.seal(frame, key=key, key_id=key_id, iv=nonce, **named)

    def open(self, sealed, keys, kind):
        """Open, the kind known or not."""
        named = {"codec": self.codec, "key_frame": kind, "bare": self.bare}
        return insertable.open_(sealed, keys=keys, **named)

    def nonce_of(self, frame, sealed, kind):
        """Read the IV."""
        run = self.run_of(frame, sealed, kind)
        return run[:12] if self.bare else run[1:13]


class Bare(Insertable):
    """Without the key id."""

    bare = True


class SFrame(Own):
    """RFC 9605."""

    def derive(self, material, nonce=0, key_id=0):
        """Make key and salt of a base key."""
        return sframe.derive(material, key_id=key_id, suite=self.suite)

    def seal(self, frame, *, key, key_id, nonce, kind=None, aad=b""):
        """Seal under a counter."""
        named = {"suite": self.suite, "codec": self.codec, "aad": aad}
        return sframe.seal(frame, key=key, key_id=key_id, counter=nonce, **named)

    def open(self, sealed, keys, kind, *, aad=b""):
        """Open."""
        named = {"suite": self.suite, "codec": self.codec, "aad": aad}
        return sframe.open_(sealed, keys=keys, **named)

    def nonce_of(self, frame, sealed, kind):
        """Read the counter."""
        return sframe.decode_header(self.run_of(frame, sealed, kind)).counter
