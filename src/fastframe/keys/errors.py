"""What can go wrong with keys, and whose fault it is.

::

    FastframeError
    └─ KeysError
       ├─ UnwrapFailed        a wrapped key is not what its context says
       ├─ BadSignature        a message is not the sender's, or was changed
       ├─ InvalidPublicKey    bytes that are no public key of an Identity
       ├─ WrongPassword       an identity's file does not open
       ├─ UntrustedMember     a member whom nobody vouched for
       ├─ RelayRefused        a relay does not let this member in
       └─ EncryptionRequired  a room that insists on encryption has no key

The caller's own mistakes are UsageError, as everywhere.
"""

from __future__ import annotations

from fastframe import FastframeError


class KeysError(FastframeError):
    """The root of what fastframe.keys raises, but for the caller's mistakes."""


class UnwrapFailed(KeysError):
    """A wrapped key was changed, redirected, or is another sender's."""


class BadSignature(KeysError):
    """A message was changed, or the sender named did not sign it."""


class InvalidPublicKey(KeysError):
    """Bytes that are no public key of an Identity."""


class WrongPassword(KeysError):
    """The password is another one, or the identity's file was changed."""


class UntrustedMember(KeysError):
    """A member has a public key that the caller does not trust."""


class RelayRefused(KeysError):
    """A relay does not let this member in, or has put it out.

    Attributes:
        code: why, as fastframe.keys.protocol.Errors has it, or "replaced": the
            same identity came in by another connection.
    """

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        """Say it in words."""
        return f"the relay refuses this member: {self.code}"


class EncryptionRequired(KeysError):
    """A room that insists on encryption was asked to go without."""
