"""Every frame of every peer, both directions, in every way to call the API.

A salt of one's own is used as it is, with counter 0: so the harness can set the
IV that a peer chose. No caller of the library has a reason to.
"""

from __future__ import annotations

from collections import Counter

import pytest
from reference import vectors
from ways import OPEN_WAYS, SEAL_WAYS

import fastframe as ff

FRAMES = vectors.all_frames()
FLOORS = {"sframe": 8, "livekit": 48, "element-call": 4, "jitsi": 24, "stream": 45}
FLOORS |= {"dave": 7}
TOLD = [True, False]
TOLD_IDS = ["told", "found-out"]
# The keys that go into a derivation, and those that come out of one.
AS_MATERIAL, AS_KEY = "material", "key"


def key_of(frame, as_what):
    """Give the key to hand to the API, and what says how it is to be used."""
    if frame.format in ("sframe", "stream", "dave"):
        return frame.material, {}
    if as_what == AS_KEY:
        return frame.key, {"kdf": "raw"}
    if frame.format == "jitsi":
        return frame.material, {}
    told = frame.derived_with
    return frame.material, {"kdf": told["kdf"], "ratchet_salt": told["salt"]}


def options_of(frame, as_what):
    """Give what both ends are made with."""
    key, options = key_of(frame, as_what)
    if frame.format == "sframe":
        return key, {"suite": frame.how["suite"]}
    codec = frame.how["codec"]
    if frame.format == "stream" and codec is None:
        codec = "opus"  # audio that was not labelled
    options["codec"] = codec
    if frame.format == "livekit":
        options["ring"] = 256
    if frame.format in ("livekit", "element-call"):
        options["suite"] = f"AES-{8 * len(frame.key)}-GCM"
    return key, options


def nonce_options(frame):
    """Give what makes a sealer use the vector's nonce."""
    if frame.format in ("sframe", "dave"):
        return {"counter": frame.how["counter"]}
    iv = frame.how["iv"]
    if frame.format == "stream":
        return {"salt": iv[:8], "counter": int.from_bytes(iv[8:], "big")}
    return {"salt": iv, "counter": 0}


def key_id_of(frame):
    """Give the slot; DAVE's frames name none."""
    return 0 if frame.format == "dave" else frame.key_id


def sealer_of(frame, as_what=AS_KEY):
    """Make a sealer whose first frame has the vector's nonce."""
    key, options = options_of(frame, as_what)
    return ff.Sealer(
        frame.format, key, key_id=key_id_of(frame), **options, **nonce_options(frame)
    )


def opener_of(frame, as_what=AS_KEY):
    """Make an opener with the vector's key."""
    key, options = options_of(frame, as_what)
    return ff.Opener(frame.format, {key_id_of(frame): key}, **options)


def beside(frame, *, told):
    """Give what stands beside the frame in a call."""
    how = {"aad": frame.how["aad"]} if frame.format == "sframe" else {}
    kind = frame.how.get("key_frame")
    return how | {"key_frame": kind if told else None}


def test_vectors_are_there():
    """Without files the parametrised tests below would silently not exist."""
    found = Counter(frame.format for frame in FRAMES)
    assert found.keys() == FLOORS.keys()
    assert all(found[name] >= floor for name, floor in FLOORS.items()), found


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_sealing_gives_the_peers_bytes(frame):
    """What the peer's sender wrote, and what its receiver took."""
    for way in SEAL_WAYS:
        with sealer_of(frame) as sealer:
            made = way(sealer, frame.plaintext, beside(frame, told=True))
            assert made == frame.sealed, way.__name__


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@pytest.mark.parametrize("told", TOLD, ids=TOLD_IDS)
def test_opening_gives_what_the_peer_opened(frame, told):
    """In a new buffer, apart, in place, alone and in batches; its kind known or not."""
    for way in OPEN_WAYS:
        made = way(opener_of(frame), frame.sealed, beside(frame, told=told))
        assert made == frame.opened, way.__name__


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_keys_are_derived_as_the_peer_does(frame):
    """From the passphrase or material that is handed round."""
    if frame.format == "livekit" and frame.derived_with["kdf"] == "pbkdf2":
        # One frame of each session: a derivation takes some 30 milliseconds.
        if "vp8-key" not in frame.name:
            return
        text = frame.material.decode()
        _, options = options_of(frame, AS_MATERIAL)
        opener = ff.Opener(frame.format, {frame.key_id: text}, **options)
        assert opener.open(frame.sealed) == frame.opened
    with sealer_of(frame, AS_MATERIAL) as sealer:
        made = sealer.seal(frame.plaintext, **beside(frame, told=True))
        assert made == frame.sealed
    opener = opener_of(frame, AS_MATERIAL)
    assert opener.open(frame.sealed, **beside(frame, told=True)) == frame.opened


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_inspect_reads_the_peers_frames(frame):
    """Key id, nonce or counter, and sizes that add up."""
    _, options = options_of(frame, AS_KEY)
    if frame.format in ("livekit", "element-call"):
        options.pop("suite")
    info = ff.inspect(frame.format, frame.sealed, **options)
    nonces = nonce_options(frame)
    if "salt" in nonces:
        assert info.nonce == frame.how["iv"]
    if nonces["counter"]:
        assert info.counter == nonces["counter"]
    assert info.key_id == (None if frame.format == "dave" else frame.key_id)
    parts = info.header_len + info.clear_len + info.body_len + info.tag_len
    parts += info.trailer_len + info.escapes + info.extra_len
    assert parts == info.sealed_len == len(frame.sealed)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_damaged_vectors_do_not_open(frame):
    """Every byte of what the peers wrote counts; what opens, opens to the same."""
    damaged = []
    for at in range(len(frame.sealed)):
        altered = bytearray(frame.sealed)
        altered[at] ^= 0x40
        damaged.append(bytes(altered))
    key, options = options_of(frame, AS_KEY)
    opener = ff.Opener(frame.format, {key_id_of(frame): key}, **options)
    told = beside(frame, told=True)
    result = opener.open_batch(damaged, **told)
    assert result.ok == 0
