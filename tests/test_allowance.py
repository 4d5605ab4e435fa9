"""What frames may cost: ratchet steps are bounded per frame and per second."""

from __future__ import annotations

import pytest
from reference import dave as dave_model

import fastframe as ff
from fastframe.allowance import FAST_STEPS, SLOW_STEPS, Allowance

KEY = bytes(range(16))


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self):
        """Begin anywhere."""
        self.now = 1234.5

    def __call__(self):
        """Tell the time."""
        return self.now


def allow(opener, steps):
    """Give an opener so many steps a second, by a clock of ours."""
    clock = Clock()
    core = (opener.handle, opener._memory)
    opener._allowance = Allowance(core, steps, clock)
    return clock


def sent(count, **options):
    """Give one frame of each step of a sender."""
    with ff.Sealer("livekit", KEY, codec="opus", **options) as sealer:
        frames = []
        for _ in range(count):
            frames.append(sealer.seal(b"\x78audio"))
            sealer.ratchet()
    return frames


def does_open(opener, sealed):
    """Tell whether a frame opens."""
    return opener.open_batch([sealed]).ok == 1


def livekit_opener(**options):
    """Make an opener that may follow 16 steps."""
    return ff.Opener("livekit", {0: KEY}, codec="opus", **options)


def test_steps_are_bounded_per_second():
    """Derived steps are kept, so the next second goes on where this one stopped."""
    frames = sent(8, kdf="hkdf")
    opener = livekit_opener(kdf="hkdf")
    clock = allow(opener, 3)
    assert not does_open(opener, frames[7])
    for _ in range(20):
        assert not does_open(opener, frames[7])
        clock.now += 0.04
    clock.now += 0.25
    assert not does_open(opener, frames[7])  # six steps are known by now
    assert does_open(opener, frames[6])
    clock.now += 1
    assert does_open(opener, frames[7])


def test_allowance_is_renewed_once_a_second_and_never_saved_up():
    """A quiet hour must not be a store of work for whoever ends it."""
    frames = sent(8, kdf="hkdf")
    opener = livekit_opener(kdf="hkdf")
    clock = allow(opener, 3)
    clock.now += 3600
    opener.renew()
    opener.renew()
    assert not does_open(opener, frames[4])
    clock.now -= 10  # a clock that goes back renews nothing, and breaks nothing
    assert not does_open(opener, frames[4])
    assert does_open(opener, frames[3])


def test_each_call_renews():
    """Single frames, batches and batches of several openers alike."""
    frames = sent(10, kdf="hkdf")
    opener = livekit_opener(kdf="hkdf")
    clock = allow(opener, 1)
    out, batch = bytearray(100), ff.Batch(1)
    batch.append(frames[9])
    calls = [
        lambda: opener.open(frames[9]),
        lambda: opener.open_into(frames[9], out),
        lambda: opener.open_batch([frames[9]]).raise_first(),
        lambda: opener.open_batch(batch).raise_first(),
        lambda: ff.open_many([opener], batch).raise_first(),
    ]
    for call in calls:
        with pytest.raises(ff.AuthenticationFailed):
            call()
        clock.now += 1
    # One step a call: five are known, one more may be derived.
    assert not does_open(opener, frames[7])
    assert does_open(opener, frames[6])


def test_rubbish_uses_up_the_allowance_and_no_more():
    """A flood costs as many steps as are allowed; what follows costs tag checks."""
    frames = sent(4, kdf="hkdf")
    opener = livekit_opener(kdf="hkdf")
    clock = allow(opener, 2)
    rubbish = frames[0][:-20] + bytes(6) + frames[0][-14:]
    assert opener.open_batch([rubbish] * 500).ok == 0
    assert not does_open(opener, frames[3])
    assert [does_open(opener, frame) for frame in frames[:3]] == [True] * 3
    clock.now += 1
    assert does_open(opener, frames[3])


def test_pbkdf2_is_derived_once_a_frame():
    """One takes some 50 milliseconds, and every frame behind it waits."""
    assert SLOW_STEPS < 10 < FAST_STEPS
    frames = sent(6, kdf="pbkdf2")
    opener = livekit_opener(kdf="pbkdf2")
    clock = allow(opener, SLOW_STEPS)
    assert not does_open(opener, frames[2])
    assert does_open(opener, frames[2])
    rubbish = frames[0][:-20] + bytes(6) + frames[0][-14:]
    assert opener.open_batch([rubbish] * 20).ok == 0
    # Two steps were used to get here, and two by the rubbish.
    assert not does_open(opener, frames[5])
    clock.now += 1
    assert does_open(opener, frames[5])


def test_formats_without_a_ratchet_keep_no_clock():
    """Nothing to allow: no call to the clock per frame."""
    for name, options in (
        ("insertable", {}),
        ("sframe", {}),
        ("stream", {}),
        ("livekit", {"kdf": "hkdf", "ratchet_window": 0}),
        ("raw", {"salt": bytes(12)}),
    ):
        assert ff.Opener(name, {0: KEY}, **options)._allowance is None
    assert ff.Opener("dave", {0: KEY})._allowance is not None


# -- DAVE: the frame names the step --


def dave_frame(generation, *, base=KEY, counter=7):
    """Seal a frame of a generation, or forge one with another base secret."""
    nonce = (generation << 24) + counter
    key = dave_model.derive(base, generation=generation)
    return dave_model.seal(b"\x78audio", key=key, counter=nonce, codec="opus")


def test_far_generations_cost_what_is_allowed():
    """A forged nonce asks for up to 255 steps, each time anew."""
    opener = ff.Opener("dave", {0: KEY})
    clock = allow(opener, 300)
    forged = [dave_frame(generation, base=bytes(16)) for generation in (200, 250, 100)]
    assert opener.open_batch(forged).ok == 0
    clock.now += 1
    assert does_open(opener, dave_frame(255))
    assert opener.stats().keys[0].ratchet_step == 255


def test_flood_of_far_generations_does_not_keep_the_next_one_out():
    """A peer that forges must not be able to stop the stream at its next step."""
    opener = ff.Opener("dave", {0: KEY})
    allow(opener, FAST_STEPS)
    assert does_open(opener, dave_frame(0))
    far = [250, 251, 250, 249]
    assert sum(far) == FAST_STEPS
    forged = [dave_frame(generation, base=bytes(16)) for generation in far]
    assert opener.open_batch(forged).ok == 0
    assert does_open(opener, dave_frame(1))


def test_generations_gone_by_are_too_old():
    """Their keys are wiped; the one before the last is kept for late frames."""
    opener = ff.Opener("dave", {0: KEY}, replay_window=0)
    assert [does_open(opener, dave_frame(step)) for step in (0, 1, 0, 2, 1)] == [
        True
    ] * 5
    with pytest.raises(ff.StaleFrame):
        opener.open(dave_frame(0))


def test_ratchet_window_bounds_how_far_ahead_a_generation_may_be():
    """Whoever knows that its senders never live so long can say so."""
    for window in (0, 1, 5):
        for ahead in range(8):
            opener = ff.Opener("dave", {0: KEY}, ratchet_window=window)
            assert does_open(opener, dave_frame(ahead)) == (ahead <= window)
