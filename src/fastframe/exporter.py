"""What an MLS group exports: MLS-Exporter of RFC 9420, 8.5."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.errors import UsageError

if TYPE_CHECKING:
    from fastframe._native import Buffer

# The hash of the MLS ciphersuite, as hashlib names it. (SHA-384 belongs to one
# suite, 7, and the core has none.)
HASHES = {"SHA-256": "sha256", "SHA-512": "sha512"}


def export(
    exporter_secret: Buffer, label: bytes, context: bytes, length: int, *, hash_: str
) -> bytearray:
    """Export length bytes, yours to wipe.

    Args:
        exporter_secret: of the epoch, as long as the hash's digest.
        label: whose secret it is, at most 55 bytes.
        context: hashed before use, as the RFC says and not all libraries do.
        length: of what is exported.
        hash_: of the MLS ciphersuite: SHA-256 (1 to 3) or SHA-512 (4 to 6).
    """
    if hash_ not in HASHES:
        raise UsageError(f"the hash must be {' or '.join(HASHES)}, got {hash_!r}")
    name = HASHES[hash_]
    digest_len = hashlib.new(name).digest_size
    given = len(_native.pin_to_read(exporter_secret, "exporter_secret"))
    if given != digest_len:
        raise UsageError(f"exporter_secret must be {digest_len} bytes, got {given}")
    derived = _expand(hash_, exporter_secret, label, b"", digest_len)
    try:
        hashed = hashlib.new(name, context).digest()
        return _expand(hash_, derived, b"exported", hashed, length)
    finally:
        _native.wipe(derived)


def _expand(
    hash_: str, secret: Buffer, label: bytes, context: bytes, length: int
) -> bytearray:
    """ExpandWithLabel of RFC 9420, 8."""
    named = _vector(b"MLS 1.0 " + label) + _vector(context)
    info = length.to_bytes(2, "big") + named
    return _native.hkdf_expand(hash_, secret, info, length)


def _vector(content: bytes) -> bytes:
    """Write a variable-size vector: its length takes 1 or 2 bytes (2.1.2)."""
    if len(content) < 1 << 6:
        return len(content).to_bytes(1, "big") + content
    return (len(content) | 1 << 14).to_bytes(2, "big") + content
