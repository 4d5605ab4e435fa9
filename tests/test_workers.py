"""workers=: a batch over several threads comes out as over one."""

from __future__ import annotations

import os
import random

import pytest
from support import FIXED, LAYOUTS, filled, pattern, together

import fastframe as ff

COUNT = 40
LARGE = 270_000  # so that four workers pay


def large_frames(row):
    """Make frames of a row's codec, most of them large."""
    rng = random.Random(1)
    sizes = [LARGE if n % 5 else 30 + rng.randrange(40) for n in range(COUNT)]
    return [row.sized(size, seed=n + 1) for n, size in enumerate(sizes)]


def outcome(result):
    """Give all that a result says."""
    frames = [bytes(frame) for frame in result]
    facts = result.counters, result.key_ids, result.status
    return frames, [list(fact) for fact in facts]


def seal(row, key, frames, workers):
    """Seal frames under counters that are the same each time."""
    with row.sealer(key, **FIXED.get(row.format, {})) as sealer:
        result = sealer.seal_batch(frames, workers=workers)
        return *outcome(result), sealer.stats(), sealer.counter


def as_it_arrives(sealed):
    """Add what networks and attackers make of frames, and the counter of each."""
    rng = random.Random(2)
    numbered = list(enumerate(sealed))
    arrived = numbered + rng.choices(numbered, k=20)
    arrived += [(7, sealed[0][:9]), (7, b""), (7, b"rubbish" * 9)]
    for number, frame in numbered[:5]:
        arrived.append((number, frame[:-20] + bytes([frame[-20] ^ 1]) + frame[-19:]))
    return [frame for _, frame in arrived], [number for number, _ in arrived]


@pytest.mark.parametrize("row", LAYOUTS, ids=str)
def test_workers_change_nothing_of_what_is_sealed(row):
    """Counters are handed out in the frames' order, whoever seals them."""
    key, frames = row.key(), large_frames(row)
    assert seal(row, key, frames, workers=4) == seal(row, key, frames, workers=1)


@pytest.mark.parametrize("row", LAYOUTS, ids=str)
def test_workers_change_nothing_of_what_is_opened(row):
    """Verdicts too: a replay is one although both copies were opened at once."""
    key = row.key()
    sealed = seal(row, key, large_frames(row), workers=1)[0]
    frames, counters = as_it_arrives(sealed)
    beside = {"counter": counters} if row.format == "raw" else {}
    told = []
    for workers in (1, 4):
        opener = row.opener({0: key})
        result = opener.open_batch(frames, workers=workers, **beside)
        told.append((outcome(result), result.ok, opener.stats()))
    assert told[0] == told[1]
    assert ff.Status.OK in told[0][0][1][2]


@pytest.mark.parametrize("in_place", [False, True])
def test_workers_on_an_arena(in_place):
    """A Batch is split as a list is, and in place its frames do not move."""
    key, frames = ff.generate_key(), [pattern(LARGE, seed=n) for n in range(COUNT)]
    sealer, opener = ff.Sealer("insertable", key), ff.Opener("insertable", {0: key})
    result = sealer.seal_batch(filled(frames), in_place=in_place, workers=3)
    batch = filled([bytes(frame) for frame in result])
    opened = opener.open_batch(batch, in_place=in_place, workers=3)
    assert [bytes(frame) for frame in opened] == frames


