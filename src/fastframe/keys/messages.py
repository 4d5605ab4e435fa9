"""What members of a room say to each other, as bytes: the table and the codec.

A message is one UTF-8 JSON object of at most 8192 bytes. `v` is 1. Bytes travel
as base64url without padding, public keys as Identity.public_key gives them.
The relay carries messages as blobs and tells each with its sender; what it says
is a hint, until one of the two proofs below holds.

=========  =======  ==========================================================
message    to       fields beside v and type
=========  =======  ==========================================================
here       all      none. "I am here": a hint like the relay's own, worth a
                    hello in return, or a state where there is a link.
hello      one      secret: 32 random bytes wrapped for the recipient, context
                    key_id 0 and generation 0 (no content key has them).
                    seen: the id of the recipient's offer that the sender
                    holds, or null.
linked     one      link: id of the link (16 bytes). body: a JSON object *as a
                    string*. mac: HMAC-SHA-256 of that string's UTF-8 bytes,
                    32 bytes.
=========  =======  ==========================================================

Bodies. n counts the messages of one direction of a link from 1; a receiver
takes each number once, and none that is 64 or more behind the highest.

=========  ===================================================================
body       fields beside type and n
=========  ===================================================================
state      mine: the newest generation the sender has meant for the recipient
           (0: none). yours: the generations of the recipient's keys that the
           sender holds, newest first, at most 16. Acknowledges, and asks for
           what is missing.
key        generation, key_id, root, at, wrapped: the content key, wrapped
           with this key_id and generation as its context.
step       generation, key_id, root, at: as key, but to be had by ratcheting
           the sender's key of any generation from root on, once for each
           generation between.
bye        none: the sender leaves the room.
=========  ===================================================================

generation is 1 or more and goes up with every key of a sender; root is the
generation of the last key that was drawn at random. at is "now" where the
sender goes over at once, "later" where it waits for acknowledgements or a key
frame. Numbers are below 2^53, which is as far as JavaScript counts.

Links. Each member draws a secret for each other one and sends it in a hello:
its offer, whose id is the first 16 bytes of SHA-256("fastframe offer 1" ||
secret). Of the two secrets both derive, low being the member with the lower
public key (compared as bytes)::

    HKDF-SHA-256(salt  none,
                 ikm   secret of low || secret of high,
                 info  "fastframe link 1", room id (UTF-8), public key of low,
                       public key of high, each of the four behind its length
                       in 2 bytes, big-endian)
      -> link id, 16 bytes
         MAC key low to high, 32 bytes
         MAC key high to low, 32 bytes

A good MAC proves that the other end holds its identity and has answered *this*
offer: what was recorded earlier proves nothing. Only then is it a member and
gets keys. A link ends when the member leaves (by bye, the relay's word or
silence); a new one needs new offers from both sides.

The ratchet of formats that have none of their own: the next key is
HKDF-SHA-256(salt none, ikm key, info "fastframe ratchet 1"), of equal length.
`sframe` uses that of RFC 9605, 5.1.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Final, Literal

MESSAGE_MAX: Final = 8192
VERSION: Final = 1
ID_LEN: Final = 16
MAC_LEN: Final = 32
NUMBER_MAX: Final = 2**53 - 1
WRAPPED_MAX: Final = 4096
HELD_MAX: Final = 16  # how many generations a state names

When = Literal["now", "later"]


class BadMessage(Exception):
    """Bytes that are no message; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Here:
    """A hint that the sender is in the room."""


@dataclass(frozen=True, slots=True)
class Hello:
    """An offer: half of what a link is derived from."""

    secret: bytes
    seen: bytes | None


@dataclass(frozen=True, slots=True)
class Linked:
    """A body and its MAC; body is not read before the MAC is found good."""

    link: bytes
    body: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class State:
    """What the sender has sent, and what it holds."""

    n: int
    mine: int
    yours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyNews:
    """A new key of the sender's; without wrapped it is to be ratcheted to."""

    n: int
    generation: int
    key_id: int
    root: int
    at: When
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class Bye:
    """The sender leaves."""

    n: int


Message = Here | Hello | Linked
Body = State | KeyNews | Bye


