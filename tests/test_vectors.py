"""AES-GCM's published vectors and the article's, in every way to call the API."""

from __future__ import annotations

from collections import Counter

import pytest
import reference
from gcm_vectors import load_nist, load_wycheproof
from support import SALT, load_family
from ways import OPEN_WAYS, SEAL_WAYS

import fastframe as ff

SUITES = {128: "AES-128-GCM", 256: "AES-256-GCM"}
# 96-bit IVs and 128-bit tags are what the formats use; the rest is counted.
RUNNABLE = {(128, 96, 128), (256, 96, 128)}
NIST_FILES = {
    "gcmEncryptExtIV128.rsp": 375,
    "gcmEncryptExtIV256.rsp": 375,
    "gcmDecrypt128.rsp": 375,
    "gcmDecrypt256.rsp": 375,
}


# -- AES-GCM itself, through "raw": with counter 0 the salt is the nonce --


def run_gcm(vector):
    """Run one vector both ways, or see it rejected each way."""
    for way in SEAL_WAYS if vector.is_valid else []:
        with ff.Sealer("raw", vector.key, salt=vector.iv) as sealer:
            made = way(sealer, vector.plaintext, {"aad": vector.aad})
        assert made == vector.sealed, (vector.name, way.__name__)
    for way in OPEN_WAYS:
        opener = ff.Opener("raw", {0: vector.key}, salt=vector.iv)
        how = {"aad": vector.aad, "counter": 0}
        if vector.is_valid:
            made = way(opener, vector.sealed, how)
            assert made == vector.plaintext, (vector.name, way.__name__)
            continue
        with pytest.raises(ff.AuthenticationFailed):
            way(opener, vector.sealed, how)


def test_wycheproof_vectors_pass_in_every_way():
    """Wycheproof collects the inputs that broke other libraries' AES-GCM."""
    ran = Counter()
    skipped = Counter()
    for bits, vector in load_wycheproof():
        if bits not in RUNNABLE:
            skipped[bits] += 1
            continue
        run_gcm(vector)
        ran[vector.is_valid] += 1
    # A file that moved or a filter that slipped must not pass as success.
    assert ran[True] >= 79
    assert ran[False] >= 54
    assert skipped[192, 96, 128] >= 64


@pytest.mark.parametrize("file_name", NIST_FILES)
def test_nist_vectors_pass_in_every_way(file_name):
    """NIST's CAVS files are what certified modules are held against."""
    ran = 0
    skipped = Counter()
    outcomes = set()
    for bits, vector in load_nist(file_name):
        if bits not in RUNNABLE:
            skipped[bits[1:]] += 1
            continue
        run_gcm(vector)
        ran += 1
        outcomes.add(vector.is_valid)
    assert ran >= NIST_FILES[file_name]
    assert outcomes == ({True, False} if "Decrypt" in file_name else {True})
    # A truncated tag weakens GCM more than its length says: never run.
    for tag_bits in (120, 112, 104, 96, 64, 32):
        assert skipped[96, tag_bits] >= 375


def test_truncated_tags_are_never_accepted():
    """No format has short tags; a cut tag must fail, not be compared in part."""
    tried = 0
    for bits, vector in load_nist("gcmDecrypt128.rsp"):
        if bits[1] != 96 or bits[2] == 128 or not vector.is_valid:
            continue
        opener = ff.Opener("raw", {0: vector.key}, salt=vector.iv)
        with pytest.raises((ff.AuthenticationFailed, ff.MalformedFrame)):
            opener.open(vector.sealed, aad=vector.aad)
        tried += 1
    assert tried >= 1000


# -- the article's formats: ssrc= and counter= make the IV of the vector --


def article_sealer(format_name, vector):
    """Make a sealer whose first IV is the vector's."""
    key_id = {"key_id": vector["kid"]} if "kid" in vector else {}
    return ff.Sealer(
        format_name,
        vector["key"],
        ssrc=int.from_bytes(vector["iv"][:4], "big"),
        counter=int.from_bytes(vector["iv"][4:], "big"),
        **key_id,
    )


ARTICLE_VECTORS = [
    pytest.param(name, vector, id=f"{name}-{vector['name']}")
    for name in reference.ARTICLE
    for vector in load_family(name)
]


def test_article_vectors_are_there():
    """Without files the parametrised tests below would silently not exist."""
    assert len(load_family("insertable")) >= 4
    assert len(load_family("insertable-bare")) >= 6


@pytest.mark.parametrize(("format_name", "vector"), ARTICLE_VECTORS)
@pytest.mark.parametrize("way", SEAL_WAYS)
def test_sealing_gives_the_vector(format_name, vector, way):
    """A peer in JavaScript expects these very bytes."""
    with article_sealer(format_name, vector) as sealer:
        how = {"key_frame": vector["is_key_frame"]}
        assert way(sealer, vector["plaintext"], how) == vector["wire"]


@pytest.mark.parametrize(("format_name", "vector"), ARTICLE_VECTORS)
@pytest.mark.parametrize("way", OPEN_WAYS)
@pytest.mark.parametrize("told", [True, False], ids=["told", "found-out"])
def test_opening_gives_the_vector(format_name, vector, way, told):
    """What a JavaScript peer sends must open, its kind known or not."""
    opener = ff.Opener(format_name, {vector.get("kid", 0): vector["key"]})
    how = {"key_frame": vector["is_key_frame"] if told else None}
    assert way(opener, vector["wire"], how) == vector["plaintext"]


@pytest.mark.parametrize(("format_name", "vector"), ARTICLE_VECTORS)
@pytest.mark.parametrize("way", OPEN_WAYS)
def test_vector_of_the_other_kind_is_rejected(format_name, vector, way):
    """A delta frame passed off as a key frame would be shown as a still."""
    opener = ff.Opener(format_name, {vector.get("kid", 0): vector["key"]})
    with pytest.raises(ff.AuthenticationFailed):
        way(opener, vector["wire"], {"key_frame": not vector["is_key_frame"]})


@pytest.mark.parametrize(("format_name", "vector"), ARTICLE_VECTORS)
def test_reference_agrees_with_the_vector(format_name, vector):
    """The differential tests are worth what their reference is worth."""
    made = reference.seal(
        format_name,
        vector["key"],
        vector["iv"],
        vector["plaintext"],
        key_frame=vector["is_key_frame"],
        key_id=vector.get("kid", 0),
    )
    assert made == vector["wire"]


def test_raw_nonce_is_salt_xor_counter():
    """RFC 5116 3.2: the peer makes the nonce from the counter it was told."""
    key = ff.generate_key()
    with ff.Sealer("raw", key, salt=SALT, counter=2**40 + 5) as sealer:
        nonce = reference.make_nonce(SALT, 2**40 + 5)
        assert nonce != SALT
        assert sealer.seal(b"frame") == reference.seal("raw", key, nonce, b"frame")
