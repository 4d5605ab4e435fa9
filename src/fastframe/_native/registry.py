"""What the core knows by name: formats, codecs, suites; and of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastframe._ffi import ffi, lib
from fastframe._native.core import NULL, Handle, check
from fastframe.errors import UsageError, UsageTypeError

if TYPE_CHECKING:
    from collections.abc import Callable


class Names:
    """One registry of the C core: names in order, found by name."""

    def __init__(self, what: str, name_at: Callable[[int], Handle]) -> None:
        """Read the registry through name_at until it gives NULL."""
        self._what = what
        names: list[str] = []
        while (name := name_at(len(names))) != NULL:
            names.append(ffi.string(name).decode())
        self.names = tuple(names)

    def index(self, name: object) -> int:
        """Give the number of a name, or say which names there are."""
        if not isinstance(name, str):
            raise UsageTypeError(
                f"{self._what} must be a name, got {type(name).__name__}"
            )
        if name not in self.names:
            raise UsageError(
                f"no {self._what} {name!r}; there are: {', '.join(self.names)}"
            )
        return self.names.index(name)


FORMATS = Names("format", lib.ff_format_name)
CODECS = Names("codec", lib.ff_codec_name)
SUITES = Names("suite", lib.ff_suite_name)
SCHEDULES = Names("kdf", lib.ff_schedule_name)


class FormatFacts(NamedTuple):
    """What the Python layer must know of a wire format with one codec."""

    number: int
    name: str
    codec: int
    growth: int
    growth_min: int
    prefix_len: int
    salt_len: int
    sends_nonce: bool
    sends_counter: bool
    has_replay_check: bool
    has_key_flag: bool
    takes_aad: bool
    names_key: bool
    names_step: bool
    slots_max: int
    tag_min: int
    suites: int
    schedules: int
    key_id_max: int
    counter_min: int
    counter_max: int


_SAME_NAME = FormatFacts._fields[3:]


def format_facts(
    name: object,
    codec: str | None,
    *,
    called: object = None,
    for_opening: bool = False,
) -> FormatFacts:
    """Look a wire format up by name; UsageError if it has no rule for codec."""
    number = FORMATS.index(name)
    codec_number = CODECS.index("none" if codec is None else codec)
    facts = ffi.new("ff_format_facts *")
    error = lib.ff_format_read(number, codec_number, facts)
    if error != lib.FF_BAD_CODEC or not (for_opening and facts.describes_itself):
        check(error, f"format {called or name!r} with codec {codec!r}")
    values = {field: getattr(facts, field) for field in _SAME_NAME}
    return FormatFacts(number, FORMATS.names[number], codec_number, **values)


def suite_key_len(suite: int) -> int:
    """Give the key length of a suite in bytes."""
    return int(lib.ff_suite_key_len(suite))


def suite_tag_len(suite: int) -> int:
    """Give the tag length of a suite in bytes."""
    return int(lib.ff_suite_tag_len(suite))


def schedule_lens(schedule: int, suite: int) -> tuple[int, int]:
    """Give the least and most bytes of key material that a schedule takes."""
    lens = ffi.new("size_t[2]")
    check(lib.ff_schedule_lens(schedule, suite, lens, lens + 1), "key")
    return int(lens[0]), int(lens[1])


def inspect(
    settings: Handle, tag_len: int, pinned: Handle | bytes
) -> tuple[Handle, int]:
    """Read an ff_claim of one pinned frame, and the ff_status of reading it."""
    claim = ffi.new("ff_claim *")
    return claim, lib.ff_inspect(settings, tag_len, claim, pinned, len(pinned))


def nonce_of(claim: Handle) -> bytes:
    """Give the nonce that a claim carries."""
    return bytes(ffi.buffer(claim.nonce))


def core_version() -> str:
    """Give the version compiled into the extension."""
    return str(ffi.string(lib.ff_version()).decode())


class OpensslFacts(NamedTuple):
    """What the core knows of the libcrypto it runs on."""

    version: str
    built_with: str
    cpu: str
    is_static: bool
    has_vaes: int


def openssl_facts() -> OpensslFacts:
    """Ask the core which libcrypto is in use."""
    cpu = lib.ff_openssl_cpu()
    return OpensslFacts(
        ffi.string(lib.ff_openssl_version()).decode(),
        ffi.string(lib.ff_openssl_built_with()).decode(),
        "" if cpu == NULL else ffi.string(cpu).decode(),
        bool(lib.ff_openssl_is_static()),
        int(lib.ff_openssl_has_vaes()),
    )
