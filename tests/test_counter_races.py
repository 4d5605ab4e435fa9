"""Persistent counters amid threads, rotations, interrupts and other folders."""

import os
import threading

import pytest

import fastframe as ff
from fastframe import _native

KEY = bytes(range(16))


def test_rotation_amid_reservations_grants_only_what_is_on_disk(tmp_path):
    """A range reserved for the old key must not reach the new one's counter."""
    path = tmp_path / "counters"
    with ff.PersistentCounter(path, ahead=3) as counter:
        sealer = ff.Sealer("insertable", ff.generate_key(), counter=counter)
        over, stop = [], threading.Event()

        def seal():
            while not stop.is_set():
                sealer.seal(b"frame")

        threads = [threading.Thread(target=seal) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(60):
            sealer.rotate(ff.generate_key(), number)
            with counter._lock.raw:
                facts = _native.read_sealer(sealer.handle)
                name = f"{facts.mark:016x}"
                over.append(facts.granted >= counter._reserved[name])
        stop.set()
        for thread in threads:
            thread.join()
    assert not any(over)


def test_counter_keeps_its_file_after_chdir(tmp_path, monkeypatch):
    """A daemon changes its folder; its counter must not start anew there."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(tmp_path)
    with ff.PersistentCounter("counters", ahead=2) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        os.chdir(other)
        for _ in range(7):
            sealer.seal(b"frame")
    with ff.PersistentCounter(tmp_path / "counters") as counter:
        assert ff.Sealer("insertable", KEY, counter=counter).counter >= 7
    assert not list(other.iterdir())


def test_link_to_a_counter_file_is_the_same_counter(tmp_path):
    """Two names must not give two processes the same numbers."""
    with ff.PersistentCounter(tmp_path / "counters") as counter:
        ff.Sealer("insertable", KEY, counter=counter)
        (tmp_path / "link").symlink_to(tmp_path / "counters")
        with pytest.raises(ff.UsageError, match="in use"):
            ff.PersistentCounter(tmp_path / "link")


def test_interrupt_amid_a_reservation_costs_counters_and_nothing_else(
    tmp_path, monkeypatch
):
    """What is on disk but was never granted must not stop the sealer for good."""
    with ff.PersistentCounter(tmp_path / "counters", ahead=2) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        with monkeypatch.context() as patch:
            patch.setattr(_native, "grant_sealer", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                sealer.seal_batch([b"frame"] * 5)
        sealed = [sealer.seal(b"frame") for _ in range(20)]
        seen = [ff.inspect("insertable", frame).counter for frame in sealed]
        assert len(set(seen)) == 20
        assert counter._reserved[sealer.fingerprint] > max(seen)


def _interrupt(*_args):
    raise KeyboardInterrupt


def test_closing_a_counter_waits_for_the_reservation_that_runs(tmp_path, monkeypatch):
    """Unlocked amid a write, the file would give the same range out twice."""
    path = tmp_path / "counters"
    counter = ff.PersistentCounter(path, ahead=10)
    write, started, go_on = counter._write, threading.Event(), threading.Event()

    def slowly(reserved):
        started.set()
        assert go_on.wait(30)
        write(reserved)

    monkeypatch.setattr(counter, "_write", slowly, raising=False)
    first = threading.Thread(target=counter.reserve, args=("f", 1))
    first.start()
    assert started.wait(30)
    closer = threading.Thread(target=counter.close)
    closer.start()
    with pytest.raises(ff.UsageError, match="in use"):
        ff.PersistentCounter(path)
    go_on.set()
    first.join()
    closer.join()
    with ff.PersistentCounter(path, ahead=10) as second:
        assert second.reserve("f", 1) == (10, 19)


def test_closed_sealer_that_no_frame_names_is_no_hindrance(tmp_path):
    """Reservations are for the sealers that the batch needs."""
    idle = ff.Sealer("insertable", ff.generate_key())
    idle.close()
    with ff.PersistentCounter(tmp_path / "counters", ahead=1) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        batch = ff.Batch(4)
        for _ in range(4):
            batch.append(b"frame", source=1)
        assert ff.seal_many([idle, sealer], batch).ok == 4
