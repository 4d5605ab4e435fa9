"""What many tests share: the table of rows, links, batches, guarded buffers."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frames import sized, typical
from models import SALT, Model
from models_peers import MODELS

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FRAME_MAX = 16 * 1024 * 1024
SPARE = 64
LIMIT = 30  # seconds after which a thread counts as deadlocked
GCM = ("AES-128-GCM", "AES-256-GCM")
HMAC = tuple(
    f"AES_{aes}_CTR_HMAC_SHA{sha}_{tag}"
    for aes, sha in ((128, 256), (256, 512))
    for tag in (80, 64, 32)
)
SFRAME_NUMBERS = dict(enumerate((*HMAC[:3], *GCM, *HMAC[3:]), 1))
OWN = (None, "opus", "vp8", "vp9", "h264", "h265")
# What each format takes: suites and codecs. All else must be refused.
TAKES: dict[str, tuple[tuple[str, ...], tuple[str | None, ...]]] = {
    "raw": (GCM, (None,)),
    "insertable": (GCM, OWN),
    "insertable-bare": (GCM, OWN),
    "sframe": (GCM + HMAC, OWN),
    "livekit": (GCM, OWN),
    "livekit-data": (GCM, (None,)),
    "jitsi": (GCM[:1], (*OWN, "av1")),
    "stream": (GCM, ("opus", "vp8", "vp9", "h264")),
    "dave": (("AES-128-GCM-8",), (*OWN, "av1")),
    "element-call": (GCM, OWN),
}
# What a format needs beyond a key, or is tested with: PBKDF2 is slow.
FORMAT_OPTIONS: dict[str, dict[str, Any]] = {
    "raw": {"salt": SALT},
    "livekit": {"kdf": "hkdf"},
    "livekit-data": {"kdf": "hkdf"},
}
# What makes two sealers of a format write the same bytes.
FIXED: dict[str, dict[str, Any]] = {
    "insertable": {"ssrc": 7},
    "insertable-bare": {"ssrc": 7},
    "livekit": {"salt": SALT},
    "livekit-data": {"salt": SALT},
    "element-call": {"salt": SALT},
    "jitsi": {"salt": SALT},
    "stream": {"salt": SALT[:8]},
}
NAMES_KEY = ("insertable", "sframe", "livekit", "element-call", "jitsi", "stream")
NO_REPLAY_CHECK = ("livekit", "livekit-data", "element-call", "jitsi")
FIRST_COUNTER = {"stream": 1, "dave": 1}
# Fewest bytes that sealing adds; "sframe": a header of one byte and the tag.
LEAST_GROWTH = {"raw": 16, "insertable": 29, "insertable-bare": 28, "livekit": 30}
LEAST_GROWTH |= {"livekit-data": 28, "element-call": 30, "jitsi": 30, "stream": 36}
LEAST_GROWTH |= {"dave": 12}
# A frame that is too short for the format, or whose fields cannot be.
TOO_SHORT = {"livekit": b"\2", "element-call": b"\2", "dave": b"\x0c\xfa\xfa"}
TOO_SHORT |= {"stream": b"\1\xe2\xee\xfe\xed"}


@cache
def pattern(size: int, seed: int = 1) -> bytes:
    """Make a frame that no shift or repeat of itself could be taken for."""
    return bytes((i * 131 + (i >> 8) * 17 + seed) & 0xFF for i in range(size))


@dataclass(frozen=True)
class Row:
    """One line of the table: a wire format with a suite and a codec."""

    format: str
    suite: str
    codec: str | None

    def __str__(self) -> str:
        """Name the row in test reports."""
        return f"{self.format}/{self.suite}/{self.codec or 'whole'}"

    @property
    def options(self) -> dict[str, Any]:
        """Give what both ends are made with."""
        given = {"suite": self.suite, "codec": self.codec}
        return given | FORMAT_OPTIONS.get(self.format, {})

    @property
    def fixed(self) -> dict[str, Any]:
        """Give what else a sealer takes so that its nonces are foretold."""
        return FIXED.get(self.format, {})

    @property
    def first(self) -> int:
        """Give the counter of a sealer's first frame."""
        return FIRST_COUNTER.get(self.format, 0)

    @property
    def tag_len(self) -> int:
        """Give the length of the tag."""
        name = self.suite.rpartition("_")[2]
        return int(name) // 8 if name.isdigit() else 8 if name.endswith("-8") else 16

    @property
    def least_growth(self) -> int:
        """Give the fewest bytes that sealing adds."""
        return LEAST_GROWTH.get(self.format, 1 + self.tag_len)

    @property
    def model(self) -> Model:
        """Give the reference for this row."""
        numbers = {name: number for number, name in SFRAME_NUMBERS.items()}
        number = numbers.get(self.suite, 0) if self.format == "sframe" else 0
        key_size = 32 if "256-GCM" in self.suite else 16
        return MODELS[self.format](self.codec, number, key_size)

    @property
    def frame(self) -> bytes:
        """Give an ordinary frame of the codec."""
        return typical(self.codec)

    def sized(self, size: int, seed: int = 1) -> bytes:
        """Make a frame of the codec, of size bytes or as few more as it takes."""
        return sized(self.codec, size, seed)

    def key(self) -> bytes:
        """Draw a key for the suite."""
        return bytes(ff.generate_key(self.suite))

    def sealer(self, key: bytes, **options: Any) -> ff.Sealer:
        """Make a sealer on key."""
        return ff.Sealer(self.format, key, **(self.options | options))

    def opener(self, keys: dict[int, bytes], **options: Any) -> ff.Opener:
        """Make an opener that holds keys."""
        return ff.Opener(self.format, keys, **(self.options | options))

    def inspect(self, sealed: Any) -> ff.FrameInfo:
        """Read what a sealed frame claims."""
        told = {k: v for k, v in self.options.items() if k != "salt"}
        return ff.inspect(self.format, sealed, **told)


