"""HKDF and PBKDF2 of the core, for helpers on the key side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe._ffi import ffi, lib
from fastframe._native.buffers import pin_to_read
from fastframe._native.core import check

if TYPE_CHECKING:
    from fastframe._native.core import Buffer, Handle

_HASHES = {"SHA-256": (lib.FF_SHA256, 32), "SHA-512": (lib.FF_SHA512, 64)}


class _Bytes:
    """An ff_bytes over a pinned buffer."""

    __slots__ = ("_pinned", "handle")

    def __init__(self, buffer: Buffer, what: str) -> None:
        self._pinned = pin_to_read(buffer, what)
        self.handle: Handle = ffi.new("ff_bytes *")
        self.handle.at = ffi.cast("uint8_t *", self._pinned)
        self.handle.len = len(self._pinned)


def wipe(secret: bytearray) -> None:
    """Overwrite a secret of ours."""
    ffi.memmove(secret, bytes(len(secret)), len(secret))


def _take(out: Handle) -> bytearray:
    """Copy what was derived into memory that can be wiped, and wipe this."""
    taken = bytearray(ffi.buffer(out))
    ffi.memmove(out, bytes(len(taken)), len(taken))
    return taken


def hkdf_extract(hash_: str, salt: Buffer, secret: Buffer) -> bytearray:
    """Extract a pseudorandom key, as long as the digest (RFC 5869, 2.2)."""
    number, length = _HASHES[hash_]
    out = ffi.new("uint8_t[]", length)
    one, two = _Bytes(salt, "salt"), _Bytes(secret, "secret")
    error = lib.ff_hkdf_extract(out, number, one.handle[0], two.handle[0])
    check(error, "HKDF")
    return _take(out)


def hkdf_expand(hash_: str, key: Buffer, info: Buffer, length: int) -> bytearray:
    """Expand a pseudorandom key to length bytes (RFC 5869, 2.3)."""
    number, _ = _HASHES[hash_]
    out = ffi.new("uint8_t[]", length)
    one, two = _Bytes(key, "key"), _Bytes(info, "info")
    error = lib.ff_hkdf_expand(out, length, number, one.handle[0], two.handle[0])
    check(error, "HKDF")
    return _take(out)


def pbkdf2(password: Buffer, salt: Buffer, iterations: int, length: int) -> bytearray:
    """Derive length bytes by PBKDF2-HMAC-SHA256 (RFC 8018, 5.2)."""
    out = ffi.new("uint8_t[]", length)
    one, two = _Bytes(password, "password"), _Bytes(salt, "salt")
    error = lib.ff_pbkdf2(out, length, one.handle[0], two.handle[0], iterations)
    check(error, "PBKDF2")
    return _take(out)
