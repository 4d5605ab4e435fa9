"""What a relay and its members say to each other: frames, codes, bounds.

Each WebSocket text frame is one JSON object; "type" says which. Bytes are
base64url without padding (RFC 4648, section 5), in canonical form. Fields that
are not listed are ignored, so that a later version can add some.

==========  =========  =====================================================
type        from       fields
==========  =========  =====================================================
challenge   relay      version, nonce
hello       member     version, room, public_key, proof, token (if asked for)
members     relay      public_keys (of the others), run, blob_max, rates
joined      relay      public_key
left        relay      public_key
send        member     to (a public key, or null for all others), blob
deliver     relay      from, blob
error       relay      code (one of Errors)
==========  =========  =====================================================

The relay speaks first, with a challenge; the member answers with one hello,
and from "members" on both sides send as they like. What a member sent before
another one joined is never kept for it. "run" is drawn when the relay starts:
a member that sees another one knows that the list of members was lost, and
that whoever is missing may yet come back. "rates" is how much a member may
send: {"messages": [a second, at once], "bytes": [a second, at once]}, where a
blob to all others counts once for each of them in bytes, and once in messages.

The proof is the member's Identity.sign() of proof_input(), for PROOF_PURPOSE:
that it holds the private key of the public key the others will know it by.

A relay's word is not to be trusted: it can leave out, repeat, reorder and
invent frames. What the blobs carry must be proof against that by itself.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from fastframe.keys.context import ROOM_MAX, encode_room, join_fields

VERSION = 1
PROOF_PURPOSE = "relay hello 1"
NONCE_LEN = 32
RUN_LEN = 8
TOKEN_MAX = 512  # characters; a JWT of the usual size still fits
KEY_MAX = 2048  # the longest public key there is now has 1 283 bytes
PROOF_MAX = 256  # a signature has 64
BLOB_MAX = 64 * 1024
# Around a blob stand the names of the fields and at most one public key.
ENVELOPE_MAX = 4096


class Errors(str, Enum):
    """Why a relay refuses something."""

    MALFORMED = "malformed"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_PROVEN = "not_proven"
    NOT_ADMITTED = "not_admitted"
    ROOM_FULL = "room_full"
    TOO_MANY_ROOMS = "too_many_rooms"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    NO_SUCH_MEMBER = "no_such_member"
    CLOSING = "closing"


class CloseCode(IntEnum):
    """Why a relay ends a connection: RFC 6455 section 7.4, and our own."""

    LEFT = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    REFUSED = 4000  # at the hello; the error frame before it says why
    REPLACED = 4001  # the same identity came in by another connection
    TOO_SLOW = 4002  # it did not read what was sent to it
    MISBEHAVED = 4003  # it went on sending what is refused


class ProtocolError(ValueError):
    """A frame that breaks the table above.

    Attributes:
        code: what to answer.
    """

    def __init__(self, code: Errors, message: str) -> None:
        """Keep the code beside the words."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Challenge:
    """The relay's first words to whoever connects."""

    nonce: bytes


@dataclass(frozen=True)
class Hello:
    """A member's only words before it is let in."""

    room: str
    public_key: bytes
    proof: bytes
    token: str | None = None


@dataclass(frozen=True)
class Send:
    """A blob to one member, or to all others.

    Attributes:
        to: the receiver's public key, None for all others.
        blob: the text between the quotes, which the relay passes on as it is.
    """

    to: bytes | None
    blob: str


def frame_max(blob_max: int = BLOB_MAX) -> int:
    """Give the size in bytes of the largest frame that a member may send."""
    return (blob_max + 2) // 3 * 4 + ENVELOPE_MAX


def proof_input(nonce: bytes, room: str, public_key: bytes) -> bytes:
    """Give what a member signs to be let in.

    The nonce keeps an old proof from being used again, and the room keeps it
    from opening another one.
    """
    return join_fields(nonce, encode_room(room), public_key)


