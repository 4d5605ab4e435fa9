"""The commands of fastframe keys: make, show, wrap, unwrap, compare."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli import keys_files as files
from fastframe.cli.failure import FAILED, OK, USAGE, CommandError
from fastframe.cli.inspection import read_file
from fastframe.keys import (
    Context,
    Identity,
    KeysError,
    UnwrapFailed,
    fingerprint,
    kem_name,
    protocol,
    safety_number,
)

if TYPE_CHECKING:
    import argparse

_VERSION = 1
_GROUPS_PER_LINE = 6
_LABEL_LEN = 13


# -- make and show --


def _make(args: argparse.Namespace) -> int:
    public_file = f"{args.file}.pub"
    files.refuse_existing(args.file, public_file)
    password = files.ask_password(args, is_new=True)
    identity = Identity.generate(kem=args.kem)
    files.write_secret(args.file, identity.to_pem(password))
    files.write_public(public_file, identity.public_key)
    _print("identity", f"{args.file}  (keep it, and its password)")
    _print("public key", f"{public_file}  (hand it out)")
    _print("KEM", identity.kem)
    _print("fingerprint", _grouped(identity.fingerprint))
    return OK


def _show(args: argparse.Namespace) -> int:
    for number, name in enumerate(args.files):
        public_key = _public_key_of(name, args)
        facts = {
            "kem": kem_name(public_key),
            "fingerprint": fingerprint(public_key),
            "public_key": files.public_text(public_key),
        }
        if args.json:
            print(json.dumps(facts))
            continue
        if number:
            print()
        _print("KEM", facts["kem"])
        _print("fingerprint", _grouped(facts["fingerprint"]))
        _print("public key", facts["public_key"])
    return OK


def _public_key_of(name: str, args: argparse.Namespace) -> bytes:
    """Give the public key of an identity, or the one that is given."""
    if files.is_public_text(name) or not files.is_identity(read_file(name)):
        return files.read_public(name)
    identity = files.read_identity(name, args)
    identity.close()
    return identity.public_key


# -- wrap and unwrap --


def _wrap(args: argparse.Namespace) -> int:
    recipients = [files.read_public(given) for given in args.to]
    if args.new_key is not None:
        files.refuse_existing(args.new_key)
        content_key = ff.generate_key()
    else:
        content_key = bytearray(files.read_content_key(args))
    identity = files.read_identity(args.file, args)
    sender = identity.public_key
    context = Context(args.room, sender, args.key_id, args.generation)
    wrapped = identity.wrap(content_key, to=recipients, context=context)
    identity.close()
    if args.new_key is not None:
        files.write_secret(args.new_key, content_key)
    content_key[:] = bytes(len(content_key))
    print(json.dumps(_as_json(context, wrapped)))
    return OK


def _as_json(context: Context, wrapped: dict[bytes, bytes]) -> dict[str, Any]:
    spell = files.public_text
    return {
        "v": _VERSION,
        "room": context.room,
        "sender": spell(context.sender),
        "key_id": context.key_id,
        "generation": context.generation,
        "wrapped": {spell(to): spell(one) for to, one in wrapped.items()},
    }


def _unwrap(args: argparse.Namespace) -> int:
    sender = files.read_public(args.sender)
    files.refuse_existing(args.key_file)
    message = _read_message(args.wrapped)
    identity = files.read_identity(args.file, args)
    context = _context_of(message, args.room, sender)
    wrapped = _wrapped_for(identity.public_key, message)
    try:
        content_key = identity.unwrap(wrapped, sender=sender, context=context)
    except UnwrapFailed as error:
        raise CommandError(str(error)) from None
    finally:
        identity.close()
    # Looked at only now: before, anybody could have written the number there.
    if args.after is not None and context.generation <= args.after:
        raise CommandError(
            f"generation {context.generation} is not after {args.after}: "
            "an old key was sent once more"
        )
    files.write_secret(args.key_file, content_key)
    content_key[:] = bytes(len(content_key))
    _print("from", _grouped(fingerprint(sender)))
    _print("room", context.room)
    _print("key id", context.key_id)
    _print("generation", context.generation)
    _print("content key", args.key_file)
    return OK


def _read_message(name: str) -> dict[str, Any]:
    try:
        message = json.loads(read_file(name))
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or message.get("v") != _VERSION:
        raise CommandError(f"{name}: not what `fastframe keys wrap` printed", USAGE)
    return message


def _context_of(message: dict[str, Any], room: str, sender: bytes) -> Context:
    """Give the context: room and sender as the caller knows them, not as told."""
    for name, expected in (("room", room), ("sender", files.public_text(sender))):
        if message.get(name) != expected:
            raise CommandError(f"the wrapped key is of another {name}")
    key_id, generation = (message.get(name, -1) for name in ("key_id", "generation"))
    try:
        return Context(room, sender, key_id, generation)
    except ff.UsageError as error:
        raise CommandError(f"the wrapped key says nonsense: {error}") from None


def _wrapped_for(public_key: bytes, message: dict[str, Any]) -> bytes:
    wrapped = message.get("wrapped")
    own = files.public_text(public_key)
    if not isinstance(wrapped, dict) or own not in wrapped:
        raise CommandError("the key was not wrapped for this identity")
    try:
        return protocol.from_text(wrapped[own], "a wrapped key", protocol.BLOB_MAX)
    except protocol.ProtocolError as error:
        raise CommandError(str(error)) from None


# -- compare --


def _compare(args: argparse.Namespace) -> int:
    try:
        number = safety_number(files.read_public(given) for given in args.keys)
    except KeysError as error:
        raise CommandError(str(error), USAGE) from None
    groups = number.split(" ")
    if args.number is None:
        print(" ".join(groups[:_GROUPS_PER_LINE]))
        print(" ".join(groups[_GROUPS_PER_LINE:]))
        return OK
    given = "".join(args.number.split())
    if hmac.compare_digest(given.encode(), "".join(groups).encode()):
        print("the same: all have the same public keys")
        return OK
    print("different: somebody has another public key, or a digit is wrong")
    return FAILED


# -- looks --


def _print(label: str, value: object) -> None:
    print(f"{label:<{_LABEL_LEN}}{value}")


def _grouped(digits: str) -> str:
    """Put digits into groups of four, which eyes can follow."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


COMMANDS = {
    "make": _make,
    "show": _show,
    "wrap": _wrap,
    "unwrap": _unwrap,
    "compare": _compare,
}
