"""Discord's DAVE, version 1: keys, ranges, footer, frames, which nonces are new.

    body || tag 8 || nonce || ranges || size 1 || FA FA

body is the frame with some ranges clear, the rest encrypted, all in place. AAD
is the clear ranges joined, the plaintext the rest joined; of the tag only the
first 8 bytes are sent. nonce and the ranges' (offset, size) pairs are ULEB128;
size counts everything behind body. The opener needs no codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference.aead import gcm_open_cut, gcm_seal, pick
from reference.dave_clear import NAL_CODECS, Pieces, split, uleb
from reference.errors import Rejected
from reference.kdf import derive_tree_secret, mls_exporter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARKER = b"\xfa\xfa"
LABEL = "Discord Secure Frames v0"
SILENCE = bytes.fromhex("f8fffe")
KEY_LEN = 16
SECRET_LEN = 32
TAG_LEN = 8
FIXED_LEN = TAG_LEN + 1 + len(MARKER)  # of the footer, without nonce and ranges
FOOTER_MAX = 0xFF
GENERATION_BITS = 24
NONCE_MAX = 0xFFFFFFFF
TRIES = 10
GAPS = 1000


# -- keys --


def base_secret(exporter_secret: bytes, user_id: int) -> bytes:
    """Give a sender's base secret of an epoch; the user id is little-endian."""
    context = user_id.to_bytes(8, "little")
    return mls_exporter(exporter_secret, LABEL, context, KEY_LEN)


def step(secret: bytes, generation: int) -> bytes:
    """Give the next generation's secret; the first has 16 bytes, the others 32."""
    return derive_tree_secret(secret, "secret", generation, SECRET_LEN)


def derive(base: bytes, *, generation: int = 0) -> bytes:
    """Give the AES key of one generation."""
    for passed in range(generation):
        base = step(base, passed)
    return derive_tree_secret(base, "key", generation, KEY_LEN)


def generation_of(nonce: int) -> int:
    """Give the generation, which is the key id: the nonce's highest byte."""
    return nonce >> GENERATION_BITS


def make_iv(nonce: int) -> bytes:
    """Give the IV: eight zeros, then the nonce little-endian."""
    return bytes(8) + nonce.to_bytes(4, "little")


# -- ULEB128 and the footer --


def read_ulebs(data: bytes) -> list[int]:
    """Read values to the end; one that is cut off is no value."""
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value, shift = 0, 0
    if shift:
        raise Rejected("MALFORMED", "a number is cut off")
    return values


class Footer(NamedTuple):
    """What a sealed frame says of itself, unverified."""

    body: bytes
    tag: bytes
    nonce: int
    ranges: list[tuple[int, int]]


def write_footer(tag: bytes, nonce: int, ranges: Iterable[tuple[int, int]]) -> bytes:
    """Write all behind the body; its length must fit in one byte."""
    numbers = uleb(nonce) + b"".join(uleb(at) + uleb(size) for at, size in ranges)
    length = FIXED_LEN + len(numbers)
    if length > FOOTER_MAX:
        raise Rejected("MALFORMED", "too many clear ranges for the footer")
    return tag + numbers + bytes([length]) + MARKER


def read_footer(sealed: bytes) -> Footer:
    """Take a frame apart; ranges must ascend, not overlap, and lie in the body."""
    if len(sealed) < FIXED_LEN or not sealed.endswith(MARKER):
        raise Rejected("NOT_ENCRYPTED", "no marker")
    length = sealed[-3]
    if not FIXED_LEN < length <= len(sealed):
        raise Rejected("MALFORMED", "the footer's size cannot be")
    body, footer = sealed[:-length], sealed[-length:]
    numbers = read_ulebs(footer[TAG_LEN:-3])
    nonce, pairs = numbers[0], numbers[1:]
    ranges = list(zip(pairs[::2], pairs[1::2], strict=False))
    ends = [0] + [at + size for at, size in ranges]
    is_ordered = all(end <= at for end, (at, _) in zip(ends, ranges, strict=False))
    if len(pairs) % 2 or nonce > NONCE_MAX or not is_ordered or ends[-1] > len(body):
        raise Rejected("MALFORMED", "the footer's numbers cannot be")
    return Footer(body, footer[:TAG_LEN], nonce, ranges)


# -- frames --


