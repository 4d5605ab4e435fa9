"""Which keys and IV prefixes are being sealed with in this process.

Two sealers on one key and one prefix would count through the same nonces, so
the second one is refused. Only digests of keys are kept.
"""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.errors import UsageError

if TYPE_CHECKING:
    from fastframe.material import Key

_lock = ForkLock()
_owners: weakref.WeakValueDictionary[tuple[bytes, bytes], object] = (
    weakref.WeakValueDictionary()
)


class Prefixes:
    """The IV prefixes of one sealer: one for each key it has ever used.

    A prefix is fixed (ssrc= or the salt's first bytes) or drawn at random for
    each key.
    """

    __slots__ = ("_claimed", "_fixed", "_length", "_owner", "_salt", "_used")

    def __init__(
        self,
        owner: object,
        facts: _native.FormatFacts,
        ssrc: int | None,
        salt: bytes | None,
    ) -> None:
        """Check ssrc; owner is who holds the claims, by weak reference."""
        self._owner = weakref.ref(owner)
        self._length = facts.prefix_len
        self._salt = salt
        self._fixed = None if salt is None else salt[: self._length]
        self._claimed: tuple[bytes, bytes] | None = None
        self._used: set[tuple[bytes, bytes]] = set()
        if ssrc is not None:
            if not facts.sends_nonce:
                raise UsageError(f"format {facts.name!r} takes salt=, not ssrc=")
            _native.check_int(ssrc, "ssrc", 0, 256**self._length - 1)
            self._fixed = ssrc.to_bytes(self._length, "big")

    def claim(self, key: Key) -> tuple[bytes, bytes]:
        """Claim a prefix for key that no live sealer counts under.

        Raises UsageError if there is none. Follow with adopt() or drop().
        """
        while True:
            prefix = self._fixed or os.urandom(self._length)
            claim = (key.digest, prefix)
            with _lock:
                if claim in self._used:
                    problem = "this sealer has used that key before; take a new one"
                elif claim in _owners:
                    problem = (
                        "another live sealer in this process uses this key with "
                        "the same IV prefix; their nonces would repeat"
                    )
                else:
                    _owners[claim] = self._owner()
                    return claim
            if self._fixed:
                raise UsageError(problem)

    def salt_of(self, claim: tuple[bytes, bytes]) -> bytes:
        """Give the salt that makes nonces under a claim."""
        return self._salt or claim[1].ljust(_native.NONCE_LEN, b"\0")

    def adopt(self, claim: tuple[bytes, bytes]) -> None:
        """Go over to a new claim; the old one is given back for good."""
        old, self._claimed = self._claimed, claim
        self._used.add(claim)
        if old is not None:
            self.drop(old)

    def drop(self, claim: tuple[bytes, bytes]) -> None:
        """Give a claim back."""
        with _lock:
            _owners.pop(claim, None)

    def close(self) -> None:
        """Give back what is claimed."""
        if self._claimed is not None:
            self.drop(self._claimed)
            self._claimed = None
