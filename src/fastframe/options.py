"""What Sealer and Opener are told about a wire format, checked alike for both.

A format's own options stand in one table: which formats take them, what they
default to, and how a value is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe.errors import UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable

KDF_SALT_MAX = 256
SIF_MAX = 64
SSRC_LEN = 4

# name -> the format it is, and what of it is set by default
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "element-call": ("livekit", {"kdf": "hkdf", "ring": 256, "ratchet_window": 10}),
}


def format_names() -> tuple[str, ...]:
    """Name the wire formats, presets included."""
    return (*_native.FORMATS.names, *PRESETS)


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire format with codec and options.

    Attributes:
        name: as the caller wrote it.
        facts: what the core says of it.
        schedule: number of the key schedule.
        kdf_salt: a salt of the caller's for it; empty for the schedule's own.
        key_id_max: the highest key id.
        ssrc_step: an SSRC whose key is to be derived first, or None.
        values: the options that an opener takes.
    """

    name: str
    facts: _native.FormatFacts
    schedule: int
    kdf_salt: bytes
    key_id_max: int
    ssrc_step: int | None
    values: dict[str, Any]

    @property
    def kdf_name(self) -> str:
        """The key schedule's name."""
        return _native.SCHEDULES.names[self.schedule]

    @property
    def takes_raw_key(self) -> bool:
        """Whether the key given is the cipher's own."""
        return self.kdf_name == "raw"

    @property
    def takes_text(self) -> bool:
        """Whether a str may be given: a passphrase, as UTF-8."""
        return self.kdf_name == "pbkdf2"

    def settings(self, window: int = 0) -> _native.Handle:
        """Describe this to the core."""
        return _native.new_settings(self.facts, window=window, **self.values)

    def check_key_id(self, key_id: object) -> int:
        """Accept a key id that the format can carry."""
        what = f"key_id of {self.name!r}"
        return _native.check_int(key_id, what, 0, self.key_id_max)


def text_bytes(text: str, what: str) -> bytes:
    """Encode a passphrase; no part of it may stand in the error."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    raise UsageError(f"{what} cannot be written as UTF-8")


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise UsageTypeError(f"{what} must be a bool, got {type(value).__name__}")
    return value


def _short_bytes(most: int) -> Callable[[object, str], bytes]:
    def check(value: object, what: str) -> bytes:
        if isinstance(value, str):
            value = text_bytes(value, what)
        copied = _native.copy_bytes(value, what)
        if not 1 <= len(copied) <= most:
            raise UsageError(f"{what} must be 1 to {most} bytes, got {len(copied)}")
        return copied

    return check


def _int(least: int, most: int) -> Callable[[object, str], int]:
    def check(value: object, what: str) -> int:
        return _native.check_int(value, what, least, most)

    return check


def _kdf(*names: str) -> Callable[[object, str], str]:
    def check(value: object, what: str) -> str:
        if value not in names:
            raise UsageError(f"{what} must be one of {', '.join(names)}")
        return str(value)

    return check


_AHEAD = _int(0, 64)
_STEPS = _int(0, _native.RATCHET_MAX)

# What concerns opening alone: a sealer that is given it was meant as an opener.
_FOR_OPENING = {"ratchet_window", "sif_trailer", "packet_trailer", "forward_clear"}

# format -> option -> (default, check)
_OPTIONS: dict[str, dict[str, tuple[Any, Callable[[object, str], Any]]]] = {
    "sframe": {"ssrc": (None, _int(0, 2**32 - 1))},
    "livekit": {
        "kdf": ("pbkdf2", _kdf("pbkdf2", "hkdf", "raw")),
        "ratchet_salt": (b"", _short_bytes(KDF_SALT_MAX)),
        "ring": (16, _int(1, 256)),
        "ratchet_window": (16, _AHEAD),
        "sif_trailer": (b"", _short_bytes(SIF_MAX)),
        "packet_trailer": (False, _flag),
    },
    "livekit-data": {
        "kdf": ("pbkdf2", _kdf("pbkdf2", "hkdf", "raw")),
        "ratchet_salt": (b"", _short_bytes(KDF_SALT_MAX)),
        "ring": (16, _int(1, 256)),
        "ratchet_window": (16, _AHEAD),
    },
    "jitsi": {"kdf": ("jitsi", _kdf("jitsi", "raw")), "ratchet_window": (8, _AHEAD)},
    "stream": {"forward_clear": (False, _flag)},
    "dave": {
        "ratchet_window": (_native.RATCHET_MAX, _STEPS),
        "forward_clear": (False, _flag),
    },
}


def read_wire(
    format_: object,
    codec: str | None,
    given: dict[str, Any],
    *,
    for_opening: bool = False,
) -> Wire:
    """Look the format up; refuse codecs and options that it does not know."""
    preset, defaults = PRESETS.get(
        format_ if isinstance(format_, str) else "", (format_, {})
    )
    if preset == format_ and format_ not in _native.FORMATS.names:
        _refuse_format(format_)
    facts = _native.format_facts(preset, codec, called=format_, for_opening=for_opening)
    known = _OPTIONS.get(facts.name, {})
    values = {name: default for name, (default, _) in known.items()} | defaults
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"format {format_!r} has no option {name!r}")
        if name in _FOR_OPENING and value is not None and not for_opening:
            raise UsageError(f"{name!r} is an option of openers")
        if value is not None:
            values[name] = known[name][1](value, name)
    ring = values.get("ring", 0)
    return Wire(
        name=str(format_),
        facts=facts,
        schedule=_native.SCHEDULES.index(values.get("kdf", _own_schedule(facts))),
        kdf_salt=values.get("ratchet_salt", b""),
        key_id_max=ring - 1 if ring else facts.key_id_max,
        ssrc_step=values.get("ssrc"),
        values={
            "ratchet_window": values.get("ratchet_window", 0),
            "forwards_clear": values.get("forward_clear", False),
            "strips_metadata": values.get("packet_trailer", False),
            "sif": values.get("sif_trailer", b""),
        },
    )


def _own_schedule(facts: _native.FormatFacts) -> str:
    """Name the schedule of a format that offers no choice."""
    if facts.schedules == 1:
        return "raw"
    return facts.name


def _refuse_format(format_: object) -> None:
    if not isinstance(format_, str):
        raise UsageTypeError(f"format must be a name, got {type(format_).__name__}")
    raise UsageError(f"no format {format_!r}; there are: {', '.join(format_names())}")


def read_salt(facts: _native.FormatFacts, salt: _native.Buffer | None) -> bytes | None:
    """Copy a salt of the caller's, NONCE_LEN bytes; None to have one drawn.

    Refuses formats that take none, and none where one must be agreed.
    """
    is_agreed = not facts.sends_nonce and not facts.sends_counter  # "raw"
    length = _native.NONCE_LEN if is_agreed else facts.salt_len
    if salt is None:
        if is_agreed:
            raise UsageError(f"format {facts.name!r} needs salt=, {length} bytes")
        return None
    if length == SSRC_LEN:
        raise UsageError(f"format {facts.name!r} takes no salt; see ssrc=")
    if length == 0:
        raise UsageError(f"format {facts.name!r} takes no salt; it is derived")
    copied = _native.copy_bytes(salt, "salt")
    if len(copied) != length:
        raise UsageError(f"salt must be {length} bytes, got {len(copied)}")
    return copied
