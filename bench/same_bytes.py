"""The peers: other ways to write the very bytes that fastframe writes.

Each writes the insertable format under KEY: [key id 1][IV 12][ciphertext][tag
16], with a flag byte as AAD. The cryptography package's peer is the command
line's own (fastframe.cli.peer); here are the others. davey speaks "dave" only.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceiling import Ceiling, load

import fastframe as ff
from fastframe.cli.peer import HEAD_LEN, OVERHEAD, PREFIX_LEN, TAG_LEN, PeerSealer

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
# ceiling.c's and webcrypto.mjs's: all who are compared use one key.
KEY = b"\1".ljust(16, b"\0")
KEY_ID = 1
_DELTA = b"\0"
NODE_MIN = 20  # WebCrypto without flags


class CryptodomeSealer:
    """Seals with PyCryptodome, which wants a new cipher object for each frame."""

    def __init__(self, key: bytes, key_id: int, prefix: bytes) -> None:
        """Keep the key; the first frame's counter is 0."""
        from Crypto.Cipher import AES  # noqa: PLC0415 - not installed everywhere

        self._new, self._mode, self._key = AES.new, AES.MODE_GCM, key
        self._head = bytes([key_id]) + prefix
        self._counter = 0

    def seal(self, frame: bytes) -> bytes:
        """Seal one delta frame."""
        head = self._head + self._counter.to_bytes(8, "big")
        self._counter += 1
        cipher = self._new(self._key, self._mode, nonce=head[1:])
        cipher.update(_DELTA)
        body, tag = cipher.encrypt_and_digest(frame)
        return head + body + tag

    def open(self, sealed: bytes) -> bytes:
        """Open one delta frame; ValueError if it is not authentic."""
        cipher = self._new(self._key, self._mode, nonce=sealed[1:HEAD_LEN])
        cipher.update(_DELTA)
        body = memoryview(sealed)[HEAD_LEN:-TAG_LEN]
        return bytes(cipher.decrypt_and_verify(body, sealed[-TAG_LEN:]))


def has_cryptodome() -> bool:
    """Whether PyCryptodome is installed."""
    return find_spec("Crypto") is not None


@cache
def node() -> str | None:
    """Give the path of a Node that has WebCrypto, None without one."""
    path = shutil.which("node")
    if path is None:
        return None
    told = subprocess.check_output([path, "--version"], text=True)
    return path if int(told.lstrip("v").split(".")[0]) >= NODE_MIN else None


def _webcrypto(*arguments: str) -> str:
    command = [str(node()), str(HERE / "webcrypto.mjs"), *arguments]
    return subprocess.check_output(command, text=True).strip()


def webcrypto_ns(size: int, frames: int = 2000) -> float:
    """Time the article's worker in Node: ns per frame sealed."""
    return float(_webcrypto(str(size), str(frames)))


@cache
def ceiling_library() -> ctypes.CDLL:
    """Compile the C loops once."""
    return load()


def has_davey() -> bool:
    """Whether the peer of the "dave" format is installed."""
    return find_spec("davey") is not None


def versions() -> dict[str, str]:
    """Name who is compared, with versions."""
    from fastframe.cli.rivals import peer_openssl, peer_version  # noqa: PLC0415

    found = {"cryptography": f"{peer_version()} on {peer_openssl()}"}
    if has_cryptodome():
        found["PyCryptodome"] = version("pycryptodome")
    if path := node():
        found["Node"] = subprocess.check_output([path, "--version"], text=True).strip()
    if has_davey():
        found["davey"] = version("davey")
    return found


# -- the same bytes: how each peer seals one frame under a given IV --


def _ours(iv: bytes) -> ff.Sealer:
    """Make our sealer whose next frame has this IV."""
    ssrc = int.from_bytes(iv[:PREFIX_LEN], "big")
    counter = int.from_bytes(iv[PREFIX_LEN:], "big")
    return ff.Sealer("insertable", KEY, key_id=KEY_ID, ssrc=ssrc, counter=counter)


def _by_seal(iv: bytes, frame: bytes) -> bytes:
    with _ours(iv) as sealer:
        return sealer.seal(frame)


def _by_seal_into(iv: bytes, frame: bytes) -> bytes:
    out = bytearray(len(frame) + OVERHEAD)
    with _ours(iv) as sealer:
        return bytes(out[: sealer.seal_into(frame, out)])


def _by_list(iv: bytes, frame: bytes) -> bytes:
    with _ours(iv) as sealer:
        return bytes(sealer.seal_batch([frame])[0])


def _by_batch(iv: bytes, frame: bytes) -> bytes:
    batch = ff.Batch(1, len(frame) + OVERHEAD)
    batch.append(frame)
    with _ours(iv) as sealer:
        return bytes(sealer.seal_batch(batch)[0])


def _by_cryptography(iv: bytes, frame: bytes) -> bytes:
    return _nth(PeerSealer(KEY, KEY_ID, iv[:PREFIX_LEN]).seal, iv, frame)


def _by_cryptography_into(iv: bytes, frame: bytes) -> bytes:
    out = bytearray(len(frame) + OVERHEAD)
    sealer = PeerSealer(KEY, KEY_ID, iv[:PREFIX_LEN])
    return bytes(out[: _nth(lambda f: sealer.seal_into(f, out), iv, frame)])


def _by_cryptodome(iv: bytes, frame: bytes) -> bytes:
    return _nth(CryptodomeSealer(KEY, KEY_ID, iv[:PREFIX_LEN]).seal, iv, frame)


def _nth(seal: Callable[[bytes], Any], iv: bytes, frame: bytes) -> Any:
    """Seal as often as it takes for a counter from 0 to come to the IV's."""
    for _ in range(int.from_bytes(iv[PREFIX_LEN:], "big")):
        seal(b"")
    return seal(frame)


def _by_webcrypto(iv: bytes, frame: bytes) -> bytes:
    return bytes.fromhex(_webcrypto("--seal", iv.hex(), frame.hex()))


def _by_ceiling(iv: bytes, frame: bytes) -> bytes:
    """Let the C loop seal one frame: its counter begins at 1, its prefix is 0."""
    assert iv == bytes(11) + b"\1", "the C loop has one IV to begin with"
    loop = Ceiling(ceiling_library(), len(frame), 1)
    ctypes.memmove(loop._plain, frame, len(frame))  # noqa: SLF001 - a loop has no way in
    loop.seal()
    return bytes(loop._sealed)[: len(frame) + OVERHEAD]  # noqa: SLF001


IV = bytes(11) + b"\1"  # the one IV that all of them can be made to use
SEALS: dict[str, Callable[[bytes, bytes], bytes]] = {
    "seal": _by_seal,
    "seal_into": _by_seal_into,
    "list": _by_list,
    "batch": _by_batch,
    "cryptography": _by_cryptography,
    "cryptography_into": _by_cryptography_into,
    "ceiling": _by_ceiling,
    "cryptodome": _by_cryptodome,
    "webcrypto": _by_webcrypto,
}


def is_here(name: str) -> bool:
    """Whether a peer can be run on this machine."""
    if name == "cryptodome":
        return has_cryptodome()
    if name == "webcrypto":
        return node() is not None
    return True
