"""Ours against the reference on random inputs, both directions."""

from __future__ import annotations

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import fastframe as ff

keys = st.sampled_from([16, 32]).flatmap(
    lambda size: st.binary(min_size=size, max_size=size)
)
# Lengths around blocks and around OpenSSL's stitched loops, not only short ones.
sizes = st.one_of(st.integers(0, 80), st.integers(0, 5000), st.just(70001))
payloads = sizes.flatmap(lambda n: st.integers(0, 255).map(lambda s: make(n, s)))
short = st.lists(payloads, min_size=1, max_size=12)
counters = st.one_of(st.integers(0, 1000), st.integers(0, 2**64 - 20))
nonces = st.binary(min_size=12, max_size=12)
article = st.sampled_from(reference.ARTICLE)


def make(size, seed):
    """Make a payload from two numbers, so that failures shrink well."""
    return bytes((i * 59 + seed * (i >> 5) + seed) & 0xFF for i in range(size))


def ids_for(format_name, key_id):
    """Give key_id to formats that carry one, 0 to others."""
    return key_id if format_name == "insertable" else 0


@given(
    article,
    keys,
    payloads,
    st.booleans(),
    st.integers(0, 255),
    counters,
    st.integers(0, 2**32 - 1),
)
def test_article_frames_seal_to_the_same_bytes(
    format_name, key, frame, key_frame, key_id, counter, ssrc
):
    """Whatever we send, a peer with any other AES-GCM reads."""
    key_id = ids_for(format_name, key_id)
    options = {"key_id": key_id, "counter": counter, "ssrc": ssrc}
    with ff.Sealer(format_name, key, **options) as sealer:
        sealed = sealer.seal(frame, key_frame=key_frame)
    nonce = ssrc.to_bytes(4, "big") + counter.to_bytes(8, "big")
    how = {"key_frame": key_frame, "key_id": key_id}
    assert sealed == reference.seal(format_name, key, nonce, frame, **how)
    opened = reference.open_frame(
        format_name, {key_id: key}, sealed, key_frame=key_frame
    )
    assert opened == frame


@given(
    article, keys, payloads, st.booleans(), st.booleans(), st.integers(0, 255), nonces
)
def test_article_frames_of_the_reference_open(
    format_name, key, frame, key_frame, told, key_id, nonce
):
    """Whatever a peer sends, its kind known or not, we read."""
    key_id = ids_for(format_name, key_id)
    how = {"key_frame": key_frame, "key_id": key_id}
    sealed = reference.seal(format_name, key, nonce, frame, **how)
    opener = ff.Opener(format_name, {key_id: key})
    assert opener.open(sealed, key_frame=key_frame if told else None) == frame


@given(keys, payloads, st.binary(max_size=100), nonces, counters)
def test_raw_frames_agree_both_ways(key, frame, aad, salt, counter):
    """Salt, counter and caller bytes, as any protocol may use them."""
    nonce = reference.make_nonce(salt, counter)
    with ff.Sealer("raw", key, salt=salt, counter=counter) as sealer:
        sealed = sealer.seal(frame, aad=aad)
    assert sealed == reference.seal("raw", key, nonce, frame, aad=aad)
    opener = ff.Opener("raw", {0: key}, salt=salt)
    assert opener.open(sealed, aad=aad, counter=counter) == frame


@given(
    keys,
    short,
    st.lists(st.booleans(), min_size=12, max_size=12),
    counters,
    st.booleans(),
)
def test_batches_agree_both_ways(key, payload_list, kinds, first, in_place):
    """A batch is its frames one by one, whatever their sizes and kinds."""
    kinds = kinds[: len(payload_list)]
    arena = sum(map(len, payload_list)) + 64 * len(payload_list)
    batch = ff.Batch(len(payload_list), arena=arena)
    for frame, kind in zip(payload_list, kinds, strict=True):
        batch.append(frame, key_frame=kind)
    with ff.Sealer("insertable", key, key_id=3, ssrc=1, counter=first) as sealer:
        sealed = [bytes(f) for f in sealer.seal_batch(batch, in_place=in_place)]
    expected = [
        reference.seal(
            "insertable",
            key,
            b"\0\0\0\1" + (first + index).to_bytes(8, "big"),
            frame,
            key_frame=kind,
            key_id=3,
        )
        for index, (frame, kind) in enumerate(zip(payload_list, kinds, strict=True))
    ]
    assert sealed == expected
    batch.clear()
    for frame in expected:
        batch.append(frame)
    opened = ff.Opener("insertable", {3: key}).open_batch(batch, in_place=in_place)
    assert [bytes(frame) for frame in opened] == payload_list


@given(article, keys, st.binary(max_size=120), st.integers(0, 255))
def test_junk_is_judged_alike(format_name, key, junk, key_id):
    """Random bytes are rejected here exactly where the reference rejects."""
    key_id = ids_for(format_name, key_id)
    with pytest.raises(reference.RejectedError):
        reference.open_frame(format_name, {key_id: key}, junk)
    with pytest.raises(ff.FrameRejected):
        ff.Opener(format_name, {key_id: key}).open(junk)


@given(keys, payloads, nonces, st.data())
def test_one_changed_byte_is_rejected_by_both(key, frame, nonce, data):
    """Damage anywhere, on frames of any size."""
    sealed = bytearray(reference.seal("insertable", key, nonce, frame))
    at = data.draw(st.integers(1, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(reference.RejectedError):
        reference.open_frame("insertable", {0: key}, bytes(sealed))
    with pytest.raises(ff.AuthenticationFailed):
        ff.Opener("insertable", {0: key}).open(sealed, key_frame=False)
