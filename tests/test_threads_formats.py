"""Threads on the formats that do more than count: frames sealed anew, ratchets."""

from __future__ import annotations

import threading

import pytest
from support import LIMIT, Row, together

import fastframe as ff

THREADS = 6
pytestmark = pytest.mark.usefixtures("swift_switching")


@pytest.mark.parametrize(
    "row",
    [
        Row("sframe", "AES-128-GCM", "h264"),
        Row("insertable", "AES-128-GCM", "h265"),
        Row("stream", "AES-128-GCM", "h264"),
        Row("dave", "AES-128-GCM-8", "h264"),
    ],
    ids=str,
)
def test_frames_sealed_anew_amid_threads_repeat_no_nonce(row):
    """A retry takes a counter that nobody else has, in the midst of others' calls."""
    key = row.key()
    sealer = row.sealer(key)
    made = [[] for _ in range(THREADS)]

    def seal(mine):
        batch = ff.Batch(10)
        for number in range(60):
            mine.append(sealer.seal(row.sized(40 + number)))
            mine.extend(map(bytes, sealer.seal_batch([row.sized(33)] * 10)))
            batch.clear()
            for seed in range(10):
                batch.append(row.sized(50, seed))
            result = sealer.seal_batch(batch, in_place=bool(number % 2))
            mine.extend(map(bytes, result))

    together(*(lambda mine=mine: seal(mine) for mine in made))
    frames = [frame for mine in made for frame in mine]
    counters = sorted(row.inspect(frame).counter for frame in frames)
    assert len(frames) == THREADS * 60 * 21 == len(set(counters))
    assert sealer.stats().frames_sealed == len(frames)
    assert sealer.counter > counters[-1]
    opener = row.opener({0: key}, replay_window=65536)
    opener.open_batch(frames).raise_first()


@pytest.mark.parametrize("format_name", ["livekit", "jitsi"])
def test_openers_follow_a_ratchet_on_many_threads(format_name):
    """Who commits a step must not take it from under another thread's frame."""
    row = Row(format_name, "AES-128-GCM", "opus")
    key = bytes(range(32))
    sealer = row.sealer(key)
    opener = row.opener({0: key})
    steps = []
    for _ in range(8):
        steps.append([sealer.seal(row.sized(60, seed)) for seed in range(50)])
        sealer.ratchet()
    meet = threading.Barrier(THREADS)

    def open_all(number):
        for step in steps:
            meet.wait(LIMIT)  # one step apart at most, as on a network
            for frame in step[number::THREADS]:
                opener.open(frame)
            opener.open_batch(step).raise_first()

    together(*(lambda n=n: open_all(n) for n in range(THREADS)))
    assert opener.stats().keys[0].ratchet_step == 7
    assert opener.stats().frames_rejected == 0


def test_generations_are_stepped_over_amid_threads():
    """The key of the next generation is derived once, by whoever comes first."""
    row, key = Row("dave", "AES-128-GCM-8", "opus"), bytes(16)
    sealer = row.sealer(key, counter=2**24 - 500)
    made = [[] for _ in range(THREADS)]

    def seal(mine):
        for number in range(200):
            mine.append(sealer.seal(row.sized(20 + number)))

    together(*(lambda mine=mine: seal(mine) for mine in made))
    frames = [frame for mine in made for frame in mine]
    opener = row.opener({0: key}, replay_window=65536)
    shares = [frames[n::THREADS] for n in range(THREADS)]
    together(
        *(
            lambda share=share: opener.open_batch(share).raise_first()
            for share in shares
        )
    )
    assert opener.stats().frames_opened == THREADS * 200
    assert opener.stats().keys[0].ratchet_step == 1
