"""SFrame headers that are longer than they may be (RFC 9605, 4.3)."""

from __future__ import annotations

import hashlib
import hmac
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fastframe import _native
from fastframe.diagnosis.findings import CERTAIN, Cause, Finding, plural
from fastframe.diagnosis.keyring import AS_GIVEN
from fastframe.errors import FrameRejected
from fastframe.info import inspect
from fastframe.opener import Opener
from fastframe.sframe import ssrc_key
from fastframe.suites import SFRAME_SUITES

if TYPE_CHECKING:
    from fastframe.diagnosis.budget import Budget
    from fastframe.diagnosis.case import Case, Frame
    from fastframe.diagnosis.keyring import Keyring

_LONG = 8  # the flag in four bits that the value stands apart
_FRAMES_MAX = 16
_JUMP_MAX = 1 << 16
_GCM = (4, 5)
_FIRST_LONG = 5  # suite with SHA-512
_NONCE_LEN = 12


class _Header(NamedTuple):
    """A header as it stands there."""

    key_id: int
    counter: int
    length: int


def prove_headers(
    case: Case, frames: list[Frame], keyring: Keyring, budget: Budget
) -> tuple[list[Finding], list[Frame]]:
    """Find frames whose header alone is wrong, by their tags; give the others."""
    long = _long_ones(case, frames)
    proven = [
        frame
        for frame in long[:_FRAMES_MAX]
        if _verifies(frame.data, case, keyring, budget)
    ]
    ids = {header.key_id for frame in proven if (header := _read(frame.data))}
    long = [f for f in long if (header := _read(f.data)) and header.key_id in ids]
    if not long:
        return [], frames
    return _found(long, frames, CERTAIN, f", and {len(proven)} verify")


def suspect_headers(
    case: Case, frames: list[Frame]
) -> tuple[list[Finding], list[Frame]]:
    """Find the same frames by their looks, when nothing opens them."""
    long = _long_ones(case, frames)
    if not long or not _is_row(long, case, len(frames)):
        return [], frames
    return _found(long, frames, 0.7, "")


def _long_ones(case: Case, frames: list[Frame]) -> list[Frame]:
    if case.given.format not in (None, "sframe"):
        return []
    return [frame for frame in frames if _is_long(frame.data)]


def _found(
    long: list[Frame], frames: list[Frame], confidence: float, more: str
) -> tuple[list[Finding], list[Frame]]:
    text = (
        "The SFrame headers write small numbers, or leading zeros, in their long form. "
        "RFC 9605 (4.3) has senders take the fewest bytes, so such frames are refused: "
        "have the sender's header encoder mended."
    )
    of_all = f"{len(long)} of {plural(len(frames), 'frame')}"
    evidence = f"{of_all} have such a header{more}"
    finding = Finding(Cause.LONG_HEADER, text, confidence, evidence, len(long))
    done = {frame.index for frame in long}
    return [finding], [frame for frame in frames if frame.index not in done]


def _is_row(long: list[Frame], case: Case, num_left: int) -> bool:
    """Tell whether frames without a key belong together all the same."""
    if case.given.format is None or 2 * len(long) < num_left:
        return False
    headers = [header for frame in long if (header := _read(frame.data))]
    steps = [after.counter - before.counter for before, after in pairwise(headers)]
    is_one_key = len({header.key_id for header in headers}) == 1
    return is_one_key and all(0 < step < _JUMP_MAX for step in steps)


def _is_long(data: bytes) -> bool:
    """Tell whether only the header's form keeps a frame from being read."""
    if _read(data) is None:
        return False
    try:
        inspect("sframe", data, suite=SFRAME_SUITES[3])
    except FrameRejected:
        return True
    return False


def _read(data: bytes) -> _Header | None:
    """Read a header in any form."""
    if not data:
        return None
    key_id, at = _value(data, data[0] >> 4, 1)
    counter, at = _value(data, data[0] & 15, at)
    return _Header(key_id, counter, at) if at + 4 <= len(data) else None


def _value(data: bytes, bits: int, at: int) -> tuple[int, int]:
    if not bits & _LONG:
        return bits, at
    end = at + (bits & 7) + 1
    return int.from_bytes(data[at:end], "big"), end


def _verifies(data: bytes, case: Case, keyring: Keyring, budget: Budget) -> bool:
    header = _read(data)
    if header is None:
        return False
    for secret in keyring.secrets("sframe", header.key_id):
        if secret.recipe.spelling != AS_GIVEN or secret.recipe.steps:
            continue
        for number in SFRAME_SUITES:
            if not budget.take_trial(len(data)):
                return False
            key = secret.material
            if case.given.ssrc is not None:
                key = ssrc_key(key, case.given.ssrc, suite=number)
            if _opens(data, header, key, number, case.given.aad):
                return True
    return False


def _opens(
    data: bytes, header: _Header, base: bytearray, number: int, aad: bytes
) -> bool:
    """Open by hand, as the format itself refuses the header (4.4)."""
    name = "SHA-256" if number < _FIRST_LONG else "SHA-512"
    suite = _native.SUITES.index(SFRAME_SUITES[number])
    secret = _native.hkdf_extract(name, b"", base)
    info = header.key_id.to_bytes(8, "big") + number.to_bytes(2, "big")
    length = _native.suite_key_len(suite)
    key = _native.hkdf_expand(name, secret, b"SFrame 1.0 Secret key " + info, length)
    label = b"SFrame 1.0 Secret salt " + info
    salt = _native.hkdf_expand(name, secret, label, _NONCE_LEN)
    whole = data[: header.length] + aad
    try:
        if number in _GCM:
            return _opens_gcm(data[header.length :], key, salt, header.counter, whole)
        nonce = int.from_bytes(salt, "big") ^ header.counter
        said = nonce.to_bytes(_NONCE_LEN, "big") + whole
        tag_len = _native.suite_tag_len(suite)
        return _has_tag(data[header.length :], key, name, tag_len, said)
    finally:
        for derived in (secret, key, salt):
            _native.wipe(derived)


def _opens_gcm(
    rest: bytes, key: bytearray, salt: bytearray, counter: int, aad: bytes
) -> bool:
    opener = Opener("raw", {0: key}, salt=salt, replay_window=0)
    try:
        opener.open(rest, aad=aad, counter=counter)
    except FrameRejected:
        return False
    finally:
        opener.close()
    return True


def _has_tag(rest: bytes, key: bytearray, name: str, tag_len: int, said: bytes) -> bool:
    """Check the tag of the suites with HMAC (4.5.1); said is nonce and AAD."""
    text, tag = rest[:-tag_len], rest[-tag_len:]
    sizes = (len(said) - _NONCE_LEN, len(text), tag_len)
    digest = name.replace("-", "").lower()
    auth_key = key[-hashlib.new(digest).digest_size :]
    head = b"".join(size.to_bytes(8, "big") for size in sizes)
    made = hmac.new(auth_key, head + said + text, digest).digest()[:tag_len]
    return hmac.compare_digest(made, tag)
