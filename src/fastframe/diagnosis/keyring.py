"""The keys that a sender may have made of the caller's, and how."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.diagnosis.case import KEY_MAX, RINGED
from fastframe.sframe import ratchet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastframe.diagnosis.budget import Budget
    from fastframe.diagnosis.case import Given, Held

OTHERS_MAX = 16  # keys held under other ids than the one named, that are tried
STEPS_MAX = 64  # ratchet steps ahead
SLOW_STEPS_MAX = 8  # … with PBKDF2
SFRAME_STEPS_MAX = 16

LIVEKIT_SALT = b"LKFrameEncryptionKey"
# What a sender uses who was set up from another project's sample code.
FLUTTER_SALT = b"flutter-webrtc-ratchet-salt"
_JITSI_SALT = b"JFrameEncryptionKey"
_JITSI_STEP_SALT = b"JFrameRatchetKey"
_ROUNDS = 100_000
_DERIVED_LEN = 32  # of which a 16-byte key is the front half
_LIVEKIT_INFO = bytes(128)

AS_GIVEN = "as given"
FRONT_HALF = "its first 16 bytes"
_FRONT = 16
_SPELLED_LENS = range(16, 65)
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
_BASE64 = re.compile(rb"[0-9A-Za-z+/_-]{21,}={0,2}")

# What a key becomes in each format, the format's own way first.
KDFS = {
    "livekit": ("pbkdf2", "hkdf", "raw", "hkdf-empty-info"),
    "livekit-data": ("pbkdf2", "hkdf", "raw", "hkdf-empty-info"),
    "jitsi": ("jitsi", "raw"),
    "sframe": ("sframe",),
    "dave": ("dave",),
}
RAW = ("raw",)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a key is made of key material."""

    spelling: str
    kdf: str
    salt: bytes
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """One key to try: whose it is, and how it was made."""

    key_id: int | None
    recipe: Recipe
    material: bytearray = field(repr=False)


class Keyring:
    """Makes keys of the caller's, each once."""

    def __init__(self, keys: tuple[Held, ...], given: Given, budget: Budget) -> None:
        """Hold the keys for one diagnosis."""
        self.keys = keys
        self._given = given
        self._budget = budget
        # What was derived, by a digest of what from: keys are wiped, not hashed.
        self._made: dict[tuple[str, bytes, bytes], bytearray] = {}
        self._spelled = {id(held): spellings(held) for held in keys}
        self._secrets: dict[tuple[str, int | None], list[Secret]] = {}

    def secrets(self, format_: str, named: int | None) -> list[Secret]:
        """List what to try in a format on frames that name this key id."""
        place = (format_, named if len(self.keys) > OTHERS_MAX else None)
        if place not in self._secrets:
            own = [k for k in self.keys if k.key_id in (None, named)]
            others = [k for k in self.keys if k not in own][:OTHERS_MAX]
            self._secrets[place] = [
                Secret(held.key_id, recipe, material)
                for held in own + others
                for recipe, material in self._recipes(format_, held)
            ]
        return self._secrets[place]

    def value(self, secret: Secret) -> bytearray | None:
        """Make the key; None if that would be more work than is allowed."""
        recipe = secret.recipe
        if recipe.kdf in ("raw", "dave"):
            return secret.material
        material: bytearray | None = secret.material
        for _ in range(recipe.steps):
            step_salt = _JITSI_STEP_SALT if recipe.kdf == "jitsi" else recipe.salt
            material = material and self._make(recipe.kdf, material, step_salt)
        if recipe.kdf.startswith("sframe"):  # the format derives the rest
            return material
        return material and self._make(recipe.kdf, material, recipe.salt)

    def close(self) -> None:
        """Wipe all keys."""
        for derived in self._made.values():
            _native.wipe(derived)
        for spelled in self._spelled.values():
            for _, material in spelled:
                _native.wipe(material)
        for held in self.keys:
            _native.wipe(held.value)

    def _recipes(self, format_: str, held: Held) -> Iterator[tuple[Recipe, bytearray]]:
        """Combine spellings, derivations, salts and ratchet steps."""
        own = self._own_kdf(format_)
        for spelling, material in self._spelled[id(held)]:
            for kdf in self._kdfs(format_):
                if spelling == FRONT_HALF and kdf != "raw":
                    continue
                for salt in self._salts(kdf):
                    yield Recipe(spelling, kdf, salt, 0), material
        salt = self._salts(own)[0]
        for step in range(1, _steps_max(own) + 1):
            for kdf in _stepped(own):
                yield Recipe(AS_GIVEN, kdf, salt, step), held.value

    def _kdfs(self, format_: str) -> tuple[str, ...]:
        kdfs = KDFS.get(format_, RAW)
        if format_ == "livekit-data" and self._given.format not in (None, *RINGED):
            return kdfs[1:]  # any bytes could be that: too dear to try PBKDF2 on
        return kdfs

    def _own_kdf(self, format_: str) -> str:
        if self._given.format == format_ and self._given.kdf != "raw":
            return self._given.kdf
        return KDFS.get(format_, RAW)[0]

    def _salts(self, kdf: str) -> tuple[bytes, ...]:
        if kdf == "jitsi":
            return (_JITSI_SALT,)
        if kdf not in ("pbkdf2", "hkdf", "hkdf-empty-info"):
            return (b"",)
        salts = (self._given.kdf_salt or LIVEKIT_SALT, LIVEKIT_SALT, FLUTTER_SALT)
        return tuple(dict.fromkeys(salts))

    def _make(self, kdf: str, material: bytearray, salt: bytes) -> bytearray | None:
        place = (kdf, hashlib.sha256(material).digest(), salt)
        if place not in self._made:
            if kdf == "pbkdf2" and not self._budget.take_slow():
                return None
            self._made[place] = _derive(kdf, material, salt)
        return self._made[place]


