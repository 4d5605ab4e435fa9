"""Threads: hammered, because a claim about threads is worth its test."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress

import pytest
from support import LIMIT, pattern, together

import fastframe as ff

pytestmark = pytest.mark.usefixtures("swift_switching")


def test_one_sealer_from_many_threads_repeats_no_nonce():
    """Audio and video threads share a sealer; every frame has its own nonce."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    made = [[] for _ in range(8)]

    def singles(mine):
        for number in range(400):
            mine.append(sealer.seal(pattern(number % 200)))

    def into(mine):
        out = bytearray(300)
        for number in range(400):
            mine.append(bytes(out[: sealer.seal_into(pattern(number % 200), out)]))

    def lists(mine):
        for _ in range(40):
            mine.extend(map(bytes, sealer.seal_batch([b"frame"] * 10)))

    def arenas(mine):
        batch = ff.Batch(10)
        for _ in range(40):
            batch.clear()
            for _ in range(10):
                batch.append(b"frame")
            mine.extend(map(bytes, sealer.seal_batch(batch, in_place=True)))

    ways = [singles, into, lists, arenas] * 2
    together(
        *(
            lambda way=way, mine=mine: way(mine)
            for way, mine in zip(ways, made, strict=True)
        )
    )
    frames = [frame for mine in made for frame in mine]
    assert len(frames) == 8 * 400
    counters = [ff.inspect("insertable", frame).counter for frame in frames]
    assert sorted(counters) == list(range(len(frames)))
    assert sealer.counter == sealer.stats().frames_sealed == len(frames)
    opener = ff.Opener("insertable", {0: key}, replay_window=8192)
    assert opener.open_batch(frames).ok == len(frames)


def test_one_opener_from_many_threads_accepts_each_frame_once():
    """Two threads with one frame: exactly one of them gets it."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key}, replay_window=65536)
    frames = [sealer.seal(pattern(100, seed=n % 250)) for n in range(1500)]
    accepted = [[] for _ in range(4)]

    def singles(mine):
        for number, frame in enumerate(frames):
            with suppress(ff.ReplayedFrame):
                assert opener.open(frame) == pattern(100, seed=number % 250)
                mine.append(number)

    def lists(mine):
        for first in range(0, 1500, 20):
            result = opener.open_batch(frames[first : first + 20])
            for offset, status in enumerate(result.status):
                if status == ff.Status.OK:
                    expected = pattern(100, seed=(first + offset) % 250)
                    assert result[offset] == expected
                    mine.append(first + offset)

    jobs = [singles, lists, singles, lists]
    together(
        *(
            lambda job=job, mine=mine: job(mine)
            for job, mine in zip(jobs, accepted, strict=True)
        )
    )
    assert sorted(n for mine in accepted for n in mine) == list(range(1500))
    stats = opener.stats()
    assert (stats.frames_opened, stats.replayed) == (1500, 4500)


def test_seal_many_in_any_order_does_not_deadlock():
    """Two calls that lock the same sealers the other way round."""
    keys = [ff.generate_key() for _ in range(6)]
    sealers = [ff.Sealer("insertable", key) for key in keys]
    openers = [ff.Opener("insertable", {0: key}, replay_window=0) for key in keys]
    sealed = [sealer.seal(b"frame") for sealer in sealers]

    def job(shift, step):
        order = [(shift + step * n) % 6 for n in range(6)]
        mine = [sealers[n] for n in order]
        theirs = [openers[n] for n in order]
        batch, back = ff.Batch(12), ff.Batch(12)
        for n in range(12):
            batch.append(b"frame", source=n % 6)
            back.append(sealed[order[n % 6]], source=n % 6)
        for _ in range(150):
            assert ff.seal_many(mine, batch).ok == 12
            assert ff.open_many(theirs, back).ok == 12
            mine[0].seal(b"frame")

    together(*(lambda s=s, d=d: job(s, d) for s in range(3) for d in (1, 5)))
    assert [sealer.stats().frames_sealed for sealer in sealers].count(0) == 0
    total = sum(sealer.counter for sealer in sealers)
    assert total == 6 + 6 * 150 * 13


def test_keys_may_change_while_frames_open():
    """A key is there or it is not; no frame opens to anything else."""
    key, other = ff.generate_key(), ff.generate_key()
    sealer = ff.Sealer("insertable", key, key_id=1)
    opener = ff.Opener("insertable", {1: key}, replay_window=0)
    sealed = [sealer.seal(b"frame") for _ in range(20)]
    done = threading.Event()

    def change():
        for _ in range(300):
            opener.keys[1] = other
            del opener.keys[1]
            opener.keys[1] = key
            repr(opener)
            opener.stats()
            sorted(opener.keys)
        done.set()

    def receive():
        statuses = set()
        while not done.is_set():
            result = opener.open_batch(sealed)
            statuses |= set(result.status)
            frames = {bytes(frame) for frame in result}
            assert frames <= {b"frame", b""}
        allowed = {ff.Status.OK, ff.Status.UNKNOWN_KEY, ff.Status.AUTH_FAILED}
        assert statuses <= allowed

    together(change, receive, receive)
    assert opener.open(sealed[0]) == b"frame"


def test_rotation_while_sealing_uses_whole_keys():
    """No frame may go out under one key's id and another key's bytes."""
    keys = {key_id: bytes(ff.generate_key()) for key_id in range(100)}
    sealer = ff.Sealer("insertable", keys[0], key_id=0)
    made = []
    done = threading.Event()

    def rotate():
        for key_id in range(1, 100):
            sealer.rotate(keys[key_id], key_id)
            time.sleep(0.0005)
        done.set()

    def seal():
        while not done.is_set():
            made.append(sealer.seal(b"frame"))
            made.extend(map(bytes, sealer.seal_batch([b"frame"] * 3)))

    together(rotate, seal, seal)
    opener = ff.Opener("insertable", keys, replay_window=0)
    for first in range(0, len(made), 60000):
        part = made[first : first + 60000]
        assert opener.open_batch(part).ok == len(part)
    claims = [ff.inspect("insertable", frame) for frame in made]
    assert len({(claim.key_id, claim.nonce) for claim in claims}) == len(made)


@pytest.mark.parametrize("turn", range(30))
def test_close_while_sealing_ends_in_a_clear_error(turn):
    """Hanging up must not race the encoder into a freed context."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key}, replay_window=0)
    sealed = sealer.seal(bytes(2000))
    ready = threading.Semaphore(0)

    def use(call):
        with pytest.raises(ff.UsageError, match="closed"):  # noqa: PT012
            while True:
                call()
                ready.release()

    def close():
        for _ in range(4):
            assert ready.acquire(timeout=LIMIT)
        sealer.close()
        opener.close()

    together(
        lambda: use(lambda: sealer.seal(bytes(2000))),
        lambda: use(lambda: sealer.seal_batch([bytes(2000)] * 4)),
        lambda: use(lambda: opener.open(sealed)),
        close,
    )


