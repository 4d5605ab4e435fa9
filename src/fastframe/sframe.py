"""SFrame on the key side: ratchet, key ids, keys per stream (RFC 9605).

The `sframe` format derives everything from a base key and a key id (KID). What
happens between one base key and the next is the application's, in one of two
ways that the RFC lays down: sender keys (5.1) or MLS (5.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.errors import UsageError
from fastframe.exporter import export
from fastframe.suites import SFRAME_SUITES, core_suite

if TYPE_CHECKING:
    from fastframe._native import Buffer

__all__ = ["mls_base_key", "mls_kid", "ratchet", "sender_kid", "ssrc_key"]

KID_BITS = 64
SHA512_SINCE = 5
_HASH_LENS = {"SHA-256": 32, "SHA-512": 64}


def _hash_of(suite: str | int) -> str:
    """Name the hash of a suite: SHA-512 from number 5 on (RFC 9605, 4.5)."""
    numbers = {core_suite(name): number for number, name in SFRAME_SUITES.items()}
    number = numbers.get(core_suite(suite))
    if number is None:
        raise UsageError(f"{suite!r} is no suite of SFrame")
    return "SHA-512" if number >= SHA512_SINCE else "SHA-256"


def ratchet(base_key: Buffer, *, suite: str | int) -> bytearray:
    """Give the base key of the next ratchet step (RFC 9605, 5.1).

    Returns 32 bytes, or 64 for the suites with SHA-512, yours to wipe. Its KID
    is that of the next step: see sender_kid(). The step before cannot be had
    from it.
    """
    return _step(base_key, suite, b"", b"SFrame 1.0 Ratchet")


def ssrc_key(base_key: Buffer, ssrc: int, *, suite: str | int) -> bytearray:
    """Give the base key of one RTP stream (draft-ietf-avtcore-rtp-sframe-02).

    Sealer("sframe", …, ssrc=) and Opener("sframe", …, ssrc=) do this
    themselves. Later ratchet steps start from what it gives.
    """
    salt = _native.check_int(ssrc, "ssrc", 0, 2**32 - 1).to_bytes(4, "big")
    return _step(base_key, suite, salt, b"SFrame 1.0 RTP Stream")


def _step(base_key: Buffer, suite: str | int, salt: bytes, info: bytes) -> bytearray:
    name = _hash_of(suite)
    secret = _native.hkdf_extract(name, salt, base_key)
    try:
        return _native.hkdf_expand(name, secret, info, _HASH_LENS[name])
    finally:
        _native.wipe(secret)


def sender_kid(generation: int, step: int, *, ratchet_bits: int) -> int:
    """Give the KID of a sender key: generation above step modulo 2^R (5.1).

    ratchet_bits is R, agreed by the application, 0 to 64.
    """
    bits = _native.check_int(ratchet_bits, "ratchet_bits", 0, KID_BITS)
    most = (1 << (KID_BITS - bits)) - 1
    high = _native.check_int(generation, "generation", 0, most)
    low = _native.check_int(step, "step", 0, _native.COUNTER_MAX)
    return high << bits | low % (1 << bits)


def mls_kid(
    epoch: int,
    sender: int,
    *,
    epoch_bits: int,
    sender_bits: int,
    context: int = 0,
) -> int:
    """Give the KID of a member in an MLS epoch: context, sender, epoch (5.2).

    epoch_bits and sender_bits are E and S. The epoch counts modulo 2^E: a new
    epoch takes the place of the one 2^E before it, in every opener. The base
    key is that of the epoch: see mls_base_key().
    """
    low = _native.check_int(epoch_bits, "epoch_bits", 0, KID_BITS)
    middle = _native.check_int(sender_bits, "sender_bits", 0, KID_BITS - low)
    most = (1 << (KID_BITS - low - middle)) - 1
    _native.check_int(context, "context", 0, most)
    _native.check_int(sender, "sender", 0, (1 << middle) - 1)
    _native.check_int(epoch, "epoch", 0, _native.COUNTER_MAX)
    return (context << middle | sender) << low | epoch % (1 << low)


def mls_base_key(
    exporter_secret: Buffer, *, suite: str | int, mls_hash: str = "SHA-256"
) -> bytearray:
    """Give the base key of an MLS epoch, yours to wipe (5.2).

    MLS-Exporter("SFrame 1.0 Base Key", "", Nk): 16 bytes or more, as
    generate_key(suite) gives them. An MLS library that shows no exporter secret
    exports the same, if it hashes the context as RFC 9420 says (8.5).

    Args:
        exporter_secret: the epoch's, 32 bytes, or 64 with SHA-512.
        suite: SFrame's, by number or name.
        mls_hash: the MLS ciphersuite's: SHA-256 (1 to 3) or SHA-512 (4 to 6).
    """
    _hash_of(suite)  # refuses what is no suite of SFrame
    length = _native.suite_key_len(core_suite(suite))
    label = b"SFrame 1.0 Base Key"
    return export(exporter_secret, label, b"", length, hash_=mls_hash)
