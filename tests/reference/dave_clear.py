"""DAVE's codec rules: a frame in its canonical form, as pieces clear or not.

The canonical form is what a depacketiser hands to the receiver: four-byte start
codes, no bytes before the first, AV1 without the OBUs that packetisers drop.
"""

from __future__ import annotations

from reference import obu
from reference.clear import (
    KEY_CLEAR,
    NAL_CODECS,
    check_codec,
    is_slice,
    nal_type,
    nal_units,
)

Pieces = list[tuple[bool, bytes]]

LONG_START = b"\0\0\0\1"
VP8_DELTA_CLEAR = 1
H265_VCL_END = 32
GOLOMB_ZEROS_MAX = 32
OBU_DROPPED = (2, 8, 15)  # temporal delimiter, tile list, padding

__all__ = ["NAL_CODECS", "Pieces", "split", "uleb"]


def split(codec: str | None, frame: bytes) -> Pieces:
    """Cut a frame into pieces (is clear, bytes), neighbours of one kind joined.

    A frame that its codec's parser gives up on, and one without a codec, is
    encrypted whole.
    """
    check_codec(codec)
    pieces: Pieces | None = [(False, frame)]
    if codec == "vp8" and frame:
        size = VP8_DELTA_CLEAR if frame[0] & 1 else KEY_CLEAR
        pieces = [(True, frame[:size]), (False, frame[size:])]
    elif codec in NAL_CODECS:
        pieces = _nal_pieces(codec, frame)
    elif codec == "av1":
        pieces = _obu_pieces(frame)
    joined: Pieces = []
    for is_clear, data in [(False, frame)] if pieces is None else pieces:
        if joined and joined[-1][0] == is_clear:
            joined[-1] = (is_clear, joined[-1][1] + data)
        elif data:
            joined.append((is_clear, data))
    return joined


# -- H.264 and H.265 --


def _nal_pieces(codec: str, frame: bytes) -> Pieces | None:
    """Leave clear all but slices' insides; None for a frame too short for a unit.

    Bytes before the first start code are lost, and so is a last unit of one
    byte; a frame without a start code comes out empty.
    """
    header_len = 1 if codec == "h264" else 2
    if len(frame) < 3 + header_len:
        return None
    starts = nal_units(frame)
    pieces: Pieces = []
    for at, following in zip(starts, [*starts[1:], None], strict=False):
        if at >= len(frame) - 1:
            break
        end = len(frame) if following is None else following - 3
        # The zero of a four-byte start code belongs to it, not to this unit.
        if following is not None and end > 0 and frame[end - 1] == 0:
            end -= 1
        end = max(end, at)
        size = end - at
        if codec == "h264" and is_slice(codec, frame[at]):
            size = header_len + _pps_id_end(frame[at + header_len :])
        elif codec == "h265" and nal_type(codec, frame[at]) < H265_VCL_END:
            size = header_len
        cut = min(at + size, end)
        pieces += [(True, LONG_START + frame[at:cut]), (False, frame[cut:end])]
    return pieces


def _pps_id_end(payload: bytes) -> int:
    """Count the bytes of a slice header up to and with its pps_id.

    Three Exp-Golomb values stand there (first_mb_in_slice, slice_type,
    pps_id); the depacketiser needs the last. Emulation prevention bytes are
    stepped over, and the byte where the reading ends is clear as well.
    """
    bit = zeros = found = 0
    while bit < len(payload) * 8 and found < 3:
        at, shift = bit // 8, bit % 8
        if not shift and payload[max(0, at - 2) : at + 1] == b"\0\0\3":
            bit += 8
        elif payload[at] << shift & 0x80:
            found, bit, zeros = found + 1, bit + 1 + zeros, 0
        else:
            zeros, bit = zeros + 1, bit + 1
            if zeros >= GOLOMB_ZEROS_MAX:
                return 0
    return bit // 8 + 1


# -- AV1 --


def uleb(value: int) -> bytes:
    """Write one ULEB128 with the fewest bytes: packetisers take out padding."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _obu_pieces(frame: bytes) -> Pieces | None:
    """Leave OBU headers clear; the last one loses its size, for the footer follows."""
    units = obu.read_all(frame)
    if units is None:
        return None
    pieces: Pieces = []
    for unit, end in units:
        if unit.kind in OBU_DROPPED:
            continue
        header = unit.header
        written = uleb(len(unit.payload)) if header & obu.SIZE_BIT else b""
        if end == len(frame):
            header, written = header & ~obu.SIZE_BIT, b""
        pieces += [
            (True, bytes([header]) + unit.extension + written),
            (False, unit.payload),
        ]
    return pieces
