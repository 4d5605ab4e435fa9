"""How keys follow each other in each wire format: ratchets and key ids.

A ratchet step is one way: from a key the next one can be had, and never the one
before. So a newcomer gets the key after a step, and what was sealed earlier
stays closed to it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fastframe import UsageError, generate_key, sframe
from fastframe.keys.messages import NUMBER_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_SUITE = "AES-128-GCM"
LIVEKIT_SALT = b"LKFrameEncryptionKey"
LIVEKIT_INFO = bytes(128)
JITSI_SALT = b"JFrameRatchetKey"
PEERS_MATERIAL_LEN = 32  # what both derive in a step, whatever the suite
SFRAME_RATCHET_BITS = 8  # R of RFC 9605, 5.1
SFRAME_FIRST_EPOCHS = 256
STEPS_MAX = 64
# The key id is the first sealed byte of "insertable". x264's slice headers end one
# bit inside it, and libwebrtc shows nothing of H.264 unless that bit is 1. All
# rooms keep to the upper half: it is eight times what receivers hold. Lower ones
# are taken from others all the same.
HIGH_IDS = range(128, 256)
# The core's openers follow a Jitsi sender 8 steps, and LiveKit's browser client
# one at a time: further on a key drawn at random is surer.
IN_PLACE_STEPS_MAX = 8


def hkdf(key: bytes | bytearray, length: int, info: bytes, salt: bytes = b"") -> bytes:
    """Derive length bytes by HKDF-SHA-256 (RFC 5869)."""
    derived = HKDF(SHA256(), length, salt or None, info).derive(bytes(key))
    return bytes(derived)


def ratchet(key: bytes | bytearray) -> bytearray:
    """Give the key one step on, of equal length, for formats without a ratchet."""
    return bytearray(hkdf(key, len(key), b"fastframe ratchet 1"))


def livekit_ratchet(key: bytes | bytearray) -> bytearray:
    """Give the material of LiveKit's next step, kdf="hkdf"; 32 bytes.

    What Sealer.ratchet() does in place, for members who were not there.
    """
    material = hkdf(key, PEERS_MATERIAL_LEN, LIVEKIT_INFO, LIVEKIT_SALT)
    return bytearray(material)


def jitsi_ratchet(key: bytes | bytearray) -> bytearray:
    """Give the material of Jitsi's next step; 32 bytes."""
    return bytearray(hkdf(key, PEERS_MATERIAL_LEN, b"", JITSI_SALT))


class KeyIds(Protocol):
    """Names the keys of one sender, one after the other."""

    def fresh(self) -> int:
        """Give the key id of a key drawn at random."""

    def step(self) -> int:
        """Give the key id of the key a step further."""


class RingIds:
    """Key ids that go round: with each key the one that has rested longest.

    The first is drawn, for a member that comes back must not meet its own
    earlier slots, which receivers keep for a while.
    """

    def __init__(self, ids: range) -> None:
        """Start anywhere."""
        self._ids = ids
        self._at = secrets.randbelow(len(ids))

    def fresh(self) -> int:
        """Give the next one."""
        self._at = (self._at + 1) % len(self._ids)
        return self._ids[self._at]

    step = fresh


class InPlaceIds(RingIds):
    """The same where a step stays in its slot, as LiveKit and Jitsi do it."""

    def step(self) -> int:
        """Give the one there is."""
        return self._ids[self._at]


class SFrameIds:
    """KIDs of sender keys: generation above step (RFC 9605, 5.1)."""

    def __init__(self) -> None:
        """Start anywhere, as RingIds; two bytes hold it."""
        self._epoch = secrets.randbelow(SFRAME_FIRST_EPOCHS)
        self._step = 0

    def fresh(self) -> int:
        """Give the KID of the next generation, step 0."""
        self._epoch, self._step = self._epoch + 1, 0
        return self._kid()

    def step(self) -> int:
        """Give the KID of the next step."""
        self._step += 1
        return self._kid()

    def _kid(self) -> int:
        return sframe.sender_kid(
            self._epoch, self._step, ratchet_bits=SFRAME_RATCHET_BITS
        )


def sframe_steps_between(held: int, named: int) -> int:
    """Give how many steps a KID is ahead of another one; 0 if it is not."""
    is_one_epoch = held >> SFRAME_RATCHET_BITS == named >> SFRAME_RATCHET_BITS
    return max(0, named - held) if is_one_epoch else 0


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a room must know of a wire format.

    Attributes:
        key_len: bytes of a key drawn at random.
        stepped_len: bytes of a key after a step.
        key_id_max: the highest key id.
        key_ids: makes the numbering of one sender.
        step: one ratchet step.
        in_place: whether a step keeps its key id, and openers find out alone.
        steps_max: how many steps follow one key drawn at random, at most.
        steps_between: how many steps lead from one key id to another, 0 where
            none do or ids do not tell. Where they tell, a frame itself says
            how far its sender has ratcheted.
    """

    key_len: int
    stepped_len: int
    key_id_max: int
    key_ids: Callable[[], KeyIds]
    step: Callable[[bytes | bytearray], bytearray]
    in_place: bool = False
    steps_max: int = STEPS_MAX
    steps_between: Callable[[int, int], int] = lambda _from, _to: 0


_IN_PLACE: dict[str, tuple[Callable[[bytes | bytearray], bytearray], int]] = {
    "livekit": (livekit_ratchet, 16),
    "element-call": (livekit_ratchet, 256),
    "jitsi": (jitsi_ratchet, 16),
}


def scheme_of(format: str, suite: str | int | None = None) -> Scheme:  # noqa: A002 - the contract's name
    """Give the scheme of a wire format whose frames name their key.

    Raises UsageError for the others: receivers could not tell which key of a
    sender a frame is for.
    """
    length = len(generate_key(DEFAULT_SUITE if suite is None else suite))
    if format == "sframe":
        step = partial(sframe.ratchet, suite=DEFAULT_SUITE if suite is None else suite)
        stepped = len(step(bytes(length)))
        return Scheme(
            length,
            stepped,
            NUMBER_MAX,
            SFrameIds,
            step,
            steps_between=sframe_steps_between,
        )
    if format in {"insertable", "stream"}:
        ids = partial(RingIds, HIGH_IDS)
        return Scheme(length, length, HIGH_IDS[-1], ids, ratchet)
    if format not in _IN_PLACE:
        raise UsageError(f"the frames of {format!r} do not name their key")
    step_in_place, ring = _IN_PLACE[format]
    return Scheme(
        length,
        PEERS_MATERIAL_LEN,
        ring - 1,
        partial(InPlaceIds, range(ring)),
        step_in_place,
        in_place=True,
        steps_max=IN_PLACE_STEPS_MAX,
    )
