"""Trying keys on frames, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from fastframe.diagnosis.keyring import hash_of
from fastframe.errors import FrameRejected, UsageError
from fastframe.info import FrameInfo, inspect
from fastframe.opener import Opener

if TYPE_CHECKING:
    from fastframe._native import Buffer
    from fastframe.diagnosis.budget import Budget
    from fastframe.diagnosis.case import Given
    from fastframe.diagnosis.keyring import Keyring, Secret
    from fastframe.diagnosis.variants import Variant

_OPENERS_MAX = 256  # kept at a time
_FULL_RING = 256
_BRIEF = {"sframe": "AES_128_CTR_HMAC_SHA256_32"}  # the shortest tag
_CUT = ("pbkdf2", "hkdf", "hkdf-empty-info", "jitsi")
_SUITE_LENS = {"AES-128-GCM": 16, "AES-256-GCM": 32}


class Bench:
    """Opens frames under one key at a time, whatever id they name."""

    def __init__(self, given: Given, keyring: Keyring, budget: Budget) -> None:
        """Start with nothing opened."""
        self._given = given
        self._keyring = keyring
        self._budget = budget
        self._openers: OrderedDict[Any, Opener | None] = OrderedDict()

    def claim(self, format_: str, codec: str | None, data: Buffer) -> FrameInfo | None:
        """Read a frame as a format; None if it cannot be one of it."""
        if not self._budget.take_read():
            return None
        try:
            info = inspect(
                format_,
                data,
                codec=codec,
                suite=_BRIEF.get(format_),
                **_reading(format_),
            )
        except FrameRejected:
            return None
        return None if info.is_plain else info

    def opens(
        self, variant: Variant, secret: Secret, key_id: int, data: Buffer
    ) -> bool:
        """Tell whether a frame that names key_id opens in this way."""
        if not self._budget.take_trial(len(data)):
            return False
        opener = self._opener(variant, secret, key_id)
        if opener is None:
            return False
        given = self._given
        try:
            opener.open(
                data,
                key_frame=given.key_frame if variant.uses_flag else None,
                aad=given.aad if _takes_aad(variant, given) else None,
            )
        except FrameRejected:
            return False
        return True

    def close(self) -> None:
        """Wipe all keys."""
        while self._openers:
            self._drop(next(iter(self._openers)))

    def _drop(self, place: Any) -> None:
        opener = self._openers.pop(place, None)
        if opener is not None:
            opener.close()

    def _opener(self, variant: Variant, secret: Secret, key_id: int) -> Opener | None:
        place = (variant, secret, key_id)
        if variant.format == "dave":  # what it has opened moves its ratchet
            self._drop(place)
        if place in self._openers:
            self._openers.move_to_end(place)
            return self._openers[place]
        if len(self._openers) >= _OPENERS_MAX:
            self._drop(next(iter(self._openers)))
        opener = self._openers[place] = self._make(variant, secret, key_id)
        return opener

    def _make(self, variant: Variant, secret: Secret, key_id: int) -> Opener | None:
        kdf = secret.recipe.kdf
        if kdf.startswith("sframe-") and kdf != hash_of(variant.suite):
            return None
        value = self._keyring.value(secret)
        if value is None:
            return None
        if kdf in _CUT:
            value = value[: _SUITE_LENS[variant.suite or "AES-128-GCM"]]
        try:
            return Opener(
                variant.format,
                {key_id: value},
                suite=variant.suite,
                codec=variant.codec,
                replay_window=0,
                **self._options(variant),
            )
        except UsageError:  # of a length that this format does not take
            return None

    def _options(self, variant: Variant) -> dict[str, Any]:
        options = _reading(variant.format)
        if variant.format in ("livekit", "livekit-data", "jitsi"):
            options |= {"kdf": "raw", "ratchet_window": 0}
        elif variant.format == "dave":
            options |= {"ratchet_window": variant.window}
        elif variant.format == "sframe" and variant.uses_ssrc:
            options |= {"ssrc": self._given.ssrc}
        return options


def _reading(format_: str) -> dict[str, Any]:
    """Give the options that a frame with any key id can be read under."""
    return {"ring": _FULL_RING} if format_ in ("livekit", "livekit-data") else {}


def _takes_aad(variant: Variant, given: Given) -> bool:
    return bool(given.aad) and variant.uses_aad and variant.format == "sframe"
