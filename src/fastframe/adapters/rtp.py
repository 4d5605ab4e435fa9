"""RTP packets out of a recording, and the whole frames they carry.

Everything here was sent by somebody: a length is checked before it is used,
and a packet that makes no sense is None, never an exception.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FIXED = struct.Struct("!BBHII")  # RFC 3550 section 5.1
_VERSION = 2
_WORD = 4


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """What is needed of an RTP packet.

    Attributes:
        sequence, timestamp: as sent, of 16 and 32 bits.
        marker: whether it is the last of its frame.
        payload: what it carries, without padding.
    """

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


def parse(data: bytes) -> RtpPacket | None:
    """Read an RTP packet (RFC 3550 section 5.1); None if it is none."""
    if len(data) < _FIXED.size:
        return None
    first, second, sequence, timestamp, _ssrc = _FIXED.unpack_from(data)
    start = _FIXED.size + _WORD * (first & 0x0F)
    if first & 0x10:  # a header extension, its length in words
        if len(data) < start + _WORD:
            return None
        start += _WORD + _WORD * int.from_bytes(data[start + 2 : start + 4], "big")
    # Padding left on would stand behind a sealed frame's tag: none would open.
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if first >> 6 != _VERSION or start > end:
        return None
    return RtpPacket(sequence, timestamp, bool(second & 0x80), data[start:end])


# -- payload formats: what of a frame a payload carries --


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a frame.

    Attributes:
        data: its bytes.
        is_first: whether the frame may begin here.
    """

    data: bytes
    is_first: bool


def opus(payload: bytes) -> Part | None:
    """Read RFC 7587: the payload is the frame."""
    return Part(payload, is_first=True)


def vp8(payload: bytes) -> Part | None:
    """Take RFC 7741's payload descriptor off (section 4.2)."""
    if not payload:
        return None
    first, at = payload[0], 1
    if first & 0x80:
        if len(payload) < at + 1:
            return None
        extended = payload[at]
        at += 1
        if extended & 0x80:  # a picture id of one byte or two
            at += 2 if payload[at : at + 1] >= b"\x80" else 1
        at += bool(extended & 0x40) + bool(extended & 0x30)
    if at > len(payload):
        return None
    # The frame begins with partition 0's start: S is 1, and PID is 0.
    return Part(payload[at:], is_first=bool(first & 0x10) and not first & 0x07)


def vp9(payload: bytes) -> Part | None:
    """Take RFC 9628's payload descriptor off (section 4.2)."""
    if not payload:
        return None
    first, at = payload[0], 1
    if first & 0x80:  # I: a picture id of one byte or two
        at += 2 if payload[at : at + 1] >= b"\x80" else 1
    if first & 0x20:  # L: layer indices, and TL0PICIDX where F is 0
        at += 1 if first & 0x10 else 2
    if first & 0x40 and first & 0x10:  # F and P: up to three reference indices
        for _ in range(3):
            more = payload[at : at + 1]
            at += 1
            if not more or not more[0] & 1:
                break
    if first & 0x02:
        at = _skip_scalability(payload, at)
    if at > len(payload):
        return None
    return Part(payload[at:], is_first=bool(first & 0x08))


def _skip_scalability(payload: bytes, at: int) -> int:
    """Give where VP9's scalability structure ends; past the end if it is cut."""
    if at >= len(payload):
        return len(payload) + 1
    head = payload[at]
    at += 1
    if head & 0x10:  # Y: width and height of each spatial layer
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:  # G: the pictures of a group
        if at >= len(payload):
            return len(payload) + 1
        pictures = payload[at]
        at += 1
        for _ in range(pictures):
            if at >= len(payload):
                return len(payload) + 1
            at += 1 + (payload[at] >> 2 & 0x03)
    return at


_START_CODE = b"\0\0\0\1"
_STAP_A, _FU_A = 24, 28  # RFC 6184 table 1


def h264(payload: bytes) -> Part | None:
    """Put RFC 6184's packets back into NAL units with start codes of 4 bytes."""
    if not payload:
        return None
    kind = payload[0] & 0x1F
    if 0 < kind < _STAP_A:
        return Part(_START_CODE + payload, is_first=True)
    if kind == _STAP_A:
        return _split_aggregate(payload)
    if kind != _FU_A or len(payload) < 2:  # noqa: PLR2004 - indicator and header
        return None
    header = payload[1]
    if not header & 0x80:
        return Part(payload[2:], is_first=False)
    nal = bytes([payload[0] & 0xE0 | header & 0x1F])
    return Part(_START_CODE + nal + payload[2:], is_first=True)


def _split_aggregate(payload: bytes) -> Part | None:
    units, at = bytearray(), 1
    while at < len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2], "big")
        if end > len(payload):
            return None
        units += _START_CODE + payload[at + 2 : end]
        at = end
    return Part(bytes(units), is_first=True)


PAYLOADS: dict[str, Callable[[bytes], Part | None]] = {
    "opus": opus,
    "vp8": vp8,
    "vp9": vp9,
    "h264": h264,
}
