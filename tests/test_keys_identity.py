"""Identities: public keys, fingerprints, signatures, files, secrecy."""

import copy
import hashlib
import pickle
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

import fastframe as ff
from fastframe.keys import (
    BadSignature,
    Identity,
    InvalidPublicKey,
    KeysError,
    PlainIdentity,
    WrongPassword,
    check_public_key,
    fingerprint,
    kem_name,
    p256,
    verify,
)
from fastframe.keys.context import join_fields

KEMS = ("P-256", "hybrid")
PUBLIC_LEN = {"P-256": 132, "hybrid": 1283}
KEM_ID = {"P-256": "0010", "hybrid": "647a"}
SCALAR_LEN = 32
PASSWORD = b"correct horse"


@pytest.fixture(params=KEMS)
def identity(request):
    """Give an identity of each KEM."""
    return Identity.generate(kem=request.param)


@pytest.fixture(scope="module", params=KEMS)
def sealed(request):
    """Give an identity of each KEM and its file."""
    identity = Identity.generate(kem=request.param)
    return identity, identity.to_pem(PASSWORD)


def private_bytes(identity):
    """Dig out the private keys of an identity, each as bytes."""
    kem_key, signing_key = identity._keys
    scalar = signing_key.private_numbers().private_value
    return [kem_key.private_bytes(), scalar.to_bytes(SCALAR_LEN, "big")]


# -- public keys --


def test_public_key_names_its_kem_and_has_the_stated_size(identity):
    """A relay sizes its limits by this, and a browser parses it."""
    assert len(identity.public_key) == PUBLIC_LEN[identity.kem]
    assert identity.public_key[:2].hex() == KEM_ID[identity.kem]
    assert kem_name(identity.public_key) == identity.kem
    check_public_key(identity.public_key)


def test_fingerprint_is_128_bits_of_sha256(identity):
    """Anyone can check it with sha256sum."""
    expected = hashlib.sha256(identity.public_key).hexdigest()[:32]
    assert identity.fingerprint == fingerprint(identity.public_key) == expected


def test_every_identity_is_another(identity):
    """Keys are drawn, both of them."""
    other = Identity.generate(kem=identity.kem)
    assert identity.public_key[2:-65] != other.public_key[2:-65]
    assert identity.public_key[-65:] != other.public_key[-65:]


def test_the_two_key_pairs_are_different_ones():
    """One key for both Diffie-Hellman and signatures ties their fates."""
    public_key = Identity.generate().public_key
    assert public_key[2:67] != public_key[67:]


def test_unknown_kem_is_refused_with_the_names_there_are():
    """Whoever guesses is told."""
    with pytest.raises(ff.UsageError, match=r"P-256 or hybrid, got 'x25519'"):
        Identity.generate(kem="x25519")


def off_curve(public_key, at):
    """Move a point off the curve."""
    changed = bytearray(public_key)
    changed[at + 64] ^= 1
    return bytes(changed)


GOOD = Identity.generate().public_key
BAD_PUBLIC_KEYS = {
    "empty": b"",
    "one byte": b"\0",
    "unknown KEM": b"\0\x11" + GOOD[2:],
    "cut short": GOOD[:-1],
    "too long": GOOD + b"\0",
    "KEM's point off the curve": off_curve(GOOD, 2),
    "signing point off the curve": off_curve(GOOD, 67),
    "point at infinity": GOOD[:67] + bytes(65),
    "compressed point": GOOD[:67] + b"\2" + GOOD[68:],
    "hybrid KEM of zeroes": b"\x64\x7a" + b"\xff" * 1216 + GOOD[67:],
}


@pytest.mark.parametrize("data", BAD_PUBLIC_KEYS.values(), ids=BAD_PUBLIC_KEYS)
def test_what_is_no_public_key_is_refused(data):
    """A point off the curve would leak the key of who computes with it."""
    with pytest.raises(InvalidPublicKey):
        check_public_key(data)


@given(st.binary(max_size=1400))
def test_no_bytes_from_a_relay_crash_the_parser(data):
    """Anything at all is a public key or InvalidPublicKey."""
    with pytest.raises(InvalidPublicKey):
        check_public_key(data)
    with pytest.raises(InvalidPublicKey):
        check_public_key(b"\0\x10" + data)


