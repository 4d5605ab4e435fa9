"""fastframe doctor: say in plain words why sealed frames do not open."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli.failure import FAILED, OK, USAGE, CommandError
from fastframe.cli.inspection import HEX_TEXT, as_bytes, read_file
from fastframe.cli.key_input import keys_by_id, read_keys

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_LENGTH_LEN = 4  # bytes of the number before each frame of a container
_WIDTH = 90
_INDENT = "   "
_COLOURS = {
    "proven": "bold red",
    "very likely": "red",
    "likely": "yellow",
    "possible": "dim",
}
# What goes on to the Opener as it was given.
_OPTIONS = (
    "kdf",
    "ratchet_salt",
    "ring",
    "ratchet_window",
    "sif_trailer",
    "packet_trailer",
    "ssrc",
)


def run(args: argparse.Namespace) -> int:
    """Diagnose the frames of the files; exit code 0 only if they open."""
    if args.files.count("-") + (args.key_file or []).count("-") > 1:
        raise CommandError("stdin can be read once", USAGE)
    keys = _keys_of(args)
    frames = [frame for name in args.files for frame in _frames_of(name, args.kind)]
    options = {name: getattr(args, name) for name in _OPTIONS}
    options = {name: value for name, value in options.items() if value is not None}
    try:
        diagnosis = ff.diagnose(
            frames,
            keys,
            format=args.format,
            codec=args.codec,
            suite=args.suite,
            frames_are=args.frames_are,
            salt=args.salt,
            replay_window=args.replay_window,
            **options,
        )
    except ff.UsageError as error:
        raise CommandError(str(error), USAGE) from None
    if args.json:
        print(json.dumps(_as_json(diagnosis)))
    else:
        _show(diagnosis)
    return OK if diagnosis.opens else FAILED


# -- frames --


def _frames_of(name: str, kind: str) -> list[bytes]:
    """Read the frames of a file, told by its looks unless kind says so."""
    content = read_file(name)
    if kind == "auto":
        if HEX_TEXT.fullmatch(content):
            kind = "hex"
        else:
            kind = "frames" if content and _is_container(content) else "raw"
    if kind == "raw":
        return [content]
    if kind == "hex":
        lines = content.splitlines()
        return [as_bytes(line, is_hex=True) for line in lines if line.strip()]
    if not _is_container(content):
        raise CommandError(f"{name}: no file of frames with their lengths", USAGE)
    return list(_unpack(content))


def _is_container(content: bytes) -> bool:
    """Tell whether lengths lead from frame to frame right to the end."""
    at = 0
    while at + _LENGTH_LEN <= len(content):
        at += _LENGTH_LEN + int.from_bytes(content[at : at + _LENGTH_LEN], "big")
    return at == len(content)


def _unpack(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        start = at + _LENGTH_LEN
        at = start + int.from_bytes(content[at:start], "big")
        yield content[start:at]


# -- keys --


def _keys_of(args: argparse.Namespace) -> Any:
    """Give one key by itself, several by their ids, None if there is none."""
    keys = read_keys(args)
    if not args.key_id and len(keys) <= 1:
        return keys[0] if keys else None
    return keys_by_id(keys, args)


# -- the report --


def _as_json(diagnosis: ff.Diagnosis) -> dict[str, object]:
    findings = []
    for finding in diagnosis:
        facts = asdict(finding)
        facts["cause"] = str(finding.cause)
        facts["likelihood"] = finding.likelihood
        facts["change"] = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in finding.change.items()
        }
        findings.append(facts)
    return {
        "opens": diagnosis.opens,
        "num_frames": diagnosis.num_frames,
        "num_looked": diagnosis.num_looked,
        "num_opened": diagnosis.num_opened,
        "call": diagnosis.call,
        "is_cut_short": diagnosis.is_cut_short,
        "findings": findings,
    }


def _show(diagnosis: ff.Diagnosis) -> None:
    """Print the report, with colours where there are any to be had."""
    try:
        from rich.text import Text  # noqa: PLC0415 - not everywhere
    except ImportError:
        print(diagnosis)
        return
    from fastframe.cli.page import new_page  # noqa: PLC0415

    page = new_page()
    page.print(diagnosis.summary)
    for number, finding in enumerate(diagnosis, 1):
        colour = "bold green" if diagnosis.opens else _COLOURS[finding.likelihood]
        title = Text(f"{number}. ")
        title.append(str(finding.cause), style=colour)
        title.append(f" ({finding.likelihood})", style="dim")
        title.append(f": {finding.evidence}")
        page.print()
        page.print(title)
        wrapped = textwrap.wrap(finding.message, min(page.width, _WIDTH) - len(_INDENT))
        page.print(Text("\n".join(_INDENT + line for line in wrapped)))
    if diagnosis.call:
        page.print()
        page.print(Text(f"{_INDENT}{diagnosis.call}", style="bold"))
    if diagnosis.is_cut_short:
        page.print("\nThe search was cut short; fewer frames or keys tell more.")
