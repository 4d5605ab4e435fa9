"""Where tables are printed."""

from __future__ import annotations

import sys

from rich.console import Console

_PIPE_WIDTH = 110  # rich would take 80 for a pipe or a file, and fold


def new_page() -> Console:
    """Give a console on stdout, wide enough when it is no terminal."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(highlight=False, width=width)