def encode(kind: str, **fields: Any) -> str:
    """Put a frame into words; bytes become base64url."""
    plain = {name: _plain(value) for name, value in fields.items()}
    return json.dumps({"type": kind, **plain}, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return to_text(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def decode(frame: str | bytes) -> dict[str, Any]:
    """Read a frame as a JSON object with a type; its fields are unchecked.

    Raises ProtocolError, and nothing else, whatever the bytes are.
    """
    if not isinstance(frame, str):
        raise ProtocolError(Errors.MALFORMED, "expected a text frame, got binary")
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError):
        # Deep nesting is the parser's RecursionError; the text is not shown,
        # for it may hold a token.
        raise ProtocolError(Errors.MALFORMED, "expected a JSON object") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise ProtocolError(Errors.MALFORMED, "expected a JSON object with a type")
    return fields


def read_challenge(fields: dict[str, Any]) -> Challenge:
    """Check the fields of a challenge; raises ProtocolError."""
    _expect(fields, "challenge")
    _expect_version(fields)
    return Challenge(take_bytes(fields, "nonce", NONCE_LEN, NONCE_LEN))


def read_hello(fields: dict[str, Any]) -> Hello:
    """Check the fields of a hello; raises ProtocolError."""
    _expect(fields, "hello")
    _expect_version(fields)
    room = take_text(fields, "room", ROOM_MAX)
    token = None
    if fields.get("token") is not None:
        token = take_text(fields, "token", TOKEN_MAX)
    return Hello(
        room=room,
        public_key=take_bytes(fields, "public_key", KEY_MAX),
        proof=take_bytes(fields, "proof", PROOF_MAX),
        token=token,
    )


def read_send(fields: dict[str, Any], blob_max: int) -> Send:
    """Check the fields of a send; raises ProtocolError."""
    _expect(fields, "send")
    to = None
    if fields.get("to") is not None:
        to = take_bytes(fields, "to", KEY_MAX)
    blob = fields.get("blob")
    if not isinstance(blob, str):
        raise ProtocolError(Errors.MALFORMED, "expected a blob")
    if len(blob) > (blob_max * 4 + 2) // 3:
        raise ProtocolError(Errors.TOO_LARGE, f"expected at most {blob_max} bytes")
    # What is none would end the connections of those who get it: to them it is
    # the relay that breaks the table.
    from_text(blob, "blob", blob_max)
    return Send(to, blob)


def take_text(fields: dict[str, Any], name: str, most: int) -> str:
    """Give a text field of 1 to most bytes of UTF-8; raises ProtocolError."""
    text = fields.get(name)
    if not isinstance(text, str):
        raise ProtocolError(Errors.MALFORMED, f"expected a text as {name}")
    try:
        length = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, as JSON may spell it
        raise ProtocolError(Errors.MALFORMED, f"expected UTF-8 as {name}") from None
    if not 1 <= length <= most:
        raise ProtocolError(
            Errors.MALFORMED, f"{name} must have 1 to {most} bytes, got {length}"
        )
    return text


def take_bytes(fields: dict[str, Any], name: str, most: int, least: int = 1) -> bytes:
    """Give a field of least to most bytes; raises ProtocolError."""
    data = from_text(fields.get(name), name, most)
    if len(data) < least:
        raise ProtocolError(
            Errors.MALFORMED, f"{name} must have {least} bytes, got {len(data)}"
        )
    return data


def take_keys(fields: dict[str, Any], name: str, most: int) -> list[bytes]:
    """Give a list of at most so many public keys; raises ProtocolError."""
    listed = fields.get(name)
    if not isinstance(listed, list) or len(listed) > most:
        raise ProtocolError(Errors.MALFORMED, f"expected a list as {name}")
    return [from_text(item, name, KEY_MAX) for item in listed]


def to_text(data: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_text(text: Any, name: str, most: int) -> bytes:
    """Read canonical base64url without padding; raises ProtocolError.

    Two spellings of one public key would be two members, so only one is taken.
    """
    if not isinstance(text, str):
        raise ProtocolError(Errors.MALFORMED, f"expected base64url as {name}")
    if len(text) > (most * 4 + 2) // 3:
        raise ProtocolError(Errors.MALFORMED, f"{name} has more than {most} bytes")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        data = b""
    if to_text(data) != text:
        raise ProtocolError(Errors.MALFORMED, f"expected base64url as {name}")
    return data


def _expect(fields: dict[str, Any], kind: str) -> None:
    if fields["type"] != kind:
        raise ProtocolError(Errors.MALFORMED, f"expected a {kind} frame")


def _expect_version(fields: dict[str, Any]) -> None:
    if fields.get("version") != VERSION:
        raise ProtocolError(Errors.UNSUPPORTED_VERSION, f"expected version {VERSION}")
