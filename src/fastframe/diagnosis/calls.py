"""The call that makes an Opener as a finding has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastframe.diagnosis.case import RINGED

if TYPE_CHECKING:
    from fastframe.diagnosis.case import Given
    from fastframe.diagnosis.findings import Finding

DEFAULT_RING = 16
DEFAULT_KDF = "pbkdf2"


def call_of(finding: Finding, given: Given) -> str:
    """Write the call that makes an Opener by a finding; empty if it is not enough."""
    name = finding.change.get("format", given.name)
    if name is None or not finding.change or "key_id" in finding.change:
        return ""
    is_same = name == given.name or (name, given.format) == ("element-call", "livekit")
    options = _given_options(given) if is_same else {}
    if name != given.name:
        options = {k: v for k, v in options.items() if k not in ("kdf", "ring")}
    options |= {k: v for k, v in finding.change.items() if k != "format"}
    shown = [f"{k}={shown_as(v)}" for k, v in options.items() if v is not None]
    return f"Opener({', '.join([shown_as(name), 'keys', *shown])})"


def shown_as(value: object) -> str:
    """Write a value as it stands in a call."""
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _given_options(given: Given) -> dict[str, Any]:
    options: dict[str, Any] = {"codec": given.codec, "suite": given.suite}
    if given.format in RINGED:
        if given.kdf != DEFAULT_KDF and given.name == given.format:
            options["kdf"] = given.kdf
        if given.kdf_salt:
            options["ratchet_salt"] = given.kdf_salt
        if given.ring != DEFAULT_RING and given.name == given.format:
            options["ring"] = given.ring
    return options
