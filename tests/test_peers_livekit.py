"""What livekit-client's own worker seals we open, and the other way round."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

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
from peers.frames import make
from peers.livekit import PACKAGE, Track, Worker
from peers.node import Driver, driven
from peers.rows import H264, MATERIAL, SUITES, VP8, Row
from peers.shapes import Frame

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator

CODECS = ("opus", "vp8", "vp9", "h264", "h265", None)
# Seconds until eight steps of PBKDF2 must have been followed.
PATIENCE = 10


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Give the Node process; tests load a worker each."""
    yield from driven("livekit.mjs", PACKAGE)


ROWS = [
    Row(codec, kdf, bits, key_id=(3 * at) % 16)
    for at, (codec, kdf, bits) in enumerate(
        (codec, kdf, bits)
        for codec in CODECS
        for kdf in ("pbkdf2", "hkdf")
        for bits in SUITES
    )
]
each_row = pytest.mark.parametrize("row", ROWS, ids=str)
each_kdf = pytest.mark.parametrize("kdf", ["pbkdf2", "hkdf"])


@each_row
def test_peer_opens_what_we_seal(driver, row):
    """Every codec, derivation and key size, a thousand frames each."""
    frames = make(row.codec)
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    outcome = row.worker(driver).open(Track("in", row.codec), sealed, kinds_of(frames))
    assert (outcome.died, outcome.errors) == (None, [])
    assert_same(outcome.frames, [frame.long_head for frame in frames])


@each_row
def test_we_open_what_the_peer_seals(driver, row):
    """Every codec, derivation and key size, a thousand frames each."""
    frames = make(row.codec)
    outcome = row.worker(driver).seal(Track("out", row.codec), frames)
    assert (outcome.died, outcome.errors) == (None, [])
    sealed = [frame or b"" for frame in outcome.frames]
    wanted = [frame.long_head for frame in frames]
    with row.opener() as opener:
        assert_same(open_all(opener, sealed, kinds_of(frames)), wanted)
    with row.opener() as opener:
        assert_same(open_some(opener, sealed), wanted[::20])


@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_element_call_preset_fits_the_peer(driver, codec):
    """Element Call runs the same worker with 16-byte keys and a ring of 256."""
    frames = make(codec, 300)
    key, key_id = MATERIAL[:16], 200
    worker = Worker(driver, keyringSize=256, ratchetWindowSize=10)
    worker.set_key(key, key_id)
    with ff.Sealer("element-call", key, key_id=key_id, codec=codec) as sealer:
        sealed = seal_all(sealer, frames)
    wanted = [frame.long_head for frame in frames]
    kinds = kinds_of(frames)
    assert_same(worker.open(Track("in", codec), sealed, kinds).frames, wanted)
    theirs = [f or b"" for f in worker.seal(Track("out", codec), frames).frames]
    with ff.Opener("element-call", {key_id: key}, codec=codec) as opener:
        assert_same(open_all(opener, theirs, kinds), wanted)


@each_kdf
def test_own_salt_fits_the_peer(driver, kdf):
    """The salt is the key provider's option ratchetSalt."""
    row = Row("vp8", kdf, 128, key_id=15)
    frames = make("vp8", 50)
    worker = row.worker(driver, ratchetSalt="my own salt")
    with row.sealer(ratchet_salt=b"my own salt") as sealer:
        sealed = seal_all(sealer, frames)
    wanted = [frame.data for frame in frames]
    opened = worker.open(Track("in", "vp8"), sealed, kinds_of(frames)).frames
    assert_same(opened, wanted)
    theirs = [f or b"" for f in worker.seal(Track("out", "vp8"), frames).frames]
    with row.opener(ratchet_salt=b"my own salt") as opener:
        assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


def test_parameter_sets_alone_fit_the_peer(driver):
    """Without a slice the worker falls back to the frame type, unescaped.

    Then a start code by chance, even in the IV, makes the frame unreadable for
    all. So the clear bytes here do not end in zeros, and neither do the parts
    of the worker's IVs; ours must be free of zeros by themselves.
    """
    sets = b"\0\0\0\1\x67\x42\xc0\x1f\xd9\x05\0\0\3\0\x04\0\0\1\x68\xce\x06\xe2"
    frames = [Frame.plain(sets, key_frame=True)] * 40
    worker = H264.worker(driver)
    with H264.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    wanted = [frame.data for frame in frames]
    opened = worker.open(Track("in", "h264"), sealed, kinds_of(frames)).frames
    assert_same(opened, wanted)
    track = Track("out", "h264", timestamp=0x2233_4455, step=1)
    theirs = [frame or b"" for frame in worker.seal(track, frames).frames]
    with H264.opener() as opener:
        assert_same(open_all(opener, theirs, kinds_of(frames)), wanted)


def test_one_frame_at_a_time_gives_the_same(driver):
    """seal() and open() are other paths than their batches."""
    frames = make("h264", 100)
    worker = H264.worker(driver)
    with H264.sealer() as sealer:
        sealed = [sealer.seal(f.data, key_frame=f.key_frame) for f in frames]
    wanted = [frame.long_head for frame in frames]
    opened = worker.open(Track("in", "h264"), sealed, kinds_of(frames)).frames
    assert_same(opened, wanted)
    with H264.opener() as opener:
        assert_same([try_open(opener, frame) for frame in sealed], wanted)


# -- ratchet --


