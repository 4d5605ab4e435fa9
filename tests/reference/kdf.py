"""HKDF, PBKDF2 and the parts of MLS (RFC 9420) that two formats build on."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256, Hash, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from reference.aead import mac


def hkdf(
    secret: bytes,
    size: int,
    *,
    salt: bytes,
    info: bytes,
    algorithm: HashAlgorithm | None = None,
) -> bytes:
    """Extract and expand (RFC 5869)."""
    return HKDF(algorithm or SHA256(), size, salt, info).derive(secret)


def extract(secret: bytes, *, salt: bytes, algorithm: HashAlgorithm) -> bytes:
    """HKDF-Extract is one HMAC; an empty salt is as long as the hash, all zero."""
    return mac(salt or bytes(algorithm.digest_size), algorithm, secret)


def expand(
    key: bytes, info: bytes, size: int, *, algorithm: HashAlgorithm | None = None
) -> bytes:
    """HKDF-Expand."""
    return HKDFExpand(algorithm or SHA256(), size, info).derive(key)


def pbkdf2(text: bytes, size: int, *, salt: bytes, rounds: int) -> bytes:
    """PBKDF2-HMAC-SHA256 (RFC 8018)."""
    return PBKDF2HMAC(SHA256(), size, salt, rounds).derive(text)


def digest(data: bytes) -> bytes:
    """SHA-256."""
    one = Hash(SHA256())
    one.update(data)
    return one.finalize()


# -- MLS, ciphersuites with SHA-256 --


def _vector(data: bytes) -> bytes:
    """Write opaque<V>, whose length is a QUIC integer (RFC 9420 2.1.2)."""
    if len(data) < 0x40:
        return bytes([len(data)]) + data
    return (0x4000 | len(data)).to_bytes(2, "big") + data


def expand_with_label(secret: bytes, label: str, context: bytes, size: int) -> bytes:
    """ExpandWithLabel (RFC 9420 8)."""
    info = size.to_bytes(2, "big")
    info += _vector(b"MLS 1.0 " + label.encode()) + _vector(context)
    return expand(secret, info, size)


def derive_tree_secret(secret: bytes, label: str, generation: int, size: int) -> bytes:
    """DeriveTreeSecret (RFC 9420 9.1)."""
    return expand_with_label(secret, label, generation.to_bytes(4, "big"), size)


def mls_exporter(
    exporter_secret: bytes, label: str, context: bytes, size: int
) -> bytes:
    """MLS-Exporter (RFC 9420 8.5), from the epoch's exporter_secret on."""
    derived = expand_with_label(exporter_secret, label, b"", SHA256.digest_size)
    return expand_with_label(derived, "exported", digest(context), size)