def _steps_max(kdf: str) -> int:
    return {
        "pbkdf2": SLOW_STEPS_MAX,
        "hkdf": STEPS_MAX,
        "jitsi": STEPS_MAX,
        "sframe": SFRAME_STEPS_MAX,
    }.get(kdf, 0)


def _stepped(kdf: str) -> tuple[str, ...]:
    """SFrame's ratchet depends on the suite's hash."""
    return ("sframe-sha256", "sframe-sha512") if kdf == "sframe" else (kdf,)


def _derive(kdf: str, material: bytearray, salt: bytes) -> bytearray:
    if kdf == "pbkdf2":
        return _native.pbkdf2(material, salt, _ROUNDS, _DERIVED_LEN)
    if kdf.startswith("sframe"):
        return ratchet(material, suite=5 if kdf == "sframe-sha512" else 4)
    info = _LIVEKIT_INFO if kdf == "hkdf" else b""
    secret = _native.hkdf_extract("SHA-256", salt, material)
    derived = _native.hkdf_expand("SHA-256", secret, info, _DERIVED_LEN)
    _native.wipe(secret)
    return derived


# -- spellings --


def spellings(held: Held) -> list[tuple[str, bytearray]]:
    """List what the same key may have been at the other end."""
    value = held.value
    found: dict[str, bytes | bytearray] = {AS_GIVEN: value}
    stripped = value.strip()
    if stripped != value:
        found["without the white space around it"] = stripped
    if _HEX.fullmatch(stripped):
        found["read as hex"] = bytes.fromhex(stripped.decode("ascii"))
    elif _BASE64.fullmatch(stripped):
        found["read as base64"] = _from_base64(stripped)
    if len(value) in _SPELLED_LENS and not _is_text(value):
        found["written as hex"] = value.hex().encode()
        found["written as base64"] = base64.b64encode(value)
    if len(value) == 2 * _FRONT:
        found[FRONT_HALF] = value[:_FRONT]
    unique: dict[bytes, tuple[str, bytearray]] = {}
    for name, spelled in found.items():
        if 0 < len(spelled) <= KEY_MAX:
            digest = hashlib.sha256(spelled).digest()
            unique.setdefault(digest, (name, bytearray(spelled)))
    return list(unique.values())


def _from_base64(text: bytearray) -> bytes:
    plain = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return b""


def _is_text(value: bytearray) -> bool:
    return value.isascii() and value.decode("ascii").isprintable()


def hash_of(suite: str | None) -> str:
    """Name the recipe that ratchets base keys of a suite."""
    is_long = suite is not None and ("SHA512" in suite or suite == "AES-256-GCM")
    return "sframe-sha512" if is_long else "sframe-sha256"