@each_kdf
def test_peer_follows_our_ratchet(driver, kdf):
    """A step on our side makes the worker step, once, and stay there."""
    row = Row("vp8", kdf, 128, key_id=5)
    frames = make("vp8", 30)
    worker = row.worker(driver, ratchetWindowSize=8)
    with row.sealer() as sealer:
        before = seal_all(sealer, frames)
        sealer.ratchet()
        after = seal_all(sealer, frames)
    track, kinds = Track("in", "vp8"), kinds_of(frames)
    wanted = [frame.data for frame in frames]
    first = worker.open(track, before, kinds)
    second = worker.open(track, after, kinds)
    assert_same(first.frames, wanted)
    assert_same(second.frames, wanted)
    assert (first.ratchets, second.ratchets) == (0, 1)


def offer(opener: ff.Opener, sealed: bytes) -> bytes | None:
    """Offer a frame until it opens: costly ratchet steps are rationed by the second."""
    deadline = time.monotonic() + PATIENCE
    while (frame := try_open(opener, sealed)) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return frame


@each_kdf
@pytest.mark.parametrize("steps", [1, 3, 8])
def test_we_follow_the_peers_ratchet(driver, kdf, steps):
    """A sender may be several steps ahead of us; the window is ours to set."""
    row = Row("vp8", kdf, 128, key_id=5)
    frames = make("vp8", 30)
    worker = row.worker(driver)
    track, kinds = Track("out", "vp8"), kinds_of(frames)
    before = [f or b"" for f in worker.seal(track, frames).frames]
    for _ in range(steps):
        worker.ratchet(row.key_id)
    after = [f or b"" for f in worker.seal(track, frames).frames]
    wanted = [frame.data for frame in frames]
    with row.opener(ratchet_window=8) as opener:
        assert_same(open_all(opener, before, kinds), wanted)
        assert offer(opener, after[0]) == wanted[0]
        assert_same(open_all(opener, after[1:], kinds[1:]), wanted[1:])
    with row.opener(ratchet_window=steps - 1) as opener:
        assert_same(open_all(opener, before, kinds), wanted)
        # Few: each bad frame costs a key derivation for every step of the window.
        assert open_all(opener, after[:3], kinds[:3]) == [None] * 3


@each_kdf
def test_ratchet_gives_the_peers_material(driver, kdf):
    """What the worker tells its page after a step is the next step's material."""
    row = Row("vp8", kdf, 128)
    frames = make("vp8", 10)
    worker = row.worker(driver)
    with row.sealer() as sealer:
        material = worker.ratchet(row.key_id)
        sealer.ratchet()
        sealed = seal_all(sealer, frames)
    with ff.Opener("livekit", {0: material}, **row.options) as opener:
        opened = open_all(opener, sealed, kinds_of(frames))
    assert_same(opened, [frame.data for frame in frames])


# -- what must not open --


@pytest.mark.parametrize("codec", CODECS, ids=str)
def test_tampered_frames_open_nowhere(driver, codec):
    """A flipped bit, wherever it is, costs the frame, and only that frame."""
    row = Row(codec, "hkdf", 128, key_id=9)
    frames = make(codec, 200)
    kinds = kinds_of(frames)
    with row.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    spoilt = tamper(sealed)
    track = Track("in", codec)
    worker = row.worker(driver)
    assert worker.open(track, spoilt, kinds).frames == [None] * len(frames)
    assert_same(
        worker.open(track, sealed, kinds).frames, [frame.long_head for frame in frames]
    )
    with row.opener() as opener:
        assert open_all(opener, spoilt, kinds) == [None] * len(frames)
        assert_same(
            open_all(opener, sealed, kinds), [frame.long_head for frame in frames]
        )


def test_frame_under_an_unknown_index_opens_nowhere(driver):
    """Both ends hold a key, but not under the index that the frame names."""
    frames = make("vp8", 20)
    with ff.Sealer("livekit", MATERIAL, key_id=4, **VP8.options) as sealer:
        sealed = seal_all(sealer, frames)
    outcome = VP8.worker(driver).open(Track("in", "vp8"), sealed, kinds_of(frames))
    assert outcome.frames == [None] * len(frames)
    assert "missing key at index 4" in outcome.errors[0]
    with VP8.opener() as opener, pytest.raises(ff.UnknownKey) as caught:
        opener.open(sealed[0])
    assert caught.value.key_id == 4


def test_frame_under_another_key_opens_nowhere(driver):
    """The index is known, the key is another."""
    frames = make("vp8", 20)
    with ff.Sealer("livekit", bytes(32), **VP8.options) as sealer:
        sealed = seal_all(sealer, frames)
    outcome = VP8.worker(driver).open(Track("in", "vp8"), sealed, kinds_of(frames))
    assert outcome.frames == [None] * len(frames)
    with VP8.opener() as opener, pytest.raises(ff.AuthenticationFailed):
        opener.open(sealed[0])


def test_clear_frames_are_rejected(driver):
    """A sender that was not told to encrypt sends clear: we must not pass it on."""
    frames = make("vp8", 50)
    worker = Worker(driver)
    worker.enable("bob", enabled=False)
    outcome = worker.seal(Track("out", "vp8"), frames, participant="bob")
    assert_same(outcome.frames, [frame.data for frame in frames])
    clear = [frame.data for frame in frames]
    with VP8.opener() as opener:
        assert open_all(opener, clear, kinds_of(frames)) == [None] * len(frames)
