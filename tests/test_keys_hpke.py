"""HPKE: the suites in use against RFC 9180's vectors and an implementation apart."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from hpke_vectors import expand_xwing, load
from peers.hpke import hpke_open, hpke_seal

from fastframe.keys import p256
from fastframe.keys.kems import kem_named

P256 = kem_named("P-256")
HYBRID = kem_named("hybrid")
RFC_VECTOR = load(0x0010, 1, 1)  # RFC 9180, A.3.1
# The draft has no vector with AES-256-GCM; the KEM is what it can vouch for.
HYBRID_VECTOR = load(0x647A, 1, 3)
HYBRID_SUITE = hpke.Suite(
    hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305
)
# Every published vector has additional data, which the public call does not take.
decrypt_with_aad = openssl.hpke._decrypt_with_aad


def test_suite_opens_the_rfcs_vector():
    """The suite that wraps content keys is RFC 9180's, byte for byte."""
    vector = RFC_VECTOR
    key = P256.load(vector.private)
    sealed = vector.enc + vector.ciphertext
    opened = decrypt_with_aad(P256.suite, sealed, key.for_hpke, vector.info, vector.aad)
    assert opened == vector.plaintext == b"Beauty is truth, truth beauty"
    assert key.public_bytes() == vector.public
    assert (len(vector.public), len(vector.enc)) == (P256.public_len, P256.enc_len)


def test_hybrid_kem_opens_the_drafts_vector():
    """The hybrid KEM's keys are put together as other implementations do it."""
    vector = HYBRID_VECTOR
    key = HYBRID.load(expand_xwing(vector.private))
    sealed = vector.enc + vector.ciphertext
    opened = decrypt_with_aad(
        HYBRID_SUITE, sealed, key.for_hpke, vector.info, vector.aad
    )
    assert opened == vector.plaintext
    assert key.public_bytes() == vector.public
    assert (len(vector.public), len(vector.enc)) == (HYBRID.public_len, HYBRID.enc_len)


@pytest.mark.parametrize("kem", [P256, HYBRID], ids=lambda kem: kem.name)
def test_keys_survive_being_written_and_read(kem):
    """What to_pem() seals is all that a key is."""
    key = kem.generate()
    private = key.private_bytes()
    assert len(private) == kem.private_len
    again = kem.load(private)
    sealed = kem.suite.encrypt(b"key", kem.load_public(key.public_bytes()), b"info")
    assert kem.suite.decrypt(sealed, again.for_hpke, b"info") == b"key"
    assert len(sealed) == kem.enc_len + len(b"key") + 16


def test_reference_opens_and_seals_the_rfcs_vector():
    """The implementation apart must be right before it can vouch for another."""
    vector = RFC_VECTOR
    key = p256.load_scalar(vector.private)
    opened = hpke_open(key, vector.enc, vector.info, vector.ciphertext, vector.aad)
    assert opened == vector.plaintext
    sealed = hpke_seal(
        vector.public,
        vector.info,
        vector.plaintext,
        vector.aad,
        ephemeral=p256.load_scalar(vector.ephemeral),
    )
    assert sealed == (vector.enc, vector.ciphertext)


def test_reference_opens_what_the_suite_seals_and_the_other_way_round():
    """Vectors are for opening only; this is for sealing."""
    key = P256.generate()
    public = key.public_bytes()
    sealed = P256.suite.encrypt(b"content key", P256.load_public(public), b"info")
    enc, ciphertext = sealed[: P256.enc_len], sealed[P256.enc_len :]
    assert hpke_open(key.for_hpke, enc, b"info", ciphertext) == b"content key"
    back = b"".join(hpke_seal(public, b"info", b"content key"))
    assert P256.suite.decrypt(back, key.for_hpke, b"info") == b"content key"


@pytest.mark.parametrize("at", range(0, 65 + 27, 7))
def test_changed_vector_does_not_open(at):
    """A vector test that opens anything would prove nothing."""
    key = p256.load_scalar(RFC_VECTOR.private)
    sealed = bytearray(RFC_VECTOR.enc + RFC_VECTOR.ciphertext)
    sealed[at] ^= 1
    with pytest.raises(InvalidTag):
        decrypt_with_aad(P256.suite, sealed, key, RFC_VECTOR.info, RFC_VECTOR.aad)
