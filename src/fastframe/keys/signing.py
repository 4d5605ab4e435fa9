"""Signatures over messages: ECDSA P-256 with SHA-256, as WebCrypto writes it.

A signature is r || s, 64 bytes (IEEE P1363, which is WebCrypto's form, not
DER). Each is for one purpose: what is signed starts with its name, so that no
message of one kind can pass for one of another.

Of s and n - s, which ECDSA cannot tell apart, only the lower one counts. Else
anybody could make a second signature out of one, and with it a wrapped key that
looks like a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from fastframe.keys.context import join_fields
from fastframe.keys.errors import BadSignature
from fastframe.keys.p256 import ORDER, SCALAR_LEN
from fastframe.keys.public import read_public_key

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURE_LEN = 2 * SCALAR_LEN
_LABEL = b"fastframe signature v1"
_ECDSA = ec.ECDSA(SHA256())


def _signed(purpose: str, fields: Sequence[bytes]) -> bytes:
    return join_fields(_LABEL, purpose.encode(), *fields)


def sign_fields(key: ec.EllipticCurvePrivateKey, purpose: str, *fields: bytes) -> bytes:
    """Sign fields for one purpose; give r || s."""
    r, s = decode_dss_signature(key.sign(_signed(purpose, fields), _ECDSA))
    s = min(s, ORDER - s)
    return r.to_bytes(SCALAR_LEN, "big") + s.to_bytes(SCALAR_LEN, "big")


def is_signed(
    key: ec.EllipticCurvePublicKey, signature: bytes, purpose: str, *fields: bytes
) -> bool:
    """Tell whether a signature is the key's, over these fields and purpose."""
    if len(signature) != SIGNATURE_LEN:
        return False
    r = int.from_bytes(signature[:SCALAR_LEN], "big")
    s = int.from_bytes(signature[SCALAR_LEN:], "big")
    if s > ORDER // 2:
        return False
    try:
        key.verify(encode_dss_signature(r, s), _signed(purpose, fields), _ECDSA)
    except InvalidSignature:
        return False
    return True


def verify(signature: bytes, message: bytes, *, sender: bytes, purpose: str) -> None:
    """Raise BadSignature unless Identity.sign() of the sender gave signature.

    Args:
        signature: 64 bytes; anything else is a bad one.
        message: what was signed.
        sender: the public key of the one who must have signed it.
            InvalidPublicKey if it is none.
        purpose: as the signer's.
    """
    key = read_public_key(sender).for_signatures
    if not is_signed(key, signature, purpose, message):
        raise BadSignature("the message was changed, or is not this sender's")
