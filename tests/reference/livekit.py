"""LiveKit, as livekit-client 2.23.0: keys, frames, data packets, blank frames.

    clear || ciphertext || tag 16 || IV 12 || 0C || key index 1     AAD = clear

For H.264 and H.265 all behind clear is escaped as one run, as if no zeros
stood before it; clear has its start codes written with four bytes first. An
empty frame travels empty. Element Call is this with HKDF and a ring of 256.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reference.aead import IV_LEN, TAG_LEN, gcm_open, gcm_seal, pick
from reference.clear import (
    START_CODE,
    canonical,
    frame_types,
    livekit_clear,
    livekit_misses,
    livekit_slice,
)
from reference.errors import Refused, Rejected, first_to_open
from reference.escape import escape, unescape_any
from reference.kdf import hkdf, pbkdf2

if TYPE_CHECKING:
    from collections.abc import Mapping

SALT = b"LKFrameEncryptionKey"
HKDF_INFO = bytes(128)  # an empty ArrayBuffer of 128 bytes, not an empty one
ROUNDS = 100_000
TRAILER_LEN = IV_LEN + 2
OVERHEAD = TAG_LEN + TRAILER_LEN
COUNT_WRAP = 0xFFFF

# What the server sends in place of a muted track (2.3).
SPS = bytes.fromhex("6742c01f0fd91f888884000003000400000300c83c60c920")
PPS = bytes.fromhex("6887cb83cb20")
IDR = bytes.fromhex("6588840af2628000a7be")
VP8_BLANK = bytes.fromhex(
    "1002009d012a080008000047088585888584880202000c0d6000feffab5080"
)
OPUS_SILENCE = bytes.fromhex("f8fffe") + bytes(77)
LONG_START = b"\0\0\0\1"


# -- keys --


def derive(
    material: bytes, *, kdf: str = "hkdf", salt: bytes = SALT, size: int = 16
) -> bytes:
    """Give the AES key, 16 bytes, or 32 with keySize 256."""
    if kdf == "hkdf":
        return hkdf(material, size, salt=salt, info=HKDF_INFO)
    if kdf == "pbkdf2":
        return pbkdf2(material, size, salt=salt, rounds=ROUNDS)
    raise Refused(f"no key derivation called {kdf}")


def ratchet(material: bytes, *, kdf: str = "hkdf", salt: bytes = SALT) -> bytes:
    """Give the next material: the same derivation, 256 bits.

    So each AES key is the first half of the next material, or all of it: the
    ratchet protects no later frame. It is what peers do.
    """
    return derive(material, kdf=kdf, salt=salt, size=32)


def make_iv(ssrc: int, timestamp: int, count: int) -> bytes:
    """Give the IV that LiveKit's senders write; receivers take any."""
    words = (ssrc, timestamp, timestamp - count % COUNT_WRAP)
    return b"".join((word & 0xFFFFFFFF).to_bytes(4, "big") for word in words)


# -- frames --


def seal(
    frame: bytes,
    *,
    key: bytes,
    key_id: int,
    iv: bytes,
    codec: str | None,
    key_frame: bool | None = None,
) -> bytes:
    """Seal one frame.

    A frame shorter than its clear prefix is rejected: peers' receivers throw
    on one, and the track is dead. So is one whose slice sender and receiver
    would not both find. As in LiveKit itself, a frame of H.264 or H.265
    may come out so that nobody can open it: see is_unfit.
    """
    if not frame:
        return b""
    clear_len, escaped = livekit_clear(codec, frame, key_frame=key_frame)
    if clear_len > len(frame):
        raise Rejected("MALFORMED", "shorter than its clear prefix")
    if escaped and livekit_misses(frame, clear_len - 2):
        raise Rejected("MALFORMED", "a slice in the last three bytes")
    clear = frame[:clear_len]
    if escaped:
        clear = canonical(clear)
    tail = gcm_seal(key, iv, frame[clear_len:], clear)
    tail += iv + bytes([IV_LEN, key_id])
    return clear + (escape(tail, 0) if escaped else tail)


