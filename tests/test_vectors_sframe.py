"""SFrame's vectors beside whole frames: headers, key ids, ratchets, keys per stream."""

from __future__ import annotations

from itertools import pairwise

import pytest
import reference.sframe
from reference import vectors

import fastframe as ff
from fastframe import sframe

RFC = vectors.load("sframe/rfc9605-test-vectors")
DERIVED = vectors.load("sframe/derived-not-official")
KEY = bytes(range(16))
unhex = bytes.fromhex


def suite_of(one):
    """Name a vector by its suite."""
    return f"suite{one['cipher_suite']}"


def test_headers_are_the_official_ones():
    """All 289: written by a sealer, read by inspect, opened by an opener."""
    assert len(RFC["header"]) >= 289
    for one in RFC["header"]:
        key_id, counter, encoded = one["kid"], one["ctr"], unhex(one["encoded"])
        with ff.Sealer("sframe", KEY, key_id=key_id, counter=counter) as sealer:
            sealed = sealer.seal(b"frame")
        assert sealed.startswith(encoded)
        assert len(sealed) == len(encoded) + 5 + 16
        info = ff.inspect("sframe", sealed)
        assert (info.key_id, info.counter) == (key_id, counter)
        assert info.header_len == len(encoded)
        assert ff.Opener("sframe", {key_id: KEY}).open(sealed) == b"frame"


def test_headers_with_more_bytes_than_needed_are_malformed():
    """Section 4.3 has senders take the fewest, so nobody sends another header."""
    for one in RFC["header"]:
        key_id, counter = one["kid"], one["ctr"]
        key = reference.sframe.derive(KEY, key_id=key_id, suite=4)
        opener = ff.Opener("sframe", {key_id: KEY}, replay_window=0)
        for lens in ({"key_id_len": 8}, {"counter_len": 8}):
            value = key_id if "key_id_len" in lens else counter
            sealed = reference.sframe.seal(
                b"frame", key=key, key_id=key_id, counter=counter, suite=4, **lens
            )
            if value >> 56:  # it takes eight bytes
                assert opener.open(sealed) == b"frame"
                continue
            with pytest.raises(ff.MalformedFrame):
                opener.open(sealed)


def test_last_counter_is_used_once():
    """2^64 - 1 is a counter as good as any; behind it there is none."""
    with ff.Sealer("sframe", KEY, counter=2**64 - 1) as sealer:
        sealed = sealer.seal(b"frame")
        with pytest.raises(ff.KeyExhausted):
            sealer.seal(b"frame")
    assert sealed[:9] == b"\x0f" + b"\xff" * 8
    assert ff.Opener("sframe", {0: KEY}).open(sealed) == b"frame"


@pytest.mark.parametrize("one", DERIVED["ratchet"], ids=suite_of)
def test_ratchet_walks_the_chain(one):
    """RFC 9605 5.1, each suite: 32 bytes, or 64 with SHA-512."""
    chain = [unhex(base) for base in one["base_keys"]]
    assert len(chain) >= 4
    for before, after in pairwise(chain):
        assert sframe.ratchet(before, suite=one["cipher_suite"]) == after
    # What comes out is a base key as any other.
    options = {"suite": one["cipher_suite"]}
    sealed = ff.Sealer("sframe", chain[-1], key_id=3, **options).seal(b"frame")
    opener = ff.Opener("sframe", {3: chain[-1]}, **options)
    assert opener.open(sealed) == b"frame"


@pytest.mark.parametrize("one", DERIVED["ssrc_key"], ids=suite_of)
def test_keys_per_stream_seal_the_frame(one):
    """What Apple's peers do with suites 6 and 8, by hand and by ssrc=."""
    suite, base, ssrc = one["cipher_suite"], unhex(one["base_key"]), one["ssrc"]
    plaintext, wire = unhex(one["pt"]), unhex(one["ct"])
    derived = sframe.ssrc_key(base, ssrc, suite=suite)
    assert derived == unhex(one["ssrc_key"])
    named = {"suite": suite, "key_id": one["kid"], "counter": one["ctr"]}
    for key, extra in ((derived, {}), (base, {"ssrc": ssrc})):
        with ff.Sealer("sframe", key, **named, **extra) as sealer:
            assert sealer.seal(plaintext) == wire
        opener = ff.Opener("sframe", {one["kid"]: key}, suite=suite, **extra)
        assert opener.open(wire) == plaintext


def test_key_ids_are_composed_as_in_the_rfc():
    """Sender keys, and the examples of the figure for MLS."""
    assert len(DERIVED["sender_key_kid"]) >= 5
    assert len(DERIVED["mls_kid"]) >= 9
    for one in DERIVED["sender_key_kid"]:
        generation, step = one["key_generation"], one["ratchet_step"]
        made = sframe.sender_kid(generation, step, ratchet_bits=one["R"])
        assert made == one["kid"]
    for one in DERIVED["mls_kid"]:
        made = sframe.mls_kid(
            one["epoch"],
            one["sender_index"],
            epoch_bits=one["E"],
            sender_bits=one["S"],
            context=one["context"],
        )
        assert made == one["kid"]


def test_sender_key_moves_on_by_key_id():
    """5.1 from end to end: each step is a base key and a KID of its own."""
    suite, bits, base = 1, 4, KEY
    first = sframe.sender_kid(7, 0, ratchet_bits=bits)
    sealer = ff.Sealer("sframe", base, suite=suite, key_id=first)
    opener = ff.Opener("sframe", {first: base}, suite=suite)
    for step in range(1, 20):
        base = sframe.ratchet(base, suite=suite)
        key_id = sframe.sender_kid(7, step, ratchet_bits=bits)
        sealer.rotate(base, key_id)
        opener.keys[key_id] = base
        assert opener.open(sealer.seal(b"frame")) == b"frame"
    assert len(opener.keys) == 16
