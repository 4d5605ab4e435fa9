"""An identity as a file, sealed under a password.

PEM around::

    [version 1][KEM id 2][salt 16][AES-256-GCM(private keys)][tag 16]

Key and nonce come out of scrypt (RFC 7914) over the password, with the whole head
in front as its salt, of which 16 bytes are drawn for each file; the head is also
what is authenticated. Not PKCS #8: of that, the `cryptography` package sets 2048
rounds of PBKDF2, which a graphics card counts in microseconds, and nothing notices
a changed file.
"""

from __future__ import annotations

import binascii
import os
import re
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from fastframe import UsageError, UsageTypeError
from fastframe.keys.errors import WrongPassword
from fastframe.keys.kems import ID_LEN, Kem, kem_of
from fastframe.keys.p256 import SCALAR_LEN

_VERSION = b"\1"
_SALT_LEN = 16
_KEY_LEN = 32
_NONCE_LEN = 12
_TAG_LEN = 16
# 32 MiB and about a fifth of a second: OWASP's advice for scrypt with N = 2^15.
# They go with the version and are not read from the file, so that a file that
# someone sent cannot ask for gigabytes.
_N, _R, _P = 2**15, 8, 3
_LINE_LEN = 64  # RFC 7468, 2
_LABEL = "FASTFRAME IDENTITY"
_PEM = re.compile(
    rf"-----BEGIN {_LABEL}-----\s([A-Za-z0-9+/=\s]{{1,1000}})-----END {_LABEL}-----"
)


def write_sealed(kem: Kem, private: bytes, password: bytes) -> bytes:
    """Seal private keys under a password, as PEM text."""
    head = _VERSION + kem.id_bytes + os.urandom(_SALT_LEN)
    cipher, nonce = _derive(password, head)
    body = b64encode(head + cipher.encrypt(nonce, private, head)).decode()
    lines = [body[at : at + _LINE_LEN] for at in range(0, len(body), _LINE_LEN)]
    text = [f"-----BEGIN {_LABEL}-----", *lines, f"-----END {_LABEL}-----", ""]
    return "\n".join(text).encode()


def read_sealed(data: bytes, password: bytes) -> tuple[Kem, bytearray]:
    """Give the KEM and the private keys, yours to wipe.

    WrongPassword if they do not open, UsageError if data is no such file at all.
    """
    content = _unarmour(data)
    head_len = len(_VERSION) + ID_LEN + _SALT_LEN
    head, sealed = content[:head_len], content[head_len:]
    kem = kem_of(head[len(_VERSION) : len(_VERSION) + ID_LEN])
    if not head.startswith(_VERSION) or kem is None:
        raise UsageError("the identity's file is of a version not known here")
    if len(sealed) != kem.private_len + SCALAR_LEN + _TAG_LEN:
        raise UsageError("the identity's file was cut short or added to")
    cipher, nonce = _derive(password, head)
    private = bytearray(len(sealed) - _TAG_LEN)
    try:
        cipher.decrypt_into(nonce, sealed, head, private)
    except InvalidTag:
        raise WrongPassword(
            "wrong password, or the identity's file was changed"
        ) from None
    return kem, private


def _unarmour(data: bytes) -> bytes:
    """Take the PEM text off."""
    found = _PEM.search(data.decode("ascii", "replace"))
    if found:
        try:
            return b64decode("".join(found[1].split()), validate=True)
        except binascii.Error:
            pass
    raise UsageError(f"expected a file that has -----BEGIN {_LABEL}-----")


def _derive(password: bytes, head: bytes) -> tuple[AESGCM, bytes]:
    """Give cipher and nonce; both are new with each head."""
    if not isinstance(password, (bytes, bytearray)):
        raise UsageTypeError("password must be bytes")
    if not password:
        raise UsageError("password must not be empty")
    scrypt = Scrypt(salt=head, length=_KEY_LEN + _NONCE_LEN, n=_N, r=_R, p=_P)
    derived = scrypt.derive(password)
    return AESGCM(derived[:_KEY_LEN]), derived[_KEY_LEN:]
