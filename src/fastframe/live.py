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
from fastframe.options import SSRC_LEN

if TYPE_CHECKING:
    from fastframe.material import Key

Claim = tuple[bytes, bytes]  # a key's identity and an IV prefix

_lock = ForkLock()
_claimed: set[Claim] = set()


class Prefixes:
    """The IV prefixes of one sealer: one for each key it has ever used.

    A prefix is fixed (ssrc= or the salt's first bytes), or drawn at random for
    each key, or, where a salt is derived from key and key id, the key id.
    Claims are given back when the core has ended, not when Python loses sight
    of the sealer: a finaliser may still use it then.
    """

    __slots__ = ("_current", "_facts", "_fixed", "_held", "_salt", "_used")

    def __init__(
        self, facts: _native.FormatFacts, ssrc: int | None, salt: bytes | None
    ) -> None:
        """Check ssrc; nothing is claimed yet."""
        self._facts = facts
        self._salt = salt
        length = facts.prefix_len
        self._fixed = None if salt is None else salt[:length]
        self._current: Claim | None = None
        self._held: set[Claim] = set()  # claimed now
        self._used: set[Claim] = set()  # claimed ever
        if ssrc is not None:
            if not facts.sends_nonce or length != SSRC_LEN:
                raise UsageError(f"format {facts.name!r} takes no ssrc=")
            if salt is not None:
                raise UsageError("take ssrc= or salt=, not both")
            _native.check_int(ssrc, "ssrc", 0, 2**32 - 1)
            self._fixed = ssrc.to_bytes(length, "big")

    def claim(self, key: Key, key_id: int) -> Claim:
        """Claim a prefix for key that no live sealer counts under.

        From here on the core may have the key: only drop() says it has not.
        Raises UsageError if there is no prefix to be had.
        """
        is_drawn = self._fixed is None and self._facts.prefix_len > 0
        while True:
            prefix = self._fixed
            if prefix is None:
                prefix = os.urandom(self._facts.prefix_len)
            if self._facts.prefix_len == 0 and self._facts.names_key:
                prefix = key_id.to_bytes(8, "big")  # the salt is derived from it
            claim = (key.identity, prefix)
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
            if not is_drawn:
                raise UsageError(problem)

    @property
    def is_drawn(self) -> bool:
        """Whether salts are the library's choice."""
        return self._salt is None

    def salt_of(self, claim: Claim) -> bytes:
        """Give the salt that makes nonces under a claim, NONCE_LEN bytes."""
        salt = self._salt
        if salt is None:
            missing = max(0, self._facts.salt_len - self._facts.prefix_len)
            salt = claim[1][: self._facts.prefix_len] + os.urandom(missing)
        return salt.ljust(_native.NONCE_LEN, b"\0")

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
