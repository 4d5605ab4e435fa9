"""The XOR demos of webrtc/samples and mediasoup-demo: to recognise, never to offer.

    clear || payload XOR password || key id 1 || DE AD BE EF

No IV, no tag, no key derivation: it hides nothing from anyone who looks.
"""

from __future__ import annotations

from reference.clear import AUDIO_CLEAR, by_frame_type
from reference.errors import Rejected

MAGIC = bytes.fromhex("deadbeef")
TRAILER_LEN = 5
KEY_ID_WRAP = 0xFF


def clear_len(*, is_audio: bool, key_frame: bool) -> int:
    """Give the bytes left alone: by frame type, whatever the codec."""
    return AUDIO_CLEAR if is_audio else by_frame_type(key_frame=key_frame)


def scramble(frame: bytes, password: bytes, length: int) -> bytes:
    """XOR all but the first length bytes; the password begins at byte 0."""
    return bytes(
        byte ^ password[at % len(password)] if at >= length else byte
        for at, byte in enumerate(frame)
    )


def seal(frame: bytes, *, password: bytes, key_id: int, length: int) -> bytes:
    """Write a frame as the demos do."""
    return scramble(frame, password, length) + bytes([key_id % KEY_ID_WRAP]) + MAGIC


def open_(sealed: bytes, *, password: bytes, key_id: int, length: int) -> bytes:
    """Read a frame as the demos do: another magic or id is dropped."""
    if not is_xor_demo(sealed):
        raise Rejected("NOT_ENCRYPTED", "no magic")
    if sealed[-TRAILER_LEN] != key_id % KEY_ID_WRAP:
        raise Rejected("UNKNOWN_KEY", f"key id {sealed[-TRAILER_LEN]}")
    return scramble(sealed[:-TRAILER_LEN], password, length)


def is_xor_demo(sealed: bytes) -> bool:
    """Tell frames that end as the demos' do."""
    return len(sealed) >= TRAILER_LEN and sealed.endswith(MAGIC)
