"""Jitsi ("JFrame"), as lib-jitsi-meet: LiveKit's tail, other keys, no escaping.

    clear || ciphertext || tag 16 || IV 12 || 0C || key index 1     AAD = clear

clear goes by frame type alone, for every codec: key 10, delta 3, audio 1.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reference.aead import IV_LEN, TAG_LEN, gcm_open, gcm_seal, pick
from reference.clear import frame_types, jitsi_clear, key_frame_of
from reference.errors import Rejected, first_to_open
from reference.kdf import hkdf

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_SALT = b"JFrameEncryptionKey"
RATCHET_SALT = b"JFrameRatchetKey"
TRAILER_LEN = IV_LEN + 2
OVERHEAD = TAG_LEN + TRAILER_LEN
COUNT_WRAP = 0xFFFF
WINDOW = 8


def derive(material: bytes) -> bytes:
    """Give the AES key, 16 bytes; the info is empty, unlike LiveKit's."""
    return hkdf(material, 16, salt=KEY_SALT, info=b"")


def ratchet(material: bytes) -> bytes:
    """Give the next material."""
    return hkdf(material, 32, salt=RATCHET_SALT, info=b"")


def make_iv(ssrc: int, timestamp: int, count: int) -> bytes:
    """Give the IV that Jitsi's senders write; receivers take any."""
    words = (ssrc, timestamp, count % COUNT_WRAP)
    return b"".join((word & 0xFFFFFFFF).to_bytes(4, "big") for word in words)


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

    A frame shorter than its clear prefix, and so an empty one, is rejected:
    Jitsi's own sender throws on it. The frame type is the caller's word, else
    the codec's bytes', else delta.
    """
    if key_frame is None:
        key_frame = bool(key_frame_of(codec, frame))
    length = jitsi_clear(codec, key_frame=key_frame)
    if length > len(frame):
        raise Rejected("MALFORMED", "shorter than its clear prefix")
    clear = frame[:length]
    body = gcm_seal(key, iv, frame[length:], clear)
    return clear + body + iv + bytes([IV_LEN, key_id])


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    codec: str | None,
    key_frame: bool | None = None,
) -> bytes:
    """Open one frame; a frame type that the caller does not know is found."""
    return first_to_open(
        partial(_open_at, sealed, jitsi_clear(codec, key_frame=kind), keys)
        for kind in frame_types(codec, sealed, key_frame)
    )


def _open_at(sealed: bytes, length: int, keys: Mapping[int, bytes]) -> bytes:
    """Open a frame whose clear prefix is that long, or all that it has."""
    length = min(length, max(len(sealed) - OVERHEAD, 0))
    clear, tail = sealed[:length], sealed[length:]
    if len(tail) < OVERHEAD or tail[-2] != IV_LEN:
        raise Rejected("MALFORMED", "no room for tag and trailer")
    key = pick(keys, tail[-1])
    iv, body = tail[-TRAILER_LEN:-2], tail[:-TRAILER_LEN]
    return clear + gcm_open(key, iv, body, clear)


def follow(
    sealed: bytes,
    *,
    material: bytes,
    window: int = WINDOW,
    codec: str | None,
    key_frame: bool | None = None,
) -> tuple[bytes, bytes]:
    """Open with material or up to window ratchet steps of it: (frame, material)."""
    failures = []
    for _ in range(window + 1):
        keys = {sealed[-1]: derive(material)} if sealed else {}
        try:
            frame = open_(sealed, keys=keys, codec=codec, key_frame=key_frame)
        except Rejected as rejected:
            failures.append(rejected)
            material = ratchet(material)
        else:
            return frame, material
    raise failures[0]
