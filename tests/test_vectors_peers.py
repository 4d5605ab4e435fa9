"""What Jitsi, GetStream and DAVE do beside plain frames, by their own vectors."""

from __future__ import annotations

import pytest
from reference import dave as dave_model
from reference import jitsi as jitsi_model
from reference import stream as stream_model
from reference import vectors
from ways import OPEN_WAYS

import fastframe as ff
from fastframe import dave

JITSI = vectors.load("jitsi/jitsi-frames")["behaviour"]
STREAM = vectors.load("stream/getstream-frames")
DAVE = vectors.load("dave/dave-frames")
unhex = bytes.fromhex


def does_open(opener, sealed):
    """Tell whether a frame opens."""
    return opener.open_batch([sealed]).ok == 1


# -- Jitsi --

CHAIN = JITSI["sender_ratchet_chain"]
MATERIAL = unhex(CHAIN[0]["material"])


def jitsi_steps(count):
    """Give the frames of a sender that ratchets after each."""
    with ff.Sealer("jitsi", MATERIAL, codec="vp8") as sealer:
        made = []
        for _ in range(count):
            made.append(sealer.seal(unhex(CHAIN[0]["plaintext"])))
            sealer.ratchet()
    return made


def test_jitsi_ratchet_chain_is_the_peers():
    """Each step's frame to the byte, sealed after so many steps and followed."""
    assert len(CHAIN) >= 4
    opener = ff.Opener("jitsi", {0: MATERIAL}, codec="vp8")
    for step, one in enumerate(CHAIN):
        iv = jitsi_model.make_iv(1, step, 0x7FFF + step)
        with ff.Sealer("jitsi", MATERIAL, codec="vp8", salt=iv) as sealer:
            for _ in range(step):
                sealer.ratchet()
            assert sealer.seal(unhex(one["plaintext"])) == unhex(one["wire"])
        assert opener.open(unhex(one["wire"])) == unhex(one["plaintext"])
    assert opener.stats().keys[0].ratchet_step == len(CHAIN) - 1


@pytest.mark.parametrize("ahead", [int(ahead) for ahead in JITSI["receiver_window"]])
def test_jitsi_receiver_follows_as_far_as_the_peer(ahead):
    """Eight steps. The frame that was overtaken opens here, and not there."""
    told = JITSI["receiver_window"][str(ahead)]
    frames = jitsi_steps(ahead + 1)
    opener = ff.Opener("jitsi", {0: MATERIAL}, codec="vp8")
    assert does_open(opener, frames[ahead]) == told["ahead_opened"]
    assert does_open(opener, frames[0])
    assert does_open(opener, frames[ahead]) == told["then_ahead_again_opened"]


def test_jitsi_keys_that_are_not_the_newest_are_followed_too():
    """The peer ratchets the wrong slot there and loses the frame."""
    peer = JITSI["ratchet_on_non_current_index"]["opened"]
    assert peer == [True, False, True, True]
    other = bytes(range(32, 64))
    zero, one = (
        ff.Sealer("jitsi", key, key_id=key_id, codec="opus")
        for key_id, key in ((0, MATERIAL), (1, other))
    )
    opener = ff.Opener("jitsi", {0: MATERIAL, 1: other}, codec="opus")
    assert opener.open(zero.seal(b"\x78a")) == b"\x78a"
    zero.ratchet()
    assert opener.open(zero.seal(b"\x78b")) == b"\x78b"
    assert opener.open(one.seal(b"\x78c")) == b"\x78c"
    keys = opener.stats().keys
    assert (keys[0].ratchet_step, keys[1].ratchet_step) == (1, 0)


def test_jitsi_odd_frames_end_as_in_the_peer_or_better():
    """Its sender throws on what is shorter than the clear prefix."""
    labels = dict(zip(JITSI["odd_labels"], JITSI["odd"], strict=True))
    assert "RangeError" in labels["encode 2-byte delta"]["thrown"]
    opener = ff.Opener("jitsi", {0: MATERIAL}, codec="vp8", ratchet_window=0)
    with ff.Sealer("jitsi", MATERIAL, codec="vp8") as sealer:
        with pytest.raises(ff.MalformedFrame):
            sealer.seal(b"\1\1")
        bad = sealer.seal(b"\1video")[:-20] + bytes(20)
        assert not any(does_open(opener, bad) for _ in range(20))
        assert opener.open(sealer.seal(b"\1video")) == b"\1video"
    for short in (b"", b"\0", bytes(29)):
        with pytest.raises(ff.MalformedFrame):
            opener.open(short)


