"""What LiveKit does beside plain frames: ratchets, injected frames, data, metadata."""

from __future__ import annotations

import pytest
from reference import livekit as model
from reference import vectors
from ways import OPEN_WAYS

import fastframe as ff
from fastframe import livekit

TOLD = vectors.load("livekit/livekit-behaviour")["results"]
CHAIN = TOLD["sender_ratchet_HKDF"]["chain"]
KEY_ID = 2
unhex = bytes.fromhex
MATERIAL = unhex(CHAIN[0]["material"])
FRAME = unhex(CHAIN[0]["plaintext"])


def opener_of(material=MATERIAL, **options):
    """Make an opener that holds a key where the vectors have it."""
    options = {"kdf": "hkdf", "codec": "vp8"} | options
    return ff.Opener("livekit", {KEY_ID: material}, **options)


def sealer_of(material=MATERIAL, **options):
    """Make a sealer on the vectors' key."""
    options = {"kdf": "hkdf", "codec": "vp8"} | options
    return ff.Sealer("livekit", material, key_id=KEY_ID, **options)


def steps(count):
    """Give the frames of a sender that ratchets after each."""
    with sealer_of() as sealer:
        made = []
        for _ in range(count):
            made.append(sealer.seal(FRAME))
            sealer.ratchet()
    return made


def does_open(opener, sealed):
    """Tell whether a frame opens."""
    return opener.open_batch([sealed]).ok == 1


# -- ratchet --


@pytest.mark.parametrize("kdf", ["HKDF", "PBKDF2"])
def test_ratchet_chain_is_the_peers(kdf):
    """Each step's frame to the byte, sealed after so many steps and followed."""
    told = TOLD[f"sender_ratchet_{kdf}"]
    chain = told["chain"]
    material, options = unhex(chain[0]["material"]), {"kdf": kdf.lower()}
    assert len(chain) >= 4
    opener = opener_of(material, **options)
    for one, ssrc in zip(chain, told["ssrc_of_step"].split(","), strict=True):
        iv = model.make_iv(int(ssrc), told["rtp_timestamp"], 0x7FFF)
        with sealer_of(material, salt=iv, **options) as sealer:
            for _ in range(one["step"]):
                sealer.ratchet()
            wire = sealer.seal(unhex(one["plaintext"]), key_frame=False)
            assert wire == unhex(one["wire"])
            assert sealer.key_id == KEY_ID
        assert opener.open(wire) == unhex(one["plaintext"])
        assert opener.stats().keys[KEY_ID].ratchet_step == one["step"]


def test_receiver_window_is_exact():
    """A peer's window reaches one step in JS and 16 in native code; ours, as told."""
    frames = steps(18)
    for window in (0, 1, 2, 10, 16):
        for ahead in range(18):
            assert does_open(opener_of(ratchet_window=window), frames[ahead]) == (
                ahead <= window
            )
    peer = TOLD["receiver_window_HKDF_window8"]
    assert {"0", "1", "2", "3", "7", "8", "9"} <= peer.keys()
    for ahead, one in peer.items():
        opens = does_open(opener_of(ratchet_window=1), frames[int(ahead)])
        assert opens == one["first_opened"]


@pytest.mark.parametrize("way", OPEN_WAYS)
def test_receiver_follows_in_every_way(way):
    """In place, too: each try must leave the ciphertext for the next."""
    for ahead, sealed in enumerate(steps(17)):
        assert way(opener_of(), sealed, {"key_frame": None}) == FRAME, ahead


def test_receiver_keeps_the_step_before():
    """Frames overtake each other; peers lose those that come late, we do not."""
    frames = steps(6)
    opener = opener_of()
    told = TOLD["receiver_sequential_steps_0_to_5_then_back_to_4"]
    assert [one["opened"] for one in told] == [True] * 6 + [False]
    assert all(does_open(opener, frames[step]) for step in range(6))
    assert opener.stats().keys[KEY_ID].ratchet_step == 5
    assert does_open(opener, frames[4])
    assert opener.stats().keys[KEY_ID].ratchet_step == 5
    assert not does_open(opener, frames[3])


