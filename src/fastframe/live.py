"""Which keys and IV prefixes are being sealed with in this process.

Two sealers on one key and one prefix would count through the same nonces, so
the second one is refused. Only digests of keys are kept.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe.errors import UsageError

if TYPE_CHECKING:
    from fastframe.material import Key

Claim = tuple[bytes, bytes]  # a key's digest and an IV prefix

_lock = ForkLock()
_claimed: set[Claim] = set()


class Prefixes:
    """The IV prefixes of one sealer: one for each key it has ever used.

    A prefix is fixed (ssrc= or the salt's first bytes) or drawn at random for
    each key. Claims are given back when the core has ended, not when Python
    loses sight of the sealer: a finaliser may still use it then.
    """

    __slots__ = ("_current", "_fixed", "_held", "_length", "_salt", "_used")

    def __init__(
        self, facts: _native.FormatFacts, ssrc: int | None, salt: bytes | None
    ) -> None:
        """Check ssrc; nothing is claimed yet."""
        self._length = facts.prefix_len
        self._salt = salt
        self._fixed = None if salt is None else salt[: self._length]
        self._current: Claim | None = None
        self._held: set[Claim] = set()  # claimed now
        self._used: set[Claim] = set()  # claimed ever
        if ssrc is not None:
            if not facts.sends_nonce:
                raise UsageError(f"format {facts.name!r} takes salt=, not ssrc=")
            _native.check_int(ssrc, "ssrc", 0, 256**self._length - 1)
            self._fixed = ssrc.to_bytes(self._length, "big")

    def claim(self, key: Key) -> Claim:
        """Claim a prefix for key that no live sealer counts under.

        From here on the core may have the key: only drop() says it has not.
        Raises UsageError if there is no prefix to be had.
        """
        while True:
            prefix = self._fixed or os.urandom(self._length)
            claim = (key.digest, prefix)
            with _lock.raw:
                if claim in self._used:
                    problem = "this sealer has used that key before; take a new one"
                elif claim in _claimed:
                    problem = (
                        "another live sealer in this process uses this key with "
                        "the same IV prefix; their nonces would repeat"
                    )
                else:
                    self._used.add(claim)
                    self._held.add(claim)
                    _claimed.add(claim)
                    return claim
            if self._fixed:
                raise UsageError(problem)

    def salt_of(self, claim: Claim) -> bytes:
        """Give the salt that makes nonces under a claim."""
        return self._salt or claim[1].ljust(_native.NONCE_LEN, b"\0")

    def adopt(self, claim: Claim) -> None:
        """Say that the core has gone over to a claim; the old one is free."""
        old, self._current = self._current, claim
        if old is not None:
            self._give_back({old})

    def drop(self, claim: Claim) -> None:
        """Say that the core never got the key of a claim."""
        self._used.discard(claim)
        self._give_back({claim})

    def close(self) -> None:
        """Say that the core has ended."""
        self._give_back(set(self._held))

    def _give_back(self, claims: set[Claim]) -> None:
        with _lock.raw:
            _claimed.difference_update(claims & self._held)
            self._held.difference_update(claims)
