"""`insertable` and `insertable-bare`, and fastframe's superset of them with a codec.

    clear || key id 1 || IV 12 || ciphertext || tag 16        (bare: no key id)

    AAD = flag || clear,  flag = 01 for a key frame, 00 for a delta frame

Without a codec nothing is clear: the article's own layout. With one:

- clear is the codec's prefix (clear.own_clear): VP8 10 or 3 by the P bit, VP9
  and Opus 0, H.264 and H.265 up to the first slice's second header byte with
  start codes written with four bytes. A frame that is shorter than its prefix,
  or has no slice, is sealed whole: clear is empty.
- For H.264 and H.265 all that follows clear is escaped as one run, seeded with
  clear's trailing zeros, also when clear is empty.
- Where a codec keeps bytes clear, they tell the flag, whatever the caller says,
  and it is 0 for a frame sealed whole. Else it is the caller's word, else the
  codec's bytes', else 0.

The opener finds clear with the same rule on the sealed bytes. It is empty where
the sealed frame is too short for rule and overhead. A short VP8 frame that was
sealed whole begins with a key id or IV byte, which the rule takes for a frame:
so where that may have happened and nothing opened, an empty clear is tried too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reference.aead import IV_LEN, TAG_LEN, gcm_open, gcm_seal, pick
from reference.clear import (
    NAL_CODECS,
    key_frame_of,
    own_longest,
    own_rule,
    own_split,
)
from reference.errors import Rejected, first_to_open
from reference.escape import escape, trailing_zeros, unescape_strict

if TYPE_CHECKING:
    from collections.abc import Mapping


def overhead(*, bare: bool) -> int:
    """Count the bytes that sealing adds, escapes and start codes apart."""
    return (0 if bare else 1) + IV_LEN + TAG_LEN


def flag(*, key_frame: bool) -> bytes:
    """Write the frame type as it is authenticated."""
    return b"\1" if key_frame else b"\0"


def seal(
    frame: bytes,
    *,
    key: bytes,
    key_id: int = 0,
    iv: bytes,
    codec: str | None = None,
    key_frame: bool | None = None,
    bare: bool = False,
) -> bytes:
    """Seal one frame under an IV that the caller names."""
    clear, plaintext = own_split(codec, frame)
    if own_longest(codec) or codec in NAL_CODECS:
        key_frame = bool(clear) and bool(key_frame_of(codec, frame))
    elif key_frame is None:
        key_frame = bool(key_frame_of(codec, frame))
    header = iv if bare else bytes([key_id]) + iv
    run = header + gcm_seal(key, iv, plaintext, flag(key_frame=key_frame) + clear)
    if codec in NAL_CODECS:
        run = escape(run, trailing_zeros(clear))
    return clear + run


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    codec: str | None = None,
    key_frame: bool | None = None,
    bare: bool = False,
) -> bytes:
    """Open one frame; key_frame None means not known.

    A bare frame names no key: the one of the lowest id is taken. A frame that
    opens in no way is rejected for the reason that came first.
    """
    least = overhead(bare=bare)
    lengths = [own_rule(codec, sealed)]
    if len(sealed) < lengths[0] + least:
        lengths = [0]
    elif len(sealed) < own_longest(codec) + least:
        lengths.append(0)
    return first_to_open(
        partial(open_at, sealed, length, keys, codec, key_frame=kind, bare=bare)
        for length in lengths
        for kind in kinds(codec, sealed[:length], key_frame)
    )


def kinds(codec: str | None, clear: bytes, key_frame: bool | None) -> list[bool]:
    """List the frame types to try: what clear tells, else what is known, else both."""
    if own_longest(codec) or codec in NAL_CODECS:
        return [bool(clear) and bool(key_frame_of(codec, clear))]
    known = key_frame
    return [False, True] if known is None else [known]


def open_at(
    sealed: bytes,
    length: int,
    keys: Mapping[int, bytes],
    codec: str | None,
    *,
    key_frame: bool,
    bare: bool,
) -> bytes:
    """Open a frame whose clear prefix is that long and whose type is that."""
    clear, run = sealed[:length], sealed[length:]
    if codec in NAL_CODECS:
        run = unescape_strict(run, trailing_zeros(clear))
    if len(run) < overhead(bare=bare):
        raise Rejected("MALFORMED", "too short")
    key_id = min(keys) if bare else run[0]
    run = run if bare else run[1:]
    key = pick(keys, key_id)
    aad = flag(key_frame=key_frame) + clear
    return clear + gcm_open(key, run[:IV_LEN], run[IV_LEN:], aad)
