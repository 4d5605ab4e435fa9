"""Frames that are not sealed: which codec made these bytes."""

# ruff: noqa: PLR2004 - bit fields and sizes of the codecs, each beside its clause

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from fastframe.diagnosis import annexb

if TYPE_CHECKING:
    from collections.abc import Callable

# LiveKit's servers send these in a publisher's place, with a trailer behind.
_VP8_BLANK = bytes.fromhex(
    "1002009d012a080008000047088585888584880202000c0d6000feffab5080"
)
_SPS = bytes.fromhex("6742c01f0fd91f888884000003000400000300c83c60c920")
_PPS = bytes.fromhex("6887cb83cb20")
_IDR = bytes.fromhex("6588840af2628000a7be")
_CODE = bytes(3) + b"\1"
BLANKS = (
    ("VP8", _VP8_BLANK),
    ("H.264", _CODE + _SPS + _CODE + _PPS + _CODE + _IDR),
    ("H.264", _SPS),
    ("H.264", _IDR),
    ("H.264", _PPS),
    ("Opus", b"\xf8\xff\xfe" + bytes(77)),
    ("PCMU", b"\xff" * 160),
    ("PCMA", b"\xd5" * 160),
)
BLANK_TRAILER_MAX = 64

OPUS_SILENCE = b"\xf8\xff\xfe"
_OPUS_MAX = 1276  # bytes of one frame with its table of contents (RFC 6716, 3)
_VP8_START = b"\x9d\x01\x2a"
_VP9_SYNC = b"\x49\x83\x42"
_H264_TYPES = frozenset(range(1, 13)) | {14, 15, 19, 20}
_H265_TYPES = frozenset((*range(10), *range(16, 22), *range(32, 41)))
_OBU_TYPES = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 15))
_OBUS_MAX = 64
_SIZE_MAX = 8  # bytes of an OBU's size
_MANY = 3  # frames that agree


class Guess(NamedTuple):
    """A codec, how sure it is, and which frames fit it."""

    codec: str
    confidence: float
    fitting: tuple[int, ...]


def blank(data: bytes) -> tuple[str, bytes] | None:
    """Name a server's blank frame, and give what stands behind it."""
    for codec, payload in BLANKS:
        behind = len(data) - len(payload)
        if 0 <= behind <= BLANK_TRAILER_MAX and data.startswith(payload):
            return codec, data[len(payload) :]
    return None


def guess_codec(frames: list[bytes], *, is_audio: bool, is_video: bool) -> Guess | None:
    """Guess which codec made these frames; None if they look like noise."""
    guesses = []
    if not is_audio:
        guesses = [_video(name, judge, frames) for name, judge in _VIDEO.items()]
    if not is_video:
        guesses.append(_opus(frames, is_said=is_audio))
    found = [guess for guess in guesses if guess]
    return max(found, key=lambda guess: guess.confidence, default=None)


def _video(
    name: str, judge: Callable[[bytes], float], frames: list[bytes]
) -> Guess | None:
    """Take frames together: one that fits by chance is not rare, several are."""
    scores = {i: score for i, data in enumerate(frames) if (score := judge(data))}
    if 2 * len(scores) < len(frames) or not scores:
        return None
    doubt = 1.0
    heads = {frames[i][:4]: score for i, score in scores.items()}
    for score in heads.values():  # the same once more proves nothing more
        doubt *= 1 - score
    share = len(scores) / len(frames)
    return Guess(name, min(0.95, 1 - doubt) * share, tuple(scores))


def _vp8(data: bytes) -> float:
    """Judge by the frame tag (RFC 6386, 9.1)."""
    if len(data) < 4:
        return 0
    tag = int.from_bytes(data[:3], "little")
    version, first_part = tag >> 1 & 7, tag >> 5
    if version > 3 or not 0 < first_part <= len(data) - 3:
        return 0
    if tag & 1:
        return 0.6 if len(data) < 1 << 14 else 0.3
    return 0.95 if data[3:6] == _VP8_START and len(data) > 10 else 0


def _vp9(data: bytes) -> float:
    """Judge by the uncompressed header (VP9, 6.2)."""
    if len(data) < 5 or data[0] >> 6 != 2:
        return 0
    is_delta = data[0] & 0x0C
    return 0.3 if is_delta else 0.95 if data[1:4] == _VP9_SYNC else 0


def _h264(data: bytes) -> float:
    return _annexb(data, h265=False) or _length_prefixed(data)


def _h265(data: bytes) -> float:
    return _annexb(data, h265=True)


def _annexb(data: bytes, *, h265: bool) -> float:
    """Judge by the NAL unit headers behind start codes."""
    if not annexb.begins_clean(data):
        return 0
    starts = annexb.units(data)
    if annexb.is_h265(data, starts) != h265:
        return 0
    kinds = {data[at] >> 1 & 0x3F if h265 else data[at] & 0x1F for at in starts}
    is_valid = all(data[at] < 0x80 for at in starts)
    return 0.9 if is_valid and kinds <= (_H265_TYPES if h265 else _H264_TYPES) else 0.3


def _length_prefixed(data: bytes) -> float:
    """Judge as MP4 has it: each NAL unit behind its length."""
    at = num = 0
    while at + 5 <= len(data) and num < _OBUS_MAX:
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 0 or data[at + 4] >= 0x80:
            return 0
        at, num = at + 4 + size, num + 1
    return 0.95 if num and at == len(data) else 0


def _av1(data: bytes) -> float:
    """Judge by the chain of OBUs, which ends where the frame does."""
    at = num = 0
    while at < len(data) and num < _OBUS_MAX:
        header = data[at]
        if header & 0x81 or header >> 3 & 15 not in _OBU_TYPES:
            return 0
        at += 2 if header & 4 else 1
        if not header & 2:  # the last one need not say its size
            return 0.5 if num else 0
        size, at = _leb128(data, at)
        if size < 0:
            return 0
        at, num = at + size, num + 1
    return 0.9 if num and at == len(data) else 0


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(data[at : at + _SIZE_MAX]):
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value, at + i + 1
    return -1, at


def _opus(frames: list[bytes], *, is_said: bool) -> Guess | None:
    """Judge by the first bytes, which say the same all through a stream."""
    fitting = {i: data[0] >> 2 for i, data in enumerate(frames) if _is_opus(data)}
    if not fitting:
        return None
    kind, num = Counter(fitting.values()).most_common(1)[0]
    same = tuple(
        i for i, k in fitting.items() if k == kind or frames[i] == OPUS_SILENCE
    )
    has_silence = any(data == OPUS_SILENCE for data in frames)
    # What follows is noise in Opus; an IV has its prefix there.
    bodies = {frames[i][1:4] for i in same}
    if len(same) * 4 < len(frames) * 3 or len(bodies) * 2 < len(same):
        return None
    sure = 0.85 if has_silence else 0.7 if num > _MANY else 0.3
    return Guess("Opus", min(sure + 0.1 * is_said, 0.9), same)


def _is_opus(data: bytes) -> bool:
    """Check the rules of RFC 6716, 3.4, that a length alone can break."""
    if not 1 <= len(data) <= _OPUS_MAX:
        return False
    code, size = data[0] & 3, len(data) - 1
    if code == 1:
        return size % 2 == 0
    if code == 3:
        return size >= 1 and 1 <= data[1] & 0x3F <= 48
    return code != 2 or size >= 1


_VIDEO: dict[str, Callable[[bytes], float]] = {
    "VP8": _vp8,
    "VP9": _vp9,
    "H.264": _h264,
    "H.265": _h265,
    "AV1": _av1,
}
