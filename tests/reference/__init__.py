"""The wire formats once more, on cryptography alone, sharing no code with us.

Written from the formats' description and the peers' behaviour, so that a
mistake in the C core and one here would have to agree byte for byte to go
unseen. Slow and plain on purpose.

Each format is a module with `seal(frame, *, key, key_id, iv, codec, key_frame)`
and `open_(sealed, *, keys, codec, key_frame)`; keys are the AES keys in use,
which `derive(...)` makes of the material that is handed round. A frame that
does not open raises Rejected with the name of a Status as its reason; a call
without an answer (no rule for the codec, a wrong length) raises Refused.

Here stand the three formats without codec rules, by name.
"""

from __future__ import annotations

from reference import insertable
from reference.aead import IV_LEN, TAG_LEN, gcm_open, gcm_seal
from reference.errors import REASONS, Refused, Rejected

NONCE_LEN = IV_LEN
ARTICLE = ("insertable", "insertable-bare")
RejectedError = Rejected

__all__ = [
    "ARTICLE",
    "NONCE_LEN",
    "REASONS",
    "TAG_LEN",
    "Refused",
    "Rejected",
    "RejectedError",
    "make_nonce",
    "open_frame",
    "seal",
]


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
    if format_name == "raw":
        return gcm_seal(bytes(key), nonce, frame, aad)
    return insertable.seal(
        frame,
        key=bytes(key),
        key_id=key_id,
        iv=nonce,
        key_frame=key_frame,
        bare=format_name == "insertable-bare",
    )


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
    if format_name == "raw":
        return gcm_open(bytes(keys[min(keys)]), nonce, sealed, aad)
    return insertable.open_(
        sealed,
        keys=keys,
        key_frame=key_frame,
        bare=format_name == "insertable-bare",
    )
