"""How a command says in one line that it cannot do its job."""

from __future__ import annotations

import importlib

OK = 0
FAILED = 1
USAGE = 2
STOPPED = 130  # what shells give for a program ended by Ctrl-C


class CommandError(Exception):
    """Ends a command with a line for the user and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        """Keep the exit code beside the message."""
        super().__init__(message)
        self.code = code


def need(module: str, install: str, *, why: str) -> None:
    """Raise CommandError naming the install command if a module is missing."""
    try:
        importlib.import_module(module)
    except ImportError:
        raise CommandError(
            f"{why} needs the Python module {module!r}: pip install {install}"
        ) from None


def need_rich(why: str) -> None:
    """Raise CommandError if the package that draws tables is missing."""
    need("rich", '"fastframe[cli]"', why=why)