# -- GetStream --

STREAM_KEY = unhex(STREAM["sessions"][0]["key"])


def stream_seal(counter, *, prefix=b"\x11" * 8, key_id=0):
    """Seal an Opus frame as a peer, under any counter."""
    iv = stream_model.make_iv(prefix, counter)
    named = {"key": STREAM_KEY, "key_id": key_id, "iv": iv, "codec": "opus"}
    return stream_model.seal(b"\x78audio", **named)


def damage(sealed, at):
    """Flip a bit of one byte."""
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


# label -> status here; True: what the peer hands on in the clear.
DISPOSITIONS = {
    "good": ("OK", False),
    "replay of the same frame": ("REPLAYED", False),
    "tampered ciphertext": ("AUTH_FAILED", False),
    "good after failure": ("OK", False),
    "version 2": ("UNSUPPORTED_VERSION", False),
    "cleartext": ("NOT_ENCRYPTED", True),
    "unknown key index": ("UNKNOWN_KEY", False),
    "tampered clear header": ("AUTH_FAILED", False),
    "empty": ("NOT_ENCRYPTED", True),
    "magic with version 0": ("UNSUPPORTED_VERSION", False),
    "5-byte frame: just version+magic": ("MALFORMED", False),
}


@pytest.mark.parametrize("forward_clear", [False, True])
def test_stream_frames_end_as_in_the_peer_but_for_clear_ones(forward_clear):
    """What is not encrypted is dropped, unless the caller's policy says else."""
    good = stream_seal(1)
    sent = {
        "good": good,
        "replay of the same frame": good,
        "tampered ciphertext": damage(stream_seal(2), 3),
        "good after failure": stream_seal(3),
        "version 2": good[:-5] + b"\2" + good[-4:],
        "cleartext": b"\x78audio",
        "unknown key index": stream_seal(4, key_id=9),
        "tampered clear header": damage(stream_seal(5), 0),
        "empty": b"",
        "magic with version 0": good[:-5] + b"\0" + good[-4:],
        "5-byte frame: just version+magic": good[-5:],
    }
    opener = ff.Opener("stream", {0: STREAM_KEY}, forward_clear=forward_clear)
    for told in STREAM["behaviour"]["dispositions"]:
        name, is_clear = DISPOSITIONS[told["label"]]
        sealed = sent.pop(told["label"])
        result = opener.open_batch([sealed])
        if is_clear and forward_clear:
            name = "OK"
            assert told["same_as_input"]
            assert result[0] == sealed
        assert ff.Status(result.status[0]).name == name, told["label"]
        if name == "OK" and not is_clear:
            assert told["forwarded"]
            assert result[0] == b"\x78audio"
    assert not sent
    stats = opener.stats()
    assert stats.forwarded == 2 * forward_clear
    assert stats.not_encrypted == 2 * (not forward_clear)


def test_stream_replay_window_is_the_peers():
    """1024 counters for each prefix, high-1024 rejected, high-1023 taken."""
    opener = ff.Opener("stream", {0: STREAM_KEY})
    labels = STREAM["behaviour"]["replay"]
    assert len(labels) >= 11
    for told in labels:
        words = told["label"].split()
        is_new = told["label"].endswith("new prefix")
        counter = int(words[1] if words[0] == "counter" else words[0])
        sealed = stream_seal(counter, prefix=(b"\x22" if is_new else b"\x11") * 8)
        assert does_open(opener, sealed) == told["forwarded"], told


def test_stream_failures_in_a_row_stall_nothing():
    """The peer's host hears of the eleventh; here they are counted."""
    opener = ff.Opener("stream", {0: STREAM_KEY})
    for counter, told in enumerate(STREAM["behaviour"]["stall"], 1):
        sealed = stream_seal(counter)
        if told["label"].startswith("bad"):
            sealed = damage(sealed, 2)
        assert does_open(opener, sealed) == told["forwarded"]
    assert opener.stats().keys[0].auth_failed == 12