# -- failures --


def test_no_number_of_bad_frames_disables_a_key():
    """Peers give a key up after ten, so anyone could make them: not here."""
    sequence = TOLD["failure_tolerance_10_window0"]
    opener = opener_of(ratchet_window=0)
    good, bad = steps(2)
    outcomes = [does_open(opener, good)]
    outcomes += [does_open(opener, bad) for _ in range(10)] + [does_open(opener, good)]
    outcomes += [does_open(opener, bad) for _ in range(11)]
    outcomes += [does_open(opener, good) for _ in range(3)]
    assert len(outcomes) == len(sequence["opened"])
    assert outcomes.count(True) == 5
    assert opener.stats().auth_failed == 21


def test_a_key_that_comes_late_opens_at_once():
    """Twelve frames without it are twelve frames lost, and no more."""
    told = TOLD["missing_key_12x_then_setKey_without_then_with_updateCurrentKeyIndex"]
    opener = opener_of()
    sealer = ff.Sealer("livekit", MATERIAL, key_id=9, kdf="hkdf", codec="vp8")
    sealed = sealer.seal(FRAME)
    for _ in told["opened"]:
        with pytest.raises(ff.UnknownKey):
            opener.open(sealed)
    opener.keys[9] = MATERIAL
    assert opener.open(sealed) == FRAME


def test_key_index_beyond_the_ring_is_unknown():
    """As in the peer: it is not taken modulo the ring."""
    assert not TOLD["kid_18_in_ring_of_16_with_key_at_2"]["opened"]
    sealer = ff.Sealer("livekit", MATERIAL, key_id=18, kdf="hkdf", codec="vp8", ring=32)
    with pytest.raises(ff.UnknownKey) as caught:
        opener_of().open(sealer.seal(FRAME))
    assert caught.value.key_id == 18


# -- frames that the server injects --


def test_injected_frames_are_known_byte_for_byte():
    """Whoever knows the trailer could else show anything: only blanks pass."""
    told = TOLD["sif"]
    trailer, results = unhex(told["trailer"]), told["results"]
    opener = opener_of(sif_trailer=trailer)
    for name, payload in told["payloads"].items():
        for way in OPEN_WAYS:
            made = way(opener, unhex(payload) + trailer, {"key_frame": None})
            assert made == unhex(results[name])
        with pytest.raises(ff.FrameRejected):
            opener.open(unhex(payload))
        with pytest.raises(ff.FrameRejected):
            opener_of().open(unhex(payload) + trailer)
        info = ff.inspect("livekit", unhex(payload) + trailer, sif_trailer=trailer)
        assert (info.is_plain, info.extra_len) == (True, len(trailer))
    assert len(told["payloads"]) >= 5
    wire = unhex(CHAIN[0]["wire"])
    for other in (b"other", wire, model.OPUS_SILENCE[:3], b""):
        with pytest.raises(ff.NotEncrypted):
            opener.open(other + trailer)
    assert opener.open(wire) == FRAME
    stats = opener.stats()
    assert stats.injected == len(told["payloads"]) * len(OPEN_WAYS)
    assert stats.frames_opened == stats.injected + 1
    assert stats.not_encrypted == 4


def test_injected_annex_b_passes_as_in_native_code():
    """A depacketiser hands the three blank H.264 units on with start codes."""
    payloads = TOLD["sif"]["payloads"]
    parts = [unhex(payloads[f"h264-{part}"]) for part in ("sps", "pps", "idr")]
    frame = b"".join(model.LONG_START + part for part in parts)
    opener = opener_of(sif_trailer="end", codec="h264")
    assert opener.open(frame + b"end") == frame


# -- metadata behind the frame --