def test_a_batch_in_use_is_refused_to_others():
    """One buffer with two writers would send one frame's bytes as another's."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    batch = ff.Batch(100, arena=8 << 20)
    calls = [
        lambda: batch.append(b"x"),
        lambda: batch.reserve(1),
        batch.clear,
        lambda: sealer.seal_batch(batch),
        lambda: opener.open_batch(batch),
    ]
    done = threading.Event()

    def refused(call):
        try:
            call()
        except ff.UsageError as error:
            return "in use on another thread" in str(error)
        return False

    def run():
        while not done.is_set():
            if len(batch) == 0:
                refused(lambda: batch.append(pattern(1 << 20) * 4))
            refused(lambda: sealer.seal_batch(batch))

    def meddle():
        deadline = time.monotonic() + LIMIT / 2
        for call in calls:
            while not refused(call):
                assert time.monotonic() < deadline, "never refused"
        done.set()

    together(run, meddle)
    # Whoever was refused left the batch in order.
    batch.clear()
    batch.append(b"frame")
    assert opener.open(sealer.seal_batch(batch)[0]) == b"frame"
    assert sealer.counter == sealer.stats().frames_sealed


def test_gil_is_released_during_a_batch():
    """While C seals megabytes, other threads must run; else video stops audio."""
    sealer = ff.Sealer("insertable", ff.generate_key())
    batch = ff.Batch(2, arena=32 << 20)
    for _ in range(2):
        batch.append(bytes(16 << 20))
    sys.setswitchinterval(5)  # nobody is switched by force, only by release
    ticks = []
    sealing, done = threading.Event(), threading.Event()

    def seal():
        sealing.set()
        # On a busy machine the other thread may get no core for a while.
        end = time.monotonic() + LIMIT / 2
        rounds = 0
        while rounds < 10 or (len(ticks) <= 100 and time.monotonic() < end):
            assert sealer.seal_batch(batch).ok == 2
            rounds += 1
        done.set()

    def tick():
        assert sealing.wait(LIMIT)
        while not done.is_set():
            ticks.append(None)
            time.sleep(0)

    together(seal, tick)
    # A release that only comes and goes would give a tick or two per call.
    assert len(ticks) > 100
