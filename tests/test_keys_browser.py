"""examples/browser in Node's WebCrypto: its HPKE, and the identities of both."""

from base64 import urlsafe_b64encode

import pytest
from hpke_vectors import load
from peers.hpke import hpke_open, hpke_seal
from peers.node import PeerError, driven

from fastframe.keys import (
    BadSignature,
    Context,
    Identity,
    UnwrapFailed,
    check_public_key,
    fingerprint,
    p256,
    safety_number,
    verify,
)

VECTOR = load(0x0010, 1, 1)
KEY = bytes(range(16))
CONTEXT = {"room": "röom", "keyId": 3, "generation": 2**40}


@pytest.fixture(scope="module")
def driver():
    """Give the Node process."""
    yield from driven("browser.mjs")


@pytest.fixture
def ask(driver):
    """Ask for an operation; give its fields and its bytes."""

    def run(op, *blobs, **fields):
        answer, out = driver.ask(op, blobs, **fields)
        return (answer, *out)

    return run


@pytest.fixture
def page(ask):
    """Give the public key of a new identity in the page."""
    return ask("generate")[1]


def spelled(data):
    """Write bytes as JSON Web Keys have them."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(private, public):
    """Write a P-256 key pair as WebCrypto imports it."""
    x, y = spelled(public[1:33]), spelled(public[33:])
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": spelled(private)}


# -- HPKE --


def test_page_opens_the_rfcs_vector(ask):
    """HPKE in the page is RFC 9180's."""
    sealed = VECTOR.enc + VECTOR.ciphertext
    blobs = (VECTOR.public, VECTOR.info, sealed, VECTOR.aad)
    key = jwk(VECTOR.private, VECTOR.public)
    assert ask("hpkeOpen", *blobs, jwk=key)[1] == VECTOR.plaintext
    with pytest.raises(PeerError, match="OperationError"):
        ask("hpkeOpen", VECTOR.public, b"info", sealed, VECTOR.aad, jwk=key)


def test_page_seals_the_rfcs_vector(ask):
    """With the vector's ephemeral key it comes to the vector's bytes."""
    blobs = (VECTOR.public, VECTOR.info, VECTOR.plaintext, VECTOR.aad)
    ephemeral = jwk(VECTOR.ephemeral, VECTOR.enc)
    _, sealed = ask("hpkeSeal", *blobs, ephemeral=ephemeral)
    assert sealed == VECTOR.enc + VECTOR.ciphertext


def test_page_and_reference_open_each_others(ask):
    """Random ones, both ways, with an empty and a long info."""
    key = p256.generate()
    public, private = p256.point_bytes(key), p256.scalar_bytes(key)
    for info in (b"", bytes(500)):
        _, sealed = ask("hpkeSeal", public, info, KEY, b"")
        assert hpke_open(key, sealed[:65], info, sealed[65:]) == KEY
        back = b"".join(hpke_seal(public, info, KEY))
        _, opened = ask("hpkeOpen", public, info, back, b"", jwk=jwk(private, public))
        assert opened == KEY


# -- identities --


def test_page_has_a_public_key_like_ours(ask):
    """The same bytes, and the same fingerprint of them."""
    told, public_key = ask("generate")
    check_public_key(public_key)
    assert told["fingerprint"] == fingerprint(public_key)
    # Kept in IndexedDB, which clones key pairs that nobody can export.
    assert ask("keep")[1] == public_key


def test_page_unwraps_what_we_wrap(ask, page):
    """A key from Python, in a browser."""
    own = Identity.generate()
    context = Context("röom", own.public_key, 3, 2**40)
    wrapped = own.wrap(KEY, to=[page], context=context)[page]
    answer = ask("unwrap", wrapped, own.public_key, context=CONTEXT)
    assert answer == ({"failed": None}, KEY)


def test_we_unwrap_what_a_page_wraps(ask, page):
    """A key from a browser, in Python."""
    own = Identity.generate()
    _, wrapped = ask("wrap", KEY, own.public_key, page, context=CONTEXT)
    context = Context("röom", page, 3, 2**40)
    assert own.unwrap(wrapped, sender=page, context=context) == KEY
    other = Context("röom", page, 3, 2**40 + 1)
    with pytest.raises(UnwrapFailed):
        own.unwrap(wrapped, sender=page, context=other)


@pytest.mark.parametrize("change", [{"room": "room"}, {"keyId": 4}, {"generation": 1}])
def test_page_refuses_another_context(ask, page, change):
    """Bound in the browser as here."""
    own = Identity.generate()
    context = Context("röom", own.public_key, 3, 2**40)
    wrapped = own.wrap(KEY, to=[page], context=context)[page]
    answer = ask("unwrap", wrapped, own.public_key, context=CONTEXT | change)
    assert answer == ({"failed": "UnwrapFailed"},)


def test_page_refuses_what_was_changed_cut_or_sent_by_another(ask, page):
    """Every part of it, and nothing but UnwrapFailed comes of it."""
    own = Identity.generate()
    context = Context("röom", own.public_key, 3, 2**40)
    wrapped = own.wrap(KEY, to=[page], context=context)[page]
    spoiled = [(wrapped[:size], own.public_key) for size in (0, 1, 67, 132, 163)]
    for at in range(0, len(wrapped), 5):
        changed = bytearray(wrapped)
        changed[at] ^= 1
        spoiled.append((bytes(changed), own.public_key))
    others = Identity.generate().public_key, b"nobody", b"", bytes(132)
    spoiled += [(wrapped, other) for other in others]
    for data, sender in spoiled:
        answer = ask("unwrap", data, sender, context=CONTEXT)
        assert answer == ({"failed": "UnwrapFailed"},)


def test_signatures_hold_on_both_sides(ask, page):
    """Members sign, and the relay asks for a signature to let one in."""
    _, signature = ask("sign", b"message", purpose="hello")
    verify(signature, b"message", sender=page, purpose="hello")
    with pytest.raises(BadSignature):
        verify(signature, b"message", sender=page, purpose="bye")
    own = Identity.generate()
    blobs = (own.sign(b"message", purpose="hello"), own.public_key, b"message")
    assert ask("check", *blobs, purpose="hello") == ({"ok": True},)
    assert ask("check", *blobs, purpose="bye") == ({"ok": False},)


def test_page_signs_and_takes_low_halves_only(ask, page):
    """So often that one of each would have come up but for its doing."""
    for number in range(20):
        message = bytes([number])
        _, signature = ask("sign", message, purpose="hello")
        verify(signature, message, sender=page, purpose="hello")
        other = p256.ORDER - int.from_bytes(signature[32:], "big")
        second = signature[:32] + other.to_bytes(32, "big")
        assert ask("check", second, page, message, purpose="hello") == ({"ok": False},)
        assert ask("check", signature, page, message, purpose="hello")[0]["ok"]


def test_safety_numbers_are_the_same_on_both_sides(ask):
    """What is read aloud in the browser is what the bot shows."""
    keys = [Identity.generate().public_key for _ in range(4)]
    keys.append(Identity.generate(kem="hybrid").public_key)
    for count in (2, 3, 5):
        expected = safety_number(keys[:count])
        told, *_ = ask("safety", *reversed(keys[:count]), keys[0])
        assert told == {"number": expected}


def test_page_wraps_in_no_other_name(ask, page):
    """The signature would be its own: whoever gets it could not open it."""
    other = Identity.generate().public_key
    with pytest.raises(PeerError, match="another sender"):
        ask("wrap", KEY, other, other, context=CONTEXT)
    assert ask("wrap", KEY, other, page, context=CONTEXT)[1]
