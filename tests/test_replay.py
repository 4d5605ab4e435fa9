"""Replay windows, against a model that a child could check."""

from __future__ import annotations

import random

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import fastframe as ff

KEYS = {key_id: bytes([key_id]) * 16 for key_id in (0, 1, 9)}
OK, REPLAYED, TOO_OLD = ff.Status.OK, ff.Status.REPLAYED, ff.Status.TOO_OLD
TOP = 2**64 - 1


def frame_of(counter, prefix=b"peer", key_id=0):
    """Seal a frame with any counter, as a peer may, with the reference."""
    nonce = prefix + counter.to_bytes(8, "big")
    return reference.seal("insertable", KEYS[key_id], nonce, b"x", key_id=key_id)


def forged(counter, prefix=b"peer", key_id=0):
    """Change the tag of what would be a good frame."""
    frame = bytearray(frame_of(counter, prefix, key_id))
    frame[-1] ^= 1
    return bytes(frame)


class Model:
    """What a replay window means: a set of all that was accepted."""

    def __init__(self, width):
        """Start with nothing accepted."""
        self.width = width
        self.seen = {}

    def judge(self, key_id, prefix, counter):
        """Give the verdict on a genuine frame and remember it."""
        seen = self.seen.setdefault((key_id, prefix), set())
        if self.width and seen:
            if counter + self.width <= max(seen):
                return TOO_OLD
            if counter in seen:
                return REPLAYED
        seen.add(counter)
        return OK


def verdicts(opener, frames):
    """Open frames in one batch and give their statuses."""
    return [ff.Status(code) for code in opener.open_batch(frames).status]


counters = st.one_of(
    st.integers(0, 300),
    st.integers(2**32 - 150, 2**32 + 150),
    st.integers(TOP - 200, TOP),
    st.integers(0, TOP),
)
frames = st.tuples(
    st.sampled_from(sorted(KEYS)),
    st.sampled_from([b"aaaa", b"aaab", b"zzzz"]),
    counters,
)


@given(
    width=st.sampled_from([0, 1, 63, 64, 65, 100, 1024]),
    sent=st.lists(frames, max_size=80),
)
def test_verdicts_are_those_of_the_model(width, sent):
    """Any mixture of keys, senders, jumps and repeats is judged alike."""
    opener = ff.Opener("insertable", KEYS, replay_window=width)
    model = Model(width)
    expected = [model.judge(*one) for one in sent]
    sealed = [frame_of(counter, prefix, key) for key, prefix, counter in sent]
    assert verdicts(opener, sealed) == expected


@pytest.mark.parametrize("width", [1, 64, 100, 1024])
@pytest.mark.parametrize("seed", range(3))
def test_reordered_stream_is_judged_like_the_model(width, seed):
    """A long stream as networks make it: shuffled nearby, doubled, late."""
    rng = random.Random(seed)
    stream = sorted(range(3000), key=lambda n: n + rng.uniform(0, width * 1.3))
    stream = [n for n in stream for _ in range(rng.choice([0, 1, 1, 1, 2]))]
    opener = ff.Opener("insertable", KEYS, replay_window=width)
    model = Model(width)
    expected = [model.judge(0, b"peer", n) for n in stream]
    assert {OK, REPLAYED, TOO_OLD} <= set(expected)
    assert verdicts(opener, [frame_of(n) for n in stream]) == expected
    stats = opener.stats()
    assert stats.replayed == expected.count(REPLAYED)
    assert stats.too_old == expected.count(TOO_OLD)


@pytest.mark.parametrize("width", [1, 2, 63, 64, 65, 100, 1024, 65536])
@pytest.mark.parametrize("top", [70000, 2**32, TOP])
def test_edge_of_the_window_is_exact(width, top):
    """One counter off would drop a late frame or take an old one."""
    opener = ff.Opener("insertable", KEYS, replay_window=width)
    opener.open(frame_of(top))
    with pytest.raises(ff.StaleFrame) as caught:
        opener.open(frame_of(top - width))
    assert caught.value.status is TOO_OLD
    inside = frame_of(top - width + 1)
    if width > 1:
        assert opener.open(inside) == b"x"
    with pytest.raises(ff.ReplayedFrame):
        opener.open(inside)
    with pytest.raises(ff.ReplayedFrame):
        opener.open(frame_of(top))


def test_window_of_zero_is_off():
    """Files and peers with another replay protection must be able to opt out."""
    opener = ff.Opener("insertable", KEYS, replay_window=0)
    assert verdicts(opener, [frame_of(5), frame_of(5), frame_of(0)]) == [OK] * 3
    assert opener.stats().keys[0].senders == 0


