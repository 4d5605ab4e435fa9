"""Links: what two members authenticate each other's messages with.

How a link comes about, and why what was recorded earlier cannot make one, is
in fastframe.keys.messages.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from fastframe.keys.chain import hkdf
from fastframe.keys.context import Context
from fastframe.keys.messages import (
    ID_LEN,
    MAC_LEN,
    BadMessage,
    Body,
    Hello,
    Linked,
    State,
    decode_body,
    encode,
    encode_body,
)
from fastframe.keys.wiping import wipe

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRET_LEN = 32
WINDOW = 64


class Wrapper(Protocol):
    """What a room needs of an Identity."""

    @property
    def public_key(self) -> bytes:
        """Who this is, to all others."""

    def wrap(
        self, content_key: bytes | bytearray, *, to: Iterable[bytes], context: Context
    ) -> dict[bytes, bytes]:
        """Wrap a key for each of several members."""

    def unwrap(self, wrapped: bytes, *, sender: bytes, context: Context) -> bytearray:
        """Give a key that sender wrapped for this one, or raise UnwrapFailed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Half of what a link is derived from.

    Attributes:
        id: names the secret without telling it.
        secret: 32 bytes.
        wrapped: the secret as it travels, always the same bytes: to repeat a
            hello costs no public-key operation on either side.
    """

    id: bytes
    secret: bytearray = field(repr=False)
    wrapped: bytes

    @classmethod
    def of(cls, secret: bytearray, wrapped: bytes) -> Offer:
        """Give a secret its id."""
        digest = hashlib.sha256(b"fastframe offer 1" + secret).digest()
        return cls(digest[:ID_LEN], secret, wrapped)

    def wipe(self) -> None:
        """Overwrite the secret: a link once derived does not need it."""
        wipe(self.secret)


class Link:
    """Authenticates the messages of two members that answered each other.

    Attributes:
        id: how messages name it.
        own: this member's offer.
        theirs: the other one's.
    """

    __slots__ = (
        "_highest",
        "_key_in",
        "_key_out",
        "_seen",
        "_sent",
        "id",
        "own",
        "theirs",
    )

    def __init__(
        self, room: str, keys: tuple[bytes, bytes], own: Offer, theirs: Offer
    ) -> None:
        """Derive it; keys are the public keys, this member's first."""
        self.own, self.theirs = own, theirs
        is_low = keys[0] < keys[1]
        low, high = keys if is_low else keys[::-1]
        offers = (own, theirs) if is_low else (theirs, own)
        names = (b"fastframe link 1", room.encode(), low, high)
        info = b"".join(len(name).to_bytes(2, "big") + name for name in names)
        secret = bytes(offers[0].secret) + offers[1].secret
        derived = hkdf(secret, ID_LEN + 2 * MAC_LEN, info)
        self.id = derived[:ID_LEN]
        pair = derived[ID_LEN : ID_LEN + MAC_LEN], derived[ID_LEN + MAC_LEN :]
        out, in_ = pair if is_low else pair[::-1]
        self._key_out, self._key_in = bytearray(out), bytearray(in_)
        self._sent = 0
        self._highest = 0
        self._seen = 0  # bit i: the number i below the highest has been here

    def seal(self, body: Body) -> bytes:
        """Give a body a number and a MAC: the whole message."""
        self._sent += 1
        data = encode_body(replace(body, n=self._sent))
        return encode(Linked(self.id, data, self._mac(self._key_out, data)))

    def open(self, message: Linked) -> Body | None:
        """Give the body of a message that is the other one's and new."""
        mac = self._mac(self._key_in, message.body)
        if message.link != self.id or not hmac.compare_digest(mac, message.mac):
            return None
        try:
            body = decode_body(message.body)
        except BadMessage:  # written by the other one, whose own doing it is
            return None
        return body if self._is_new(body.n) else None

    def _is_new(self, number: int) -> bool:
        ahead = number - self._highest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, WINDOW) | 1) & (1 << WINDOW) - 1
            self._highest = number
            return True
        if -ahead >= WINDOW or self._seen >> -ahead & 1:
            return False
        self._seen |= 1 << -ahead
        return True

    def wipe(self) -> None:
        """Overwrite its keys."""
        wipe(self._key_out)
        wipe(self._key_in)

    @staticmethod
    def _mac(key: bytearray, body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256")


class Handshake:
    """The way to a link with one other member, and to the next one.

    A link stands until a message arrives under the next one: a hello alone,
    which may be an old one played back, ends nothing.

    Attributes:
        link: the link in use, None until the other one has proven itself.
    """

    __slots__ = ("_heard", "_keys", "_next", "_offer", "_room", "_wrapper", "link")

    def __init__(self, wrapper: Wrapper, room: str, peer: bytes) -> None:
        """Nothing is sent or drawn yet."""
        self._wrapper = wrapper
        self._room = room
        self._keys = (wrapper.public_key, peer)
        self._offer: Offer | None = None
        self._heard: Offer | None = None
        self._next: Link | None = None
        self.link: Link | None = None

    @property
    def is_open(self) -> bool:
        """Whether an offer of this member waits for an answer."""
        return self._offer is not None

    def hello(self) -> bytes:
        """Write a hello: the offer for the next link, or the link's once more.

        Raises KeysError where the peer's public key is none.
        """
        if self._offer is None and self.link is not None:
            return encode(Hello(self.link.own.wrapped, self.link.theirs.id))
        offer = self._make_offer()
        heard = None if self._heard is None else self._heard.id
        return encode(Hello(offer.wrapped, heard))

    def is_known(self, hello: Hello) -> bool:
        """Whether a hello brings an offer that has been heard before."""
        known = (self._heard, self.link and self.link.theirs)
        return any(one and one.wrapped == hello.secret for one in known)

    def hear(self, hello: Hello) -> None:
        """Take the other one's new offer.

        Raises UnwrapFailed where it is not that member's offer to this one.
        """
        own, peer = self._keys
        secret = self._wrapper.unwrap(
            hello.secret, sender=peer, context=Context(self._room, peer, 0, 0)
        )
        for replaced in (self._heard, self._next):
            if replaced is not None:
                replaced.wipe()
        self._heard = Offer.of(secret, hello.secret)
        self._next = Link(self._room, (own, peer), self._make_offer(), self._heard)

    def proof(self) -> bytes | None:
        """Write a message under the next link, which proves that one is there."""
        return None if self._next is None else self._next.seal(State(0, 0, ()))

    def knows(self, offer_id: bytes | None) -> bool:
        """Whether a hello's sender holds the offer that is out."""
        current = self._offer or (self.link.own if self.link else None)
        return current is not None and current.id == offer_id

    def open(self, message: Linked) -> tuple[Body, bool] | None:
        """Give a body and whether it is the first one of a new link."""
        if self._next is not None and message.link == self._next.id:
            body = self._next.open(message)
            if body is None:
                return None
            self._end_link()
            self.link, self._next = self._next, None
            self.abandon()
            return body, True
        body = self.link.open(message) if self.link is not None else None
        return None if body is None else (body, False)

    def abandon(self) -> None:
        """Stop waiting for the next link, and wipe what it was to be made of."""
        for offer in (self._offer, self._heard):
            if offer is not None:
                offer.wipe()
        if self._next is not None:
            self._next.wipe()
        self._offer = self._heard = self._next = None

    def close(self) -> None:
        """Forget everything."""
        self.abandon()
        self._end_link()

    def _end_link(self) -> None:
        if self.link is not None:
            self.link.wipe()
            self.link = None

    def _make_offer(self) -> Offer:
        if self._offer is None:
            own, peer = self._keys
            secret = bytearray(secrets.token_bytes(SECRET_LEN))
            context = Context(self._room, own, 0, 0)
            wrapped = self._wrapper.wrap(secret, to=[peer], context=context)
            self._offer = Offer.of(secret, wrapped[peer])
        return self._offer
