"""Where fastframe keys gets secrets from, and how it keeps them."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastframe import UsageError
from fastframe.cli.failure import USAGE, CommandError
from fastframe.cli.inspection import read_file
from fastframe.keys import (
    Identity,
    InvalidPublicKey,
    WrongPassword,
    check_public_key,
    protocol,
)

if TYPE_CHECKING:
    import argparse

_PUBLIC_TEXT = re.compile(r"[A-Za-z0-9_-]{100,}")
_HEX_KEY = re.compile(rb"\s*(?:[0-9a-fA-F]{2}){8,255}\s*")
_PRIVATE = b"-----BEGIN FASTFRAME IDENTITY-----"
_PUBLIC_MODE = 0o644
_SECRET_MODE = 0o600


# -- passwords --


def ask_password(args: argparse.Namespace, *, is_new: bool = False) -> bytes:
    """Get a password from a variable, a command or, twice if new, a person."""
    if args.password_env is not None:
        return _from_variable(args.password_env)
    if args.password_command is not None:
        return _from_command(args.password_command)
    if not _has_terminal():
        raise CommandError(
            "there is no terminal to ask for a password: "
            "give --password-env or --password-command",
            USAGE,
        )
    password = getpass.getpass(f"Password for {args.verb}: ")
    if is_new and getpass.getpass("Once more: ") != password:
        raise CommandError("the two passwords differ")
    return _checked(password.encode())


def _has_terminal() -> bool:
    """Tell whether getpass() would reach a person: stdin may be a key's."""
    if sys.stdin.isatty():
        return True
    try:
        os.close(os.open(os.ctermid(), os.O_RDWR))
    except OSError:
        return False
    return True


def _from_variable(name: str) -> bytes:
    value = os.environ.get(name)
    if value is None:
        raise CommandError(f"the environment has no variable {name}", USAGE)
    return _checked(os.fsencode(value))


def _from_command(command: str) -> bytes:
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)  # noqa: S603 - what the user asked for
    except (OSError, ValueError, IndexError) as error:
        raise CommandError(f"the password command did not start: {error}") from None
    except subprocess.CalledProcessError as error:
        raise CommandError(
            f"the password command failed with exit code {error.returncode}"
        ) from None
    return _checked(done.stdout.split(b"\n", 1)[0].rstrip(b"\r"))


def _checked(password: bytes) -> bytes:
    if not password:
        raise CommandError("the password is empty", USAGE)
    return password


# -- files --


def write_secret(name: str, content: bytes | bytearray) -> None:
    """Make a file that its owner alone can read."""
    _write_new(name, content, _SECRET_MODE)


def write_public(name: str, public_key: bytes) -> None:
    """Make a file with a public key, as one line of text."""
    _write_new(name, public_text(public_key).encode() + b"\n", _PUBLIC_MODE)


def refuse_existing(*names: str) -> None:
    """Raise CommandError if one of the files is there: a key is not written over."""
    for name in names:
        if Path(name).exists():
            raise CommandError(f"{name} exists, and keys are not written over", USAGE)


def _write_new(name: str, content: bytes | bytearray, mode: int) -> None:
    # O_EXCL follows no link that somebody has put there, and the mode holds from
    # the first moment: chmod() afterwards would leave a gap.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with open(os.open(name, flags, mode), "wb") as file:  # noqa: PTH123 - as it opens
            file.write(content)
    except FileExistsError:
        refuse_existing(name)
        raise CommandError(f"{name} is a link to nowhere", USAGE) from None
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None


def read_identity(name: str, args: argparse.Namespace) -> Identity:
    """Open an identity's file with its password."""
    content = read_file(name)
    if not is_identity(content):
        raise CommandError(
            f"{name}: no identity; `fastframe keys make` makes one", USAGE
        )
    try:
        return Identity.from_pem(content, ask_password(args))
    except WrongPassword:
        raise CommandError(f"{name}: wrong password, or the file was changed") from None
    except UsageError as error:
        raise CommandError(f"{name}: {error}", USAGE) from None


def is_identity(content: bytes) -> bool:
    """Tell whether a file has private keys in it."""
    return _PRIVATE in content


def is_public_text(given: str) -> bool:
    """Tell whether an argument is a public key itself, not a file's name."""
    return _PUBLIC_TEXT.fullmatch(given) is not None


def public_text(public_key: bytes) -> str:
    """Spell a public key, or a wrapped one."""
    return protocol.to_text(public_key)


def read_public(given: str) -> bytes:
    """Read a public key, from a file or as it is spelled."""
    text, name = given, "the public key"
    if not is_public_text(given):
        name = given
        content = read_file(given)
        if is_identity(content):
            raise CommandError(f"{given} has private keys; give {given}.pub", USAGE)
        text = content.decode("ascii", "replace").strip()
    try:
        public_key = protocol.from_text(text, "a public key", protocol.KEY_MAX)
        check_public_key(public_key)
    except (protocol.ProtocolError, InvalidPublicKey):
        raise CommandError(f"{name}: no public key", USAGE) from None
    return public_key


def read_content_key(args: argparse.Namespace) -> bytes:
    """Read the content key to wrap, raw or in hex."""
    if args.key_env is not None:
        value = os.environ.get(args.key_env)
        if value is None:
            raise CommandError(f"the environment has no variable {args.key_env}", USAGE)
        content = os.fsencode(value)
        if not _HEX_KEY.fullmatch(content):
            raise CommandError(f"{args.key_env} must be 8 to 255 bytes in hex", USAGE)
    else:
        content = read_file(args.key_file)
    return bytes.fromhex(content.decode()) if _HEX_KEY.fullmatch(content) else content
