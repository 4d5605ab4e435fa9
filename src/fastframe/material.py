"""Key material: generating, checking and fingerprinting keys."""

from __future__ import annotations

import hashlib
import os

from fastframe import _native
from fastframe.errors import UsageError

FINGERPRINT_LEN = 8


def generate_key(suite: str = "AES-128-GCM") -> bytearray:
    """Draw a key for a suite from the system's CSPRNG.

    Returns a bytearray (16 or 32 bytes), so that you can overwrite it once
    sealers and openers have their own copies.
    """
    return bytearray(os.urandom(_native.suite_key_len(_native.SUITES.index(suite))))


def choose_suite(suite: str | None, key_len: int) -> int:
    """Give the number of a suite; None takes the GCM suite from the length."""
    lengths = [_native.suite_key_len(i) for i in range(len(_native.SUITES.names))]
    if suite is None:
        if key_len not in lengths:
            expected = " or ".join(str(n) for n in sorted(set(lengths)))
            raise UsageError(f"key must be {expected} bytes, got {key_len}")
        return lengths.index(key_len)
    number = _native.SUITES.index(suite)
    if key_len != lengths[number]:
        raise UsageError(
            f"key must be {lengths[number]} bytes for {suite}, got {key_len}"
        )
    return number


class Key:
    """A caller's key, borrowed and described for one call into the core.

    Attributes:
        digest: SHA-256 of the key, to recognise it without keeping it.
        fingerprint: the first 8 bytes of it in hex: what may be shown.
        suite: the suite's number.
    """

    __slots__ = ("_pinned", "digest", "fingerprint", "suite")

    def __init__(self, key: _native.Buffer, suite: str | None) -> None:
        """Pin key and check its length against suite."""
        self._pinned = _native.pin_to_read(key, "key")
        self.suite = choose_suite(suite, len(self._pinned))
        self.digest = hashlib.sha256(memoryview(key)).digest()
        self.fingerprint = self.digest[:FINGERPRINT_LEN].hex()

    def material(self, key_id: int, salt: bytes) -> _native.KeyMaterial:
        """Describe the key to the core under an id and salt."""
        mark = int(self.fingerprint, 16)
        return _native.KeyMaterial(self.suite, self._pinned, key_id, salt, mark)


def fingerprint_of(mark: int) -> str:
    """Give the fingerprint of the key that the core names by mark."""
    return f"{mark:0{2 * FINGERPRINT_LEN}x}"
