"""Points and scalars of P-256 as bytes, as WebCrypto's "raw" form has them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
POINT_LEN = 65  # 04 || x || y (SEC 1, 2.3.3)
SCALAR_LEN = 32
# The number of points, n: SEC 2, 2.4.2.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def generate() -> ec.EllipticCurvePrivateKey:
    """Draw a private key."""
    return ec.generate_private_key(CURVE)


def point_bytes(private: ec.EllipticCurvePrivateKey) -> bytes:
    """Give the public point of a private key, uncompressed."""
    plain = PublicFormat.UncompressedPoint
    return private.public_key().public_bytes(Encoding.X962, plain)


def scalar_bytes(private: ec.EllipticCurvePrivateKey) -> bytes:
    """Give the private scalar, big-endian."""
    return private.private_numbers().private_value.to_bytes(SCALAR_LEN, "big")


def load_point(data: bytes) -> ec.EllipticCurvePublicKey:
    """Read an uncompressed point; ValueError if it is not on the curve."""
    if len(data) != POINT_LEN:  # a compressed one would be a second spelling
        raise ValueError("not an uncompressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, data)


def load_scalar(data: bytes | memoryview) -> ec.EllipticCurvePrivateKey:
    """Read a private scalar; ValueError if the curve has no such."""
    return ec.derive_private_key(int.from_bytes(data, "big"), CURVE)
