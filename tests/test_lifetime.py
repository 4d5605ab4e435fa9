"""The ends of objects: collection, interrupts, races between key and call."""

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading

import pytest

import fastframe as ff
from fastframe import _native, live

KEY = bytes(range(16))


class Ring:
    """A dead cycle whose finaliser still uses what is in it."""

    def __init__(self, call):
        """Refer to itself."""
        self.me = self
        self.call = call

    def __del__(self):
        """Use what may be half gone."""
        self.call()


@pytest.mark.parametrize("what", ["close", "seal", "stats", "open"])
def test_finaliser_in_a_dead_cycle_may_still_call(what):
    """Finalisers run before anything of the cycle is freed; none may crash."""
    seen = []

    def make():
        sealer = ff.Sealer("insertable", ff.generate_key())
        opener = ff.Opener("insertable", {0: KEY})

        def call():
            try:
                if what == "open":
                    opener.open(bytes(40))
                elif what == "seal":
                    sealer.seal(b"frame")
                else:
                    getattr(sealer, what)()
            except ff.FastframeError as error:
                seen.append(error)
            else:
                seen.append(None)

        ring = Ring(call)
        ring.held = (sealer, opener)

    for _ in range(50):
        make()
    for _ in range(3):  # some have grown old meanwhile
        gc.collect()
    assert len(seen) > 40
    # Closed by then or not: an answer, never a touch of freed memory.
    expected = (ff.UsageError, ff.AuthenticationFailed)
    assert all(error is None or isinstance(error, expected) for error in seen)


