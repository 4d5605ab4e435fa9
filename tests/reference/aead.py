"""The ciphers of all formats, on cryptography alone: GCM, cut GCM, CTR and HMAC."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

from reference.errors import Refused, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.hashes import HashAlgorithm

IV_LEN = 12
TAG_LEN = 16


def gcm_seal(key: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """Give ciphertext || tag of 16 bytes."""
    if len(iv) != IV_LEN:
        raise Refused(f"IV must be {IV_LEN} bytes, got {len(iv)}")
    return AESGCM(key).encrypt(iv, plaintext, aad)


def gcm_open(key: bytes, iv: bytes, body: bytes, aad: bytes) -> bytes:
    """Open ciphertext || tag of 16 bytes."""
    if len(body) < TAG_LEN:
        raise Rejected("MALFORMED", "no room for the tag")
    try:
        return AESGCM(key).decrypt(iv, body, aad)
    except InvalidTag:
        raise Rejected("AUTH_FAILED") from None


def gcm_open_cut(key: bytes, iv: bytes, body: bytes, tag: bytes, aad: bytes) -> bytes:
    """Open ciphertext under a tag of which only the first bytes were sent."""
    mode = modes.GCM(iv, tag, min_tag_length=len(tag))
    opener = Cipher(algorithms.AES(key), mode).decryptor()
    opener.authenticate_additional_data(aad)
    try:
        return opener.update(body) + opener.finalize()
    except InvalidTag:
        raise Rejected("AUTH_FAILED") from None


def ctr(key: bytes, first_block: bytes, data: bytes) -> bytes:
    """Run AES-CTR over data; both directions are the same."""
    stream = Cipher(algorithms.AES(key), modes.CTR(first_block)).encryptor()
    return stream.update(data) + stream.finalize()


def mac(key: bytes, algorithm: HashAlgorithm, data: bytes) -> bytes:
    """Give the whole HMAC."""
    one = HMAC(key, algorithm)
    one.update(data)
    return one.finalize()


def same(left: bytes, right: bytes) -> bool:
    """Compare two tags."""
    return hmac.compare_digest(left, right)


def pick(keys: Mapping[int, bytes], key_id: int) -> bytes:
    """Give the key that a frame names."""
    if key_id not in keys:
        raise Rejected("UNKNOWN_KEY", f"key id {key_id}")
    return keys[key_id]
