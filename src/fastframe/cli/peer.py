"""The peer: the insertable format in Python on the cryptography package.

It is what somebody writes who has no fastframe, done as well as Python can:
one context per key, one concatenation per frame, or no copy at all with the
_into calls. It does less than fastframe: no replay window, no checks of its
arguments, no lock, no statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping

IV_LEN = 12
HEAD_LEN = 1 + IV_LEN
TAG_LEN = 16
OVERHEAD = HEAD_LEN + TAG_LEN
PREFIX_LEN = 4
_AAD = {False: b"\0", True: b"\1"}


class PeerSealer:
    """Seals frames as [key id 1][IV 12][ciphertext][tag 16].

    Args:
        key: 16 or 32 bytes.
        key_id: 0 to 255.
        prefix: the first 4 bytes of each IV; a counter fills the rest.
    """

    def __init__(self, key: bytes, key_id: int, prefix: bytes) -> None:
        """Make the key's context once."""
        self._cipher = AESGCM(key)
        self._head = bytes([key_id]) + prefix
        self._counter = 0

    def seal(self, frame: bytes, *, key_frame: bool = False) -> bytes:
        """Seal one frame: encrypt, then put the header in front."""
        head = self._head + self._counter.to_bytes(8, "big")
        self._counter += 1
        return head + self._cipher.encrypt(head[1:], frame, _AAD[key_frame])

    def seal_into(
        self, frame: bytes, out: bytearray, *, key_frame: bool = False
    ) -> int:
        """Seal one frame into out and give the length written."""
        head = self._head + self._counter.to_bytes(8, "big")
        self._counter += 1
        size = OVERHEAD + len(frame)
        out[:HEAD_LEN] = head
        body = memoryview(out)[HEAD_LEN:size]
        self._cipher.encrypt_into(head[1:], frame, _AAD[key_frame], body)
        return size


class PeerOpener:
    """Opens what PeerSealer seals; raises InvalidTag, KeyError otherwise.

    Args:
        keys: key id -> key.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Make each key's context once."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def open(self, sealed: bytes, *, key_frame: bool = False) -> bytes:
        """Open one frame; slicing a memoryview copies nothing."""
        cipher = self._ciphers[sealed[0]]
        body = memoryview(sealed)[HEAD_LEN:]
        return cipher.decrypt(sealed[1:HEAD_LEN], body, _AAD[key_frame])

    def open_into(
        self, sealed: bytes, out: bytearray, *, key_frame: bool = False
    ) -> int:
        """Open one frame into out and give the length written."""
        cipher = self._ciphers[sealed[0]]
        size = len(sealed) - OVERHEAD
        wire = memoryview(sealed)
        cipher.decrypt_into(
            sealed[1:HEAD_LEN],
            wire[HEAD_LEN:],
            _AAD[key_frame],
            memoryview(out)[:size],
        )
        return size
