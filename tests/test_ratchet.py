"""Sealer.ratchet(): the key moves on under its id, the counter too."""

from __future__ import annotations

import os
import threading

import pytest
from support import FIXED, TAKES, Row

import fastframe as ff
from fastframe import livekit

KEY = bytes(range(32))
RATCHETING = [
    Row("livekit", "AES-128-GCM", "vp8"),
    Row("livekit", "AES-256-GCM", "h264"),
    Row("element-call", "AES-128-GCM", "opus"),
    Row("livekit-data", "AES-128-GCM", None),
    Row("jitsi", "AES-128-GCM", "vp9"),
]
ratcheting = pytest.mark.parametrize("row", RATCHETING, ids=str)


@ratcheting
def test_receiver_follows_under_the_same_key_id(row):
    """Nothing is sent beside the frames: they open, and that is all there is."""
    sealer = row.sealer(KEY, key_id=3)
    opener = row.opener({3: KEY})
    fingerprint = sealer.fingerprint
    for step in range(40):
        assert (sealer.key_id, sealer.counter) == (3, step)
        assert opener.open(sealer.seal(row.frame)) == row.frame
        assert opener.stats().keys[3].ratchet_step == step
        sealer.ratchet()
    assert sealer.fingerprint == fingerprint  # of the key that was handed in
    assert sealer.stats().frames_sealed == 40


@ratcheting
def test_each_step_is_another_key(row):
    """The same frame under the same nonce, one step on, is other bytes."""
    made = []
    for steps in range(3):
        with row.sealer(KEY, **FIXED[row.format]) as sealer:
            for _ in range(steps):
                sealer.ratchet()
            made.append(sealer.seal(row.frame))
    assert len(set(made)) == 3
    opener = row.opener({0: KEY}, ratchet_window=0)
    assert list(opener.open_batch(made).status) == [0, 5, 5]


@pytest.mark.parametrize("format_name", sorted(set(TAKES) - {"livekit", "jitsi"}))
def test_keys_without_a_ratchet_say_so(format_name):
    """DAVE's counter moves its key by itself; SFrame's steps are new base keys."""
    codec = "opus" if format_name == "stream" else None
    row = Row(format_name, TAKES[format_name][0][0], codec)
    options = {"kdf": "raw"} if "kdf" in row.options else {}
    if format_name == "element-call":
        options = {"kdf": "raw"}
    sealer = row.sealer(row.key(), **options)
    counter = sealer.counter
    with pytest.raises(ff.UsageError, match="these keys have no ratchet"):
        sealer.ratchet()
    sealer.seal(row.frame)
    assert sealer.counter == counter + 1


def test_closed_sealer_does_not_ratchet():
    """As for every other call."""
    sealer = RATCHETING[0].sealer(KEY)
    sealer.close()
    with pytest.raises(ff.UsageError, match="closed"):
        sealer.ratchet()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_sealer_does_not_ratchet():
    """The child's copy would go on under the parent's nonces."""
    sealer = RATCHETING[0].sealer(KEY)
    child = os.fork()
    if child == 0:
        try:
            sealer.ratchet()
        except ff.UsageError as error:
            os._exit(0 if "fork" in str(error) else 2)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    sealer.ratchet()


def test_rotation_starts_a_new_ladder():
    """Steps belong to a key; the next one begins at its own first."""
    row, other = RATCHETING[0], bytes(32)
    sealer = row.sealer(KEY, key_id=1)
    opener = row.opener({1: KEY, 2: other})
    for _ in range(3):
        sealer.ratchet()
    assert opener.open(sealer.seal(row.frame)) == row.frame
    sealer.rotate(other, 2)
    assert opener.open(sealer.seal(row.frame)) == row.frame
    sealer.ratchet()
    assert opener.open(sealer.seal(row.frame)) == row.frame
    keys = opener.stats().keys
    assert (keys[1].ratchet_step, keys[2].ratchet_step) == (3, 1)


def test_a_key_that_was_ratcheted_stays_claimed():
    """Its first step is still the same key and salt to whoever is handed it."""
    row, salt = RATCHETING[0], FIXED["livekit"]
    sealer = row.sealer(KEY, **salt)
    sealer.ratchet()
    with pytest.raises(ff.UsageError, match="another live sealer"):
        row.sealer(KEY, **salt)
    with pytest.raises(ff.UsageError, match="used that key before"):
        sealer.rotate(KEY, 1)