def test_stream_codecs_without_a_rule_are_refused():
    """As in the peer, whose transform drops every frame then."""
    for told in STREAM["behaviour"]["unsupported_codec"]:
        with pytest.raises(ff.UsageError):
            ff.Sealer("stream", STREAM_KEY, codec=told["codec"])


# -- DAVE --


def test_dave_base_secrets_come_from_the_mls_group():
    """From the epoch's exporter secret and the sender's id to the frame's key."""
    exporter = unhex(DAVE["mls"]["exporter_secret"])
    for sender in (DAVE["sender_davey"], DAVE["sender_hand"]):
        base = dave.base_secret(exporter, sender["user_id"])
        assert base == unhex(sender["base_secret"])


def test_dave_generations_follow_the_ratchet():
    """The nonce's highest byte says which key; nobody else's frames show it."""
    chain = DAVE["sender_davey"]["ratchet_first_4_from_spec_not_from_davey"]
    base = unhex(chain[0]["secret"])
    assert len(chain) >= 4
    for one in chain:
        nonce = (one["generation"] << 24) + 5
        named = {"key": unhex(one["key"]), "counter": nonce, "codec": "opus"}
        wire = dave_model.seal(b"\x78audio", **named)
        with ff.Sealer("dave", base, codec="opus", counter=nonce) as sealer:
            assert sealer.seal(b"\x78audio") == wire
        for way in OPEN_WAYS:
            made = way(ff.Opener("dave", {0: base}), wire, {"key_frame": None})
            assert made == b"\x78audio"


def test_dave_sealer_steps_over_a_generation():
    """Counters run on, the key changes with them."""
    base = unhex(DAVE["sender_davey"]["base_secret"])
    with ff.Sealer("dave", base, counter=2**24 - 2) as sealer:
        frames = [sealer.seal(b"frame") for _ in range(4)]
        frames += [bytes(one) for one in sealer.seal_batch([b"frame"] * 3)]
    opener = ff.Opener("dave", {0: base})
    assert [opener.open(one) for one in frames] == [b"frame"] * 7
    assert opener.stats().keys[0].ratchet_step == 1
    keys = {n: dave_model.derive(base, generation=n) for n in (0, 1)}
    assert [dave_model.open_(one, keys=keys) for one in frames] == [b"frame"] * 7


# Frames that a peer takes and we do not, and the other way round, by name.
OURS = {
    "opus silence f8fffe cleartext": "OK",
    "silence as video": "NOT_ENCRYPTED",  # only where the codec may be Opus
    "cleartext without marker": "NOT_ENCRYPTED",
    "cleartext in passthrough mode": "OK",
    "overlapping ranges": "MALFORMED",
    "replay nonce 1": "REPLAYED",
    "late nonce 3 again": "REPLAYED",
    "nonce 301 after 0xfffffe (beyond 1000 missing)": "TOO_OLD",
    # The peer refuses it by the clock; it is no frame of that generation's key.
    "generation 1 on a fresh ratchet": "OK",
}


def test_dave_receiver_takes_what_the_peer_took():
    """In order: replays, gaps, ranges, generations, damage, frames in the clear."""
    base = unhex(DAVE["sender_hand"]["base_secret"])
    opener = ff.Opener("dave", {0: base}, replay_window=1001)
    passing = ff.Opener("dave", {0: base}, forward_clear=True)
    outcomes = []
    for one in DAVE["peer_decrypts_in_order"]:
        name, sealed = one["name"], unhex(one["wire"])
        used = passing if "passthrough mode" in name else opener
        if name == "silence as video":
            used = ff.Opener("dave", {0: base}, codec="vp8")
        result = used.open_batch([sealed])
        status = ff.Status(result.status[0]).name
        wanted = OURS.get(name, "OK" if one["accepted"] else "AUTH_FAILED")
        outcomes.append((name, status, wanted))
        if status == "OK" and one["accepted"]:
            assert result[0] == unhex(one["peer_output"])
    assert [one for one in outcomes if one[1] != one[2]] == []
    assert len(outcomes) >= 21
    assert (opener.stats().injected, passing.stats().forwarded) == (1, 1)
