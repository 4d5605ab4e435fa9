"""The ratchets of fastframe.keys: forward only, bounded, and the formats' own."""

from __future__ import annotations

import hashlib
import hmac

import pytest

import fastframe as ff
from fastframe import sframe
from fastframe.keys.chain import (
    SFRAME_RATCHET_BITS,
    jitsi_ratchet,
    livekit_ratchet,
    ratchet,
    scheme_of,
)
from fastframe.keys.held import HeldKeys
from fastframe.keys.messages import HELD_MAX, KeyNews

KEY = bytes(range(16))
FRAME = b"a frame that is longer than what stays clear"


def hkdf(key, salt, info, length):
    """Derive by RFC 5869, written out: one block is enough here."""
    secret = hmac.digest(salt or bytes(32), key, hashlib.sha256)
    assert length <= 32
    return hmac.digest(secret, info + b"\1", hashlib.sha256)[:length]


def news(generation, root=1, key_id=None):
    """Announce a step."""
    return KeyNews(
        0, generation, generation if key_id is None else key_id, root, "now", None
    )


def test_own_ratchet_is_hkdf_with_its_label():
    """Written out, so that other implementations have something to go by."""
    assert ratchet(KEY) == hkdf(KEY, b"", b"fastframe ratchet 1", 16)
    assert ratchet(KEY).hex() == "eb069d4f72c3572b525bba35ca93df52"


@pytest.mark.parametrize(
    ("format_", "step", "options"),
    [
        ("livekit", livekit_ratchet, {"kdf": "hkdf"}),
        ("element-call", livekit_ratchet, {}),
        ("jitsi", jitsi_ratchet, {}),
    ],
)
def test_material_of_a_step_is_what_the_core_steps_to(format_, step, options):
    """A newcomer gets it from the room; the others ratchet in the core."""
    sealer = ff.Sealer(format_, KEY, key_id=3, **options)
    key = bytearray(KEY)
    for _ in range(5):
        sealer.ratchet()
        key = step(key)
        opener = ff.Opener(format_, {3: key}, ratchet_window=0, **options)
        assert opener.open(sealer.seal(FRAME)) == FRAME


def test_sframe_steps_by_the_rfc():
    """Key and KID of RFC 9605, 5.1, whatever the suite."""
    for suite in (1, 4, 5, 8):
        scheme = scheme_of("sframe", suite)
        key = ff.generate_key(suite)
        assert scheme.key_len == len(key)
        assert scheme.step(key) == sframe.ratchet(key, suite=suite)
        assert scheme.stepped_len == len(scheme.step(key))
        ids = scheme.key_ids()
        first = ids.fresh()
        assert [ids.step() - first for _ in range(3)] == [1, 2, 3]
        assert ids.fresh() == first + (1 << SFRAME_RATCHET_BITS)


@pytest.mark.parametrize("format_", ["insertable", "stream"])
def test_key_ids_are_high_and_go_round(format_):
    """The first sealed byte must have its top bit for libwebrtc to show x264's."""
    ids = scheme_of(format_).key_ids()
    drawn = [ids.step() if at % 2 else ids.fresh() for at in range(128)]
    assert min(drawn) >= 128
    round_trip = [ids.fresh() for _ in range(128)]
    assert sorted(round_trip) == list(range(128, 256))
    assert ids.fresh() == round_trip[0]


@pytest.mark.parametrize("format_", ["raw", "insertable-bare", "dave", "livekit-data"])
def test_formats_that_name_no_key_are_refused(format_):
    """A receiver could not tell which of a sender's keys a frame is for."""
    with pytest.raises(ff.UsageError):
        scheme_of(format_)


def test_step_is_one_way():
    """From a later key no earlier one: the receiver that has it says so."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    held.take(KeyNews(0, 5, 5, 1, "now", b""), bytearray(KEY), 0.0, 1.0)
    assert held.derive(news(4)) is None
    assert held.derive(news(5)) is None
    assert held.derive(news(7)) == ratchet(ratchet(KEY))


def test_step_needs_its_own_root():
    """A key drawn at random has nothing to do with the one before it."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    held.take(KeyNews(0, 5, 5, 5, "now", b""), bytearray(KEY), 0.0, 1.0)
    assert held.derive(news(6, root=6)) is None
    assert held.derive(news(6, root=4)) is None
    assert held.derive(news(6, root=5)) == ratchet(KEY)


def test_steps_are_bounded():
    """A number in a message must not buy a million derivations."""
    scheme = scheme_of("insertable")
    held = HeldKeys(b"sender", scheme)
    held.take(KeyNews(0, 1, 1, 1, "now", b""), bytearray(KEY), 0.0, 1.0)
    assert held.derive(news(1 + scheme.steps_max)) is not None
    assert held.derive(news(2 + scheme.steps_max)) is None
    assert held.derive(news(2**53 - 1)) is None


def test_slots_are_bounded():
    """A sender may send keys without end; receivers hold the newest."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    retired = []
    for generation in range(1, 200):
        one = KeyNews(0, generation, generation % 256, generation, "now", b"")
        actions = held.take(one, bytearray(KEY), 0.0, 100.0)
        retired += [one.key_id for one in actions if type(one).__name__ == "RetireKey"]
    assert len(held) == HELD_MAX
    assert held.generations() == tuple(range(199, 199 - HELD_MAX, -1))
    assert retired == list(range(1, 200 - HELD_MAX))


def test_key_that_was_retired_is_wiped():
    """Memory that is given back must not tell what was said."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    key = bytearray(KEY)
    held.take(KeyNews(0, 1, 1, 1, "now", b""), key, 0.0, 1.0)
    held.take(KeyNews(0, 2, 2, 2, "now", b""), bytearray(KEY), 0.0, 1.0)
    held.expire(1.0)
    assert key == bytes(16)
    assert held.generations() == (2,)


def test_old_key_is_not_welcome_where_a_newer_one_is():
    """Key ids go round: a late message must not throw out the key in use."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    held.take(KeyNews(0, 20, 4, 20, "now", b""), bytearray(KEY), 0.0, 1.0)
    assert held.is_welcome(news(10, key_id=5))
    assert not held.is_welcome(news(10, key_id=4))
    assert held.is_welcome(news(21, key_id=4))
    assert not held.is_welcome(news(20, key_id=6))


def test_key_far_behind_is_not_welcome():
    """Nothing sealed under it can still be on its way."""
    held = HeldKeys(b"sender", scheme_of("insertable"))
    held.take(KeyNews(0, 20, 4, 20, "now", b""), bytearray(KEY), 0.0, 1.0)
    assert held.is_welcome(news(20 - HELD_MAX + 1, key_id=9))
    assert not held.is_welcome(news(20 - HELD_MAX, key_id=9))