def _join(pieces: Pieces, body: bytes) -> bytes:
    """Put ciphertext or plaintext back between the clear pieces."""
    out, taken = b"", 0
    for is_clear, data in pieces:
        out += data if is_clear else body[taken : taken + len(data)]
        taken += 0 if is_clear else len(data)
    return out


def _ranges(pieces: Pieces) -> list[tuple[int, int]]:
    """Give offset and size of each clear piece."""
    ranges, at = [], 0
    for is_clear, data in pieces:
        if is_clear:
            ranges.append((at, len(data)))
        at += len(data)
    return ranges


def has_start_code(sealed: bytes, ranges: Iterable[tuple[int, int]]) -> bool:
    """Look for 00 00 01 in all that is not clear, and across its seams."""
    at = 0
    for start, size in [*ranges, (len(sealed), 0)]:
        if start > at and b"\0\0\1" in sealed[max(0, at - 2) : start + 2]:
            return True
        at = start + size
    return False


def seal(
    frame: bytes,
    *,
    key: bytes,
    counter: int,
    codec: str | None,
    key_frame: bool | None = None,
) -> bytes:
    """Seal one frame with the first nonce from counter on that does.

    Nothing is escaped: H.264 and H.265 whose ciphertext or footer holds a
    start code are sealed again with the next nonce, ten times at most. The
    footer tells which nonce it was. The key must be that of its generation.
    """
    pieces = split(codec, frame)
    for nonce in range(counter, counter + TRIES):
        sealed = seal_pieces(pieces, key=key, nonce=nonce)
        if codec not in NAL_CODECS or not has_start_code(sealed, _ranges(pieces)):
            return sealed
    raise Rejected("INTERNAL", "each try held a start code")


def seal_pieces(pieces: Pieces, *, key: bytes, nonce: int) -> bytes:
    """Seal a frame that is cut already, under that very nonce."""
    aad = b"".join(data for is_clear, data in pieces if is_clear)
    plaintext = b"".join(data for is_clear, data in pieces if not is_clear)
    sealed = gcm_seal(key, make_iv(nonce), plaintext, aad)
    body, tag = sealed[: len(plaintext)], sealed[len(plaintext) :]
    footer = write_footer(tag[:TAG_LEN], nonce, _ranges(pieces))
    return _join(pieces, body) + footer


def cut(frame: bytes, ranges: Iterable[tuple[int, int]]) -> Pieces:
    """Cut a frame by its clear ranges."""
    pieces: Pieces = []
    at = 0
    for start, size in [*ranges, (len(frame), 0)]:
        pieces.append((False, frame[at:start]))
        pieces.append((True, frame[start : start + size]))
        at = start + size
    return [(is_clear, data) for is_clear, data in pieces if data]


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    codec: str | None = None,
    key_frame: bool | None = None,
) -> bytes:
    """Open one frame; keys are by generation.

    Peers let the three bytes of Opus silence (SILENCE) through as they are.
    """
    claim = read_footer(sealed)
    key = pick(keys, generation_of(claim.nonce))
    pieces = cut(claim.body, claim.ranges)
    aad = b"".join(data for is_clear, data in pieces if is_clear)
    body = b"".join(data for is_clear, data in pieces if not is_clear)
    return _join(pieces, gcm_open_cut(key, make_iv(claim.nonce), body, claim.tag, aad))


class Window:
    """Which nonces are new: above the newest, or among the last 1000 gaps."""

    def __init__(self) -> None:
        """Begin with any nonce new."""
        self.newest = -1
        self.gaps: list[int] = []

    def check(self, nonce: int) -> None:
        """Reject what was seen or is forgotten; change nothing."""
        if nonce <= self.newest and nonce not in self.gaps:
            is_old = nonce < self.newest - GAPS
            raise Rejected("TOO_OLD" if is_old else "REPLAYED", str(nonce))

    def commit(self, nonce: int) -> None:
        """Record a nonce that authenticated. None is missing before the first."""
        if nonce in self.gaps:
            self.gaps.remove(nonce)
        elif self.newest < 0:
            self.newest = nonce
        elif nonce > self.newest:
            missed = range(max(self.newest + 1, nonce - GAPS), nonce)
            self.gaps = [*self.gaps, *missed][-GAPS:]
            self.newest = nonce
