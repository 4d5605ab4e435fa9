"""The plain form: ECDH P-256 to an AES-256-GCM key, as browsers do it in a line.

What the insertable-streams article does, and with it many a page::

    wrapping = await crypto.subtle.deriveKey({name: "ECDH", public: theirs},
        mine, {name: "AES-GCM", length: 256}, false, ["encrypt", "decrypt"]);
    wrapped = iv || await crypto.subtle.encrypt({name: "AES-GCM", iv,
        additionalData}, wrapping, rawContentKey);

so [IV 12][content key][tag 16]: 44 bytes for a key of 16. wrapKey("raw", …) and
unwrapKey() give and take the same bytes.

It is here for peers that speak nothing else. What it lacks beside
Identity.wrap():

- The wrapping key is the same for ever and in both directions: a relay can send
  a wrapped key back to who made it, play an old one again, or move it to another
  room or key id, unless additional data says what it is for.
- No forward secrecy: who gets either private key reads all wrapped keys, past
  and future, and can pass for either side towards the other.
- Only the public keys authenticate. Who takes them from the relay unseen
  authenticates nothing.
- The x coordinate is the AES key as it is, without a KDF.
- IVs are drawn at random: stay below 2^32 keys for one pair (NIST SP 800-38D,
  8.3).
"""

from __future__ import annotations

import os
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fastframe import UsageError, UsageTypeError
from fastframe.keys import p256
from fastframe.keys.errors import InvalidPublicKey, UnwrapFailed
from fastframe.keys.public import fingerprint

IV_LEN = 12
TAG_LEN = 16
_KEY_LENS = (16, 32)  # what importKey("raw", …, "AES-GCM") takes


class PlainIdentity:
    """A P-256 key pair for the plain form. See what it lacks above.

    Attributes:
        public_key: 65 bytes, as exportKey("raw", …) gives them.
        fingerprint: 128 bits of their SHA-256 in hex.
    """

    __slots__ = ("_key", "fingerprint", "public_key")

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        """Take a key pair; use generate() for a new one."""
        self._key: ec.EllipticCurvePrivateKey | None = key
        self.public_key: bytes = p256.point_bytes(key)
        self.fingerprint: str = fingerprint(self.public_key)

    @classmethod
    def generate(cls) -> PlainIdentity:
        """Draw a new key pair."""
        return cls(p256.generate())

    def wrap(
        self, content_key: bytes | bytearray, *, to: bytes, aad: bytes = b""
    ) -> bytes:
        """Wrap a content key of 16 or 32 bytes for one member.

        aad is WebCrypto's additionalData. Put in who sends to whom, in which
        room and under which key id, and let the browser do so as well.

        Raises InvalidPublicKey if to is no point of the curve.
        """
        if len(content_key) not in _KEY_LENS:
            raise UsageError(
                f"content_key must be 16 or 32 bytes, got {len(content_key)}"
            )
        iv = os.urandom(IV_LEN)
        return iv + self._cipher(to).encrypt(iv, content_key, aad)

    def unwrap(self, wrapped: bytes, *, sender: bytes, aad: bytes = b"") -> bytearray:
        """Give the content key that the sender, or this side, wrapped.

        Raises UnwrapFailed for whatever is wrong with wrapped, sender or aad.
        """
        if len(wrapped) - IV_LEN - TAG_LEN not in _KEY_LENS:
            raise UnwrapFailed(f"a wrapped key cannot be {len(wrapped)} bytes long")
        try:
            cipher = self._cipher(sender)
            return bytearray(cipher.decrypt(wrapped[:IV_LEN], wrapped[IV_LEN:], aad))
        except (InvalidPublicKey, InvalidTag):
            raise UnwrapFailed(
                "the wrapped key was changed, or is another pair's"
            ) from None

    def _cipher(self, public_key: bytes) -> AESGCM:
        if self._key is None:
            raise UsageError("the identity is closed")
        try:
            point = p256.load_point(public_key)
        except ValueError:
            raise InvalidPublicKey("not an uncompressed point of P-256") from None
        return AESGCM(self._key.exchange(ec.ECDH(), point))

    def close(self) -> None:
        """Let go of the private key; OpenSSL wipes it with its last user."""
        self._key = None

    def __repr__(self) -> str:
        """Show what may be shown."""
        return f"<PlainIdentity {self.fingerprint}>"

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold a private key in the clear."""
        raise UsageTypeError("a PlainIdentity cannot be copied or pickled")