def test_metadata_trailer_is_stripped_read_and_written():
    """It is not authenticated: read it before opening, believe nothing of it."""
    told = TOLD["packet_trailer"]
    assert len(told["wires"]) >= 2
    for wire, decoded in zip(map(unhex, told["wires"]), told["decoded"], strict=False):
        said = decoded["metadata"][0]
        wanted = livekit.FrameMetadata(int(said["userTimestamp"]), said["frameId"])
        sealed, metadata = livekit.read_metadata(wire)
        assert metadata == wanted
        assert livekit.add_metadata(sealed, metadata) == wire
        for way in OPEN_WAYS:
            opener = opener_of(packet_trailer=True)
            assert way(opener, wire, {"key_frame": None}) == unhex(decoded["out"])
            assert way(opener, sealed, {"key_frame": None}) == unhex(decoded["out"])
        with pytest.raises(ff.FrameRejected):
            opener_of().open(wire)
        info = ff.inspect("livekit", wire, codec="vp8", packet_trailer=True)
        assert info.extra_len == len(wire) - len(sealed)
        assert info.key_id == KEY_ID


# -- data packets --


@pytest.mark.parametrize("name", ["peer_encrypted", "hand_built"])
def test_data_packets_agree_both_ways(name):
    """The same keys as media; iv and index are fields of the protocol."""
    told = TOLD["data_packets"]
    one, plaintext = told[name], unhex(told["plaintext"])
    material, iv, value = (
        unhex(told["key_material"]),
        unhex(one["iv"]),
        unhex(one["payload"]),
    )
    index = one.get("keyIndex", one.get("key_index"))
    options = {"kdf": told["kdf"].lower()}
    opener = livekit.DataOpener({index: material, 7: bytes(16)}, **options)
    assert opener.open(value, iv=iv, key_index=index) == plaintext
    sealer = livekit.DataSealer(material, key_id=index, salt=iv, **options)
    assert tuple(sealer.seal(plaintext)) == (iv, index, value)
    with pytest.raises(ff.AuthenticationFailed):
        opener.open(value[:-1] + b"\0", iv=iv, key_index=index)
    with pytest.raises(ff.AuthenticationFailed):
        opener.open(value, iv=iv, key_index=7)
    with pytest.raises(ff.UnknownKey) as caught:
        opener.open(value, iv=iv, key_index=3)
    assert caught.value.key_id == 3
    for wrong in (b"", iv[1:], iv + b"\0"):
        with pytest.raises(ff.MalformedFrame):
            opener.open(value, iv=wrong, key_index=index)


# -- odd frames --


def test_odd_frames_end_as_in_the_peer_or_better():
    """Unlabelled video, AV1, short and empty frames, a wrong label."""
    odd = TOLD["odd"]
    wire = unhex(odd["unknown_codec_no_mime_key"][0]["frames"][0])
    frame = opener_of(codec=None).open(wire, key_frame=True)
    with sealer_of(codec=None, salt=wire[-14:-2]) as sealer:
        assert sealer.seal(frame, key_frame=True) == wire
        assert sealer.seal(b"") == b""
        assert sealer.counter == 1
    with pytest.raises(ff.UsageError, match="av1"):
        sealer_of(codec="av1")
    assert "RangeError" in odd["vp8_key_shorter_than_10_encode"][0]["streamDead"]
    with pytest.raises(ff.MalformedFrame), sealer_of() as sealer:
        sealer.seal(bytes(9), key_frame=True)
    for short in (b"\2", b"\x0c\2"):
        with pytest.raises(ff.MalformedFrame):
            opener_of().open(short)
    assert odd["decode_wrong_codec_label_h264_for_vp8"][0]["frames"] == [FRAME.hex()]
    opener = opener_of(codec="h264")
    assert opener.open(unhex(CHAIN[0]["wire"]), key_frame=False) == FRAME
    wire = unhex(odd["disabled_participant"][0]["frames"][0])
    assert opener_of().open(wire) == FRAME
