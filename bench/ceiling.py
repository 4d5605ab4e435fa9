"""The ceilings: bench/ceiling*.c, compiled against the libcrypto fastframe links."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def openssl_prefix() -> str | None:
    """Give the prefix of the static libcrypto, None for the system's."""
    given = os.environ.get("FASTFRAME_OPENSSL_DIR")
    if given:
        return given
    where = [sys.executable, str(HERE.parent / "tools/build-openssl"), "--where"]
    prefix = subprocess.run(where, capture_output=True, text=True, check=True).stdout
    return prefix.strip() if Path(prefix.strip(), "build.json").is_file() else None


def load() -> ctypes.CDLL:
    """Compile the C loops and load them; their functions return ns per frame."""
    prefix = openssl_prefix()
    with tempfile.TemporaryDirectory() as scratch:
        library = Path(scratch) / "ceiling.so"
        command = [os.environ.get("CC", "cc"), "-O3", "-shared", "-fPIC"]
        command += [str(HERE / "ceiling.c"), str(HERE / "ceiling_hmac.c")]
        command += [str(HERE.parent / "csrc/mem.c")]
        command += [
            "-o",
            str(library),
            f"-DFF_OPENSSL_STATIC={int(prefix is not None)}",
        ]
        if prefix is None:
            command += ["-lcrypto"]
        else:
            command += [f"-I{prefix}/include", f"{prefix}/lib/libcrypto.a"]
            command += ["-Wl,--exclude-libs,ALL"]
        subprocess.run(command, check=True)
        loaded = ctypes.CDLL(str(library))
    for name in ("ceiling_seal", "ceiling_open", "ceiling_hmac"):
        getattr(loaded, name).restype = ctypes.c_double
    return loaded


class Ceiling:
    """Frames of one size for the C loop to seal and open."""

    def __init__(self, library: ctypes.CDLL, size: int, count: int) -> None:
        """Allocate count frames of size bytes, laid out as one arena."""
        self._library = library
        self._size, self._count = size, count
        self._stride = size + 29 + 64
        memory = ctypes.c_uint8 * (self._stride * count)
        self._plain, self._sealed, self._opened = memory(), memory(), memory()

    def seal(self, rounds: int = 1) -> float:
        """Seal all frames; ns per frame."""
        return self._run(self._library.ceiling_seal, self._sealed, self._plain, rounds)

    def open(self, rounds: int = 1) -> float:
        """Open what seal() left; ns per frame."""
        return self._run(self._library.ceiling_open, self._opened, self._sealed, rounds)

    def _run(self, function: object, out: object, source: object, rounds: int) -> float:
        stride = ctypes.c_size_t(self._stride)
        size = ctypes.c_size_t(self._size)
        taken = function(out, source, size, stride, stride, self._count, rounds)
        assert taken > 0, "the ceiling's own frames did not open"
        return taken


class HmacCeiling:
    """Frames of one size for the C loop over AES-CTR with HMAC."""

    def __init__(self, library: ctypes.CDLL, size: int, count: int, bits: int) -> None:
        """Allocate count frames of size bytes; bits is AES's 128 or 256."""
        self._library = library
        self._size, self._count, self._bits = size, count, bits
        self._stride = size + 2 + 10 + 64
        memory = ctypes.c_uint8 * (self._stride * count)
        self._from, self._to = memory(), memory()

    def run(self, *, seals: bool) -> float:
        """Seal or open all frames; ns per frame."""
        sizes = (ctypes.c_size_t(self._size), ctypes.c_size_t(self._stride))
        how = (self._bits, 10, int(seals), self._count, 1)
        taken = self._library.ceiling_hmac(self._to, self._from, *sizes, *how)
        return float(taken)
