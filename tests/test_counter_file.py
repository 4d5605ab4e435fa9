"""PersistentCounter's file: who may use it, and what is no counter file."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import fastframe as ff

KEY = bytes(range(16))
OPEN_ONCE = "import sys, fastframe as ff; ff.PersistentCounter(sys.argv[1])"


@pytest.fixture
def path(tmp_path):
    """Name a counter file that does not exist yet."""
    return tmp_path / "counters.json"


DAMAGED = {
    "empty": b"",
    "cut short": b'{"version": 1, "reserved": {"ab": 1',
    "not JSON": b"counters",
    "not UTF-8": b"\xff\xfe\x00\x80",
    "NUL bytes, as after a power cut": bytes(100),
    "a list": b"[]",
    "no entries": b'{"version": 1}',
    "newer version": b'{"version": 2, "reserved": {}}',
    "negative": b'{"version": 1, "reserved": {"ab": -1}}',
    "too large": b'{"version": 1, "reserved": {"ab": 18446744073709551617}}',
    "a fraction": b'{"version": 1, "reserved": {"ab": 1.5}}',
    "a text": b'{"version": 1, "reserved": {"ab": "1"}}',
    "a truth value": b'{"version": 1, "reserved": {"ab": false}}',
    "entries as list": b'{"version": 1, "reserved": []}',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_file_is_refused(path, content):
    """Starting over at 0 would repeat every nonce so far."""
    path.write_bytes(content)
    with pytest.raises(ff.UsageError, match="damaged"):
        ff.PersistentCounter(path)
    assert path.read_bytes() == content
    # The refusal gave the lock back, so a repaired file is taken.
    path.write_text('{"version": 1, "reserved": {}}')
    ff.PersistentCounter(path).close()


def test_file_is_for_one_counter_at_a_time(path):
    """Two counters on one file would hand out the same numbers."""
    first = ff.PersistentCounter(path)
    with pytest.raises(ff.UsageError, match="in use"):
        ff.PersistentCounter(path)
    first.close()
    first.close()
    ff.PersistentCounter(path).close()


def test_second_process_is_refused(path):
    """The same bot started twice is the likeliest way to repeat nonces."""
    command = [sys.executable, "-c", OPEN_ONCE, str(path)]
    with ff.PersistentCounter(path):
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own program
        assert done.returncode != 0
        assert "UsageError" in done.stderr
        assert "in use" in done.stderr
    subprocess.run(command, check=True)  # noqa: S603 - our own program


def test_collected_counter_unlocks_its_file(path):
    """A forgotten close() must not lock the file until the process ends."""
    counter = ff.PersistentCounter(path)
    del counter
    ff.PersistentCounter(path).close()


def test_counter_is_for_one_sealer_at_a_time(path):
    """Two sealers would each take the whole reservation."""
    with ff.PersistentCounter(path, ahead=5) as counter:
        first = ff.Sealer("insertable", KEY, counter=counter)
        with pytest.raises(ff.UsageError, match="another sealer"):
            ff.Sealer("insertable", bytes(16), counter=counter)
        first.close()
        second = ff.Sealer("insertable", KEY, counter=counter)
        assert second.counter == 5
        del second
        assert ff.Sealer("insertable", KEY, counter=counter).counter == 10


def test_closed_counter_stops_its_sealer_at_the_reservation(path):
    """What is reserved may be used up; not one number more."""
    counter = ff.PersistentCounter(path, ahead=3)
    sealer = ff.Sealer("insertable", KEY, counter=counter)
    counter.close()
    for _ in range(3):
        sealer.seal(b"frame")
    with pytest.raises(ff.UsageError, match="closed"):
        sealer.seal(b"frame")
    with pytest.raises(ff.UsageError, match="closed"):
        sealer.seal_batch([b"frame"])
    assert sealer.stats().frames_sealed == 3


def test_file_never_holds_a_key(path):
    """Counter files are backed up and copied about; keys must not be."""
    with ff.PersistentCounter(path) as counter:
        sealer = ff.Sealer("insertable", KEY, counter=counter)
        sealer.seal(b"frame")
        secrets = [KEY, KEY.hex().encode()]
        for file in path.parent.iterdir():
            assert not any(secret in file.read_bytes() for secret in secrets)
        assert json.loads(path.read_text()) == {
            "version": 1,
            "reserved": {sealer.fingerprint: 65536},
        }
        assert KEY.hex() not in repr(counter)
        assert path.name in repr(counter)


@pytest.mark.parametrize("wrong", [0, -1, 2**49, "8", True, 1.5])
def test_ahead_is_checked(path, wrong):
    """ahead=0 would never reserve anything."""
    with pytest.raises(ff.UsageError, match="ahead must be"):
        ff.PersistentCounter(path, ahead=wrong)
    assert not path.exists()


def test_missing_folder_is_refused(tmp_path):
    """A mistyped path is the caller's mistake and says so."""
    with pytest.raises(ff.UsageError, match="No such file"):
        ff.PersistentCounter(tmp_path / "nowhere" / "counters.json")