def test_far_jumps_forget_exactly_what_they_pass():
    """Libsrtp's old window wrote outside its bitmap for far-off indices."""
    opener = ff.Opener("insertable", KEYS, replay_window=128)
    jumps = [0, 127, 128, 255, 2**20, 2**20 + 64, 2**40, 2**63, TOP - 1, TOP]
    model = Model(128)
    for counter in jumps:
        for near in (counter, max(counter - 127, 0), max(counter - 128, 0)):
            expected = model.judge(0, b"peer", near)
            assert verdicts(opener, [frame_of(near)]) == [expected], (counter, near)


# -- what is not authenticated changes nothing --


def test_forged_counter_does_not_move_the_window():
    """Else one forged frame would shut out the real sender for good."""
    opener = ff.Opener("insertable", KEYS)
    opener.open(frame_of(10))
    for counter in (TOP, 11, 12, 2**40):
        with pytest.raises(ff.AuthenticationFailed):
            opener.open(forged(counter))
    assert verdicts(opener, [frame_of(11), frame_of(12), frame_of(13)]) == [OK] * 3
    with pytest.raises(ff.ReplayedFrame):
        opener.open(frame_of(10))


def test_forged_frame_does_not_burn_its_counter():
    """The genuine frame behind a forgery must still open."""
    opener = ff.Opener("insertable", KEYS)
    assert verdicts(opener, [forged(5), frame_of(5)]) == [ff.Status.AUTH_FAILED, OK]


def test_forged_senders_take_no_window():
    """A flood of made-up prefixes must neither grow memory nor evict anyone."""
    opener = ff.Opener("insertable", KEYS)
    opener.open(frame_of(1))
    flood = [forged(1, prefix=n.to_bytes(4, "big")) for n in range(3000)]
    assert opener.open_batch(flood).ok == 0
    assert opener.stats().keys[0].senders == 1
    with pytest.raises(ff.ReplayedFrame):
        opener.open(frame_of(1))


def test_frame_without_room_may_be_opened_again():
    """NO_ROOM is the caller's slip: the frame was never accepted."""
    opener = ff.Opener("insertable", KEYS)
    with pytest.raises(ff.UsageError):
        opener.open_into(frame_of(1), bytearray(0))
    assert opener.open(frame_of(1)) == b"x"


# -- many senders under one key --


def test_peers_with_random_ivs_all_open():
    """The article's own worker draws all 12 bytes at random, every frame."""
    rng = random.Random(605)
    opener = ff.Opener("insertable", KEYS)
    sealed = [
        reference.seal("insertable", KEYS[0], rng.randbytes(12), b"x")
        for _ in range(5000)
    ]
    assert opener.open_batch(sealed).ok == 5000
    assert opener.stats().keys[0].senders == 1024
    # Its last frames, at least, are not taken twice.
    assert set(verdicts(opener, sealed[-1024:])) == {REPLAYED}


def test_sender_heard_least_recently_is_evicted():
    """The bound is on memory; whoever still talks must keep his window."""
    opener = ff.Opener("insertable", KEYS)
    prefixes = [n.to_bytes(4, "big") for n in range(1024)]
    opener.open_batch([frame_of(1, prefix) for prefix in prefixes])
    # All but the second are heard again, the first one last of all.
    again = [prefixes[0], *prefixes[2:]]
    random.Random(1).shuffle(again)
    assert opener.open_batch([frame_of(2, prefix) for prefix in again]).ok == 1023
    assert opener.open(frame_of(1, b"new!")) == b"x"
    assert opener.stats().keys[0].senders == 1024
    # Remembered still: all that were heard again. Forgotten: the second.
    assert set(verdicts(opener, [frame_of(2, p) for p in again])) == {REPLAYED}
    assert verdicts(opener, [frame_of(1, prefixes[1])]) == [OK]


def test_rejected_frames_do_not_refresh_a_sender():
    """Replaying an old frame must not keep its sender's window in memory."""
    opener = ff.Opener("insertable", KEYS)
    prefixes = [n.to_bytes(4, "big") for n in range(1024)]
    opener.open_batch([frame_of(1, prefix) for prefix in prefixes])
    attempts = [frame_of(1, prefixes[0]), forged(9, prefixes[0])]
    assert opener.open_batch(attempts).ok == 0
    opener.open(frame_of(1, b"new!"))
    assert verdicts(opener, [frame_of(1, prefixes[1])]) == [REPLAYED]
    assert verdicts(opener, [frame_of(1, prefixes[0])]) == [OK]


def test_senders_and_keys_have_windows_of_their_own():
    """A fast track must not push a slow one out of the window."""
    opener = ff.Opener("insertable", KEYS, replay_window=64)
    opener.open(frame_of(10**6, b"fast", 0))
    assert opener.open(frame_of(3, b"slow", 0)) == b"x"
    assert opener.open(frame_of(3, b"fast", 1)) == b"x"
    with pytest.raises(ff.StaleFrame):
        opener.open(frame_of(3, b"fast", 0))
    per_key = opener.stats().keys
    assert [per_key[key_id].senders for key_id in (0, 1, 9)] == [2, 1, 0]