def test_workers_with_several_sealers_and_openers():
    """seal_many and open_many are split too; each member keeps its own order."""
    keys = [ff.generate_key() for _ in range(3)]
    sealers = [ff.Sealer("insertable", key) for key in keys]
    openers = [ff.Opener("insertable", {0: key}) for key in keys]
    batch, arrived = ff.Batch(60, 60 * LARGE), ff.Batch(60, 60 * (LARGE + 29))
    for number in range(60):
        batch.append(pattern(LARGE, seed=number), source=number % 3)
    sealed = ff.seal_many(sealers, batch, workers=4)
    assert list(sealed.counters) == [number // 3 for number in range(60)]
    for number, frame in enumerate(sealed):
        arrived.append(frame, source=number % 3)
    opened = ff.open_many(openers, arrived, workers=4)
    assert opened.ok == 60
    assert all(frame == pattern(LARGE, seed=n) for n, frame in enumerate(opened))
    assert ff.open_many(openers, arrived, workers=4).ok == 0


def test_counters_on_disk_suffice_for_workers(tmp_path):
    """A file's reservation grows before the first thread starts."""
    key, path = ff.generate_key(), tmp_path / "counter"
    counter = ff.PersistentCounter(path, ahead=3)
    sealer = ff.Sealer("insertable", key, counter=counter)
    result = sealer.seal_batch([bytes(LARGE)] * COUNT, workers=4)
    assert list(result.counters) == list(range(COUNT))


def test_last_counters_are_used_once_and_by_the_first_frames():
    """No worker seals without a counter: it would repeat a nonce."""
    told = []
    key, most = ff.generate_key(), 2**64 - 1
    for workers in (1, 4):
        with ff.Sealer("insertable", key, ssrc=1, counter=most - 20) as sealer:
            result = sealer.seal_batch([bytes(LARGE)] * COUNT, workers=workers)
            told.append((outcome(result), result.ok, sealer.stats()))
    assert told[0] == told[1]
    assert told[0][1] == 21


@pytest.mark.parametrize("is_key", [None, False])  # guessed, and the short way
@pytest.mark.parametrize("format", ["insertable", "insertable-bare", "sframe"])
def test_what_workers_have_opened_is_a_replay_for_all(format, is_key):  # noqa: A002
    """Senders keep their windows, whoever opened their frames."""
    key = ff.generate_key()
    one = ff.Sealer(format, key)
    frames = [*map(bytes, one.seal_batch([bytes(LARGE)] * COUNT))]
    if format != "sframe":  # there two sealers on one key would share nonces
        two = ff.Sealer(format, key)
        frames += [*map(bytes, two.seal_batch([bytes(LARGE)] * COUNT))]
    opener = ff.Opener(format, {0: key})
    result = opener.open_batch(frames, key_frame=is_key, workers=4)
    assert result.ok == len(frames)
    for frame in (frames[0], frames[-1], frames[7]):
        with pytest.raises(ff.ReplayedFrame):
            opener.open(frame)
    assert opener.open_batch(frames, workers=4).ok == 0


@pytest.mark.usefixtures("swift_switching")
def test_crews_on_one_sealer_and_one_opener_repeat_nothing():
    """Batches that are split wait for each other as others do."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key}, replay_window=4096)
    made, opened = [], []

    def work():
        for _ in range(4):
            sealed = [*map(bytes, sealer.seal_batch([bytes(LARGE)] * 30, workers=3))]
            made.extend(sealed)
            opened.append(opener.open_batch(sealed, workers=3).ok)
            opened.append(opener.open_batch(sealed[:9], workers=3).ok)

    together(*[work] * 4)
    counters = [ff.inspect("insertable", frame).counter for frame in made]
    assert sorted(counters) == list(range(4 * 4 * 30))
    assert sum(opened) == 4 * 4 * 30


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_child_of_a_fork_opens_with_workers():
    """No thread outlives its call, so a child misses none."""
    key = ff.generate_key()
    sealer, opener = ff.Sealer("insertable", key), ff.Opener("insertable", {0: key})
    frames = [*map(bytes, sealer.seal_batch([bytes(LARGE)] * COUNT, workers=4))]
    assert opener.open_batch(frames[:20], workers=4).ok == 20
    child = os.fork()
    if child == 0:
        os._exit(opener.open_batch(frames[20:], workers=4).ok)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == COUNT - 20


def test_closed_sealer_has_no_workers():
    """Their contexts are the sealer's, and end with it (wiped: test_wiping.py)."""
    sealer = ff.Sealer("insertable", ff.generate_key())
    sealer.seal_batch([bytes(LARGE)] * COUNT, workers=4)
    sealer.close()
    with pytest.raises(ff.UsageError, match="closed"):
        sealer.seal_batch([bytes(LARGE)] * COUNT, workers=4)


@pytest.mark.parametrize("workers", [0, -1, 65, 2.0, None, "2"])
def test_number_of_workers_is_checked(workers):
    """A wrong call says so and spends no counter."""
    key = ff.generate_key()
    sealer, opener = ff.Sealer("insertable", key), ff.Opener("insertable", {0: key})
    batch = filled([b"frame"])
    calls = [
        lambda: sealer.seal_batch(batch, workers=workers),
        lambda: sealer.seal_batch([b"frame"], workers=workers),
        lambda: opener.open_batch(batch, workers=workers),
        lambda: ff.seal_many([sealer], batch, workers=workers),
        lambda: ff.open_many([opener], batch, workers=workers),
    ]
    for call in calls:
        with pytest.raises(ff.UsageError, match="workers must be"):
            call()
    assert sealer.counter == 0
