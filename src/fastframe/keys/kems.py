"""The key encapsulation mechanisms that an identity can have, as a table.

==========  ==============================  ======  ==========  =====
name        what it is                      KEM id  public key  enc
==========  ==============================  ======  ==========  =====
``P-256``   DHKEM(P-256, HKDF-SHA256),      0x0010  65          65
            RFC 9180, 7.1
``hybrid``  ML-KEM-768 with X25519          0x647a  1 216       1 120
            (X-Wing), draft-ietf-hpke-pq
==========  ==============================  ======  ==========  =====

Sizes are in bytes. All cryptography is that of the `cryptography` package; this
file only gives its objects one shape.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from fastframe import UsageError
from fastframe.keys import p256

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric import ec

ID_LEN = 2
_MLKEM_PUBLIC_LEN = 1184  # FIPS 203, table 3
_MLKEM_SEED_LEN = 64  # d and z: the one form RFC 9935 prefers
_X25519_LEN = 32


class KemKey(Protocol):
    """A private key of some KEM."""

    @property
    def for_hpke(self) -> Any:
        """The key as Suite.decrypt() takes it."""

    def public_bytes(self) -> bytes:
        """Give the public key."""

    def private_bytes(self) -> bytes:
        """Give the private key, from which Kem.load makes it again."""


class _P256Key:
    """The private key of DHKEM(P-256)."""

    __slots__ = ("for_hpke",)

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.for_hpke = key

    def public_bytes(self) -> bytes:
        return p256.point_bytes(self.for_hpke)

    def private_bytes(self) -> bytes:
        return p256.scalar_bytes(self.for_hpke)


class _HybridKey:
    """Both halves of an X-Wing key: what HPKE takes cannot be written out."""

    __slots__ = ("_mlkem", "_x25519", "for_hpke")

    def __init__(
        self, mlkem_key: mlkem.MLKEM768PrivateKey, x25519_key: x25519.X25519PrivateKey
    ) -> None:
        self._mlkem = mlkem_key
        self._x25519 = x25519_key
        self.for_hpke = hpke.MLKEM768X25519PrivateKey(mlkem_key, x25519_key)

    def public_bytes(self) -> bytes:
        first = self._mlkem.public_key().public_bytes_raw()
        return first + self._x25519.public_key().public_bytes_raw()

    def private_bytes(self) -> bytes:
        return self._mlkem.private_bytes_raw() + self._x25519.private_bytes_raw()


def _generate_hybrid() -> KemKey:
    seed = os.urandom(_MLKEM_SEED_LEN)  # as ML-KEM.KeyGen draws it, FIPS 203, 7.1
    return _load_hybrid(seed + os.urandom(_X25519_LEN))


def _load_hybrid(data: bytes | memoryview) -> KemKey:
    try:
        first = mlkem.MLKEM768PrivateKey.from_seed_bytes(data[:_MLKEM_SEED_LEN])
    except UnsupportedAlgorithm:  # an OpenSSL before 3.5
        raise UsageError(
            "the hybrid KEM needs ML-KEM, which this build of cryptography lacks"
        ) from None
    second = x25519.X25519PrivateKey.from_private_bytes(data[_MLKEM_SEED_LEN:])
    return _HybridKey(first, second)


def _load_hybrid_public(data: bytes) -> hpke.MLKEM768X25519PublicKey:
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC_LEN]),
        x25519.X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC_LEN:]),
    )


@dataclass(frozen=True, slots=True)
class Kem:
    """One line of the table, with the HPKE suite that goes with it.

    load and load_public take the exact number of bytes and raise ValueError for
    what is no key.
    """

    name: str
    kem_id: int
    suite: hpke.Suite
    public_len: int
    private_len: int
    enc_len: int
    generate: Callable[[], KemKey]
    load: Callable[[bytes | memoryview], KemKey]
    load_public: Callable[[bytes], Any]

    @property
    def id_bytes(self) -> bytes:
        """The KEM id as RFC 9180 writes it."""
        return self.kem_id.to_bytes(ID_LEN, "big")


_TABLE = (
    Kem(
        name="P-256",
        kem_id=0x0010,
        suite=hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM),
        public_len=p256.POINT_LEN,
        private_len=p256.SCALAR_LEN,
        enc_len=p256.POINT_LEN,
        generate=lambda: _P256Key(p256.generate()),
        load=lambda data: _P256Key(p256.load_scalar(data)),
        load_public=p256.load_point,
    ),
    Kem(
        name="hybrid",
        kem_id=0x647A,
        # 256 bits, because a quantum computer may halve what a search costs.
        suite=hpke.Suite(
            hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM
        ),
        public_len=_MLKEM_PUBLIC_LEN + _X25519_LEN,
        private_len=_MLKEM_SEED_LEN + _X25519_LEN,
        enc_len=1120,
        generate=_generate_hybrid,
        load=_load_hybrid,
        load_public=_load_hybrid_public,
    ),
)
_BY_NAME = {kem.name: kem for kem in _TABLE}
_BY_ID = {kem.id_bytes: kem for kem in _TABLE}


def kem_named(name: str) -> Kem:
    """Find a KEM by its name; UsageError lists the names there are."""
    if name not in _BY_NAME:
        raise UsageError(f"kem must be {' or '.join(_BY_NAME)}, got {name!r}")
    return _BY_NAME[name]


def kem_of(id_bytes: bytes) -> Kem | None:
    """Find the KEM whose id starts a public or wrapped key, None if unknown."""
    return _BY_ID.get(id_bytes)
