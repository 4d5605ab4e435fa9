"""Counters that sealers and openers show; they only go up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastframe._native import Handle


@dataclass(frozen=True, slots=True)
class SealerStats:
    """What a sealer did since it was made.

    Attributes:
        frames_sealed: frames that came out sealed.
        bytes_in: their plaintext bytes.
        bytes_out: their sealed bytes.
        malformed: frames that the format's receivers could not open.
        no_room: frames whose output was too small.
        key_exhausted: frames for which no counter was left.
        internal: frames on which libcrypto failed.
    """

    frames_sealed: int
    bytes_in: int
    bytes_out: int
    malformed: int
    no_room: int
    key_exhausted: int
    internal: int

    @classmethod
    def read(cls, facts: Handle) -> SealerStats:
        """Read an ff_sealer_facts."""
        return cls(
            frames_sealed=facts.frames,
            bytes_in=facts.bytes_in,
            bytes_out=facts.bytes_out,
            malformed=facts.malformed,
            no_room=facts.no_room,
            key_exhausted=facts.key_exhausted,
            internal=facts.internal,
        )


@dataclass(frozen=True, slots=True)
class KeyStats:
    """What an opener saw under one key since the key was imported.

    Attributes:
        frames_opened: frames that came out opened.
        bytes_out: their plaintext bytes.
        auth_failed, replayed, too_old: frames rejected, by status.
        senders: replay windows held now (one per IV prefix).
        ratchet_step: how far the sender has ratcheted the key.
    """

    frames_opened: int
    bytes_out: int
    auth_failed: int
    replayed: int
    too_old: int
    senders: int
    ratchet_step: int

    @classmethod
    def read(cls, slot: Handle) -> KeyStats:
        """Read an ff_slot_facts."""
        return cls(
            frames_opened=slot.frames,
            bytes_out=slot.bytes_out,
            auth_failed=slot.auth_failed,
            replayed=slot.replayed,
            too_old=slot.too_old,
            senders=slot.senders,
            ratchet_step=slot.ratchet_step,
        )


@dataclass(frozen=True, slots=True)
class OpenerStats:
    """What an opener did since it was made.

    Attributes:
        frames_opened: frames that came out opened.
        bytes_in: their sealed bytes.
        bytes_out: their plaintext bytes.
        malformed, not_encrypted, unsupported_version, unknown_key,
        auth_failed, replayed, too_old, no_room, internal: frames rejected,
            by status.
        injected: frames counted as opened that a server had made (known
            blank frames; empty ones).
        forwarded: frames counted as opened that were not encrypted, where the
            caller's policy lets them through.
        keys: the same per key held now, by key id.
    """

    frames_opened: int
    bytes_in: int
    bytes_out: int
    malformed: int
    not_encrypted: int
    unsupported_version: int
    unknown_key: int
    auth_failed: int
    replayed: int
    too_old: int
    no_room: int
    internal: int
    injected: int
    forwarded: int
    keys: Mapping[int, KeyStats]

    @classmethod
    def read(cls, facts: Handle, slots: Handle) -> OpenerStats:
        """Read an ff_opener_facts and its num_slots ff_slot_facts."""
        return cls(
            frames_opened=facts.frames,
            bytes_in=facts.bytes_in,
            bytes_out=facts.bytes_out,
            malformed=facts.malformed,
            not_encrypted=facts.not_encrypted,
            unsupported_version=facts.unsupported_version,
            unknown_key=facts.unknown_key,
            auth_failed=facts.auth_failed,
            replayed=facts.replayed,
            too_old=facts.too_old,
            no_room=facts.no_room,
            internal=facts.internal,
            injected=facts.injected,
            forwarded=facts.forwarded,
            keys={
                slots[i].key_id: KeyStats.read(slots[i]) for i in range(facts.num_slots)
            },
        )

    @property
    def frames_rejected(self) -> int:
        """All frames that did not open, whatever the reason."""
        return (
            self.malformed
            + self.not_encrypted
            + self.unsupported_version
            + self.unknown_key
            + self.auth_failed
            + self.replayed
            + self.too_old
            + self.no_room
            + self.internal
        )