def is_unfit(frame: bytes, sealed: bytes, codec: str | None) -> bool:
    """Tell a sealed frame that chance made unreadable: another IV is due.

    Without a slice the receiver must find none, in the ciphertext either. With
    one no start code may stand across the end of the clear bytes, where the
    escaping does not look back.
    """
    if not frame or codec in ("vp8", "vp9", "opus"):
        return False
    clear_len, escaped = livekit_clear(codec, frame, key_frame=None)
    if not escaped:
        return livekit_slice(sealed) is not None
    seam = len(canonical(frame[:clear_len]))
    return START_CODE in sealed[seam - 2 : seam + 2]


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    codec: str | None,
    key_frame: bool | None = None,
) -> bytes:
    """Open one frame; a frame type that the caller does not know is found.

    IVs of another length than 12, which JS takes and native code does not, are
    malformed.
    """
    if not sealed:
        return b""
    return first_to_open(
        partial(_open_at, sealed, codec, keys, key_frame=kind)
        for kind in frame_types(codec, sealed, key_frame)
    )


def _open_at(
    sealed: bytes, codec: str | None, keys: Mapping[int, bytes], *, key_frame: bool
) -> bytes:
    """Open a frame whose type is that; a short one is clear to its end."""
    clear_len, escaped = livekit_clear(codec, sealed, key_frame=key_frame)
    if not escaped:
        clear_len = min(clear_len, max(len(sealed) - OVERHEAD, 0))
    clear, tail = sealed[:clear_len], sealed[clear_len:]
    if escaped:
        tail = unescape_any(tail)
    if len(tail) < OVERHEAD or tail[-2] != IV_LEN:
        raise Rejected("MALFORMED", "no room for tag and trailer")
    # The index is read before un-escaping, which never touches the last byte.
    key = pick(keys, sealed[-1])
    iv, body = tail[-TRAILER_LEN:-2], tail[:-TRAILER_LEN]
    return clear + gcm_open(key, iv, body, clear)


def follow(
    sealed: bytes,
    *,
    material: bytes,
    window: int,
    codec: str | None,
    key_frame: bool | None = None,
    kdf: str = "hkdf",
    salt: bytes = SALT,
) -> tuple[bytes, bytes]:
    """Open with material or up to window ratchet steps of it: (frame, material).

    The peers' windows: 1 in JS (its 8 ratchets from the same place each time),
    16 in native code.
    """
    failures = []
    for _ in range(window + 1):
        keys = {sealed[-1]: derive(material, kdf=kdf, salt=salt)} if sealed else {}
        try:
            frame = open_(sealed, keys=keys, codec=codec, key_frame=key_frame)
        except Rejected as rejected:
            failures.append(rejected)
            material = ratchet(material, kdf=kdf, salt=salt)
        else:
            return frame, material
    raise failures[0]


# -- data packets: payload, IV and key index are fields of a protobuf --


def seal_data(payload: bytes, *, key: bytes, iv: bytes) -> bytes:
    """Give encrypted_value."""
    return gcm_seal(key, iv, payload, b"")


def open_data(
    value: bytes, *, keys: Mapping[int, bytes], key_id: int, iv: bytes
) -> bytes:
    """Open encrypted_value."""
    if len(value) < TAG_LEN or len(iv) != IV_LEN:
        raise Rejected("MALFORMED", "no room for the tag")
    return gcm_open(pick(keys, key_id), iv, value, b"")


# -- frames that the server injects --


def is_blank(payload: bytes, *, native: bool = False) -> bool:
    """Tell the server's blank frames from all else.

    JS knows five payloads by their hash. Native code does not take bare NAL
    units, but an Annex B frame of them, silence in a RED block, and the
    silence of PCMU and PCMA.
    """
    if not native:
        return payload in (VP8_BLANK, SPS, PPS, IDR, OPUS_SILENCE)
    if payload in (VP8_BLANK, OPUS_SILENCE, b"\xff" * 160, b"\xd5" * 160):
        return True
    if payload[1:] == OPUS_SILENCE:
        return payload[0] < 0x80  # RED's F bit: no block follows
    first, *units = payload.split(LONG_START)
    return not first and bool(units) and all(unit in (SPS, PPS, IDR) for unit in units)


def strip_injected(
    sealed: bytes, trailer: bytes, *, native: bool = False
) -> bytes | None:
    """Cut a server's frame free of the room's trailer; None: it is an ordinary frame.

    One that ends in the trailer and is not blank is dropped: whoever knows
    the trailer could show anything.
    """
    if not trailer or not sealed.endswith(trailer):
        return None
    payload = sealed[: -len(trailer)]
    if not is_blank(payload, native=native):
        raise Rejected("NOT_ENCRYPTED", "injected, and not blank")
    return payload