def test_reimported_key_begins_a_new_ladder_where_there_is_no_window():
    """Its sender may have begun anew, too; and it is followed all the same."""
    row = RATCHETING[0]
    sealer, opener = row.sealer(KEY), row.opener({0: KEY})
    frames = [sealer.seal(row.frame)]
    for _ in range(4):
        sealer.ratchet()
        frames.append(sealer.seal(row.frame))
    assert opener.open_batch(frames).ok == 5
    assert list(opener.open_batch(frames).status) == [5, 5, 5, 0, 0]
    opener.keys[0] = bytearray(KEY)
    assert opener.stats().keys[0].ratchet_step == 0
    assert opener.open(frames[4]) == row.frame
    assert opener.stats().keys[0].ratchet_step == 4


def test_reimported_key_keeps_its_generation_and_window():
    """Signalling repeats keys; a repeat must not let old frames in again."""
    row, key = Row("dave", "AES-128-GCM-8", "opus"), bytes(16)
    frames = []
    for counter in (5, (1 << 24) + 5, (2 << 24) + 5):
        with row.sealer(key, counter=counter) as sealer:
            frames.append(sealer.seal(row.frame))
    opener = row.opener({0: key})
    assert opener.open_batch(frames).ok == 3
    opener.keys[0] = bytearray(key)
    assert opener.stats().keys[0].ratchet_step == 2
    assert opener.open_batch(frames).ok == 0
    del opener.keys[0]
    opener.keys[0] = key
    assert opener.open_batch(frames).ok == 3


def test_steps_in_a_batch_are_followed_in_order():
    """A tick may hold frames from before and after."""
    row = RATCHETING[0]
    sealer, opener = row.sealer(KEY), row.opener({0: KEY})
    for in_place in (False, True):
        batch = ff.Batch(32)
        for number in range(24):
            batch.append(sealer.seal(row.sized(50, seed=number)))
            if number % 3 == 2:
                sealer.ratchet()
        result = opener.open_batch(batch, in_place=in_place)
        result.raise_first()
        assert [bytes(f) for f in result] == [row.sized(50, seed=n) for n in range(24)]


def test_data_packets_ratchet_with_their_media():
    """The same material, the same steps; each side follows by itself."""
    sealer = livekit.DataSealer(KEY, key_id=1, kdf="hkdf")
    opener = livekit.DataOpener({1: KEY}, kdf="hkdf")
    for _ in range(5):
        iv, index, value = sealer.seal(b"chat")
        assert opener.open(value, iv=iv, key_index=index) == b"chat"
        sealer.ratchet()
    sealer.close()
    with pytest.raises(ff.UsageError, match="closed"):
        sealer.seal(b"chat")
    opener.close()
    with pytest.raises(ff.UsageError, match="closed"):
        opener.open(value, iv=iv, key_index=1)


@pytest.mark.usefixtures("swift_switching")
def test_ratchet_amid_sealing_threads_mixes_no_keys():
    """Each frame is wholly of one step, and the steps ascend with the counters."""
    row = RATCHETING[0]
    sealer = row.sealer(KEY, **FIXED["livekit"])
    made, stop = [[] for _ in range(4)], threading.Event()

    def seal(mine):
        for number in range(200):
            if number % 2:
                mine.append(sealer.seal(row.sized(100, seed=number)))
            else:
                mine.extend(map(bytes, sealer.seal_batch([row.sized(40)] * 3)))
        stop.set()

    def ratchet():
        for _ in range(60):
            if stop.wait(0.0005):
                break
            sealer.ratchet()

    threads = [threading.Thread(target=seal, args=(mine,)) for mine in made]
    threads.append(threading.Thread(target=ratchet))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "deadlock"
    salt = int.from_bytes(FIXED["livekit"]["salt"], "big")
    frames = [frame for mine in made for frame in mine]
    frames.sort(key=lambda sealed: int.from_bytes(sealed[-14:-2], "big") ^ salt)
    assert len(frames) == sealer.counter == 1600
    opener = row.opener({0: KEY}, ratchet_window=64)
    opener.open_batch(frames).raise_first()
    assert opener.stats().keys[0].ratchet_step <= 60
