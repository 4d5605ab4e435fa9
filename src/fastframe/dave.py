"""DAVE on the key side: base secrets out of an MLS exporter secret."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.errors import UsageError

if TYPE_CHECKING:
    from fastframe._native import Buffer

__all__ = ["base_secret"]

LABEL = b"Discord Secure Frames v0"
SECRET_LEN = 16
EXPORTER_LEN = 32
_HASH = "SHA-256"  # of MLS ciphersuite 2, the one DAVE uses


def _vector(content: bytes) -> bytes:
    """Write a variable-size vector of at most 63 bytes (RFC 9420, 2.1.2)."""
    return len(content).to_bytes(1, "big") + content


def _expand(secret: Buffer, label: bytes, context: bytes, length: int) -> bytearray:
    """ExpandWithLabel of RFC 9420, 5.1."""
    info = length.to_bytes(2, "big") + _vector(b"MLS 1.0 " + label) + _vector(context)
    return _native.hkdf_expand(_HASH, secret, info, length)


def base_secret(exporter_secret: Buffer, user_id: int) -> bytearray:
    """Give a user's base secret, 16 bytes: the key of Sealer("dave", …).

    Sealer and Opener do this themselves when they are given the exporter secret
    with the user id as key id.

    Args:
        exporter_secret: the MLS group's for the epoch, 32 bytes.
        user_id: the sender's Discord id (64 bits; little-endian in the
            context, unlike everything else in MLS).
    """
    number = _native.check_int(user_id, "user_id", 0, 2**64 - 1)
    length = len(_native.pin_to_read(exporter_secret, "exporter_secret"))
    if length != EXPORTER_LEN:
        raise UsageError(f"exporter_secret must be {EXPORTER_LEN} bytes, got {length}")
    context = hashlib.sha256(number.to_bytes(8, "little")).digest()
    # MLS-Exporter (RFC 9420, 8.5): DeriveSecret, then expand what it gives.
    derived = _expand(exporter_secret, LABEL, b"", hashlib.sha256().digest_size)
    try:
        return _expand(derived, b"exported", context, SECRET_LEN)
    finally:
        _native.wipe(derived)
