"""Keys come, change and go: live slots, rotation, and one owner per nonce."""

from __future__ import annotations

import hashlib

import pytest
from support import SALT

import fastframe as ff


def new_key():
    """Draw a key as immutable bytes, to compare and to reuse."""
    return bytes(ff.generate_key())


def prefix_of(sealed):
    """Read the IV prefix of an "insertable" frame."""
    return ff.inspect("insertable", sealed).nonce[:4]


# -- generating --


@pytest.mark.parametrize(("suite", "size"), [("AES-128-GCM", 16), ("AES-256-GCM", 32)])
def test_generated_keys_fit_and_differ(suite, size):
    """A bytearray, so that the caller can overwrite it; never twice the same."""
    keys = [ff.generate_key(suite) for _ in range(50)]
    assert {type(key) for key in keys} == {bytearray}
    assert {len(key) for key in keys} == {size}
    assert len({bytes(key) for key in keys}) == 50


def test_key_is_copied_and_callers_copy_may_be_wiped(pair):
    """Wiping a key after import is what careful callers do."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    key[:] = bytes(16)
    key.append(0)  # nothing pins it any more
    assert opener.open(sealer.seal(b"frame")) == b"frame"


def test_fingerprint_is_sha256_of_the_key(pair):
    """Both ends compare fingerprints by telephone; so they must be standard."""
    key = new_key()
    expected = hashlib.sha256(key).hexdigest()[:16]
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {4: key})
    assert sealer.fingerprint == opener.keys[4].fingerprint == expected
    assert opener.keys[4].key_id == 4


# -- the opener's live slots --


def test_slots_are_a_live_mapping():
    """Keys of a call change while frames flow; the mapping is the place."""
    first, second = new_key(), new_key()
    sealers = [
        ff.Sealer("insertable", k, key_id=i) for i, k in ((1, first), (2, second))
    ]
    opener = ff.Opener("insertable", {1: first})
    keys = opener.keys
    assert (len(keys), list(keys), 1 in keys, 2 in keys) == (1, [1], True, False)
    with pytest.raises(ff.UnknownKey):
        opener.open(sealers[1].seal(b"two"))
    keys.update({2: second})
    assert opener.open(sealers[1].seal(b"two")) == b"two"
    assert sorted(keys) == [1, 2]
    assert keys[2].fingerprint in repr(keys)
    del keys[1]
    with pytest.raises(ff.UnknownKey):
        opener.open(sealers[0].seal(b"one"))
    for lookup in (lambda: keys[1], lambda: keys.__delitem__(1)):
        with pytest.raises(KeyError):
            lookup()
    assert keys.get(1) is None
    keys.clear()
    assert (len(keys), dict(keys)) == (0, {})
    with pytest.raises(ff.UnknownKey):
        opener.open(sealers[1].seal(b"two"))


def test_keys_may_change_while_iterating():
    """A sweep that deletes what is stale must not trip over itself."""
    opener = ff.Opener("insertable", {i: new_key() for i in range(10)})
    for key_id in opener.keys:
        del opener.keys[key_id]
    assert len(opener.keys) == 0


def test_a_bad_key_changes_nothing():
    """A failed import must leave the key that works."""
    key = new_key()
    sealer = ff.Sealer("insertable", key, key_id=1)
    opener = ff.Opener("insertable", {1: key})
    with pytest.raises(ff.UsageError):
        opener.keys[1] = b"short"
    assert opener.open(sealer.seal(b"frame")) == b"frame"


def test_many_slots_are_told_apart():
    """All 256 ids at once, imported out of order: no slot meets another's frame."""
    keys = {i * 77 % 256: new_key() for i in range(256)}
    opener = ff.Opener("insertable", keys)
    for key_id, key in keys.items():
        sealed = ff.Sealer("insertable", key, key_id=key_id).seal(bytes([key_id]))
        assert opener.open(sealed) == bytes([key_id])
    for key_id in range(0, 256, 2):
        del opener.keys[key_id]
    assert sorted(opener.keys) == list(range(1, 256, 2))
    assert sorted(opener.stats().keys) == list(range(1, 256, 2))


def test_slots_may_hold_both_suites():
    """suite=None takes each key's own: a room may be mid-upgrade."""
    short, long = ff.generate_key("AES-128-GCM"), ff.generate_key("AES-256-GCM")
    opener = ff.Opener("insertable", {1: short, 2: long})
    for key_id, key in ((1, short), (2, long)):
        sealed = ff.Sealer("insertable", key, key_id=key_id).seal(b"frame")
        assert opener.open(sealed) == b"frame"
    with pytest.raises(ff.UsageError, match="32 bytes for AES-256-GCM, got 16"):
        ff.Opener("insertable", {1: short}, suite="AES-256-GCM")


