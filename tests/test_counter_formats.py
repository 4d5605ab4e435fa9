"""PersistentCounter with formats that skip counters, or have few of them."""

from __future__ import annotations

import hashlib
import json
import signal

import pytest
from support import Row, filled

import fastframe as ff

RESEALING = [
    Row("dave", "AES-128-GCM-8", "h264"),
    Row("insertable", "AES-128-GCM", "h264"),
    Row("sframe", "AES-128-GCM", "h265"),
    Row("livekit", "AES-128-GCM", "h264"),
]
SHORT = [Row("stream", "AES-128-GCM", "opus"), Row("dave", "AES-128-GCM-8", "h264")]
LAST = 2**32 - 1
LIMIT = 4  # seconds; each of these tests takes milliseconds


@pytest.fixture
def path(tmp_path):
    """Name a counter file that does not exist yet."""
    return tmp_path / "counters.json"


@pytest.fixture
def no_hang():
    """End a test that goes round in circles."""

    def ring(*_):
        pytest.fail("hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def reserved(path):
    """Read the first counter that the file says nobody has reserved."""
    return max(json.loads(path.read_text())["reserved"].values())


def used_up(path, key, first):
    """Write a file that says all counters below first are reserved."""
    name = hashlib.sha256(key).hexdigest()[:16]
    path.write_text(json.dumps({"version": 1, "reserved": {name: first}}))


@pytest.mark.parametrize("row", RESEALING, ids=str)
@pytest.mark.parametrize("ahead", [1, 3, 100])
def test_frames_that_are_sealed_again_find_their_counters_reserved(row, path, ahead):
    """Chance may take eleven of them for one frame: all must stand on disk first."""
    key = row.key()
    opener = row.opener({0: key})
    counters = []
    for _ in range(2):  # the second run goes on behind the first
        with ff.PersistentCounter(path, ahead=ahead) as counter:
            sealer = row.sealer(key, counter=counter)
            for number in range(60):
                frame = row.sized(40 + number)
                assert opener.open(sealer.seal(frame)) == frame
                assert reserved(path) >= sealer.counter
            batch = filled([row.sized(30, seed) for seed in range(150)])
            for frames in (batch, [row.sized(30)] * 20, [row.sized(30)]):
                result = sealer.seal_batch(frames)
                result.raise_first()
                counters += result.counters
                assert opener.open_batch([bytes(one) for one in result]).ok == len(
                    result
                )
                assert reserved(path) >= sealer.counter
            sealer.close()
    assert counters == sorted(set(counters))
    assert opener.stats().frames_rejected == 0


def test_several_sealers_reserve_in_one_call(tmp_path):
    """Each has its own file, and its own need for more than its frames."""
    keys = [row.key() for row in RESEALING]
    counters = [ff.PersistentCounter(tmp_path / str(n), ahead=1) for n in range(4)]
    made = [
        row.sealer(key, counter=counter)
        for row, key, counter in zip(RESEALING, keys, counters, strict=True)
    ]
    batch = ff.Batch(400)
    for number in range(400):
        batch.append(RESEALING[number % 4].sized(40, number), source=number % 4)
    result = ff.seal_many(made, batch)
    result.raise_first()
    back = ff.Batch(400)
    for number, sealed in enumerate(result):
        back.append(sealed, source=number % 4)
    openers = [row.opener({0: key}) for row, key in zip(RESEALING, keys, strict=True)]
    ff.open_many(openers, back).raise_first()
    for counter in counters:
        counter.close()


@pytest.mark.parametrize("row", SHORT, ids=str)
def test_first_counter_is_the_formats(row, path):
    """Both begin with 1: a file that is new must not give 0."""
    key = row.key()
    with ff.PersistentCounter(path, ahead=10) as counter:
        sealer = row.sealer(key, counter=counter)
        assert sealer.counter == 1
        assert row.inspect(sealer.seal(row.frame)).counter >= 1
    with ff.PersistentCounter(path, ahead=10) as counter:
        sealer.close()
        assert row.sealer(key, counter=counter).counter in (10, 20)


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("row", SHORT, ids=str)
@pytest.mark.parametrize("ahead", [1, 3, 65536, 2**40])
@pytest.mark.parametrize("left", [1, 8])
def test_counters_end_where_the_formats_do(row, path, ahead, left):
    """32 bits on the wire: the last one is used, the next frame says so.

    A reservation that reaches further must neither be refused, while there are
    counters left, nor be tried again for ever.
    """
    key = row.key()
    used_up(path, key, LAST + 1 - left)
    with ff.PersistentCounter(path, ahead=ahead) as counter:
        sealer = row.sealer(key, counter=counter)
        for _ in range(left):
            row.opener({0: key}).open(sealer.seal(row.frame))
        for _ in range(3):
            with pytest.raises(ff.KeyExhausted):
                sealer.seal(row.frame)
        result = sealer.seal_batch([row.frame] * 2)
        assert list(result.status) == [ff.Status.KEY_EXHAUSTED] * 2
        sealer.rotate(row.key(), 0)
        assert row.inspect(sealer.seal(row.frame)).counter == 1


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("row", SHORT, ids=str)
def test_a_file_that_is_used_up_says_so(row, path):
    """The key's life is over: that is no wrong argument."""
    key = row.key()
    used_up(path, key, LAST + 1)
    with ff.PersistentCounter(path) as counter, pytest.raises(ff.KeyExhausted):
        row.sealer(key, counter=counter)


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("row", SHORT, ids=str)
def test_one_reservation_may_be_larger_than_all_there_are(row, path):
    """ahead= is the file's, and the file does not know of formats."""
    with ff.PersistentCounter(path, ahead=2**40) as counter:
        sealer = row.sealer(row.key(), counter=counter)
        sealer.seal(row.frame)


@pytest.mark.parametrize("row", SHORT, ids=str)
def test_numbers_end_where_the_formats_do(row):
    """The same without a file."""
    key = row.key()
    with row.sealer(key, counter=LAST) as sealer:
        sealed = sealer.seal(row.frame)
        with pytest.raises(ff.KeyExhausted):
            sealer.seal(row.frame)
        assert sealer.counter == 2**32
    assert row.inspect(sealed).counter == LAST
    assert row.opener({0: key}).open(sealed) == row.frame
    with pytest.raises(ff.UsageError, match=f"0 to {LAST}, got {2**32}"):
        row.sealer(key, counter=2**32)
