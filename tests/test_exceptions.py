"""What exceptions are, carry and never show; what closed objects answer."""

from __future__ import annotations

import pickle
import traceback

import pytest

import fastframe as ff

KEY = bytes.fromhex("a1b2c3d4e5f60718293a4b5c6d7e8f90")


# -- closed --


def test_closed_objects_refuse_everything(pair):
    """A wiped key must never seal; the error names the reason."""
    sealer, opener = pair
    sealed = sealer.seal(b"frame")
    sealer.close()
    opener.close()
    sealer.close()
    opener.close()
    batch = ff.Batch(1)
    batch.append(b"frame")
    calls = [
        lambda: sealer.seal(b"frame"),
        lambda: sealer.seal_into(b"frame", bytearray(50)),
        lambda: sealer.seal_batch(batch),
        lambda: sealer.seal_batch([b"frame"]),
        lambda: sealer.rotate(KEY, 2),
        lambda: opener.open(sealed),
        lambda: opener.open_batch([sealed]),
        lambda: opener.keys.update({2: KEY}),
    ]
    for call in calls:
        with pytest.raises(ff.UsageError, match="closed"):
            call()
    assert len(opener.keys) == 0
    assert repr(sealer)
    assert repr(opener)
    assert sealer.stats().frames_sealed == 1
    assert opener.stats().frames_opened == 0


def test_context_managers_close():
    """with-blocks are how files are closed; keys deserve no less."""
    with ff.Sealer("insertable", KEY) as sealer:
        sealed = sealer.seal(b"frame")
    with ff.Opener("insertable", {0: KEY}) as opener:
        assert opener.open(sealed) == b"frame"
    for call in (lambda: sealer.seal(b"frame"), lambda: opener.open(sealed)):
        with pytest.raises(ff.UsageError, match="closed"):
            call()


# -- the exception tree --


def test_exception_tree_is_the_contract():
    """Callers catch by these bases; moving one breaks them unseen."""
    tree = {
        ff.UsageError: (ff.FastframeError, ValueError),
        ff.UsageTypeError: (ff.UsageError, TypeError),
        ff.FrameRejected: (ff.FastframeError,),
        ff.MalformedFrame: (ff.FrameRejected,),
        ff.NotEncrypted: (ff.FrameRejected,),
        ff.UnknownKey: (ff.FrameRejected,),
        ff.AuthenticationFailed: (ff.FrameRejected,),
        ff.ReplayedFrame: (ff.FrameRejected,),
        ff.StaleFrame: (ff.FrameRejected,),
        ff.KeyExhausted: (ff.FastframeError,),
        ff.LibraryFailure: (ff.FastframeError,),
    }
    for error, bases in tree.items():
        for base in bases:
            assert issubclass(error, base), error
    assert not issubclass(ff.FrameRejected, ValueError)
    assert not issubclass(ff.KeyExhausted, ff.FrameRejected)


def test_rejection_carries_status_key_id_and_index(pair):
    """What a receiver logs and counts by."""
    sealer, opener = pair
    sealed = sealer.seal(b"frame")
    opener.open(sealed)
    with pytest.raises(ff.ReplayedFrame) as caught:
        opener.open(sealed)
    error = caught.value
    assert (error.status, error.key_id, error.index) == (ff.Status.REPLAYED, 1, None)
    assert "REPLAYED" in str(error)
    assert "key id 1" in str(error)
    with pytest.raises(ff.ReplayedFrame) as caught:
        opener.open_batch([sealer.seal(b"next"), sealed]).raise_first()
    error = caught.value
    assert (error.status, error.key_id, error.index) == (ff.Status.REPLAYED, 1, 1)
    assert "frame 1" in str(error)
    with pytest.raises(ff.MalformedFrame) as caught:
        opener.open(b"")
    assert caught.value.key_id is None


def test_inspect_rejects_what_no_format_could_hold():
    """Too short is an answer, not a crash."""
    with pytest.raises(ff.MalformedFrame) as caught:
        ff.inspect("insertable", b"short")
    assert caught.value.status is ff.Status.MALFORMED


# -- secrets --


def test_no_key_byte_is_shown_anywhere(pair, tmp_path):
    """Logs, tickets and crash reports travel further than keys may."""
    secrets = [KEY, KEY.hex().encode(), repr(KEY).encode(), str(list(KEY)).encode()]
    sealer = ff.Sealer("insertable", KEY, key_id=3)
    opener = ff.Opener("insertable", {3: KEY})
    shown = [repr(sealer), str(sealer), repr(opener), repr(opener.keys)]
    shown += [str(opener.keys[3]), repr(sealer.stats()), repr(opener.stats())]
    calls = [
        lambda: ff.Sealer("insertable", KEY[:15]),
        lambda: ff.Sealer("insertable", KEY.hex()),
        lambda: ff.Sealer("insertable", KEY, key_id=256),
        lambda: ff.Opener("insertable", {256: KEY}),
        lambda: ff.Opener("insertable", KEY),
        lambda: ff.Opener("insertable", {1: list(KEY)}),
        lambda: sealer.rotate(KEY + b"x", 4),
        lambda: sealer.seal("x"),
        lambda: opener.open(bytes([3]) + bytes(60)),
        lambda: pickle.dumps(sealer),
        lambda: pickle.dumps(opener),
    ]
    for call in calls:
        with pytest.raises(ff.FastframeError) as caught:
            call()
        lines = traceback.format_exception_only(caught.value)
        shown += [*lines, repr(caught.value), repr(vars(caught.value))]
    text = "\n".join(shown).encode()
    assert sealer.fingerprint.encode() in text
    for secret in secrets:
        assert secret not in text
