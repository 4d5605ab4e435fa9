"""PersistentCounter: what stands on disk is ahead of every frame sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from itertools import pairwise

import pytest

import fastframe as ff

KEY = bytes(range(16))
# Seals for ever and writes each frame's nonce, as a socket would take it.
SEAL_FOREVER = textwrap.dedent("""
    import os, sys
    import fastframe as ff
    counter = ff.PersistentCounter(sys.argv[1], ahead=int(sys.argv[2]))
    sealer = ff.Sealer("insertable", bytes(range(16)), ssrc=7, counter=counter)
    while True:
        os.write(1, ff.inspect("insertable", sealer.seal(b"frame")).nonce)
""")


def seal_until_killed(path, frames):
    """Let a process seal, kill it after so many frames; give all its nonces."""
    command = [sys.executable, "-c", SEAL_FOREVER, str(path), "8"]
    # Unbuffered: what stood in a read-ahead would be lost to the count.
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as child:  # noqa: S603 - our own program
        nonces = [child.stdout.read(12) for _ in range(frames)]
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
    return nonces + [rest[at : at + 12] for at in range(0, len(rest), 12)]


def reserved(path):
    """Read what the file says: fingerprint -> first counter not reserved."""
    return json.loads(path.read_text())["reserved"]


@pytest.fixture
def path(tmp_path):
    """Name a counter file that does not exist yet."""
    return tmp_path / "counters.json"


# -- crashes --


def test_killed_process_never_repeats_a_nonce(path):
    """Kill -9 amid sealing is how processes end; nonces must only skip."""
    runs = []
    for kill_after in (1, 7, 100, 333):
        nonces = seal_until_killed(path, kill_after)
        runs.append([int.from_bytes(nonce[4:], "big") for nonce in nonces])
        assert {nonce[:4] for nonce in nonces} == {bytes([0, 0, 0, 7])}
    everything = [counter for one in runs for counter in one]
    assert len(everything) >= 441
    assert everything == sorted(set(everything))
    for one, following in pairwise(runs):
        # A restart skips at most what was reserved, and one frame in flight.
        assert following[0] - one[-1] <= 8 + 1


def test_restart_goes_on_behind_the_reservation(path):
    """Also after an orderly end: the file does not know what was used."""
    for expected in (0, 100, 200):
        with ff.PersistentCounter(path, ahead=100) as counter:
            sealer = ff.Sealer("insertable", KEY, counter=counter)
            assert sealer.counter == expected
            sealer.seal(b"frame")
            sealer.close()


# -- order: disk first --


def test_reservation_is_on_disk_before_it_is_used(path, monkeypatch):
    """Fsync the new file, rename it, fsync the folder, only then seal."""
    events = []
    real_fsync = os.fsync
    with ff.PersistentCounter(path, ahead=4) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        assert reserved(path) == {sealer.fingerprint: 4}

        def fsync(fd):
            kind = "folder" if os.path.isdir(fd) else "file"  # noqa: PTH112 - an fd
            events.append((kind, reserved(path)[sealer.fingerprint], sealer.counter))
            real_fsync(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        for sent in range(12):
            sealed = sealer.seal(b"frame")
            assert ff.inspect("insertable", sealed).counter == sent
            assert reserved(path)[sealer.fingerprint] > sent
    # Old content while the new file is written, new content after the rename;
    # and meanwhile the sealer has not moved.
    assert events == [
        ("file", 4, 4),
        ("folder", 8, 4),
        ("file", 8, 8),
        ("folder", 12, 8),
    ]


@pytest.mark.parametrize("failing_call", [1, 2])
def test_failing_disk_seals_nothing(path, monkeypatch, failing_call):
    """A full disk must stop the stream, not its protection."""
    real_fsync = os.fsync
    calls = []

    def fsync(fd):
        calls.append(fd)
        if len(calls) == failing_call:
            raise OSError(28, "No space left on device")
        real_fsync(fd)

    with ff.PersistentCounter(path, ahead=2) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        sealed = [sealer.seal(b"frame") for _ in range(2)]
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(ff.LibraryFailure, match="No space"):
            sealer.seal(b"frame")
        assert sealer.stats().frames_sealed == 2
        sealed.append(sealer.seal(b"frame"))
        seen = [ff.inspect("insertable", frame).counter for frame in sealed]
        assert len(set(seen)) == 3
        assert reserved(path)[sealer.fingerprint] > max(seen)


def test_one_write_pays_for_many_frames(path, monkeypatch):
    """An fsync per frame would cost milliseconds each."""
    calls = []
    monkeypatch.setattr(os, "fsync", calls.append)
    with ff.PersistentCounter(path, ahead=50) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        for _ in range(200):
            sealer.seal(b"frame")
    assert len(calls) == 4 * 2  # the file and its folder


# -- batches, rotation, limits --


@pytest.mark.parametrize("kind", ["list", "arena", "in place", "many"])
def test_batch_larger_than_a_reservation(path, kind):
    """A batch takes all its counters in one step, so all must be reserved."""
    frames = [b"frame"] * 40
    with ff.PersistentCounter(path, ahead=3) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        for turn in range(3):
            batch = ff.Batch(40)
            for frame in frames:
                batch.append(frame)
            if kind == "list":
                result = sealer.seal_batch(frames)
            elif kind == "many":
                result = ff.seal_many([sealer], batch)
            else:
                result = sealer.seal_batch(batch, in_place=kind == "in place")
            assert result.ok == 40
            assert list(result.counters) == list(range(turn * 40, turn * 40 + 40))
            assert reserved(path)[sealer.fingerprint] >= turn * 40 + 40


def test_rotation_keeps_an_entry_per_key(path):
    """Coming back to a key must go on where it stopped, in this run or the next."""
    other = bytes(16)
    with ff.PersistentCounter(path, ahead=10) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        first = sealer.fingerprint
        sealer.seal(b"frame")
        sealer.rotate(other, 1)
        assert sealer.counter == 0
        second = sealer.fingerprint
        assert reserved(path) == {first: 10, second: 10}
        for _ in range(11):
            sealer.seal(b"frame")
        assert reserved(path) == {first: 10, second: 20}
        sealer.rotate(KEY, 2)
        assert sealer.counter == 10
        sealer.close()
    with ff.PersistentCounter(path, ahead=10) as counter:
        assert ff.Sealer("insertable", other, counter=counter).counter == 20


def test_counter_runs_out_at_2_to_the_64(path):
    """Wrapping to 0 would repeat every nonce; stopping costs one rotation."""
    fingerprint = ff.Sealer("insertable", KEY).fingerprint
    content = {"version": 1, "reserved": {fingerprint: 2**64 - 3}}
    path.write_text(json.dumps(content))
    with ff.PersistentCounter(path, ahead=100) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        sealer.seal(b"frame")
        result = sealer.seal_batch([b"frame"] * 5)
        ok, exhausted = ff.Status.OK, ff.Status.KEY_EXHAUSTED
        assert list(result.status) == [ok, ok, exhausted, exhausted, exhausted]
        assert sealer.counter == 2**64
        for _ in range(2):
            with pytest.raises(ff.KeyExhausted):
                sealer.seal(b"frame")
        sealer.close()
        with pytest.raises(ff.KeyExhausted):
            ff.Sealer("insertable", KEY, counter=counter)


def test_plain_counter_runs_out_at_2_to_the_64():
    """The same limit without a file."""
    sealer = ff.Sealer("insertable", KEY, counter=2**64 - 2)
    last = [sealer.seal(b"frame"), sealer.seal(b"frame")]
    assert ff.inspect("insertable", last[1]).counter == 2**64 - 1
    for call in (
        lambda: sealer.seal(b"frame"),
        lambda: sealer.seal_into(b"frame", bytearray(50)),
        lambda: sealer.seal_batch([b"frame"]).raise_first(),
    ):
        with pytest.raises(ff.KeyExhausted, match="rotate"):
            call()
    assert sealer.counter == 2**64
    assert sealer.stats().key_exhausted == 3
    sealer.rotate(bytes(16), 1)
    assert sealer.seal(b"frame")


def test_failed_constructor_gives_the_counter_back(path):
    """The handler of KeyExhausted makes the next sealer right there."""
    fingerprint = ff.Sealer("insertable", KEY).fingerprint
    path.write_text(json.dumps({"version": 1, "reserved": {fingerprint: 2**64}}))
    with ff.PersistentCounter(path) as counter:
        try:
            ff.Sealer("insertable", KEY, counter=counter)
        except ff.KeyExhausted:
            with ff.Sealer("insertable", bytes(16), counter=counter) as sealer:
                assert sealer.seal(b"frame")
        else:
            pytest.fail("an exhausted key was taken")
