"""One owner per nonce: two live sealers never count through the same ones."""

from __future__ import annotations

import gc

import pytest
from support import SALT

import fastframe as ff


def new_key():
    """Draw a key as immutable bytes, to compare and to reuse."""
    return bytes(ff.generate_key())


def prefix_of(sealed):
    """Read the IV prefix of an "insertable" frame."""
    return ff.inspect("insertable", sealed).nonce[:4]


@pytest.mark.parametrize("format_name", ["insertable", "insertable-bare", "raw"])
def test_two_live_sealers_on_one_key_and_prefix_are_refused(format_name):
    """They would count through the same nonces: the worst thing to do to GCM."""
    fixed = {"salt": SALT} if format_name == "raw" else {"ssrc": 7}
    key = new_key()
    first = ff.Sealer(format_name, key, **fixed)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer(format_name, key, **fixed)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer(format_name, bytearray(key), counter=10**6, **fixed)
    first.close()
    second = ff.Sealer(format_name, key, counter=1, **fixed)
    del second
    gc.collect()
    ff.Sealer(format_name, key, counter=2, **fixed).close()


def test_live_sealers_clash_across_formats():
    """The nonce space belongs to the key, whatever the bytes around it."""
    key = new_key()
    first = ff.Sealer("insertable", key, ssrc=7)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("insertable-bare", key, ssrc=7)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("raw", key, salt=bytes([0, 0, 0, 7, 1, 1, 1, 1, 1, 1, 1, 1]))
    first.close()


def test_rotating_onto_another_sealers_key_and_prefix_is_refused():
    """The same clash, come by another way."""
    shared = new_key()
    first = ff.Sealer("insertable", shared, ssrc=7)
    second = ff.Sealer("insertable", new_key(), ssrc=7)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        second.rotate(shared, 1)
    first.rotate(new_key(), 1)
    second.rotate(shared, 1)
    assert second.seal(b"frame")


def test_random_prefixes_differ():
    """Several sealers may share a key as long as their nonces stay apart."""
    key = new_key()
    sealers = [ff.Sealer("insertable", key) for _ in range(200)]
    frames = [sealer.seal(b"frame") for sealer in sealers]
    opener = ff.Opener("insertable", {0: key})
    assert len({prefix_of(frame) for frame in frames}) == 200
    assert opener.open_batch(frames).ok == 200
    assert opener.stats().keys[0].senders == 200


# -- where the salt is derived from the key --


def test_sframe_sealers_on_one_base_key_and_kid_are_refused():
    """Key and salt follow from both: a second sealer would repeat every nonce."""
    key = new_key()
    first = ff.Sealer("sframe", key, key_id=5)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("sframe", key, key_id=5)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("sframe", bytearray(key), key_id=5, counter=2**40, codec="vp8")
    other = ff.Sealer("sframe", key, key_id=6)
    opener = ff.Opener("sframe", {5: key, 6: key})
    for sealer in (first, other):
        assert opener.open(sealer.seal(b"frame")) == b"frame"
    with pytest.raises(ff.UsageError, match="another live sealer"):
        other.rotate(key, 5)
    first.close()
    ff.Sealer("sframe", key, key_id=5, counter=1).close()


def test_sframe_streams_of_one_base_key_have_keys_of_their_own():
    """The step per SSRC gives each its own key, so one KID serves them all."""
    key = new_key()
    sealers = [ff.Sealer("sframe", key, key_id=5, ssrc=ssrc) for ssrc in (1, 2)]
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("sframe", key, key_id=5, ssrc=2)
    for ssrc, sealer in enumerate(sealers, 1):
        opener = ff.Opener("sframe", {5: key}, ssrc=ssrc)
        assert opener.open(sealer.seal(b"frame")) == b"frame"
        with pytest.raises(ff.AuthenticationFailed):
            ff.Opener("sframe", {5: key}, ssrc=3).open(sealer.seal(b"frame"))


def test_sframe_rotates_between_kids_but_never_back():
    """A KID that was counted through is over with its base key."""
    key = new_key()
    sealer = ff.Sealer("sframe", key, key_id=1)
    first = sealer.seal(b"frame")
    sealer.rotate(key, 2)
    assert (sealer.key_id, sealer.counter) == (2, 0)
    second = sealer.seal(b"frame")
    with pytest.raises(ff.UsageError, match="used that key before"):
        sealer.rotate(key, 1)
    opener = ff.Opener("sframe", {1: key, 2: key})
    assert [opener.open(one) for one in (first, second)] == [b"frame"] * 2


def test_dave_sealers_on_one_base_secret_are_refused():
    """Nothing tells two senders of one secret apart: not even a key id."""
    key = new_key()
    first = ff.Sealer("dave", key)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("dave", key, key_id=1)
    with pytest.raises(ff.UsageError, match="used that key before"):
        first.rotate(key, 1)
    first.rotate(new_key(), 1)
    assert first.counter == 1
    ff.Sealer("dave", key, counter=1000).close()


@pytest.mark.parametrize("format_name", ["livekit", "jitsi", "livekit-data", "stream"])
def test_salts_of_ones_own_are_claimed_too(format_name):
    """Whoever names a salt must not name it twice."""
    options = {"kdf": "hkdf"} if format_name.startswith("livekit") else {}
    if format_name == "stream":
        options["codec"] = "opus"
    salt = SALT[:8] if format_name == "stream" else SALT
    key = new_key()
    first = ff.Sealer(format_name, key, salt=salt, **options)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer(format_name, key, salt=salt, **options)
    drawn = [ff.Sealer(format_name, key, **options) for _ in range(20)]
    first.close()
    ff.Sealer(format_name, key, salt=salt, counter=9, **options).close()
    sealed = {sealer.seal(b"x" * 20) for sealer in drawn}
    assert len(sealed) == 20
