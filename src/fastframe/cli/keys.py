"""fastframe keys: identities, wrapped content keys and safety numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.failure import USAGE, CommandError, need

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    """Run one of its commands."""
    # Not the package alone: before 48 it has no HPKE.
    need("cryptography.hazmat.primitives.hpke", '"fastframe[keys]"', why="keys")
    # Needs what was just looked for.
    from fastframe.cli.keys_commands import COMMANDS  # noqa: PLC0415

    try:
        return COMMANDS[args.verb](args)
    except ff.UsageError as error:
        raise CommandError(str(error), USAGE) from None
