"""The reference against what GetStream's receiver does, and what its sender refuses."""

from __future__ import annotations

import pytest
from reference import Refused, stream, vectors
from reference.errors import reason_of

KEY = bytes(range(16))
IV = bytes(range(0xA0, 0xAC))
STREAM = vectors.load("stream/getstream-frames")
unhex = bytes.fromhex


def stream_seal(counter, *, frame=b"\x78audio", prefix=b"\x11" * 8, key_id=0):
    """Seal an Opus frame under the vectors' key."""
    key = unhex(STREAM["sessions"][0]["key"])
    iv = stream.make_iv(prefix, counter)
    return stream.seal(frame, key=key, key_id=key_id, iv=iv, codec="opus")


def damage(sealed, at):
    """Flip a bit of one byte."""
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def test_stream_frames_end_as_in_the_peer():
    """What is forwarded, what is dropped, and what the host hears of it."""
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
    receiver = stream.Receiver({0: unhex(STREAM["sessions"][0]["key"])})
    for told in STREAM["behaviour"]["dispositions"]:
        sealed = sent.pop(told["label"])
        outcome = receiver.receive(sealed)
        assert (outcome.frame is not None) == told["forwarded"], told
        assert (outcome.frame == sealed) == told["same_as_input"], told
        assert outcome.events == told["events"], told
    assert not sent


def test_stream_reasons_name_the_same_ends():
    """The same frames, as a Status; what a peer would forward is not opened."""
    good, keys = stream_seal(1), {0: unhex(STREAM["sessions"][0]["key"])}
    ends = {
        b"\x78audio": "NOT_ENCRYPTED",
        b"": "NOT_ENCRYPTED",
        good[:-5] + b"\2" + good[-4:]: "UNSUPPORTED_VERSION",
        good[-5:]: "MALFORMED",
        good[-20:]: "MALFORMED",
        good[:-7] + b"\x7f\xff" + good[-5:]: "MALFORMED",
        stream_seal(1, key_id=9): "UNKNOWN_KEY",
        damage(good, 0): "AUTH_FAILED",
    }
    for sealed, reason in ends.items():
        assert reason_of(stream.open_, sealed, keys=keys) == reason


def test_stream_replay_window_is_the_peers():
    """1024 counters for each prefix, high-1024 rejected, high-1023 taken."""
    receiver = stream.Receiver({0: unhex(STREAM["sessions"][0]["key"])})
    labels = STREAM["behaviour"]["replay"]
    assert len(labels) >= 11
    for told in labels:
        words = told["label"].split()
        is_new = told["label"].endswith("new prefix")
        counter = int(words[1] if words[0] == "counter" else words[0])
        prefix = b"\x22" * 8 if is_new else b"\x11" * 8
        outcome = receiver.receive(stream_seal(counter, prefix=prefix))
        assert (outcome.frame is not None) == told["forwarded"], told


def test_stream_window_keeps_three_prefixes():
    """Only frames that authenticated drive one out."""
    window = stream.Window()
    for prefix in b"abc":
        window.commit(bytes([prefix]) * 8, 7)
    for prefix in b"abc":
        assert reason_of(window.check, bytes([prefix]) * 8, 7) == "REPLAYED"
    window.check(b"d" * 8, 7)
    assert reason_of(window.check, b"a" * 8, 7) == "REPLAYED"
    window.commit(b"d" * 8, 2000)
    window.check(b"a" * 8, 7)
    assert reason_of(window.check, b"d" * 8, 976) == "TOO_OLD"
    window.check(b"d" * 8, 977)


def test_stream_stall_is_told_once():
    """Ten failures in a row are borne, the eleventh is told apart."""
    receiver = stream.Receiver({0: unhex(STREAM["sessions"][0]["key"])})
    for counter, told in enumerate(STREAM["behaviour"]["stall"], 1):
        sealed = stream_seal(counter)
        if told["label"].startswith("bad"):
            sealed = damage(sealed, 2)
        outcome = receiver.receive(sealed)
        assert (outcome.frame is not None) == told["forwarded"]
        assert outcome.events == told["events"]


def test_stream_codecs_without_a_rule_are_refused():
    """As in the peer, whose transform drops every frame then."""
    named = {"key": KEY, "key_id": 0, "iv": IV, "key_frame": True}
    for told in STREAM["behaviour"]["unsupported_codec"]:
        assert not told["forwarded"]
        with pytest.raises(Refused):
            stream.seal(b"frame", codec=told["codec"], **named)


def test_stream_clamps_the_clear_prefix():
    """A frame shorter than it is all clear, and still authenticated."""
    for frame in (b"", b"\0", b"\0\0\1\x65"):
        named = {"codec": "vp8", "key_frame": True}
        sealed = stream.seal(frame, key=KEY, key_id=0, iv=IV, **named)
        assert sealed.startswith(frame)
        assert len(sealed) == len(frame) + 36
        assert stream.open_(sealed, keys={0: KEY}) == frame
