"""SFrame (RFC 9605): header, suites 1 to 8, key schedule, ratchet, key ids.

    header || ciphertext || tag          AAD = header as sent || metadata
    nonce = salt XOR counter

Suites 6 to 8 are those of draft-barnes-sframe-iana-256, the step per SSRC that
of draft-ietf-avtcore-rtp-sframe. A derived key is sframe_key || sframe_salt.

fastframe's superset with a codec keeps the codec's prefix in front and makes it
the first part of the metadata, escaping the rest as `insertable` does:

    clear || header || ciphertext || tag     AAD = header || clear || metadata

The header's length varies, so the opener tries the codec's rule, and an empty
clear where a short VP8 frame may have been sealed whole (see `insertable`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm

from reference.aead import IV_LEN, ctr, gcm_open, gcm_seal, mac, pick, same
from reference.clear import NAL_CODECS, own_longest, own_rule, own_split
from reference.errors import Refused, Rejected, first_to_open
from reference.escape import escape, trailing_zeros, unescape_strict
from reference.kdf import expand, extract, mls_exporter

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER_MAX = 17
FIELD_MAX = 8  # bytes of a key id or counter
WIDE = 0x8  # the bit that says: not the value itself, but a length


class Suite(NamedTuple):
    """One line of RFC 9605 4.5; encryption_len 0 means GCM."""

    algorithm: HashAlgorithm
    encryption_len: int
    key_len: int
    tag_len: int


SUITES = {
    1: Suite(SHA256(), 16, 48, 10),
    2: Suite(SHA256(), 16, 48, 8),
    3: Suite(SHA256(), 16, 48, 4),
    4: Suite(SHA256(), 0, 16, 16),
    5: Suite(SHA512(), 0, 32, 16),
    6: Suite(SHA512(), 32, 96, 10),
    7: Suite(SHA512(), 32, 96, 8),
    8: Suite(SHA512(), 32, 96, 4),
}


# -- header (4.3): X KKK Y CCC, then key id, then counter --


class Header(NamedTuple):
    """What a header says, and how many bytes it took."""

    key_id: int
    counter: int
    length: int


def _field(value: int, size: int | None) -> tuple[int, bytes]:
    """Write one value: its four bits of the first byte, and the bytes behind."""
    if size is None:
        size = 0 if value < WIDE else (value.bit_length() + 7) // 8
    if size == 0:
        if value >= WIDE:
            raise Refused(f"{value} needs bytes of its own")
        return value, b""
    if size > FIELD_MAX:
        raise Refused(f"a value has at most {FIELD_MAX} bytes, not {size}")
    return WIDE | (size - 1), value.to_bytes(size, "big")


def encode_header(
    key_id: int,
    counter: int,
    *,
    key_id_len: int | None = None,
    counter_len: int | None = None,
) -> bytes:
    """Write a header with the fewest bytes, or with as many as a peer might use."""
    high, key_bytes = _field(key_id, key_id_len)
    low, counter_bytes = _field(counter, counter_len)
    return bytes([high << 4 | low]) + key_bytes + counter_bytes


def decode_header(sealed: bytes) -> Header:
    """Read a header.

    4.3 has senders take the fewest bytes, so a value that is written with more
    is refused, as fastframe does and Cisco's reader almost does.
    """
    if not sealed:
        raise Rejected("MALFORMED", "no header")
    values, at = [], 1
    for bits in (sealed[0] >> 4, sealed[0] & 0xF):
        size = (bits & 7) + 1 if bits & WIDE else 0
        if at + size > len(sealed):
            raise Rejected("MALFORMED", "the header is cut off")
        wide = int.from_bytes(sealed[at : at + size], "big")
        if size and _field(wide, None)[0] != bits:
            raise Rejected("MALFORMED", "a value takes more bytes than it needs")
        values.append(wide if size else bits)
        at += size
    return Header(values[0], values[1], at)


# -- keys (4.4.2, 5.1, 5.2) --


def derive(base_key: bytes, *, key_id: int, suite: int) -> bytes:
    """Give sframe_key || sframe_salt of one key id. Both labels end in a space."""
    one = SUITES[suite]
    secret = extract(base_key, salt=b"", algorithm=one.algorithm)
    tail = key_id.to_bytes(8, "big") + suite.to_bytes(2, "big")
    key, salt = (
        expand(secret, label + tail, size, algorithm=one.algorithm)
        for label, size in (
            (b"SFrame 1.0 Secret key ", one.key_len),
            (b"SFrame 1.0 Secret salt ", IV_LEN),
        )
    )
    return key + salt


def ratchet(base_key: bytes, *, suite: int) -> bytes:
    """Give the next base key of a sender (5.1)."""
    algorithm = SUITES[suite].algorithm
    secret = extract(base_key, salt=b"", algorithm=algorithm)
    label = b"SFrame 1.0 Ratchet"
    return expand(secret, label, algorithm.digest_size, algorithm=algorithm)


def ssrc_key(base_key: bytes, ssrc: int, *, suite: int) -> bytes:
    """Give the base key of one RTP stream, which is ratcheted from then on."""
    algorithm = SUITES[suite].algorithm
    secret = extract(base_key, salt=ssrc.to_bytes(4, "big"), algorithm=algorithm)
    label = b"SFrame 1.0 RTP Stream"
    return expand(secret, label, algorithm.digest_size, algorithm=algorithm)


def sender_key_id(generation: int, step: int, *, bits: int) -> int:
    """Give the key id of a sender key (5.1); bits is the application's R."""
    return generation << bits | step % (1 << bits)


