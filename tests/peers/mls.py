"""As much of MLS (RFC 9420) as it takes to join a group and export its keys.

davey shows no keys. A member of the same group can derive them all, so the
tests join as one: a key package goes out, the group's Welcome comes in, and
the exporter gives what DAVE seals frames with. Only MLS ciphersuite 2 (P-256,
AES-128-GCM, SHA-256), which is DAVE's.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from peers.hpke import (
    CURVE,
    HASH_LEN,
    KEY_LEN,
    NONCE_LEN,
    expand,
    extract,
    hpke_open,
    public_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MLS10 = (1).to_bytes(2, "big")
SUITE = (2).to_bytes(2, "big")


# -- the presentation language (2.1) --


def opaque(data: bytes) -> bytes:
    """Write a vector with its variable-size length."""
    if len(data) < 1 << 6:
        return bytes([len(data)]) + data
    if len(data) < 1 << 14:
        return (len(data) | 1 << 14).to_bytes(2, "big") + data
    return (len(data) | 2 << 30).to_bytes(4, "big") + data


class Reader:
    """Reads a message field by field."""

    def __init__(self, data: bytes) -> None:
        """Start at the first byte."""
        self._data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """Read size bytes."""
        if self.at + size > len(self._data):
            raise ValueError("an MLS message ends too early")
        taken = self._data[self.at : self.at + size]
        self.at += size
        return taken

    def number(self, size: int) -> int:
        """Read an integer of size bytes."""
        return int.from_bytes(self.take(size), "big")

    def opaque(self) -> bytes:
        """Read a vector."""
        first = self.number(1)
        more = (1 << (first >> 6)) - 1
        size = (first & 0x3F) << 8 * more | self.number(more)
        return self.take(size)

    def is_done(self) -> bool:
        """Tell whether nothing is left."""
        return self.at == len(self._data)


# -- keys (5.1, 8) --


def expand_label(secret: bytes, label: str, context: bytes, size: int) -> bytes:
    """ExpandWithLabel (8)."""
    named = opaque(b"MLS 1.0 " + label.encode()) + opaque(context)
    return expand(secret, size.to_bytes(2, "big") + named, size)


def derive(secret: bytes, label: str) -> bytes:
    """DeriveSecret (8)."""
    return expand_label(secret, label, b"", HASH_LEN)


def tree_secret(secret: bytes, label: str, generation: int, size: int) -> bytes:
    """DeriveTreeSecret (9.1), which moves DAVE's sender keys on."""
    return expand_label(secret, label, generation.to_bytes(4, "big"), size)


def sign(key: ec.EllipticCurvePrivateKey, label: str, content: bytes) -> bytes:
    """SignWithLabel (5.1.2)."""
    named = opaque(b"MLS 1.0 " + label.encode()) + opaque(content)
    return key.sign(named, ec.ECDSA(SHA256()))


# -- the delivery service and the member --


def basic_credential(identity: bytes) -> bytes:
    """Give a credential that only says a name (5.3)."""
    return b"\0\1" + opaque(identity)


class ExternalSender:
    """The voice server: it proposes who joins, and knows no keys."""

    def __init__(self, group_id: bytes) -> None:
        """Draw a signing key."""
        self._group = group_id
        self._key = ec.generate_private_key(CURVE)

    def describe(self) -> bytes:
        """Give the group's external_senders entry (12.1.8.1)."""
        return opaque(public_bytes(self._key)) + basic_credential(b"server")

    def propose(self, packages: Iterable[bytes], epoch: int = 0) -> bytes:
        """Propose to add members; give a vector of messages."""
        return opaque(b"".join(self._add(package, epoch) for package in packages))

    def _add(self, package: bytes, epoch: int) -> bytes:
        # External sender 0, no authenticated data, a proposal, of kind "add".
        content = opaque(self._group) + epoch.to_bytes(8, "big")
        content += b"\2" + bytes(4) + opaque(b"") + b"\2" + b"\0\1" + package
        head = MLS10 + b"\0\1"  # a public message
        signature = sign(self._key, "FramedContentTBS", head + content)
        return head + content + opaque(signature)


class Member:
    """One who joins a group by its Welcome and then only exports."""

    def __init__(self, identity: bytes) -> None:
        """Draw the keys and make the key package."""
        self._init = ec.generate_private_key(CURVE)
        self._encryption = ec.generate_private_key(CURVE)
        self._signature = ec.generate_private_key(CURVE)
        self.package = self._make_package(identity)
        self._epoch = b""

    def _make_package(self, identity: bytes) -> bytes:
        """Write a KeyPackage (10), valid for ever, as DAVE's are."""
        leaf = opaque(public_bytes(self._encryption))
        leaf += opaque(public_bytes(self._signature)) + basic_credential(identity)
        # Capabilities: this version, this suite, basic credentials.
        leaf += opaque(MLS10) + opaque(SUITE) + opaque(b"") + opaque(b"")
        leaf += opaque(b"\0\1")
        leaf += b"\1" + bytes(8) + b"\xff" * 8 + opaque(b"")
        leaf += opaque(sign(self._signature, "LeafNodeTBS", leaf))
        package = MLS10 + SUITE + opaque(public_bytes(self._init)) + leaf + opaque(b"")
        return package + opaque(sign(self._signature, "KeyPackageTBS", package))

    def join(self, welcome: bytes) -> None:
        """Derive the epoch's secrets from a Welcome (12.4.3.1)."""
        reader = Reader(welcome)
        assert reader.take(2) == SUITE
        secrets = Reader(reader.opaque())
        sealed_info = reader.opaque()
        named = opaque(b"MLS 1.0 KeyPackage Reference") + opaque(self.package)
        reference = hashlib.sha256(named).digest()
        joiner = self._find(secrets, reference, sealed_info)
        member = extract(joiner, bytes(HASH_LEN))
        welcomed = derive(member, "welcome")
        key = expand_label(welcomed, "key", b"", KEY_LEN)
        nonce = expand_label(welcomed, "nonce", b"", NONCE_LEN)
        info = AESGCM(key).decrypt(nonce, sealed_info, b"")
        context = group_context(info)
        self._epoch = expand_label(member, "epoch", context, HASH_LEN)

    def _find(self, secrets: Reader, reference: bytes, sealed_info: bytes) -> bytes:
        """Open the part of a Welcome that is for this member."""
        while not secrets.is_done():
            whose, sent, ciphertext = (secrets.opaque() for _ in range(3))
            if whose == reference:
                info = opaque(b"MLS 1.0 Welcome") + opaque(sealed_info)
                return Reader(hpke_open(self._init, sent, info, ciphertext)).opaque()
        raise ValueError("the Welcome is for other members")

    def authenticator(self) -> bytes:
        """Give the epoch's authenticator (8.7): the same for all members."""
        return derive(self._epoch, "authentication")

    def export(self, label: str, context: bytes, size: int) -> bytes:
        """MLS-Exporter (8.5)."""
        secret = derive(derive(self._epoch, "exporter"), label)
        hashed = hashlib.sha256(context).digest()
        return expand_label(secret, "exported", hashed, size)


def group_context(info: bytes) -> bytes:
    """Cut the GroupContext (8.1) out of a GroupInfo, which starts with it."""
    reader = Reader(info)
    reader.take(4)  # version, suite
    reader.opaque()  # group id
    reader.take(8)  # epoch
    for _ in range(3):  # tree hash, transcript hash, extensions
        reader.opaque()
    return info[: reader.at]
