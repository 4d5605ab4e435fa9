"""The options of fastframe keys, which has commands of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.cli import values

if TYPE_CHECKING:
    import argparse
    from typing import TypeAlias

    # argparse has no public name for what add_subparsers() gives.
    _Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

_PUBLIC = "a public key: a file, or the text in it"


def add_keys(commands: _Commands) -> None:
    """Add the command to the others."""
    keys = commands.add_parser(
        "keys",
        help="make identities, wrap content keys for them, compare them",
        description="Make an identity, wrap a content key for others and unwrap "
        "theirs, and compare public keys by a number that people can read out.",
        epilog="Files with keys in them are made for their owner alone (mode 0600) and "
        "never written over. No private key, content key or password is taken from "
        "an argument or printed: others read those. Exit codes: 0 fine, 1 the job "
        "failed (wrong password, a changed key, numbers that differ), 2 the call was "
        "wrong.",
    )
    verbs = keys.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    _add_make(verbs)
    _add_show(verbs)
    _add_wrap(verbs)
    _add_unwrap(verbs)
    _add_compare(verbs)


def _add_make(verbs: _Commands) -> None:
    make = verbs.add_parser(
        "make",
        help="make an identity: FILE for you, FILE.pub for the others",
        description="Draw the keys of a new identity. FILE has the private ones, "
        "sealed under a password; FILE.pub has the public one, to hand out.",
    )
    make.add_argument("file", metavar="FILE", help="must not exist yet")
    make.add_argument(
        "--kem",
        choices=("P-256", "hybrid"),
        default="P-256",
        help="hybrid: with ML-KEM-768, against later quantum computers [P-256]",
    )
    _add_password(make)


def _add_show(verbs: _Commands) -> None:
    show = verbs.add_parser(
        "show",
        help="show the public key and fingerprint of identities or public keys",
        description="Show what may be shown. Identities ask for their password.",
    )
    show.add_argument(
        "files", nargs="+", metavar="FILE", help=f"an identity, or {_PUBLIC}"
    )
    show.add_argument("--json", action="store_true", help="one JSON object for each")
    _add_password(show)


def _add_wrap(verbs: _Commands) -> None:
    wrap = verbs.add_parser(
        "wrap",
        help="wrap a content key for some members",
        description="Wrap a content key, so that only those members can unwrap it, "
        "and only for this room, key id and generation. Prints one JSON object.",
    )
    wrap.add_argument("file", metavar="FILE", help="your identity")
    wrap.add_argument(
        "--to", action="append", required=True, metavar="PUB", help=_PUBLIC
    )
    _add_room(wrap)
    wrap.add_argument("--key-id", type=values.number, required=True, metavar="N")
    wrap.add_argument(
        "--generation",
        type=values.number,
        required=True,
        metavar="N",
        help="higher with each key of yours",
    )
    key = wrap.add_mutually_exclusive_group(required=True)
    key.add_argument(
        "--key-file", metavar="FILE", help="the content key, raw or in hex; - for stdin"
    )
    key.add_argument("--key-env", metavar="VAR", help="the content key, in hex")
    key.add_argument(
        "--new-key",
        metavar="FILE",
        help="draw a new one of 16 bytes, and keep it there",
    )
    _add_password(wrap)


def _add_unwrap(verbs: _Commands) -> None:
    unwrap = verbs.add_parser(
        "unwrap",
        help="unwrap a content key that a member wrapped for you",
        description="Check that a wrapped key is this sender's, for you and for this "
        "room, and write the content key into a file.",
    )
    unwrap.add_argument("file", metavar="FILE", help="your identity")
    unwrap.add_argument(
        "wrapped", metavar="WRAPPED", help="what wrap printed; - for stdin"
    )
    unwrap.add_argument(
        "--from", dest="sender", required=True, metavar="PUB", help=_PUBLIC
    )
    _add_room(unwrap)
    unwrap.add_argument(
        "--after",
        type=values.number,
        metavar="N",
        help="refuse generations up to N: keys that were seen before",
    )
    unwrap.add_argument(
        "--key-file", required=True, metavar="FILE", help="where the content key goes"
    )
    _add_password(unwrap)


def _add_compare(verbs: _Commands) -> None:
    compare = verbs.add_parser(
        "compare",
        help="show the number by which people know that no one listens in",
        description="Show the safety number of two members or more. Where all see the "
        "same one, all have the same public keys: read it to each other over another "
        "channel, every digit of it.",
    )
    compare.add_argument("keys", nargs="+", metavar="PUB", help=_PUBLIC)
    compare.add_argument(
        "--number",
        metavar="DIGITS",
        help="compare with this one: exit code 1 if it differs",
    )


def _add_room(command: argparse.ArgumentParser) -> None:
    command.add_argument("--room", required=True, metavar="NAME")


def _add_password(command: argparse.ArgumentParser) -> None:
    password = command.add_mutually_exclusive_group()
    password.add_argument(
        "--password-env",
        metavar="VAR",
        help="the identity's password is in there [ask]",
    )
    password.add_argument(
        "--password-command",
        metavar="COMMAND",
        help="its first line of output is the password, as of a password manager",
    )
