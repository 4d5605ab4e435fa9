"""Frames as encoders make them: what codecs' rules must find their way through."""

from __future__ import annotations

import random
from typing import NamedTuple

LONG, SHORT = b"\0\0\0\1", b"\0\0\1"
# H.264: SPS, PPS, SEI, IDR slice, other slice. H.265: VPS, SPS, PPS, IDR_W_RADL,
# TRAIL_R; two bytes of NAL unit header each.
H264 = {"sps": b"\x67\x42\xc0\x1f", "pps": b"\x68\xce\x3c", "sei": b"\x06\x05"}
H264 |= {"idr": b"\x65\x88\x84", "slice": b"\x41\x9a\x24"}
H265 = {"vps": b"\x40\x01\x0c", "sps": b"\x42\x01\x01", "pps": b"\x44\x01\xc1"}
H265 |= {"idr": b"\x26\x01\xaf", "slice": b"\x02\x01\xd0"}


class Sample(NamedTuple):
    """One frame; is_key is what its bytes say, None where they say nothing."""

    name: str
    data: bytes
    is_key: bool | None

    def __str__(self) -> str:
        """Name it in test reports."""
        return self.name


def payload(size: int, seed: int) -> bytes:
    """Give bytes with no two zeros in a row, as encoders' own escaping leaves them."""
    noise = random.Random(seed).randbytes(size)
    return bytes(byte or 0x55 for byte in noise)


def nal(start: bytes, head: bytes, size: int, seed: int = 1) -> bytes:
    """Make one NAL unit behind a start code."""
    return start + head + payload(size, seed)


def _h264() -> list[Sample]:
    sets = nal(LONG, H264["sps"], 8) + nal(LONG, H264["pps"], 2)
    idr, delta = nal(LONG, H264["idr"], 60), nal(LONG, H264["slice"], 45)
    short = b"".join(nal(SHORT, H264[name], 12) for name in ("sps", "pps", "idr"))
    return [
        Sample("key", sets + idr, is_key=True),
        Sample("delta", delta, is_key=False),
        Sample("short start codes", short, is_key=True),
        Sample(
            "several slices",
            sets + nal(LONG, H264["sei"], 9) + idr + nal(SHORT, H264["idr"], 33, 2),
            is_key=True,
        ),
        Sample("parameter sets alone", sets, is_key=None),
        Sample("escapes inside", delta + b"\0\0\3\1\0\0\3\0\x80", is_key=False),
        Sample("zeros at the end", delta + b"\0\0\0", is_key=False),
    ]


def _h265() -> list[Sample]:
    sets = b"".join(nal(LONG, H265[name], 6) for name in ("vps", "sps", "pps"))
    idr, delta = nal(LONG, H265["idr"], 60), nal(LONG, H265["slice"], 45)
    short = b"".join(nal(SHORT, H265[name], 12) for name in ("vps", "sps", "idr"))
    return [
        Sample("key", sets + idr, is_key=True),
        Sample("delta", delta, is_key=False),
        Sample("short start codes", short, is_key=True),
        Sample("several slices", idr + nal(SHORT, H265["idr"], 33, 2), is_key=True),
        Sample("parameter sets alone", sets, is_key=None),
        Sample("escapes inside", delta + b"\0\0\3\1\0\0\3\0\x80", is_key=False),
    ]


def obu(kind: int, data: bytes, *, sized: bool = True, extension: bytes = b"") -> bytes:
    """Make one AV1 OBU of fewer than 128 bytes."""
    header = kind << 3 | bool(extension) << 2 | sized << 1
    return bytes([header]) + extension + (bytes([len(data)]) if sized else b"") + data


def _av1() -> list[Sample]:
    delimiter, sequence = obu(2, b""), obu(1, payload(10, 1))
    key, delta = b"\x10" + payload(60, 2), b"\x30" + payload(40, 3)
    return [
        Sample("key", delimiter + sequence + obu(6, key), is_key=True),
        Sample("delta", delimiter + obu(6, delta), is_key=False),
        Sample("no size at the end", obu(6, delta, sized=False), is_key=False),
        Sample(
            "header, tiles, padding",
            obu(3, delta[:8], extension=b"\x28")
            + obu(4, payload(20, 4), extension=b"\x28")
            + obu(15, bytes(5)),
            is_key=False,
        ),
    ]


SAMPLES: dict[str | None, list[Sample]] = {
    None: [Sample("plain", payload(70, 1), is_key=None)],
    "opus": [
        Sample("speech", b"\x78" + payload(60, 1), is_key=None),
        Sample("silence", b"\xf8\xff\xfe" + bytes(10), is_key=None),
    ],
    "vp8": [
        Sample(
            "key",
            b"\x50\x42\x01\x9d\x01\x2a\x80\x02\x68\x01" + payload(60, 1),
            is_key=True,
        ),
        Sample("delta", b"\xb1\xc7\x04" + payload(40, 2), is_key=False),
        Sample("all clear", b"\x10\x02\0\x9d\x01\x2a\x08\0\x08\0", is_key=True),
    ],
    "vp9": [
        Sample("key", b"\x82\x49\x83\x42" + payload(60, 1), is_key=True),
        Sample("delta", b"\x86" + payload(40, 2), is_key=False),
    ],
    "h264": _h264(),
    "h265": _h265(),
    "av1": _av1(),
}


def typical(codec: str | None) -> bytes:
    """Give one ordinary frame of a codec, some of which is always encrypted."""
    return SAMPLES[codec][0].data


_HEADS = {
    None: b"",
    "opus": b"\x78",
    "vp8": b"\xb1\xc7\x04",
    "vp9": b"\x86",
    "h264": LONG + H264["slice"],
    "h265": LONG + H265["slice"],
    "av1": b"\x30\x30",  # one OBU without size, to the end of the frame
}


def sized(codec: str | None, size: int, seed: int = 1) -> bytes:
    """Make a delta frame of size bytes, or as few more as its header takes."""
    head = _HEADS[codec]
    return head + payload(max(size - len(head), 0), seed)
