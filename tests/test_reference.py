"""The reference against every published vector, both directions.

The C core is tested against the reference, so the reference is tested against
what the peers themselves wrote and took.
"""

from __future__ import annotations

import ast
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import REASONS, livekit, sframe, vectors, xor_demo
from reference.errors import reason_of

FRAMES = vectors.all_frames()
# A file that moved or a filter that slipped must not pass as success.
FLOORS = {
    "sframe": 8,
    "livekit": 48,
    "element-call": 4,
    "jitsi": 24,
    "stream": 45,
    "dave": 7,
}
RFC = vectors.load("sframe/rfc9605-test-vectors")
DERIVED = vectors.load("sframe/derived-not-official")
unhex = bytes.fromhex


def test_reference_shares_no_code_with_fastframe():
    """A second implementation that imports the first proves nothing."""
    for path in (Path(__file__).parent / "reference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            names.append(getattr(node, "module", None) or "")
            assert not any(name.startswith("fastframe") for name in names), path


# -- every frame of every peer --


def test_vectors_are_there():
    """Without files the parametrised tests below would silently not exist."""
    found = Counter(frame.format for frame in FRAMES)
    assert all(found[name] >= floor for name, floor in FLOORS.items()), found
    assert found.keys() == FLOORS.keys()


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_sealing_gives_the_peers_bytes(frame):
    """What the peer's sender wrote, and what its receiver took."""
    assert frame.seal() == frame.sealed


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_opening_gives_what_the_peer_opened(frame):
    """Only start codes may differ from what went in."""
    assert frame.open() == frame.opened


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_key_comes_from_its_material(frame):
    """Each derivation, with each option that the vectors have."""
    if frame.format != "stream":
        assert frame.module.derive(frame.material, **frame.derived_with) == frame.key


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_damaged_vector_is_rejected(frame):
    """Every cut and every flipped byte gives a Status, nothing else."""
    for size in range(len(frame.sealed)):
        reason = reason_of(frame.open, frame.sealed[:size])
        assert reason != "OK" or (size == 0 and frame.module is livekit)
    for at in range(len(frame.sealed)):
        damaged = bytearray(frame.sealed)
        damaged[at] ^= 0x40
        assert reason_of(frame.open, bytes(damaged)) in REASONS


@given(st.sampled_from(FRAMES), st.binary(max_size=80))
def test_junk_is_rejected(frame, junk):
    """Whatever a peer sends, the answer is a Status."""
    for tail in (b"", frame.sealed[-20:], frame.sealed[-2:]):
        sealed = junk + tail
        is_good = sealed == frame.sealed or (not sealed and frame.module is livekit)
        assert is_good or reason_of(frame.open, sealed) in REASONS


# -- SFrame --


def test_sframe_headers_are_the_official_ones():
    """All 289; the same values with more bytes than needed are refused."""
    assert len(RFC["header"]) >= 289
    for one in RFC["header"]:
        key_id, counter = one["kid"], one["ctr"]
        encoded = unhex(one["encoded"])
        assert sframe.encode_header(key_id, counter) == encoded
        assert sframe.decode_header(encoded) == (key_id, counter, len(encoded))
        wide = sframe.encode_header(key_id, counter, key_id_len=8, counter_len=8)
        needed = min(key_id, counter) >= 1 << 56
        reason = reason_of(sframe.decode_header, wide + b"x")
        assert reason == ("OK" if needed else "MALFORMED")


def test_sframe_aead_gives_the_official_ciphertexts():
    """The CTR suites alone, without header and key schedule."""
    ran = Counter()
    for one in RFC["aes_ctr_hmac"] + RFC["aes_256_ctr_hmac"]:
        suite, key, nonce, aad, plaintext, body = (
            one["cipher_suite"],
            *(unhex(one[part]) for part in ("key", "nonce", "aad", "pt", "ct")),
        )
        assert key == unhex(one["enc_key"] + one["auth_key"])
        assert sframe.encrypt(suite, key, nonce, plaintext, aad) == body
        assert sframe.decrypt(suite, key, nonce, body, aad) == plaintext
        ran[suite] += 1
    assert ran.keys() >= {1, 2, 3, 6, 7, 8}


@pytest.mark.parametrize("one", DERIVED["ratchet"], ids=lambda one: one["cipher_suite"])
def test_sframe_ratchet_walks_the_chain(one):
    """RFC 9605 5.1: no official vector stands behind it, a second program does."""
    chain = [unhex(base) for base in one["base_keys"]]
    assert len(chain) >= 4
    for before, after in pairwise(chain):
        assert sframe.ratchet(before, suite=one["cipher_suite"]) == after


@pytest.mark.parametrize(
    "one", DERIVED["ssrc_key"], ids=lambda one: one["cipher_suite"]
)
def test_sframe_ssrc_key_seals_the_frame(one):
    """What Apple's peers do with suites 6 and 8."""
    suite, plaintext = one["cipher_suite"], unhex(one["pt"])
    base = sframe.ssrc_key(unhex(one["base_key"]), one["ssrc"], suite=suite)
    assert base == unhex(one["ssrc_key"])
    key = sframe.derive(base, key_id=one["kid"], suite=suite)
    named = {"key": key, "key_id": one["kid"], "counter": one["ctr"], "suite": suite}
    assert sframe.seal(plaintext, **named) == unhex(one["ct"])
    opened = sframe.open_(unhex(one["ct"]), keys={one["kid"]: key}, suite=suite)
    assert opened == plaintext


def test_sframe_key_ids_are_composed_as_in_the_rfc():
    """Sender keys, and the examples of RFC 9605's figure for MLS."""
    for one in DERIVED["sender_key_kid"]:
        made = sframe.sender_key_id(
            one["key_generation"], one["ratchet_step"], bits=one["R"]
        )
        assert made == one["kid"]
    for one in DERIVED["mls_kid"]:
        made = sframe.mls_key_id(
            one["context"],
            one["sender_index"],
            one["epoch"],
            epoch_bits=one["E"],
            sender_bits=one["S"],
        )
        assert made == one["kid"]
    assert len(DERIVED["sender_key_kid"]) >= 5
    assert len(DERIVED["mls_kid"]) >= 9


# -- the XOR demos --


def test_xor_demo_is_recognised_and_hides_nothing():
    """Two frames XOR to the difference of what went in."""
    named = {"password": b"secret", "key_id": 3, "length": 1}
    sealed = xor_demo.seal(b"\x78audio", **named)
    assert sealed == b"\x78" + bytes(map(int.__xor__, b"audio", b"ecret")) + b"\3" + (
        xor_demo.MAGIC
    )
    assert xor_demo.is_xor_demo(sealed)
    assert xor_demo.open_(sealed, **named) == b"\x78audio"
    assert not any(xor_demo.is_xor_demo(frame.sealed) for frame in FRAMES)
    assert reason_of(xor_demo.open_, sealed, **(named | {"key_id": 4})) == "UNKNOWN_KEY"
    assert reason_of(xor_demo.open_, sealed[:-1], **named) == "NOT_ENCRYPTED"
