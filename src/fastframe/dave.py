"""DAVE on the key side: base secrets out of an MLS exporter secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.exporter import export

if TYPE_CHECKING:
    from fastframe._native import Buffer

__all__ = ["base_secret"]

LABEL = b"Discord Secure Frames v0"
SECRET_LEN = 16
EXPORTER_LEN = 32
_HASH = "SHA-256"  # of MLS ciphersuite 2, the one DAVE uses


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
    context = number.to_bytes(8, "little")
    return export(exporter_secret, LABEL, context, SECRET_LEN, hash_=_HASH)
