"""Open what HPKE (RFC 9180) sealed, in the one suite that DAVE's MLS uses."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASH_LEN = 32
KEY_LEN = 16
NONCE_LEN = 12
CURVE = ec.SECP256R1()
# RFC 9180, 7.1, 7.2 and 7.3: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
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


def hpke_open(
    key: ec.EllipticCurvePrivateKey, sent: bytes, info: bytes, ciphertext: bytes
) -> bytes:
    """Open what was sealed to key: RFC 9180, 6.1, in base mode."""
    peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sent)
    shared = key.exchange(ec.ECDH(), peer)
    eae = labeled_extract(KEM_ID, b"", "eae_prk", shared)
    both = sent + public_bytes(key)
    secret = labeled_expand(KEM_ID, eae, "shared_secret", both, HASH_LEN)
    context = b"\0" + labeled_extract(HPKE_ID, b"", "psk_id_hash", b"")
    context += labeled_extract(HPKE_ID, b"", "info_hash", info)
    master = labeled_extract(HPKE_ID, secret, "secret", b"")
    aead = labeled_expand(HPKE_ID, master, "key", context, KEY_LEN)
    nonce = labeled_expand(HPKE_ID, master, "base_nonce", context, NONCE_LEN)
    return AESGCM(aead).decrypt(nonce, ciphertext, b"")