@pytest.mark.parametrize("format_name", ["raw", "insertable-bare"])
def test_format_without_key_ids_holds_one_key(format_name):
    """No byte says which of two keys is meant, so the second is refused."""
    options = {"salt": SALT} if format_name == "raw" else {}
    opener = ff.Opener(format_name, {5: new_key()}, **options)
    with pytest.raises(ff.UsageError, match="holds at most 1 key"):
        opener.keys[6] = new_key()
    replacement = new_key()
    opener.keys[5] = replacement
    sealed = ff.Sealer(format_name, replacement, **options).seal(b"frame")
    assert opener.open(sealed) == b"frame"
    del opener.keys[5]
    opener.keys[6] = new_key()
    assert list(opener.keys) == [6]


def test_reimported_key_keeps_its_replay_window():
    """Signalling repeats keys; a repeat must not let old frames in again."""
    key = new_key()
    sealer = ff.Sealer("insertable", key, key_id=1)
    opener = ff.Opener("insertable", {1: key})
    sealed = sealer.seal(b"frame")
    opener.open(sealed)
    opener.keys[1] = bytearray(key)
    with pytest.raises(ff.ReplayedFrame):
        opener.open(sealed)
    assert opener.stats().keys[1].frames_opened == 1


def test_replaced_key_starts_afresh():
    """A new key is a new stream: its counter starts at 0, and so do its facts."""
    old, new = new_key(), new_key()
    opener = ff.Opener("insertable", {1: old})
    old_sealer = ff.Sealer("insertable", old, key_id=1, ssrc=5)
    old_frame = old_sealer.seal(b"old")
    opener.open(old_frame)
    opener.keys[1] = new
    with pytest.raises(ff.AuthenticationFailed):
        opener.open(old_frame)
    sealed = ff.Sealer("insertable", new, key_id=1, ssrc=5).seal(b"new")
    assert opener.open(sealed) == b"new"
    assert opener.stats().keys[1].frames_opened == 1
    assert opener.stats().frames_opened == 2


# -- rotation --


def test_rotation_starts_the_counter_and_draws_a_prefix():
    """Fresh key, fresh nonces: nothing of the old stream goes on."""
    old, new = new_key(), new_key()
    sealer = ff.Sealer("insertable", old, key_id=1)
    opener = ff.Opener("insertable", {1: old, 2: new})
    before = [sealer.seal(b"before") for _ in range(3)]
    sealer.rotate(new, 2)
    assert (sealer.key_id, sealer.counter) == (2, 0)
    assert sealer.fingerprint == opener.keys[2].fingerprint
    after = sealer.seal(b"after")
    assert prefix_of(after) != prefix_of(before[0])
    info = ff.inspect("insertable", after)
    assert (info.key_id, info.counter) == (2, 0)
    opened = [opener.open(frame) for frame in [*before, after]]
    assert opened == [b"before"] * 3 + [b"after"]
    stranger = ff.Opener("insertable", {2: old})
    with pytest.raises(ff.AuthenticationFailed):
        stranger.open(after)


def test_rotation_may_change_the_suite():
    """From 128 to 256 bit without a new sealer."""
    sealer = ff.Sealer("insertable", new_key(), key_id=1)
    longer = ff.generate_key("AES-256-GCM")
    sealer.rotate(longer, 2)
    assert ff.Opener("insertable", {2: longer}).open(sealer.seal(b"frame")) == b"frame"


def test_failed_rotation_keeps_the_old_key_in_use():
    """A bad key from signalling must not stop the stream."""
    key = new_key()
    sealer = ff.Sealer("insertable", key, key_id=1)
    opener = ff.Opener("insertable", {1: key})
    sealer.seal(b"frame")
    for wrong in (
        lambda: sealer.rotate(b"short", 2),
        lambda: sealer.rotate(new_key(), 256),
        lambda: sealer.rotate(new_key(), 2, suite="AES-256-GCM"),
    ):
        with pytest.raises(ff.UsageError):
            wrong()
    assert (sealer.key_id, sealer.counter) == (1, 1)
    assert opener.open(sealer.seal(b"still")) == b"still"


@pytest.mark.parametrize("format_name", ["insertable", "raw"])
def test_rotation_back_to_a_used_key_is_refused(format_name):
    """With a fixed prefix the second use would start again at nonce 0."""
    fixed = {"salt": SALT} if format_name == "raw" else {"ssrc": 9}
    first, second = new_key(), new_key()
    sealer = ff.Sealer(format_name, first, **fixed)
    seen = {sealer.seal(b"frame")}
    sealer.rotate(second, 2)
    with pytest.raises(ff.UsageError, match="used that key before"):
        sealer.rotate(first, 3)
    with pytest.raises(ff.UsageError, match="used that key before"):
        sealer.rotate(second, 3)
    assert sealer.key_id == 2
    seen.add(sealer.seal(b"frame"))
    assert len(seen) == 2


def test_rotation_to_the_same_key_draws_another_prefix():
    """With random prefixes a key may come back: its nonces do not."""
    key = new_key()
    sealer = ff.Sealer("insertable", key)
    frames = []
    for _ in range(20):
        frames.append(sealer.seal(b"frame"))
        sealer.rotate(key, 0)
    nonces = {ff.inspect("insertable", frame).nonce for frame in frames}
    assert len(nonces) == 20