def test_pending_task_that_is_collected_closes_its_sealer():
    """`async with` and `with` in a task that nobody awaits any more."""
    code = (
        "import asyncio, gc, fastframe as ff\n"
        "async def work():\n"
        "    with ff.Sealer('insertable', ff.generate_key()) as sealer:\n"
        "        sealer.seal(b'x')\n"
        "        await asyncio.Event().wait()\n"
        "async def main():\n"
        "    for _ in range(50):\n"
        "        asyncio.ensure_future(work())\n"
        "        await asyncio.sleep(0)\n"
        "asyncio.run(main()); gc.collect(); print('fine')\n"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "fine\n", done.stderr


def test_interrupt_amid_rotation_keeps_the_key_claimed(monkeypatch):
    """The core has the new key already; it must count as used."""
    rekey = _native.rekey_sealer

    def interrupted(*args):
        rekey(*args)
        raise KeyboardInterrupt

    sealer = ff.Sealer("insertable", ff.generate_key(), ssrc=7)
    with monkeypatch.context() as patch:
        patch.setattr(_native, "rekey_sealer", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sealer.rotate(KEY, 2)
    assert sealer.key_id == 2
    sealer.seal(b"frame")
    with pytest.raises(ff.UsageError, match="used that key before"):
        sealer.rotate(KEY, 3)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("insertable", KEY, ssrc=7)
    assert sealer.fingerprint == ff.Opener("insertable", {0: KEY}).keys[0].fingerprint


def test_closing_gives_back_only_what_is_ones_own():
    """A sealer that rotated away must not free another's claim later."""
    first = ff.Sealer("insertable", KEY, ssrc=9)
    first.rotate(ff.generate_key(), 1)
    second = ff.Sealer("insertable", KEY, ssrc=9)
    first.close()
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("insertable", KEY, ssrc=9)
    second.close()


def test_registry_lock_may_be_taken_again_on_its_thread():
    """The collector may close a sealer while this thread claims a prefix."""
    with live._lock.raw:
        ff.Sealer("insertable", ff.generate_key()).close()


def test_rejections_stand_while_keys_come_and_go():
    """What describes the opener must not trip over a changing mapping."""
    opener = ff.Opener("insertable", {1: KEY})
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            for key_id in range(2, 40):
                opener.keys[key_id] = KEY
            for key_id in range(2, 40):
                del opener.keys[key_id]

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(3000):
            with pytest.raises(ff.FrameRejected):
                opener.open(bytes([200]) + bytes(60))
            assert "KeySlots" in repr(opener)
    finally:
        stop.set()
        thread.join()


def test_key_under_an_impossible_id_is_not_lost():
    """Deleting 3.0 must not drop the entry of key 3 and leave its key."""
    opener = ff.Opener("insertable", {3: KEY})
    with pytest.raises(ff.UsageTypeError):
        del opener.keys[3.0]
    assert list(opener.keys) == [3]


def test_keys_cannot_be_replaced_by_assignment():
    """Assigning a dict would never reach the core."""
    opener = ff.Opener("insertable")
    with pytest.raises(AttributeError):
        opener.keys = {1: KEY}


def test_rejection_in_place_invents_no_key_id():
    """The header is gone by then; None says that nobody knows."""
    opener = ff.Opener("insertable", {3: KEY})
    sealed = bytearray(ff.Sealer("insertable", KEY, key_id=3).seal(bytes(40)))
    sealed[-1] ^= 1
    with pytest.raises(ff.AuthenticationFailed) as caught:
        opener.open_into(bytes(sealed), bytearray(80))
    assert caught.value.key_id == 3
    with pytest.raises(ff.AuthenticationFailed) as caught:
        opener.open_into(sealed, sealed)
    assert caught.value.key_id is None
    stranger = bytearray([9]) + bytes(60)
    with pytest.raises(ff.UnknownKey) as caught:
        opener.open_into(stranger, stranger)
    assert caught.value.key_id == 9  # untouched, so it can still be read


def test_memory_outlives_the_end_of_a_dropped_object():
    """The closing finaliser must not run in memory that is free already."""
    code = (
        "import fastframe as ff\n"
        "size = lambda: int(open('/proc/self/statm').read().split()[1])\n"
        "def make(n):\n"
        "    for _ in range(n):\n"
        "        ff.Sealer('insertable', bytes(range(16))).seal(b'x')\n"
        "        ff.Opener('insertable', {0: bytes(16)})\n"
        "make(2000); before = size(); make(6000)\n"
        "grown = size() - before\n"
        "assert grown < 500, grown  # a leaked context is a kilobyte\n"
        "print('fine')\n"
    )
    # glibc then overwrites what is freed, so a late look at it goes wrong.
    environment = {**os.environ, "MALLOC_PERTURB_": "165", "PYTHONMALLOC": "malloc"}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.stdout == "fine\n", done.stderr


def test_rejections_travel_between_processes():
    """A worker's exception that cannot be rebuilt breaks the whole pool."""
    with pytest.raises(ff.UnknownKey) as caught:
        ff.Opener("insertable").open(bytes([5]) + bytes(40))
    pickled = pickle.dumps(caught.value)
    for twin in (pickle.loads(pickled), copy.copy(caught.value)):  # noqa: S301
        assert type(twin) is ff.UnknownKey
        assert (twin.status, twin.key_id) == (ff.Status.UNKNOWN_KEY, 5)
        assert str(twin) == str(caught.value)


@pytest.mark.parametrize("in_place", [None, "yes", 1, 2**70])
def test_in_place_is_a_flag(in_place):
    """Anything else is a slip, and C would take some of them for true."""
    batch = ff.Batch(1)
    batch.append(b"frame")
    sealer, opener = ff.Sealer("insertable", KEY), ff.Opener("insertable")
    calls = [
        lambda: sealer.seal_batch(batch, in_place=in_place),
        lambda: opener.open_batch(batch, in_place=in_place),
        lambda: ff.seal_many([sealer], batch, in_place=in_place),
        lambda: ff.open_many([opener], batch, in_place=in_place),
    ]
    for call in calls:
        with pytest.raises(ff.UsageTypeError, match="in_place"):
            call()


def test_results_cannot_be_written():
    """A status that somebody overwrites would silence raise_first()."""
    result = ff.Opener("insertable").open_batch([bytes(40)])
    with pytest.raises(TypeError):
        result.status[0] = 0


def test_key_in_the_wrong_place_is_not_printed():
    """batch.append(frame, key) is an easy slip; the error must not show it."""
    with pytest.raises(ff.UsageTypeError) as caught:
        ff.Batch(1).append(b"frame", KEY)
    assert repr(KEY)[2:-1] not in str(caught.value)
