"""The public key of an identity: a KEM's and a signature's, in one string.

::

    [KEM id 2][KEM public key][ECDSA P-256 public key 65]

132 bytes with P-256, 1 283 with the hybrid KEM. One key pair for each purpose:
a key used for both Diffie-Hellman and signatures would tie the security of
either to the other, and WebCrypto has no such key either.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm

from fastframe.keys import p256
from fastframe.keys.errors import InvalidPublicKey
from fastframe.keys.kems import ID_LEN, Kem, kem_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

FINGERPRINT_LEN = 16


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, read and checked.

    Attributes:
        kem: the KEM it wraps with.
        for_hpke: the KEM's half, as Suite.encrypt() takes it.
        for_signatures: the half that verifies.
    """

    kem: Kem
    for_hpke: Any
    for_signatures: ec.EllipticCurvePublicKey


def write_public_key(kem: Kem, kem_public: bytes, signing_public: bytes) -> bytes:
    """Put the halves together."""
    return kem.id_bytes + kem_public + signing_public


def read_public_key(data: bytes) -> PublicKey:
    """Read what write_public_key() wrote; InvalidPublicKey for anything else."""
    kem = kem_of(bytes(data[:ID_LEN]))
    if kem is None:
        raise InvalidPublicKey("a public key names a KEM that is not known here")
    expected = ID_LEN + kem.public_len + p256.POINT_LEN
    if len(data) != expected:
        raise InvalidPublicKey(
            f"a public key for {kem.name} must be {expected} bytes, got {len(data)}"
        )
    middle = ID_LEN + kem.public_len
    try:
        return PublicKey(
            kem,
            kem.load_public(bytes(data[ID_LEN:middle])),
            p256.load_point(bytes(data[middle:])),
        )
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey(f"not a public key for {kem.name}") from None


def check_public_key(data: bytes) -> None:
    """Raise InvalidPublicKey unless data is the public key of an Identity.

    What comes from a relay may be anything: a point that is not on the curve
    must be turned away here, before a key is wrapped for it.
    """
    read_public_key(data)


def kem_name(public_key: bytes) -> str:
    """Name the KEM of a public key, "P-256" or "hybrid"; or InvalidPublicKey."""
    return read_public_key(public_key).kem.name


def fingerprint(public_key: bytes) -> str:
    """Give 128 bits of SHA-256 of a public key in hex: for logs and tables.

    For people to compare, take safety_number().
    """
    return hashlib.sha256(public_key).digest()[:FINGERPRINT_LEN].hex()
