"""A content key wrapped for one member: HPKE, and a signature over all of it.

::

    [version 1][KEM id 2][signature 64][enc][content key + 16 bytes of tag]

164 bytes for a 16-byte key with P-256, 1 219 with the hybrid KEM. HPKE is RFC
9180's in base mode, single-shot, with the suite of the recipient's KEM; its
info is the binding below, and what is signed is the binding, enc and the
ciphertext.

Why a signature and not a Diffie-Hellman of both static keys (RFC 9180's auth
mode, or a MAC under one):

- Whoever steals a member's private key can read what is sent to it, but cannot
  pass for others towards it. With auth mode they can: key-compromise
  impersonation, RFC 9180, 9.1.1.
- It goes with every KEM. ML-KEM has no static Diffie-Hellman, and the
  `cryptography` package has only base mode.
- The same key signs a room's messages once for all members.

It costs a signature for each recipient (some 20 µs, where HPKE takes 60) and
deniability: a relay can show to others that a sender sent a key to this
recipient in this room, though not which key. Signatures stay classical with the
hybrid KEM: to break one later does not open what was recorded today.

Binding: version, KEM, room, sender, recipient, key id and generation are in
both layers. So a wrapped key cannot be redirected, taken over (a signature cut
off and replaced by one's own names another sender in info), or played back
under another id. What unwrap() cannot know is whether it has seen this very
generation before: who keeps the highest one of each sender knows.

No forward secrecy against the theft of a recipient's private key: whoever has
recorded what was wrapped for it opens all of it. An identity that is made for one
call, and closed with it, bounds that to the call. Nothing is saved between two
wraps: a shared Diffie-Hellman for each pair would save half of their cost, and
make the sender's private key open what it sent, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from fastframe.keys.context import Context, join_fields
from fastframe.keys.errors import InvalidPublicKey, UnwrapFailed
from fastframe.keys.kems import ID_LEN, Kem
from fastframe.keys.public import read_public_key
from fastframe.keys.signing import SIGNATURE_LEN, is_signed, sign_fields

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from fastframe.keys.kems import KemKey

VERSION = b"\1"
_LABEL = b"fastframe wrapped key"
_PURPOSE = "wrapped key"
_SIGNATURE_AT = len(VERSION) + ID_LEN
_SEALED_AT = _SIGNATURE_AT + SIGNATURE_LEN
CONTENT_KEY_MAX = 255
TAG_LEN = 16


def _binding(kem: Kem, recipient: bytes, context: Context) -> bytes:
    return join_fields(_LABEL, VERSION, kem.id_bytes, recipient, *context.encode())


def wrap_for(
    recipient: bytes,
    content_key: bytes | bytearray,
    context: Context,
    signing_key: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Wrap a content key for one recipient; InvalidPublicKey if it is none."""
    public = read_public_key(recipient)
    binding = _binding(public.kem, recipient, context)
    try:
        sealed = public.kem.suite.encrypt(content_key, public.for_hpke, binding)
    except ValueError:  # of low order: X25519 finds out now (RFC 7748, 6.1)
        raise InvalidPublicKey(f"not a public key for {public.kem.name}") from None
    signature = sign_fields(signing_key, _PURPOSE, binding, sealed)
    return VERSION + public.kem.id_bytes + signature + sealed


def unwrap_with(
    kem: Kem, key: KemKey, own: bytes, wrapped: bytes, context: Context
) -> bytearray:
    """Give the content key of a wrapped one; UnwrapFailed if anything differs."""
    if wrapped[:_SIGNATURE_AT] != VERSION + kem.id_bytes:
        raise UnwrapFailed("the wrapped key is of another version or KEM")
    key_len = len(wrapped) - _SEALED_AT - kem.enc_len - TAG_LEN
    if not 1 <= key_len <= CONTENT_KEY_MAX:
        raise UnwrapFailed(f"a wrapped key cannot be {len(wrapped)} bytes long")
    signature, sealed = wrapped[_SIGNATURE_AT:_SEALED_AT], wrapped[_SEALED_AT:]
    binding = _binding(kem, own, context)
    try:
        sender = read_public_key(context.sender)
        is_senders = is_signed(
            sender.for_signatures, signature, _PURPOSE, binding, sealed
        )
        if is_senders:
            return bytearray(kem.suite.decrypt(sealed, key.for_hpke, binding))
    except (InvalidPublicKey, InvalidTag):
        pass
    raise UnwrapFailed(
        "the wrapped key was changed, or is for another room, sender, recipient, "
        "key id or generation"
    )
