"""Keys for commands: from files, variables and commands, never from arguments.

Arguments are seen by every user of the machine, and stay in shells' histories.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

from fastframe.cli.failure import USAGE, CommandError
from fastframe.cli.inspection import read_file
from fastframe.cli.values import number

if TYPE_CHECKING:
    import argparse

_HEX_KEY = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_PATIENCE = 120  # seconds for a key command: somebody may have to type a PIN


def add_key_options(command: argparse.ArgumentParser, *, have_ids: bool = True) -> None:
    """Add the options that say where keys come from."""
    command.add_argument(
        "--key-file", action="append", metavar="FILE", help="a key, - for stdin"
    )
    command.add_argument(
        "--key-env", action="append", metavar="VAR", help="a key in the environment"
    )
    command.add_argument(
        "--key-command",
        action="append",
        metavar="COMMAND",
        help="a program that prints a key, with its arguments; no shell",
    )
    command.add_argument(
        "--key-as",
        choices=("auto", "raw", "text", "hex", "base64"),
        default="auto",
        help="how keys are spelled [auto: hex, or else text, or else bytes]",
    )
    if have_ids:
        command.add_argument(
            "--key-id",
            action="append",
            type=number,
            metavar="N",
            help="where the Opener holds it, one for each key; without it, anywhere",
        )


def read_keys(args: argparse.Namespace) -> list[bytes | str]:
    """Read all keys that were named: files first, then variables, then commands."""
    contents = [read_file(name) for name in args.key_file or []]
    contents += [_read_variable(name) for name in args.key_env or []]
    contents += [_read_output(line) for line in args.key_command or []]
    return [_as_key(content, args.key_as) for content in contents]


def keys_by_id(
    keys: list[bytes | str], args: argparse.Namespace
) -> dict[int, bytes | str]:
    """Give the keys that were read, each under its --key-id."""
    ids = args.key_id or []
    if len(ids) != len(keys):
        raise CommandError(
            "give one --key-id for each key: files first, then variables, then "
            "commands",
            USAGE,
        )
    return dict(zip(ids, keys, strict=True))


def _read_variable(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise CommandError(f"the environment has no variable {name}", USAGE)
    return os.fsencode(value)


def _read_output(line: str) -> bytes:
    """Run a key command; what it complains of goes to the terminal."""
    try:
        command = shlex.split(line)
        # The user's own command, given for this.
        done = subprocess.run(  # noqa: S603
            command, stdout=subprocess.PIPE, timeout=_PATIENCE, check=True
        )
    except subprocess.CalledProcessError as error:
        raise CommandError(f"the key command gave {error.returncode}") from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"the key command took over {_PATIENCE} s") from None
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"the key command cannot be run: {reason}", USAGE) from None
    if not done.stdout:
        raise CommandError("the key command printed nothing")
    return done.stdout


def _as_key(content: bytes, how: str) -> bytes | str:
    """Read a key as it is spelled; auto: hex, or else text, or else bytes."""
    try:
        if how == "raw":
            return content
        if how == "base64":
            return base64.b64decode(content.strip(), validate=True)
        text = content.decode("utf-8").rstrip("\r\n")
        if how == "hex" or (how == "auto" and _HEX_KEY.fullmatch(text.strip())):
            return bytes.fromhex(text)
    except (UnicodeDecodeError, binascii.Error, ValueError):
        if how == "auto":
            return content
        raise CommandError(f"a key is not {how}", USAGE) from None
    return text if how == "text" or text.isprintable() else content
