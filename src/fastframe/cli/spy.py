"""What the courier tries to read of the frames that it carries."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastframe.cli.media import Decoder
    from fastframe.cli.parcels import Parcel

_DECODE_MOST = 300  # frames of a track; noise does not turn into pictures later
_SAMPLE_MOST = 4 << 20  # bytes of a track kept for the statistics
_START_CODE = b"\0\0\1"  # H.264, H.265 and MPEG-2 units begin with it


@dataclass(frozen=True, slots=True)
class Findings:
    """What the courier has after the last frame of one track.

    Attributes:
        frames, key_frames: how many it counted.
        smallest, largest: sizes of sealed frames in bytes.
        key_ids: the key ids that frames named, None entries where none.
        repeated_ivs: IVs that it saw twice among different frames.
        bits_per_byte: entropy of the sealed bytes; noise has 8.
        deflate_saves: the share that zlib saves; noise saves nothing.
        start_codes: units of video found in the bytes.
        start_codes_by_chance: how many noise of this length would hold.
        tried, refused, decoded: frames given to a decoder, frames that it
            refused, pictures or samples that came out.
        true_pictures: decoded ones that equal a decoded original.
    """

    frames: int
    key_frames: int
    smallest: int
    largest: int
    key_ids: tuple[int, ...]
    repeated_ivs: int
    bits_per_byte: float
    deflate_saves: float
    start_codes: int
    start_codes_by_chance: float
    tried: int
    refused: int
    decoded: int
    true_pictures: int


class Spy:
    """Looks at every sealed frame of one track with all but the key.

    It even has a decoder that knows the codec and its parameters.
    """

    def __init__(self, decoder: Decoder, head_len: int, iv_len: int) -> None:
        """Start knowing nothing."""
        self._decoder = decoder
        self._head_len = head_len
        self._iv_len = iv_len
        self._ivs: set[bytes] = set()
        self._sizes: list[int] = []
        self._key_ids: set[int] = set()
        self._key_frames = 0
        self._sample = bytearray()
        self._tried = 0
        self._prints: set[bytes] = set()

    def look(self, parcel: Parcel) -> None:
        """Look at one sealed frame."""
        sealed, head = parcel.sealed, self._head_len
        self._sizes.append(len(sealed))
        self._ivs.add(sealed[head - self._iv_len : head])
        self._key_ids.update(sealed[: head - self._iv_len])
        self._key_frames += parcel.key_frame
        if len(self._sample) < _SAMPLE_MOST:
            self._sample += sealed[head:]
        if self._tried < _DECODE_MOST:
            self._tried += 1
            self._keep(self._decoder.feed(sealed, parcel.frame))

    def report(self, true_prints: set[bytes]) -> Findings:
        """Sum up, given the fingerprints of what the receiver decoded."""
        self._keep(self._decoder.finish())
        sample = bytes(self._sample)
        return Findings(
            frames=len(self._sizes),
            key_frames=self._key_frames,
            smallest=min(self._sizes, default=0),
            largest=max(self._sizes, default=0),
            key_ids=tuple(sorted(self._key_ids)),
            repeated_ivs=len(self._sizes) - len(self._ivs),
            bits_per_byte=entropy(sample),
            deflate_saves=max(0.0, 1 - len(zlib.compress(sample)) / len(sample))
            if sample
            else 0.0,
            start_codes=sample.count(_START_CODE),
            start_codes_by_chance=len(sample) / 256 ** len(_START_CODE),
            tried=self._tried,
            refused=self._decoder.failures,
            decoded=self._decoder.decoded,
            true_pictures=len(self._prints & true_prints),
        )

    def _keep(self, decoded: list[Any]) -> None:
        self._prints.update(filter(None, map(fingerprint, decoded)))


def fingerprint(decoded: Any) -> bytes | None:
    """Give a short digest of a decoded picture or sound; None for silence."""
    digest = hashlib.blake2b(digest_size=8)
    is_blank = True
    for plane in _planes(decoded):
        content = bytes(plane)
        is_blank = is_blank and content.count(content[:1]) == len(content)
        digest.update(content)
    # Silence and one-coloured pictures look the same wherever they come from.
    return None if is_blank else digest.digest()


def _planes(decoded: Any) -> Any:
    """Give the planes of a picture or sound that are really there.

    Noise may decode as sound of 54 channels, and from eight on PyAV counts a
    sound's planes until it meets a null pointer: past their end.
    """
    if not hasattr(decoded, "samples"):  # a picture
        return decoded.planes
    from av.audio.plane import AudioPlane  # noqa: PLC0415 - the demo has it by now

    count = decoded.layout.nb_channels if decoded.format.is_planar else 1
    return [AudioPlane(decoded, index) for index in range(count)]


def entropy(data: bytes) -> float:
    """Give the bits of information per byte, from how often each occurs."""
    total = len(data)
    if not total:
        return 0.0
    shares = [count / total for count in Counter(data).values()]
    return -sum(share * math.log2(share) for share in shares)
