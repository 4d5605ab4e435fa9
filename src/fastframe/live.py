"""Which keys and IV prefixes are being sealed with in this process.

Two sealers on one key and one prefix would count through the same nonces, so
the second one is refused. Only digests of keys are kept.
"""

from __future__ import annotations

import threading
import weakref

_lock = threading.Lock()
_owners: weakref.WeakValueDictionary[tuple[bytes, bytes], object] = (
    weakref.WeakValueDictionary()
)


def claim(digest: bytes, prefix: bytes, owner: object) -> bool:
    """Register owner's use of a key and prefix; False if it is taken."""
    with _lock:
        return _owners.setdefault((digest, prefix), owner) is owner


def release(digest: bytes, prefix: bytes, owner: object) -> None:
    """Give back what owner claimed, if it is still owner's."""
    with _lock:
        if _owners.get((digest, prefix)) is owner:
            del _owners[digest, prefix]
