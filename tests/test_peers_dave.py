"""What davey seals we open, and the other way round, under its own group's keys."""

from __future__ import annotations

import pytest
from peers.check import (
    assert_same,
    kinds_of,
    open_all,
    open_some,
    seal_all,
    tamper,
    try_open,
)
from peers.davey import ALICE, CODECS, OURS, Call
from peers.frames import make
from peers.node import need_module

import fastframe as ff

SILENCE = b"\xf8\xff\xfe"
# In an Opus frame: behind the nonce there is the footer's size and the mark.
NONCE_AT = -4
# Counters that davey remembers as missing.
GAPS = 1000


@pytest.fixture
def call() -> Call:
    """Give a call with fresh keys, in which no frame was sent."""
    need_module("davey")
    return Call()


def our_sealer(call: Call, codec: str) -> ff.Sealer:
    """Make our sender."""
    return ff.Sealer("dave", call.base_secret(OURS), codec=codec)


def our_opener(call: Call, slot: int = 0) -> ff.Opener:
    """Make our receiver of what Alice sends; it needs no codec."""
    return ff.Opener("dave", {slot: call.base_secret(ALICE)})


@pytest.mark.parametrize("codec", CODECS)
def test_peer_opens_what_we_seal(call, codec):
    """Every codec, a thousand frames each."""
    frames = make(codec)
    with our_sealer(call, codec) as sealer:
        sealed = seal_all(sealer, frames)
    opened = [call.open(codec, frame) for frame in sealed]
    assert_same(opened, [frame.normal for frame in frames])


@pytest.mark.parametrize("codec", CODECS)
def test_we_open_what_the_peer_seals(call, codec):
    """Every codec, a thousand frames each; Bob opens the same from them."""
    frames = make(codec)
    sealed = [call.seal(codec, frame.data) for frame in frames]
    wanted = [frame.normal for frame in frames]
    judged = [call.open(codec, frame, ALICE, by_bob=True) for frame in sealed]
    assert_same(judged, wanted)
    with our_opener(call) as opener:
        assert_same(open_all(opener, sealed, kinds_of(frames)), wanted)
    with our_opener(call) as opener:
        assert_same(open_some(opener, sealed), wanted[::20])


@pytest.mark.parametrize("codec", CODECS)
def test_sealed_frames_are_as_long_as_the_peers(call, codec):
    """The same ranges stay clear: the footers are equal but for the nonce."""
    frames = make(codec, 100)
    theirs = [call.seal(codec, frame.data) for frame in frames]
    with our_sealer(call, codec) as sealer:
        ours = seal_all(sealer, frames)
    assert [len(frame) for frame in ours] == [len(frame) for frame in theirs]


def test_counters_start_at_one(call):
    """0 is never used, by either side; the first frame's generation is 0."""
    with our_sealer(call, "opus") as sealer:
        ours = sealer.seal(b"first")
    theirs = call.seal("opus", b"first")
    assert ours[NONCE_AT] == theirs[NONCE_AT] == 1


def test_silence_passes_unsealed(call):
    """The voice server makes it, without keys; davey lets it through."""
    assert call.seal("opus", SILENCE) == SILENCE
    with our_opener(call) as opener:
        assert opener.open(SILENCE) == SILENCE
    with our_sealer(call, "opus") as sealer:
        assert call.open("opus", sealer.seal(SILENCE)) == SILENCE


def test_frames_of_two_epochs_open(call):
    """Frames name no key: an opener with both epochs' keys tries them."""
    frames = make("vp8", 50)
    later = Call()
    keys = {0: call.base_secret(ALICE), 1: later.base_secret(ALICE)}
    old = [call.seal("vp8", frame.data) for frame in frames]
    new = [later.seal("vp8", frame.data) for frame in frames]
    mixed = [frame for pair in zip(new, old, strict=True) for frame in pair]
    wanted = [frame.data for frame in frames for _ in range(2)]
    with ff.Opener("dave", keys) as opener:
        assert_same(open_all(opener, mixed, [None] * len(mixed)), wanted)


# -- what must not open --


def test_gaps_are_filled_and_replays_are_not(call):
    """Frames come late and out of order; each opens once, on both sides."""
    frames = make("opus", GAPS)
    order = [0, 0, 5, 3, 3, 4, GAPS - 1, 1, 2, 500, 5, 500, 999, 998, 6]
    wanted = [
        None if at in order[:place] else frames[at].data
        for place, at in enumerate(order)
    ]
    with our_sealer(call, "opus") as sealer:
        ours = seal_all(sealer, frames)
    assert [call.open("opus", ours[at]) for at in order] == wanted
    theirs = [call.seal("opus", frame.data) for frame in frames]
    with our_opener(call) as opener:
        late = [theirs[at] for at in order]
        assert open_all(opener, late, [None] * len(late)) == wanted
        with pytest.raises(ff.ReplayedFrame):
            opener.open(late[0])


@pytest.mark.parametrize("codec", CODECS)
def test_tampered_frames_open_nowhere(call, codec):
    """A flipped bit costs the frame, and only that frame."""
    frames = make(codec, 200)
    with our_sealer(call, codec) as sealer:
        sealed = seal_all(sealer, frames)
    assert [call.open(codec, frame) for frame in tamper(sealed)] == [None] * 200
    wanted = [frame.normal for frame in frames]
    assert_same([call.open(codec, frame) for frame in sealed], wanted)
    theirs = [call.seal(codec, frame.data) for frame in frames]
    with our_opener(call) as opener:
        assert open_all(opener, tamper(theirs), kinds_of(frames)) == [None] * 200
        assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


@pytest.mark.parametrize("codec", CODECS)
def test_clear_frames_are_rejected(call, codec):
    """No frame without the mark gets through, unless it is silence."""
    clear = [frame.data for frame in make(codec, 100)]
    assert [call.open(codec, frame) for frame in clear] == [None] * len(clear)
    with our_opener(call) as opener:
        assert [try_open(opener, frame) for frame in clear] == [None] * len(clear)
        with pytest.raises(ff.NotEncrypted):
            opener.open(clear[0])


def test_frame_of_another_sender_opens_nowhere(call):
    """Each member has a key of its own: Alice's frame is not Bob's."""
    frame = call.seal("opus", b"from Alice")
    assert call.open("opus", frame, OURS, by_bob=True) is None
    with (
        ff.Opener("dave", {0: call.base_secret(OURS)}) as opener,
        pytest.raises(ff.AuthenticationFailed),
    ):
        opener.open(frame)
