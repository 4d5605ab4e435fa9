"""What this build knows, and what a sealed frame claims."""

from __future__ import annotations

import re
import sys
import sysconfig
from dataclasses import dataclass
from typing import Any

from fastframe import _native
from fastframe.material import choose_suite
from fastframe.options import format_names, read_wire


def formats() -> tuple[str, ...]:
    """Name the wire formats that this build knows, presets included."""
    return format_names()


def codecs() -> tuple[str | None, ...]:
    """Name what codec= takes; None keeps no byte of a frame readable."""
    return tuple(None if name == "none" else name for name in _native.CODECS.names)


def suites() -> tuple[str, ...]:
    """Name the cipher suites that this build knows."""
    return _native.SUITES.names


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What a sealed frame says of itself. Nothing here is verified.

    Attributes:
        format: the wire format it was read as.
        key_id: the key id it names, None where the format sends none.
        counter: its counter, None where it travels outside the frame.
        nonce: the 12 IV bytes, None where the format sends none.
    header_len, clear_len, body_len, tag_len, trailer_len: bytes of each
            part. clear_len stand in front and stay readable; the body is
            ciphertext (with "dave" also the clear ranges in between).
        clear_ranges: how many parts of the frame stay readable.
        escapes: emulation prevention bytes among all that.
        extra_len: bytes that a sender or server put behind the frame.
        is_plain: not sealed at all, yet known: a server's own blank frame.
        sealed_len: bytes of the whole frame.
    """

    format: str
    key_id: int | None
    counter: int | None
    nonce: bytes | None
    header_len: int
    clear_len: int
    body_len: int
    tag_len: int
    trailer_len: int
    clear_ranges: int
    escapes: int
    extra_len: int
    is_plain: bool
    sealed_len: int


def inspect(
    format: str,  # noqa: A002 - the contract's name
    sealed: _native.Buffer,
    *,
    suite: str | int | None = None,
    codec: str | None = None,
    **format_options: Any,
) -> FrameInfo:
    """Read what one sealed frame claims; needs no key, verifies nothing.

    Args:
        format: the wire format to read it as.
        sealed: any C-contiguous buffer.
        suite: tells the length of the tag, where the format has several.
        codec: tells which bytes stay clear, where the frame does not.
        format_options: the format's own, see docs/formats.md.

    Raises MalformedFrame when it is too short to be of this format, and
    NotEncrypted when it lacks the format's mark.
    """
    wire = read_wire(format, codec, format_options, for_opening=True)
    pinned = _native.pin_to_read(sealed, "sealed")
    tag_len = wire.facts.tag_min
    if suite is not None:
        tag_len = _native.suite_tag_len(choose_suite(wire, suite, 0))
    elif wire.facts.name == "sframe":
        tag_len = _native.TAG_LEN
    claim, status = _native.inspect(wire.settings(), tag_len, pinned)
    if status:
        _native.raise_status(status)
    return FrameInfo(
        format=wire.name,
        key_id=claim.key_id if claim.names_key and not claim.is_plain else None,
        counter=claim.counter if claim.names_counter else None,
        nonce=_native.nonce_of(claim) if claim.names_nonce else None,
        header_len=claim.header_len,
        clear_len=claim.clear_len,
        body_len=claim.body_len,
        tag_len=claim.tag_len,
        trailer_len=claim.trailer_len,
        clear_ranges=claim.num_clear,
        escapes=claim.num_escapes,
        extra_len=claim.extra_len,
        is_plain=bool(claim.is_plain),
        sealed_len=len(pinned),
    )


# Where OpenSSL's capability words keep the features that decide AES-GCM's
# speed (OPENSSL_ia32cap(3)): name -> (word, bit).
_X86_FEATURES = {
    "AES-NI": (0, 57),
    "PCLMULQDQ": (0, 33),
    "AVX": (0, 60),
    "AVX2": (1, 5),
    "AVX512F": (1, 16),
    "VAES": (1, 41),
    "VPCLMULQDQ": (1, 42),
}
# OpenSSL has an AES-GCM for AVX-512 with VAES since 3.1.
_VAES_SINCE = (3, 1)


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """Which core and libcrypto are in use.

    Attributes:
        version: fastframe's own.
        openssl: version text of the libcrypto in use.
        openssl_built_with: of the headers the core was compiled with.
        linked: "static" (inside the extension) or "shared" (the system's).
        cpu_features: those of this CPU that AES-GCM gains from.
        vaes: whether sealing runs on AVX-512 VAES code here; None if this
            build cannot tell.
        python: version and kind of the interpreter.
    """

    version: str
    openssl: str
    openssl_built_with: str
    linked: str
    cpu_features: tuple[str, ...]
    vaes: bool | None
    python: str


def build_info() -> BuildInfo:
    """Say which libcrypto seals here, how it was linked and what the CPU has."""
    facts = _native.openssl_facts()
    features = _cpu_features(facts.cpu)
    return BuildInfo(
        version=_native.core_version(),
        openssl=facts.version,
        openssl_built_with=facts.built_with,
        linked="static" if facts.is_static else "shared",
        cpu_features=features,
        vaes=_runs_vaes(facts, features),
        python=_python(),
    )


def _cpu_features(capabilities: str) -> tuple[str, ...]:
    _, _, text = capabilities.partition("OPENSSL_ia32cap=")
    words = [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", text)]
    return tuple(
        name
        for name, (word, bit) in _X86_FEATURES.items()
        if word < len(words) and words[word] >> bit & 1
    )


def _runs_vaes(facts: _native.OpensslFacts, features: tuple[str, ...]) -> bool | None:
    if not {"AVX512F", "VAES", "VPCLMULQDQ"} <= set(features):
        return False
    if facts.has_vaes >= 0:
        return bool(facts.has_vaes)
    found = re.match(r"OpenSSL (\d+)\.(\d+)", facts.version)
    if found and (int(found[1]), int(found[2])) < _VAES_SINCE:
        return False
    return None


def _python() -> str:
    threaded = sysconfig.get_config_var("Py_GIL_DISABLED")
    return sys.version.split()[0] + (" free-threaded" if threaded else "")
