"""The options of fastframe seal and fastframe open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.key_input import add_key_options

if TYPE_CHECKING:
    import argparse
    from typing import TypeAlias

    # argparse has no public name for what add_subparsers() gives.
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

_KEYS = "Keys come from files, variables or commands, never from arguments."


def add_seal(commands: Commands) -> None:
    """Add fastframe seal."""
    seal = commands.add_parser(
        "seal",
        help="seal every packet of a recording; it stays a container",
        description="Seal every packet of a recording. Tracks, times and key-frame "
        "flags stay readable, pictures and sound do not.",
        epilog=f"{_KEYS} One key may seal any number of recordings.",
    )
    seal.add_argument("source", metavar="IN", help="anything FFmpeg can read")
    seal.add_argument(
        "target", metavar="OUT", help="without an ending, one that works is chosen"
    )
    add_key_options(seal, have_ids=False)
    _add_rest(seal)


def add_open(commands: Commands) -> None:
    """Add fastframe open."""
    opening = commands.add_parser(
        "open",
        help="open a sealed recording, or a Janus recording of a sealed call",
        description="Open a sealed recording into one that any player plays. What "
        "is damaged is left out, and said.",
        epilog=f"{_KEYS} Exit codes: 0 all of it, 1 not all of it, 2 the call was "
        "wrong.",
    )
    opening.add_argument(
        "source", metavar="IN", help="what fastframe seal made, or a sealed call"
    )
    opening.add_argument("target", metavar="OUT", help="any container of FFmpeg's")
    opening.add_argument(
        "--format",
        choices=ff.formats(),
        help="IN holds the frames of a call, in this wire format (.mjr: needed)",
    )
    named = [name for name in ff.codecs() if name is not None]
    opening.add_argument(
        "--codec",
        action="append",
        choices=named,
        help="with --format: as the sender's; once for video, once for opus",
    )
    add_key_options(opening)
    _add_rest(opening)


def _add_rest(command: argparse.ArgumentParser) -> None:
    command.add_argument("--force", action="store_true", help="overwrite OUT")
    command.add_argument("--json", action="store_true", help="one JSON object")
