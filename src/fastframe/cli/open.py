"""fastframe open: open a sealed recording, or Janus's of a sealed call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.failure import FAILED, OK, USAGE, CommandError
from fastframe.cli.key_input import keys_by_id, read_keys
from fastframe.cli.recording import (
    check_files,
    only_key,
    progress_bar,
    show,
    told_plainly,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from fastframe.adapters.av import Report


def run(args: argparse.Namespace) -> int:
    """Open IN into OUT; exit code 1 if not all of it is there."""
    check_files(args)
    with (
        told_plainly(Path(args.source).name),
        progress_bar("opening", is_quiet=args.json) as progress,
    ):
        report = _open(args, progress)
    show(report, "opened", args)
    return OK if report.is_whole else FAILED


def _open(args: argparse.Namespace, progress: Callable[..., object]) -> Report:
    from fastframe.adapters import av  # noqa: PLC0415 - not everywhere

    is_janus = Path(args.source).suffix.lower() == ".mjr"
    if args.format is None:
        if is_janus:
            raise CommandError("an .mjr needs --format: that of the call", USAGE)
        if args.key_id or args.codec:
            raise CommandError("--key-id and --codec go with --format", USAGE)
        key = only_key(read_keys(args))
        return av.open_recording(args.source, args.target, key, progress=progress)
    openers = _openers(args)
    if is_janus:
        kind = av.kind_of_janus(args.source)
        opener = openers[kind]
        return av.open_janus(args.source, args.target, opener, progress=progress)
    return av.open_recording(
        args.source, args.target, openers=openers, progress=progress
    )


def _openers(args: argparse.Namespace) -> dict[str, ff.Opener]:
    """Make one opener for each kind of track, with the codec meant for it."""
    codecs = args.codec or []
    video = [name for name in codecs if name != "opus"]
    if len(video) > 1:
        raise CommandError("--codec: one for video, and opus", USAGE)
    keys = keys_by_id(read_keys(args), args)
    audio = "opus" if "opus" in codecs else None
    return {
        "video": ff.Opener(args.format, keys, codec=video[0] if video else None),
        "audio": ff.Opener(args.format, keys, codec=audio),
    }
