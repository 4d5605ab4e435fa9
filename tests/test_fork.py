"""os.fork, copies and pickles: a counter must never exist twice."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import signal

import pytest
from forking import fork_only, in_child

import fastframe as ff
from fastframe import live


@fork_only
def test_forked_sealer_is_refused_in_the_child(pair, tmp_path):
    """Parent and child would both go on from the same counter."""
    sealer, _ = pair
    sealer.seal(b"before")
    batch = ff.Batch(1)
    batch.append(b"frame")

    def check():
        calls = [
            lambda: sealer.seal(b"frame"),
            lambda: sealer.seal_into(b"frame", bytearray(50)),
            lambda: sealer.seal_batch([b"frame"]),
            lambda: sealer.seal_batch(batch),
            lambda: ff.seal_many([sealer], batch),
            lambda: sealer.rotate(ff.generate_key(), 2),
        ]
        for call in calls:
            with pytest.raises(ff.UsageError, match="fork"):
                call()
        assert repr(sealer)
        sealer.close()

    in_child(check)
    # The parent never notices.
    assert ff.inspect("insertable", sealer.seal(b"after")).counter == 1


@fork_only
def test_grandchild_is_refused_too(pair):
    """Two forks must not add up to the first process again."""
    sealer, _ = pair

    def check():
        def check_deeper():
            with pytest.raises(ff.UsageError, match="fork"):
                sealer.seal(b"frame")

        in_child(check_deeper)

    in_child(check)


@fork_only
def test_new_sealer_with_a_fresh_key_works_in_the_child(pair):
    """Pre-forking servers make their keys after the fork; that must work."""

    def check():
        key = ff.generate_key()
        sealer = ff.Sealer("insertable", key)
        opened = ff.Opener("insertable", {0: key}).open(sealer.seal(b"frame"))
        assert opened == b"frame"

    in_child(check)


@fork_only
def test_sealer_on_the_parents_key_and_prefix_is_refused_in_the_child():
    """The parent counts on under it, alive or not in the child's eyes."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key, ssrc=3)

    def check():
        with pytest.raises(ff.UsageError, match="another live sealer"):
            ff.Sealer("insertable", key, ssrc=3)

    in_child(check)
    assert sealer.seal(b"frame")


@fork_only
def test_opener_works_in_the_child(pair):
    """Opening repeats no nonce: workers may share a receiver's keys."""
    sealer, opener = pair
    sealed = [sealer.seal(b"frame") for _ in range(3)]
    opener.open(sealed[0])

    def check():
        assert opener.open(sealed[1]) == b"frame"
        assert opener.open_batch(sealed[2:]).ok == 1
        with pytest.raises(ff.ReplayedFrame):
            opener.open(sealed[0])
        opener.keys[2] = ff.generate_key()

    in_child(check)
    assert opener.open(sealed[1]) == b"frame"
    assert list(opener.keys) == [1]


@fork_only
def test_persistent_counter_is_refused_in_the_child(tmp_path):
    """The file's lock is inherited, so the lock alone would not stop it."""
    counter = ff.PersistentCounter(tmp_path / "counters")

    def check():
        with pytest.raises(ff.UsageError, match="fork"):
            ff.Sealer("insertable", ff.generate_key(), counter=counter)
        with pytest.raises(ff.UsageError, match="in use"):
            ff.PersistentCounter(tmp_path / "counters")

    in_child(check)
    ff.Sealer("insertable", ff.generate_key(), counter=counter).close()
    counter.close()


# -- copies --

MAKERS = {
    "Sealer": lambda _: ff.Sealer("insertable", ff.generate_key()),
    "Opener": lambda _: ff.Opener("insertable", {0: ff.generate_key()}),
    "Batch": lambda _: ff.Batch(1),
    "PersistentCounter": lambda folder: ff.PersistentCounter(folder / "counters"),
}
COPIERS = [copy.copy, copy.deepcopy, pickle.dumps]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("copier", COPIERS)
def test_copies_are_refused(name, copier, tmp_path):
    """A copied counter repeats nonces; a copied window lets old frames in."""
    original = MAKERS[name](tmp_path)
    with pytest.raises(ff.UsageTypeError, match=f"{name} cannot be copied"):
        copier(original)
    if copier is not copy.copy:  # which does not look inside
        with pytest.raises(ff.UsageTypeError, match=f"{name} cannot be copied"):
            copier({"nested": [original]})


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_pickle_protocol_is_refused(name, protocol, tmp_path):
    """Old protocols take other hooks; a key must not get out through one."""
    with pytest.raises(ff.UsageTypeError, match="pickled"):
        pickle.dumps(MAKERS[name](tmp_path), protocol)


def test_live_key_slots_are_not_pickled():
    """The mapping, too, would carry what must not travel."""
    opener = ff.Opener("insertable", {0: ff.generate_key()})
    with pytest.raises((TypeError, ff.UsageTypeError)):
        pickle.dumps(opener.keys)


def test_sealer_is_not_sent_to_a_spawned_process(pair):
    """Multiprocessing pickles arguments; it must fail here, not over there."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=print, args=(pair[0],))
    with pytest.raises(ff.UsageTypeError, match="make one from its key"):
        process.start()


@fork_only
def test_python_lock_held_at_the_fork_does_not_hang_the_child():
    """The thread that would release it does not exist in the child."""
    key = ff.generate_key()
    opener = ff.Opener("insertable", {1: key})
    sealed = ff.Sealer("insertable", key, key_id=2).seal(b"frame")

    def check():
        signal.alarm(10)  # ends a child that hangs
        opener.keys[2] = key
        assert opener.open(sealed) == b"frame"
        assert ff.Sealer("insertable", ff.generate_key()).seal(b"frame")

    with opener.keys._lock.raw, live._lock.raw:
        in_child(check)
