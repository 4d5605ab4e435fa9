"""Key material: generating, checking and fingerprinting keys."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.dave import EXPORTER_LEN, base_secret
from fastframe.errors import UsageError, UsageTypeError
from fastframe.options import text_bytes
from fastframe.sframe import ssrc_key
from fastframe.suites import core_suite

if TYPE_CHECKING:
    from fastframe.options import Wire

FINGERPRINT_LEN = 8


def generate_key(suite: str | int = "AES-128-GCM") -> bytearray:
    """Draw a key for a suite from the system's CSPRNG.

    Returns a bytearray of the suite's key length (16 or 32 bytes for GCM; 48
    or 96, as RFC 9605 counts them, for the suites with HMAC), so that you can
    overwrite it once sealers and openers have their own copies.
    """
    return bytearray(os.urandom(_native.suite_key_len(core_suite(suite))))


def choose_suite(wire: Wire, suite: str | int | None, key_len: int) -> int:
    """Give the core's number of the suite to use; None takes what fits."""
    if isinstance(suite, int) and wire.facts.name != "sframe":
        raise UsageTypeError("suite must be a name; numbers are SFrame's")
    allowed = [
        number
        for number in range(len(_native.SUITES.names))
        if wire.facts.suites >> number & 1
    ]
    if suite is not None:
        number = core_suite(suite)
        if number not in allowed:
            names = ", ".join(_native.SUITES.names[one] for one in allowed)
            raise UsageError(f"format {wire.name!r} takes the suites {names}")
        return number
    if wire.facts.name != "sframe" and not wire.takes_raw_key:
        return allowed[0]  # any material will do for it
    fitting = [n for n in allowed if _native.suite_key_len(n) == key_len]
    if not fitting:
        lengths = sorted({_native.suite_key_len(n) for n in allowed})
        expected = " or ".join(map(str, lengths))
        raise UsageError(f"key must be {expected} bytes, got {key_len}")
    return fitting[0]


class Key:
    """A caller's key, borrowed and described for one call into the core.

    Attributes:
        identity: what tells whether two keys give the cipher the same one,
            without keeping either.
        fingerprint: the first 8 bytes of SHA-256 in hex: what may be shown.
        suite: the core's number of the suite.
    """

    __slots__ = ("_derived", "_pinned", "_wire", "fingerprint", "identity", "suite")

    def __init__(
        self,
        wire: Wire,
        key: _native.Buffer | str,
        suite: str | int | None,
        key_id: int,
    ) -> None:
        """Pin key and check its length against suite and key schedule."""
        if isinstance(key, str):
            if not wire.takes_text:
                raise UsageTypeError("key must be bytes-like; a str is a passphrase")
            key = text_bytes(key, "key")
        self._wire = wire
        self._derived: bytearray | None = None
        pinned = _native.pin_to_read(key, "key")
        if wire.facts.name == "dave" and len(pinned) == EXPORTER_LEN:
            key = self._derived = base_secret(key, key_id)
        self.suite = choose_suite(wire, suite, len(memoryview(key).cast("B")))
        if wire.ssrc_step is not None:
            name = _native.SUITES.names[self.suite]
            key = self._derived = ssrc_key(key, wire.ssrc_step, suite=name)
        self._pinned = pinned if self._derived is None else _native.pin(self._derived)
        self._check_len(len(self._pinned))
        digest = hashlib.sha256(memoryview(key)).digest()
        self.fingerprint = digest[:FINGERPRINT_LEN].hex()
        self.identity = wire.kdf_name.encode() + wire.kdf_salt + digest
        if wire.takes_text:  # HMAC takes a key for the same with zeros behind it
            view = memoryview(key).cast("B")
            end = len(view)
            while end and view[end - 1] == 0:
                end -= 1
            self.identity = wire.kdf_salt + hashlib.sha256(view[:end]).digest()

    def __enter__(self) -> Key:
        """Use it for one call into the core."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Wipe what was derived on the way; the caller's key is the caller's."""
        if self._derived is not None:
            _native.wipe(self._derived)

    def _check_len(self, length: int) -> None:
        least, most = _native.schedule_lens(self._wire.schedule, self.suite)
        if not least <= length <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            name = _native.SUITES.names[self.suite]
            raise UsageError(f"key must be {expected} bytes for {name}, got {length}")

    def material(
        self, key_id: int, salt: bytes | None, *, salt_is_drawn: bool = False
    ) -> _native.KeyMaterial:
        """Describe the key to the core under an id and salt."""
        return _native.KeyMaterial(
            self._pinned,
            suite=self.suite,
            schedule=self._wire.schedule,
            kdf_salt=self._wire.kdf_salt,
            key_id=key_id,
            salt=salt,
            salt_is_drawn=salt_is_drawn,
            mark=int(self.fingerprint, 16),
        )


def fingerprint_of(mark: int) -> str:
    """Give the fingerprint of the key that the core names by mark."""
    return f"{mark:0{2 * FINGERPRINT_LEN}x}"
