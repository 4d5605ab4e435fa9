"""Replay windows of the other formats, and frames that name no key but have several."""

from __future__ import annotations

import pytest
from reference import dave as dave_model
from reference import sframe as sframe_model
from reference import stream as stream_model
from reference.aead import gcm_seal
from support import SALT

import fastframe as ff

KEY, OTHER = bytes(range(16)), bytes(range(16, 32))
OK, AUTH_FAILED = ff.Status.OK, ff.Status.AUTH_FAILED
REPLAYED, TOO_OLD = ff.Status.REPLAYED, ff.Status.TOO_OLD
UNKNOWN_KEY = ff.Status.UNKNOWN_KEY


def sframe(counter, *, key=KEY, key_id=0):
    """Seal a frame with any counter, as a peer may."""
    derived = sframe_model.derive(key, key_id=key_id, suite=4)
    named = {"key": derived, "key_id": key_id, "suite": 4}
    return sframe_model.seal(b"x", counter=counter, **named)


def stream(counter, *, key=KEY, key_id=0, prefix=b"one peer"):
    """Seal one of GetStream."""
    iv = stream_model.make_iv(prefix, counter)
    named = {"key": key, "key_id": key_id, "codec": "opus"}
    return stream_model.seal(b"\x78", iv=iv, **named)


def dave(counter, *, key=KEY):
    """Seal one of DAVE, under the key of the counter's generation."""
    derived = dave_model.derive(key, generation=counter >> 24)
    return dave_model.seal(b"x", key=derived, counter=counter, codec=None)


def raw(counter, *, key=KEY):
    """Seal with nothing but AES-GCM; the counter goes beside the frame."""
    nonce = int.from_bytes(SALT, "big") ^ counter
    return gcm_seal(key, nonce.to_bytes(12, "big"), b"x", b"")


FORMATS = {
    "sframe": (sframe, {}, 2**64 - 1),
    "stream": (stream, {}, 2**32 - 1),
    "dave": (dave, {}, 2**24 - 1),
    "raw": (raw, {"salt": SALT}, 2**64 - 1),
}
each_format = pytest.mark.parametrize("name", FORMATS)


class Receiver:
    """An opener and what it is handed."""

    def __init__(self, name, **options):
        """Hold the key under 0."""
        self.seal, given, self.most = FORMATS[name]
        keys = options.pop("keys", {0: KEY})
        self.opener = ff.Opener(name, keys, **given, **options)
        self.is_told = name == "raw"

    def judge(self, *counters, **named):
        """Open frames with these counters in one batch; give their statuses."""
        frames = [self.seal(counter, **named) for counter in counters]
        beside = {"counter": counters} if self.is_told else {}
        return [
            ff.Status(code) for code in self.opener.open_batch(frames, **beside).status
        ]


@each_format
@pytest.mark.parametrize("width", [1, 2, 63, 64, 65, 1024, 65536])
def test_edge_of_the_window_is_exact(name, width):
    """One counter off would drop a late frame or take an old one."""
    receiver = Receiver(name, replay_window=width)
    for top in (70000, receiver.most):
        assert receiver.judge(top, top, top - width) == [OK, REPLAYED, TOO_OLD]
        if width > 1:
            assert receiver.judge(top - width + 1) == [OK]
        assert receiver.judge(top - width + 1) == [REPLAYED]


@each_format
def test_window_of_zero_is_off(name):
    """Files and peers with another protection must be able to opt out."""
    assert Receiver(name, replay_window=0).judge(5, 5, 1, 5) == [OK] * 4


@each_format
def test_forged_frames_move_nothing(name):
    """Neither the window, nor the counter that they name."""
    receiver = Receiver(name)
    assert receiver.judge(10) == [OK]
    assert receiver.judge(receiver.most, 11, 12, key=OTHER) == [AUTH_FAILED] * 3
    assert receiver.judge(11, 12, 10) == [OK, OK, REPLAYED]


def test_sframe_windows_are_kept_by_key_id():
    """Each KID is a sender of its own."""
    receiver = Receiver("sframe", keys={0: KEY, 7: KEY})
    assert receiver.judge(5, key_id=7) == [OK]
    assert receiver.judge(5, 5) == [OK, REPLAYED]
    assert receiver.judge(5, 6, key_id=7) == [REPLAYED, OK]
    assert receiver.judge(5, key_id=8) == [UNKNOWN_KEY]


def test_stream_windows_are_kept_by_prefix():
    """A peer draws one for each key it imports; more of them than it keeps."""
    receiver = Receiver("stream")
    for number in range(40):
        prefix = number.to_bytes(8, "big")
        assert receiver.judge(3, 3, prefix=prefix) == [OK, REPLAYED]
    assert receiver.judge(3, prefix=bytes(8)) == [REPLAYED]
    assert receiver.opener.stats().keys[0].senders == 40


def test_livekit_and_jitsi_have_no_replay_check():
    """Their IVs are no counter: said in the docs, and so in a test."""
    for name, options in (("livekit", {"kdf": "hkdf"}), ("jitsi", {})):
        sealed = ff.Sealer(name, KEY, codec="opus", **options).seal(b"\x78")
        opener = ff.Opener(name, {0: KEY}, codec="opus", **options)
        assert opener.open_batch([sealed] * 3).ok == 3
        assert opener.stats().keys[0].senders == 0


# -- DAVE: generations, and several keys that no frame names --


def test_dave_window_goes_on_over_generations():
    """One counter runs through all of them; the key changes with its top byte."""
    receiver = Receiver("dave")
    edge = 1 << 24
    assert receiver.judge(edge - 2, edge - 1, edge, edge + 1) == [OK] * 4
    assert receiver.judge(edge - 1, edge - 3, edge, edge + 2) == [
        REPLAYED,
        OK,
        REPLAYED,
        OK,
    ]
    assert receiver.judge(edge - 3) == [REPLAYED]
    assert receiver.opener.stats().keys[0].ratchet_step == 1


def test_dave_holds_the_keys_of_several_epochs():
    """Frames of the old epoch come late; the newest key is tried first."""
    keys = {epoch: bytes([epoch]) * 16 for epoch in range(8)}
    receiver = Receiver("dave", keys=keys)
    for epoch, key in keys.items():
        assert receiver.judge(1, 2, 1, key=key) == [OK, OK, REPLAYED], epoch
    stats = receiver.opener.stats()
    assert (stats.frames_opened, stats.replayed) == (16, 8)
    assert all(one.frames_opened == 2 for one in stats.keys.values())
    with pytest.raises(ff.UsageError, match="at most 8 keys"):
        receiver.opener.keys[8] = KEY
    del receiver.opener.keys[0]
    receiver.opener.keys[8] = KEY
    assert receiver.judge(1) == [OK]
    assert receiver.judge(3, key=keys[0]) == [AUTH_FAILED]


@pytest.mark.parametrize("held", [1, 2, 8])
def test_dave_finds_its_key_in_place(held):
    """Each key that does not fit must leave the ciphertext for the next."""
    keys = {epoch: bytes([epoch]) * 16 for epoch in range(held)}
    for key in keys.values():
        opener = ff.Opener("dave", keys)
        room = bytearray(dave(1, key=key))
        assert opener.open_into(room, room) == 1
        assert room[:1] == b"x"
        batch = ff.Batch(2)
        batch.append(dave(2, key=key))
        batch.append(dave(3, key=OTHER))
        result = opener.open_batch(batch, in_place=True)
        assert list(result.status) == [OK, AUTH_FAILED]
        assert result[0] == b"x"
