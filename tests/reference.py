"""The wire formats once more, on cryptography's AESGCM, sharing no code with us.

Written from the formats' description alone, so that a mistake in the C core
and one here would have to agree byte for byte to go unseen.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_LEN = 12
TAG_LEN = 16
ARTICLE = ("insertable", "insertable-bare")


class RejectedError(Exception):
    """The frame is malformed or did not authenticate."""


def make_nonce(salt: bytes, counter: int) -> bytes:
    """XOR a 64-bit counter into the last bytes of a 12-byte salt."""
    mixed = int.from_bytes(salt, "big") ^ counter
    return mixed.to_bytes(NONCE_LEN, "big")


def seal(
    format_name: str,
    key: bytes,
    nonce: bytes,
    frame: bytes,
    *,
    key_frame: bool = False,
    key_id: int = 0,
    aad: bytes = b"",
) -> bytes:
    """Seal one frame under a nonce that the caller names."""
    cipher = AESGCM(bytes(key))
    if format_name == "raw":
        return cipher.encrypt(nonce, frame, aad)
    header = nonce if format_name == "insertable-bare" else bytes([key_id]) + nonce
    return header + cipher.encrypt(nonce, frame, b"\1" if key_frame else b"\0")


def open_frame(
    format_name: str,
    keys: dict[int, bytes],
    sealed: bytes,
    *,
    key_frame: bool = False,
    nonce: bytes = b"",
    aad: bytes = b"",
) -> bytes:
    """Open one frame; RejectedError if it does not authenticate."""
    key_id, body = min(keys), sealed
    if format_name in ARTICLE:
        aad = b"\1" if key_frame else b"\0"
        if format_name == "insertable" and sealed:
            key_id, body = body[0], body[1:]
        nonce, body = body[:NONCE_LEN], body[NONCE_LEN:]
    if len(body) < TAG_LEN or len(nonce) != NONCE_LEN or key_id not in keys:
        raise RejectedError
    try:
        return AESGCM(bytes(keys[key_id])).decrypt(nonce, body, aad)
    except InvalidTag:
        raise RejectedError from None
