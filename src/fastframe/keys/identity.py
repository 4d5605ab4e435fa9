"""A member's long-term keys: what is shown, what wraps, what signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from fastframe import UsageError, UsageTypeError
from fastframe.keys import p256
from fastframe.keys.errors import UnwrapFailed
from fastframe.keys.kems import kem_named
from fastframe.keys.public import fingerprint, write_public_key
from fastframe.keys.sealed_file import read_sealed, write_sealed
from fastframe.keys.signing import sign_fields
from fastframe.keys.wrapping import CONTENT_KEY_MAX, unwrap_with, wrap_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric import ec

    from fastframe.keys.context import Context
    from fastframe.keys.kems import Kem, KemKey


class Identity:
    """Two key pairs: one to wrap content keys for, one that signs.

    Made by generate() or from_pem(). It can be shared between threads, and
    neither copied nor pickled. Wrapping is described in fastframe.keys.wrapping:
    HPKE, signed by the sender, bound to its context.

    Attributes:
        public_key: 132 bytes with P-256, 1 283 with the hybrid KEM.
        fingerprint: 128 bits of the public key's SHA-256 in hex.
        kem: the KEM's name.
    """

    __slots__ = ("_kem", "_keys", "fingerprint", "public_key")

    def __init__(
        self, kem: Kem, kem_key: KemKey, signing_key: ec.EllipticCurvePrivateKey
    ) -> None:
        """Put keys together; use generate() or from_pem()."""
        self._kem = kem
        self._keys: tuple[KemKey, ec.EllipticCurvePrivateKey] | None
        self._keys = (kem_key, signing_key)
        points = kem_key.public_bytes(), p256.point_bytes(signing_key)
        self.public_key: bytes = write_public_key(kem, *points)
        self.fingerprint: str = fingerprint(self.public_key)

    @classmethod
    def generate(cls, *, kem: str = "P-256") -> Identity:
        """Draw new keys; kem="hybrid" resists a later quantum computer."""
        chosen = kem_named(kem)
        return cls(chosen, chosen.generate(), p256.generate())

    def to_pem(self, password: bytes) -> bytes:
        """Seal the private keys under a password, as text for a file.

        Takes a fifth of a second and 32 MiB, which is what makes guessing
        dear. The password must not be empty.
        """
        kem_key, signing_key = self._open_keys()
        private = kem_key.private_bytes() + p256.scalar_bytes(signing_key)
        return write_sealed(self._kem, private, password)

    @classmethod
    def from_pem(cls, data: bytes, password: bytes) -> Identity:
        """Read what to_pem() gave.

        Raises:
            WrongPassword: it is another password, or the file was changed.
            UsageError: data is no identity's file.
        """
        kem, private = read_sealed(data, password)
        view = memoryview(private)  # slices of a bytearray would be copies
        try:
            kem_key = kem.load(view[: kem.private_len])
            return cls(kem, kem_key, p256.load_scalar(view[kem.private_len :]))
        finally:
            private[:] = bytes(len(private))

    @property
    def kem(self) -> str:
        """The name of the KEM."""
        return self._kem.name

    def wrap(
        self, content_key: bytes | bytearray, *, to: Iterable[bytes], context: Context
    ) -> dict[bytes, bytes]:
        """Wrap a content key for each of several members.

        Args:
            content_key: 1 to 255 bytes.
            to: public keys. If one of them is none, InvalidPublicKey, and nothing
                is wrapped: see check_public_key().
            context: what the key is for; its sender must be this identity.

        Returns:
            Public key → wrapped key.
        """
        signing_key = self._open_keys()[1]
        if context.sender != self.public_key:
            raise UsageError("context.sender must be this identity's public key")
        if not 1 <= len(content_key) <= CONTENT_KEY_MAX:
            raise UsageError(
                f"content_key must be 1 to {CONTENT_KEY_MAX} bytes, "
                f"got {len(content_key)}"
            )
        return {
            public_key: wrap_for(public_key, content_key, context, signing_key)
            for public_key in to
        }

    def unwrap(self, wrapped: bytes, *, sender: bytes, context: Context) -> bytearray:
        """Give the content key that a sender wrapped for this identity.

        Args:
            wrapped: what came; bytes of any kind.
            sender: the public key of the member it came from.
            context: as the sender's.

        Returns:
            The key, yours to wipe.

        Raises:
            UnwrapFailed: whatever is wrong with wrapped, sender or context.
        """
        kem_key = self._open_keys()[0]
        if context.sender != sender:
            raise UnwrapFailed("the wrapped key came from another than its sender")
        return unwrap_with(self._kem, kem_key, self.public_key, wrapped, context)

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """Sign a message for one purpose; verify() checks the 64 bytes."""
        return sign_fields(self._open_keys()[1], purpose, message)

    def close(self) -> None:
        """Let go of the private keys; OpenSSL wipes them with their last user."""
        self._keys = None

    def _open_keys(self) -> tuple[KemKey, ec.EllipticCurvePrivateKey]:
        if self._keys is None:
            raise UsageError("the identity is closed")
        return self._keys

    def __repr__(self) -> str:
        """Show what may be shown."""
        return f"<Identity {self._kem.name} {self.fingerprint}>"

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold private keys in the clear."""
        raise UsageTypeError("an Identity cannot be copied or pickled; use to_pem()")