def encode(message: Message) -> bytes:
    """Write a message."""
    fields: dict[str, str | None]
    if isinstance(message, Linked):
        fields = {
            "type": "linked",
            "link": _text(message.link),
            "body": message.body.decode(),
            "mac": _text(message.mac),
        }
    elif isinstance(message, Hello):
        seen = None if message.seen is None else _text(message.seen)
        fields = {"type": "hello", "secret": _text(message.secret), "seen": seen}
    else:
        fields = {"type": "here"}
    return _dump({"v": VERSION, **fields})


def decode(data: bytes) -> Message:
    """Read a message; BadMessage for whatever is not exactly one."""
    if len(data) > MESSAGE_MAX:
        raise BadMessage("too long")
    fields = _load(data)
    version = fields.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise BadMessage("another version")
    kind = fields.pop("type", None)
    if kind == "linked":
        link, body, mac = _take(fields, "link", "body", "mac")
        if type(body) is not str:
            raise BadMessage("body is no string")
        return Linked(_bytes(link, ID_LEN), _utf8(body), _bytes(mac, MAC_LEN))
    if kind == "hello":
        secret, seen = _take(fields, "secret", "seen")
        held = None if seen is None else _bytes(seen, ID_LEN)
        return Hello(_bytes(secret), held)
    if kind == "here":
        _take(fields)
        return Here()
    raise BadMessage("unknown type")


def encode_body(body: Body) -> bytes:
    """Write the body of a linked message."""
    if isinstance(body, State):
        return _dump(
            {
                "type": "state",
                "n": body.n,
                "mine": body.mine,
                "yours": list(body.yours),
            }
        )
    if isinstance(body, Bye):
        return _dump({"type": "bye", "n": body.n})
    fields: dict[str, Any] = {
        "type": "step" if body.wrapped is None else "key",
        "n": body.n,
        "generation": body.generation,
        "key_id": body.key_id,
        "root": body.root,
        "at": body.at,
    }
    if body.wrapped is not None:
        fields["wrapped"] = _text(body.wrapped)
    return _dump(fields)


def decode_body(data: bytes) -> Body:
    """Read a body whose MAC was good; BadMessage for what is none."""
    fields = _load(data)
    kind = fields.pop("type", None)
    n = _number(fields.pop("n", None), 1)
    if kind == "state":
        mine, yours = _take(fields, "mine", "yours")
        if type(yours) is not list or len(yours) > HELD_MAX:
            raise BadMessage("yours is no short list")
        return State(n, _number(mine, 0), tuple(_number(one, 1) for one in yours))
    if kind == "bye":
        _take(fields)
        return Bye(n)
    if kind not in ("key", "step"):
        raise BadMessage("unknown type")
    wrapped = _bytes(fields.pop("wrapped", None)) if kind == "key" else None
    generation, key_id, root, at = _take(fields, "generation", "key_id", "root", "at")
    if at not in ("now", "later"):
        raise BadMessage("no such time")
    number = _number(generation, 1)
    first = _number(root, 1)
    if first > number:
        raise BadMessage("a root after its key")
    return KeyNews(n, number, _number(key_id, 0), first, at, wrapped)


def _dump(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def _load(data: bytes) -> dict[str, Any]:
    try:
        # Not json.loads(data): it guesses UTF-16 and 32, and skips a mark in front.
        fields = json.loads(data.decode())
    except (ValueError, RecursionError):
        fields = None
    if type(fields) is not dict:
        raise BadMessage("no JSON object")
    return fields


def _take(fields: dict[str, Any], *names: str) -> list[Any]:
    """Give the fields of these names, if there are these and no others."""
    if fields.keys() != set(names):
        raise BadMessage("other fields than expected")
    return [fields[name] for name in names]


def _number(value: object, least: int) -> int:
    if type(value) is not int or not least <= value <= NUMBER_MAX:
        raise BadMessage("no number in range")
    return value


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(value: object, length: int | None = None) -> bytes:
    """Read base64url strictly: no padding, nothing but the alphabet."""
    if type(value) is not str or not value.isascii() or "=" in value:
        raise BadMessage("no base64url")
    try:
        data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        raise BadMessage("no base64url") from None
    # The decoder skips what it does not know and forgives spare bits.
    if _text(data) != value or len(data) > WRAPPED_MAX:
        raise BadMessage("no base64url")
    if length is not None and len(data) != length:
        raise BadMessage("wrong length")
    return data


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        raise BadMessage("no UTF-8") from None