def mls_key_id(
    context: int, sender: int, epoch: int, *, epoch_bits: int, sender_bits: int
) -> int:
    """Give the key id under MLS (5.2): context, sender index, low bits of the epoch."""
    index = context << sender_bits | sender
    return index << epoch_bits | epoch % (1 << epoch_bits)


def mls_base_key(exporter_secret: bytes, *, suite: int) -> bytes:
    """Give an epoch's base key (5.2), for MLS ciphersuites with SHA-256."""
    size = SUITES[suite].key_len
    return mls_exporter(exporter_secret, "SFrame 1.0 Base Key", b"", size)


# -- the AEAD (4.4.3, 4.5.1) --


def _nonce(key: bytes, counter: int) -> bytes:
    """XOR the counter into the salt that ends a derived key."""
    mixed = int.from_bytes(key[-IV_LEN:], "big") ^ counter
    return mixed.to_bytes(IV_LEN, "big")


def _tag(suite: int, key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    """Authenticate ciphertext under a CTR suite; the tag's length is part of it."""
    one = SUITES[suite]
    sizes = (len(aad), len(body), one.tag_len)
    data = b"".join(size.to_bytes(8, "big") for size in sizes) + nonce + aad + body
    return mac(key[one.encryption_len :], one.algorithm, data)[: one.tag_len]


def encrypt(
    suite: int, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes
) -> bytes:
    """Run one suite's AEAD, with sframe_key alone."""
    size = SUITES[suite].encryption_len
    if not size:
        return gcm_seal(key, nonce, plaintext, aad)
    body = ctr(key[:size], nonce + bytes(4), plaintext)
    return body + _tag(suite, key, nonce, body, aad)


def decrypt(suite: int, key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    """Undo encrypt; the tag is verified before anything is decrypted."""
    size, tag_len = SUITES[suite].encryption_len, SUITES[suite].tag_len
    if len(body) < tag_len:
        raise Rejected("MALFORMED", "no room for the tag")
    if not size:
        return gcm_open(key, nonce, body, aad)
    body, tag = body[:-tag_len], body[-tag_len:]
    if not same(tag, _tag(suite, key, nonce, body, aad)):
        raise Rejected("AUTH_FAILED")
    return ctr(key[:size], nonce + bytes(4), body)


# -- frames --


def seal(
    frame: bytes,
    *,
    key: bytes,
    key_id: int,
    counter: int,
    suite: int,
    codec: str | None = None,
    key_frame: bool | None = None,
    aad: bytes = b"",
    key_id_len: int | None = None,
    counter_len: int | None = None,
) -> bytes:
    """Seal one frame; the frame type is not authenticated, so not asked."""
    clear, plaintext = own_split(codec, frame)
    header = encode_header(
        key_id, counter, key_id_len=key_id_len, counter_len=counter_len
    )
    metadata, nonce = header + clear + aad, _nonce(key, counter)
    run = header + encrypt(suite, key[:-IV_LEN], nonce, plaintext, metadata)
    if codec in NAL_CODECS:
        run = escape(run, trailing_zeros(clear))
    return clear + run


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    suite: int,
    codec: str | None = None,
    key_frame: bool | None = None,
    aad: bytes = b"",
) -> bytes:
    """Open one frame; the reason of the first try is the one that counts."""
    tag_len = SUITES[suite].tag_len
    lengths = [own_rule(codec, sealed)]
    if len(sealed) < lengths[0] + 1 + tag_len:
        lengths = [0]
    elif len(sealed) < own_longest(codec) + HEADER_MAX + tag_len:
        lengths.append(0)
    return first_to_open(
        partial(_open_at, sealed, length, keys, suite, codec, aad) for length in lengths
    )


def _open_at(
    sealed: bytes,
    length: int,
    keys: Mapping[int, bytes],
    suite: int,
    codec: str | None,
    aad: bytes,
) -> bytes:
    """Open a frame whose clear prefix is that long."""
    clear, run = sealed[:length], sealed[length:]
    if codec in NAL_CODECS:
        run = unescape_strict(run, trailing_zeros(clear))
    key_id, counter, at = decode_header(run)
    header, body = run[:at], run[at:]
    if len(body) < SUITES[suite].tag_len:
        raise Rejected("MALFORMED", "no room for the tag")
    key = pick(keys, key_id)
    metadata, nonce = header + clear + aad, _nonce(key, counter)
    return clear + decrypt(suite, key[:-IV_LEN], nonce, body, metadata)
