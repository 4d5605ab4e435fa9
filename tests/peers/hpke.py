"""HPKE (RFC 9180) in one suite, written from the RFC: base mode, single-shot.

DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM: what DAVE's MLS uses, and
what fastframe.keys wraps content keys with.
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASH_LEN = 32
KEY_LEN = 16
NONCE_LEN = 12
CURVE = ec.SECP256R1()
# RFC 9180, 7.1, 7.2 and 7.3.
KEM_ID = b"KEM" + (0x10).to_bytes(2, "big")
HPKE_ID = b"HPKE" + bytes.fromhex("001000010001")


def extract(salt: bytes, secret: bytes) -> bytes:
    """HKDF-Extract."""
    return hmac.digest(salt, secret, "sha256")


def expand(secret: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand."""
    out = block = b""
    for index in range(1, -(-size // HASH_LEN) + 1):
        block = hmac.digest(secret, block + info + bytes([index]), "sha256")
        out += block
    return out[:size]


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Give the public point, uncompressed."""
    plain = PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(Encoding.X962, plain)


def labeled_extract(suite: bytes, salt: bytes, label: str, secret: bytes) -> bytes:
    """LabeledExtract of RFC 9180, 4."""
    return extract(salt, b"HPKE-v1" + suite + label.encode() + secret)


def labeled_expand(
    suite: bytes, secret: bytes, label: str, info: bytes, size: int
) -> bytes:
    """LabeledExpand of RFC 9180, 4."""
    named = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label.encode() + info
    return expand(secret, named, size)


def shared_secret(
    key: ec.EllipticCurvePrivateKey, peer: bytes, enc: bytes, recipient: bytes
) -> bytes:
    """ExtractAndExpand of 4.1, over the Diffie-Hellman of key and peer."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, peer)
    eae = labeled_extract(KEM_ID, b"", "eae_prk", key.exchange(ec.ECDH(), point))
    both = enc + recipient
    return labeled_expand(KEM_ID, eae, "shared_secret", both, HASH_LEN)


def key_schedule(secret: bytes, info: bytes) -> tuple[AESGCM, bytes]:
    """KeySchedule of 5.1 in base mode: the cipher and its first nonce."""
    context = b"\0" + labeled_extract(HPKE_ID, b"", "psk_id_hash", b"")
    context += labeled_extract(HPKE_ID, b"", "info_hash", info)
    master = labeled_extract(HPKE_ID, secret, "secret", b"")
    aead = labeled_expand(HPKE_ID, master, "key", context, KEY_LEN)
    nonce = labeled_expand(HPKE_ID, master, "base_nonce", context, NONCE_LEN)
    return AESGCM(aead), nonce


def hpke_open(
    key: ec.EllipticCurvePrivateKey,
    sent: bytes,
    info: bytes,
    ciphertext: bytes,
    aad: bytes = b"",
) -> bytes:
    """Open what was sealed to key (6.1)."""
    secret = shared_secret(key, sent, sent, public_bytes(key))
    cipher, nonce = key_schedule(secret, info)
    return cipher.decrypt(nonce, ciphertext, aad)


def hpke_seal(
    recipient: bytes,
    info: bytes,
    plaintext: bytes,
    aad: bytes = b"",
    *,
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
) -> tuple[bytes, bytes]:
    """Seal to a public key (6.1); give the encapsulated key and the ciphertext.

    ephemeral is drawn, but for known answers.
    """
    own = ephemeral or ec.generate_private_key(CURVE)
    enc = public_bytes(own)
    secret = shared_secret(own, recipient, enc, recipient)
    cipher, nonce = key_schedule(secret, info)
    return enc, cipher.encrypt(nonce, plaintext, aad)