def test_hybrid_public_key_without_ml_kem_is_a_bad_key(monkeypatch):
    """An old OpenSSL must turn a modern member away, not crash on it."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import mlkem  # noqa: PLC0415

    public_key = Identity.generate(kem="hybrid").public_key

    def refuse(_data):
        raise UnsupportedAlgorithm("ML-KEM-768")

    monkeypatch.setattr(mlkem.MLKEM768PublicKey, "from_public_bytes", refuse)
    monkeypatch.setattr(mlkem.MLKEM768PrivateKey, "from_seed_bytes", refuse)
    with pytest.raises(InvalidPublicKey):
        check_public_key(public_key)
    with pytest.raises(ff.UsageError, match="lacks"):
        Identity.generate(kem="hybrid")


# -- signatures --


def test_signature_is_64_bytes_that_verify(identity):
    """Fixed size, as WebCrypto writes it."""
    signature = identity.sign(b"message", purpose="hello")
    assert len(signature) == 64
    verify(signature, b"message", sender=identity.public_key, purpose="hello")


def test_signature_is_ecdsa_over_the_documented_bytes():
    """Another implementation must be able to check it from the description."""
    identity = Identity.generate()
    signature = identity.sign(b"message", purpose="hello")
    curve = ec.SECP256R1()
    point = identity.public_key[-65:]
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    halves = signature[:32], signature[32:]
    der = encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))
    signed = join_fields(b"fastframe signature v1", b"hello", b"message")
    key.verify(der, signed, ec.ECDSA(SHA256()))


def test_signature_holds_for_one_message_purpose_and_sender():
    """A message of one kind must not pass for one of another."""
    identity, other = Identity.generate(), Identity.generate()
    signature = identity.sign(b"message", purpose="hello")
    mine = identity.public_key
    for given_, message, sender, purpose in (
        (signature, b"massage", mine, "hello"),
        (signature, b"message", other.public_key, "hello"),
        (signature, b"message", mine, "bye"),
        (signature, b"omessage", mine, "hell"),
        (signature[:-1], b"message", mine, "hello"),
        (signature + b"\0", b"message", mine, "hello"),
        (b"", b"message", mine, "hello"),
        (bytes(64), b"message", mine, "hello"),
        (b"\xff" * 64, b"message", mine, "hello"),
    ):
        with pytest.raises(BadSignature):
            verify(given_, message, sender=sender, purpose=purpose)


def test_every_changed_bit_of_a_signature_is_noticed():
    """No bit of it is decoration."""
    identity = Identity.generate()
    signature = identity.sign(b"message", purpose="hello")
    for bit in range(512):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            verify(
                bytes(changed),
                b"message",
                sender=identity.public_key,
                purpose="hello",
            )


def test_second_signature_made_of_one_is_refused():
    """ECDSA takes n - s for s: whoever carries a message could make it new."""
    identity = Identity.generate()
    for _ in range(8):  # both halves come up
        signature = identity.sign(b"message", purpose="hello")
        other = p256.ORDER - int.from_bytes(signature[32:], "big")
        second = signature[:32] + other.to_bytes(32, "big")
        with pytest.raises(BadSignature):
            verify(second, b"message", sender=identity.public_key, purpose="hello")


def test_signature_of_no_sender_is_the_senders_fault():
    """What names no sender cannot be verified, and says so."""
    with pytest.raises(InvalidPublicKey):
        verify(bytes(64), b"", sender=b"nobody", purpose="hello")


# -- files --


def test_file_gives_the_same_identity_back(sealed):
    """Both key pairs survive: what was wrapped before still unwraps."""
    identity, pem = sealed
    again = Identity.from_pem(pem, PASSWORD)
    assert again.public_key == identity.public_key
    assert private_bytes(again) == private_bytes(identity)
    verify(again.sign(b"m", purpose="p"), b"m", sender=identity.public_key, purpose="p")


def test_file_is_pem_text_that_opens_after_a_mail(sealed):
    """Other line ends and text around it do no harm."""
    identity, pem = sealed
    assert pem.isascii()
    assert max(map(len, pem.splitlines())) <= 64
    mailed = b"Here it is:\r\n" + pem.replace(b"\n", b"\r\n") + b"\r\nBye.\r\n"
    assert Identity.from_pem(mailed, PASSWORD).public_key == identity.public_key


def test_file_is_what_the_description_says(sealed):
    """An implementation apart opens it, at the cost of guessing that is promised."""
    identity, pem = sealed
    content = b64decode(b"".join(pem.split(b"\n")[1:-2]))
    head, body = content[:19], content[19:]
    assert head[:3].hex() == "01" + KEM_ID[identity.kem]
    room = 2 * 128 * 2**15 * 8
    cost = {"n": 2**15, "r": 8, "p": 3, "maxmem": room}
    derived = hashlib.scrypt(PASSWORD, salt=head, dklen=44, **cost)
    private = AESGCM(derived[:32]).decrypt(derived[32:], body, head)
    assert private == b"".join(private_bytes(identity))


def test_wrong_password_is_named(sealed):
    """The commonest mistake has an exception of its own."""
    with pytest.raises(WrongPassword, match="password"):
        Identity.from_pem(sealed[1], b"incorrect horse")


def test_two_files_of_one_identity_share_nothing(sealed):
    """The salt is drawn for each file, and so are key and nonce."""
    identity, pem = sealed
    first, second = (
        b64decode(b"".join(p.split(b"\n")[1:-2]))
        for p in (pem, identity.to_pem(PASSWORD))
    )
    assert first[:3] == second[:3]
    assert first[3:19] != second[3:19]
    assert first[19:] != second[19:]


def rewritten(pem, change):
    """Change the bytes inside the PEM text."""
    first, *body, last, _ = pem.split(b"\n")
    content = bytearray(b64decode(b"".join(body)))
    return b"\n".join([first, b64encode(change(content)), last, b""])


def flipped(at):
    """Flip a bit of byte at."""

    def change(content):
        content[at] ^= 1
        return content

    return change


@pytest.mark.parametrize("at", [3, 18, 19, 40, -1])
def test_changed_file_does_not_open(sealed, at):
    """Salt, private keys and tag: a changed file gives no other identity."""
    with pytest.raises(WrongPassword):
        Identity.from_pem(rewritten(sealed[1], flipped(at)), PASSWORD)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _pem: b"",
        lambda _pem: b"\xff" * 100,
        lambda pem: pem.replace(b"FASTFRAME", b"FROZEN"),
        lambda pem: rewritten(pem, flipped(0)),
        lambda pem: rewritten(pem, flipped(1)),
        lambda pem: rewritten(pem, lambda content: content[:-1]),
        lambda pem: rewritten(pem, lambda content: content + b"\0"),
        lambda pem: rewritten(pem, lambda content: content[:2]),
        lambda pem: pem.replace(b"\n", b"!", 1),
        lambda pem: pem[:30] + b"A" * 5000 + pem[30:],
        lambda pem: pem[:40] + b"=" + pem[40:],
    ],
)
def test_what_is_no_such_file_is_refused_before_any_work(sealed, spoil, monkeypatch):
    """A hostile file must not cost a derivation, let alone gigabytes."""
    from fastframe.keys import sealed_file  # noqa: PLC0415

    monkeypatch.setattr(sealed_file, "Scrypt", None)
    with pytest.raises(ff.UsageError):
        Identity.from_pem(spoil(sealed[1]), PASSWORD)


@pytest.mark.parametrize("password", [b"", "text", None])
def test_file_needs_a_password_of_bytes(password):
    """An empty one would be a private key in the clear with a lid on it."""
    with pytest.raises(ff.UsageError, match="password"):
        Identity.generate().to_pem(password)


# -- secrecy --


@pytest.mark.parametrize("kind", [Identity, PlainIdentity])
def test_identity_is_neither_copied_nor_pickled(kind):
    """A pickle would be a private key in the clear."""
    identity = kind.generate()
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(ff.UsageTypeError, match="pickled"):
            way(identity)


def test_repr_shows_the_fingerprint_and_no_key(identity):
    """It ends up in logs."""
    shown = f"<Identity {identity.kem} {identity.fingerprint}>"
    assert repr(identity) == str(identity) == shown


def test_closed_identity_refuses_private_work_and_keeps_its_name(identity):
    """A member that has left must not go on signing."""
    public_key = identity.public_key
    identity.close()
    identity.close()
    for call in (
        lambda: identity.sign(b"", purpose="p"),
        lambda: identity.to_pem(PASSWORD),
        lambda: identity.unwrap(b"", sender=b"", context=None),
        lambda: identity.wrap(b"", to=[], context=None),
    ):
        with pytest.raises(ff.UsageError, match="closed"):
            call()
    assert identity.public_key == public_key


def test_errors_are_fastframes_own():
    """One except clause catches what keys raise."""
    assert issubclass(KeysError, ff.FastframeError)
    for error in (BadSignature, InvalidPublicKey, WrongPassword):
        assert issubclass(error, KeysError)
