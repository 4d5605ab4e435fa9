"""What the constructors of Sealer and Opener check alike."""

from __future__ import annotations

from typing import Any

from fastframe import _native
from fastframe.errors import UsageError


def read_format(
    format_: str, codec: str | None, format_options: dict[str, Any]
) -> _native.FormatFacts:
    """Look the format up; refuse codecs and options that it does not know."""
    facts = _native.format_facts(format_)
    _native.CODECS.index("none" if codec is None else codec)
    if format_options:
        raise UsageError(
            f"format {facts.name!r} has no option {next(iter(format_options))!r}"
        )
    return facts


def check_key_id(facts: _native.FormatFacts, key_id: object) -> int:
    """Accept a key id that the format can carry."""
    return _native.check_int(key_id, f"key_id of {facts.name!r}", 0, facts.key_id_max)


def read_salt(facts: _native.FormatFacts, salt: _native.Buffer | None) -> bytes | None:
    """Copy the salt of a format that does not send its nonce; None for others."""
    if facts.sends_nonce:
        if salt is not None:
            raise UsageError(f"format {facts.name!r} takes no salt; it sends its IV")
        return None
    if salt is None:
        raise UsageError(
            f"format {facts.name!r} needs salt=, {_native.NONCE_LEN} bytes"
        )
    copied = _native.copy_bytes(salt, "salt")
    if len(copied) != _native.NONCE_LEN:
        raise UsageError(f"salt must be {_native.NONCE_LEN} bytes, got {len(copied)}")
    return copied
