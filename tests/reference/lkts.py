"""LiveKit's frame metadata trailer: appended after sealing, not authenticated.

    TLVs || length 1 || "LKTS"      all but the magic XORed with FF

length counts everything. Tags: 1 timestamp in microseconds (8 bytes), 2 frame
id (4 bytes), 3 user data. A receiver strips it before anything else.
"""

from __future__ import annotations

from typing import NamedTuple

from reference.errors import Refused

MAGIC = b"LKTS"
ENVELOPE = 5
TIMESTAMP, FRAME_ID, USER_DATA = 1, 2, 3
SIZES = {TIMESTAMP: 8, FRAME_ID: 4}


class Metadata(NamedTuple):
    """What a trailer says; 0 and None stand for: nothing."""

    timestamp: int = 0
    frame_id: int = 0
    user_data: bytes | None = None


def _flip(data: bytes) -> bytes:
    """XOR with FF, so that the trailer holds few zeros and no start code."""
    return bytes(byte ^ 0xFF for byte in data)


def write(sealed: bytes, metadata: Metadata) -> bytes:
    """Append a trailer; nothing to say, nothing appended."""
    fields = []
    if metadata.timestamp:
        fields.append((TIMESTAMP, metadata.timestamp.to_bytes(8, "big")))
    if metadata.frame_id:
        fields.append((FRAME_ID, metadata.frame_id.to_bytes(4, "big")))
    if metadata.user_data is not None:
        fields.append((USER_DATA, metadata.user_data))
    if not fields:
        return sealed
    tlvs = b"".join(bytes([tag, len(value)]) + value for tag, value in fields)
    length = len(tlvs) + ENVELOPE
    if length > 0xFF:
        raise Refused(f"the trailer's length is one byte, {length} does not fit")
    return sealed + _flip(tlvs + bytes([length])) + MAGIC


def read(sealed: bytes) -> tuple[bytes, Metadata | None]:
    """Give the frame without its trailer, and what it said; None: there is none.

    Without one field that is known the bytes are no trailer and stay. A TLV
    that reaches too far ends the reading; what came before it counts.
    """
    length = sealed[-ENVELOPE] ^ 0xFF if len(sealed) >= ENVELOPE else 0
    if not sealed.endswith(MAGIC) or not ENVELOPE <= length <= len(sealed):
        return sealed, None
    tlvs = _flip(sealed[len(sealed) - length : -ENVELOPE])
    found: dict[int, bytes] = {}
    while len(tlvs) >= 2 and 2 + tlvs[1] <= len(tlvs):
        tag, value, tlvs = tlvs[0], tlvs[2 : 2 + tlvs[1]], tlvs[2 + tlvs[1] :]
        if tag == USER_DATA or SIZES.get(tag) == len(value):
            found[tag] = value
    if not found:
        return sealed, None
    metadata = Metadata(
        int.from_bytes(found.get(TIMESTAMP, b""), "big"),
        int.from_bytes(found.get(FRAME_ID, b""), "big"),
        found.get(USER_DATA),
    )
    return sealed[: len(sealed) - length], metadata