ROWS = [
    Row(name, suite, codec)
    for name, (suites, codecs) in TAKES.items()
    for suite in suites
    for codec in codecs
]
# Every layout once: suites differ in nothing but the cipher.
LAYOUTS = [row for row in ROWS if row.suite == TAKES[row.format][0][0]]
LAYOUTS += [Row("sframe", suite, None) for suite in HMAC]


class Link:
    """A sealer and the opener at the other end of the wire.

    It carries the counter across for the format that does not send it.
    """

    def __init__(self, row: Row, *, key_id: int = 0, **opener_options: Any) -> None:
        """Give both ends a new key under key_id."""
        self.row = row
        self.key = row.key()
        self.sealer = row.sealer(self.key, key_id=key_id)
        self.opener = row.opener({key_id: self.key}, **opener_options)
        self.names_key = row.format in NAMES_KEY
        self.checks_replay = row.format not in NO_REPLAY_CHECK

    def beside(self, nth: int) -> dict[str, Any]:
        """Give what open() needs beside the sealer's nth frame, counted from 0."""
        return {"counter": nth} if self.row.format == "raw" else {}

    def beside_all(self, first: int, count: int) -> dict[str, Any]:
        """Give what open_batch() needs beside a list of frames."""
        if self.row.format != "raw":
            return {}
        return {"counter": list(range(first, first + count))}

    def append(self, batch: ff.Batch, sealed: bytes, nth: int, **how: Any) -> None:
        """Put a sealed frame into a batch with its counter beside it."""
        batch.append(sealed, **self.beside(nth), **how)


def filled(frames: list[bytes]) -> ff.Batch:
    """Make a batch that holds frames and has some room left."""
    batch = ff.Batch(len(frames) + 1, arena=sum(map(len, frames)) + 4096)
    for frame in frames:
        batch.append(frame)
    return batch


def filled_sealed(link: Link, sealed: list[bytes]) -> ff.Batch:
    """Make a batch of a link's frames, from its first on."""
    batch = ff.Batch(len(sealed) + 1, arena=sum(map(len, sealed)) + 4096)
    for nth, frame in enumerate(sealed):
        link.append(batch, frame, nth)
    return batch


class Guarded:
    """A writable view at any alignment, with sentinel bytes on both sides."""

    GUARD = 64
    SENTINEL = 0xA5

    def __init__(self, size: int, offset: int = 0, fill: bytes = b"") -> None:
        """Make size bytes that start offset past an aligned address."""
        start = self.GUARD + offset
        self._whole = bytearray([self.SENTINEL]) * (start + size + self.GUARD)
        self._start, self._end = start, start + size
        self.view = memoryview(self._whole)[start : start + size]
        self.view[: len(fill)] = fill

    def is_intact(self) -> bool:
        """Tell whether nothing outside the view was written."""
        outside = self._whole[: self._start] + self._whole[self._end :]
        return set(outside) == {self.SENTINEL}

    def is_untouched(self, since: int = 0) -> bool:
        """Tell whether the view itself, from since on, still is sentinels."""
        return set(self.view[since:]) <= {self.SENTINEL}


def together(*jobs: Callable[[], object]) -> None:
    """Run jobs at once, each in a thread; raise what the first one raised."""
    start = threading.Barrier(len(jobs))
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            start.wait(LIMIT)
            job()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(j,), daemon=True) for j in jobs]
    deadline = time.monotonic() + LIMIT
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
        assert not thread.is_alive(), "deadlock"
    if errors:
        raise errors[0]


def load_family(name: str) -> list[dict[str, Any]]:
    """Read the vectors of tests/vectors/<name>; binary fields become bytes."""
    vectors = []
    for file in sorted((TESTS / "vectors" / name).glob("*.json")):
        for vector in json.loads(file.read_text())["vectors"]:
            binary = ("key", "iv", "aad", "plaintext", "wire")
            vectors.append(
                vector | {field: bytes.fromhex(vector[field]) for field in binary}
            )
    return vectors
