"""The plain form: ECDH to AES-256-GCM, against Node's WebCrypto both ways."""

import pytest
from peers.node import Driver, PeerError, driven

import fastframe as ff
from fastframe.keys import InvalidPublicKey, PlainIdentity, UnwrapFailed

WAYS = ("encrypt", "wrapKey")
AADS = (b"", b"room, alice, key 3")
SIZES = (16, 32)


@pytest.fixture(scope="module")
def driver():
    """Give the Node process."""
    yield from driven("browser.mjs")


class Page:
    """A page that wraps keys as the article does it."""

    def __init__(self, driver: Driver) -> None:
        """Draw a key pair, which cannot leave the page."""
        self._driver = driver
        self.public_key = self._ask("plainGenerate")

    def wrap(self, way, key, to, aad):
        """Wrap by encrypt() or wrapKey()."""
        return self._ask("plainWrap", key, to, aad, way=way)

    def unwrap(self, way, wrapped, sender, aad):
        """Unwrap by decrypt() or unwrapKey()."""
        return self._ask("plainUnwrap", wrapped, sender, aad, way=way)

    def _ask(self, op, *blobs, **fields):
        _, [answer] = self._driver.ask(op, blobs, **fields)
        return answer


@pytest.fixture
def page(driver):
    """Give a page with a new key pair."""
    return Page(driver)


def key_of(size):
    """Make a content key."""
    return bytes(range(size))


# -- with a browser --


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aad", AADS, ids=["no aad", "aad"])
@pytest.mark.parametrize("way", WAYS)
def test_page_unwraps_what_we_wrap(page, way, aad, size):
    """A browser that knows nothing of us takes our key."""
    own = PlainIdentity.generate()
    wrapped = own.wrap(key_of(size), to=page.public_key, aad=aad)
    assert page.unwrap(way, wrapped, own.public_key, aad) == key_of(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aad", AADS, ids=["no aad", "aad"])
@pytest.mark.parametrize("way", WAYS)
def test_we_unwrap_what_a_page_wraps(page, way, aad, size):
    """And we take its."""
    own = PlainIdentity.generate()
    wrapped = page.wrap(way, key_of(size), own.public_key, aad)
    unwrapped = own.unwrap(wrapped, sender=page.public_key, aad=aad)
    assert type(unwrapped) is bytearray
    assert unwrapped == key_of(size)


def test_page_refuses_what_is_bound_to_something_else(page):
    """Additional data binds on both sides."""
    own = PlainIdentity.generate()
    wrapped = own.wrap(key_of(16), to=page.public_key, aad=b"room 1")
    with pytest.raises(PeerError, match="OperationError"):
        page.unwrap("encrypt", wrapped, own.public_key, b"room 2")


# -- on our side --


def test_wrapped_key_is_iv_body_and_tag():
    """44 bytes for a key of 16, and no two alike."""
    one, other = PlainIdentity.generate(), PlainIdentity.generate()
    wrapped = {one.wrap(key_of(16), to=other.public_key) for _ in range(50)}
    assert {len(each) for each in wrapped} == {44}
    assert len({each[:12] for each in wrapped}) == 50


def test_every_changed_byte_or_cut_is_noticed():
    """IV, body and tag."""
    one, other = PlainIdentity.generate(), PlainIdentity.generate()
    wrapped = one.wrap(key_of(16), to=other.public_key)
    spoiled = [wrapped[:size] for size in range(len(wrapped))]
    for at in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[at] ^= 1 << at % 8
        spoiled.append(bytes(changed))
    for each in [*spoiled, wrapped + b"\0", wrapped + bytes(16)]:
        with pytest.raises(UnwrapFailed):
            other.unwrap(each, sender=one.public_key)


def test_third_party_unwraps_nothing():
    """It has neither private key."""
    one, other, third = (PlainIdentity.generate() for _ in range(3))
    wrapped = one.wrap(key_of(16), to=other.public_key)
    for sender in (one, other):
        with pytest.raises(UnwrapFailed):
            third.unwrap(wrapped, sender=sender.public_key)
    with pytest.raises(UnwrapFailed):
        other.unwrap(wrapped, sender=third.public_key)


def test_without_aad_a_key_can_be_sent_back_as_documented():
    """The weakness that the module names: aad is what it takes against it."""
    one, other = PlainIdentity.generate(), PlainIdentity.generate()
    bare = one.wrap(key_of(16), to=other.public_key)
    assert one.unwrap(bare, sender=other.public_key) == key_of(16)
    bound = one.wrap(key_of(16), to=other.public_key, aad=b"one to other")
    with pytest.raises(UnwrapFailed):
        one.unwrap(bound, sender=other.public_key, aad=b"other to one")


# The curve's base point, compressed: a second spelling of a good key.
COMPRESSED = bytes.fromhex(
    "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
)


@pytest.mark.parametrize(
    "point", [b"", bytes(65), b"\4" + bytes(64), COMPRESSED, b"\4" * 66]
)
def test_what_is_no_point_is_refused(point):
    """A point off the curve would leak the private key, bit by bit."""
    own = PlainIdentity.generate()
    with pytest.raises(InvalidPublicKey):
        own.wrap(key_of(16), to=point)
    with pytest.raises(UnwrapFailed):
        own.unwrap(bytes(44), sender=point)


@pytest.mark.parametrize("size", [0, 15, 17, 24, 33])
def test_content_key_is_one_that_browsers_can_import(size):
    """AES-GCM keys have 16 or 32 bytes there."""
    own = PlainIdentity.generate()
    with pytest.raises(ff.UsageError, match="16 or 32"):
        own.wrap(bytes(size), to=own.public_key)


def test_closed_identity_refuses_work():
    """Who has left computes nothing more."""
    own = PlainIdentity.generate()
    own.close()
    with pytest.raises(ff.UsageError, match="closed"):
        own.wrap(key_of(16), to=own.public_key)
    assert repr(own) == f"<PlainIdentity {own.fingerprint}>"
