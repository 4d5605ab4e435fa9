"""diagnose(): each cause is found by its own, and healthy streams are left alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import random
import time

import pytest
from support import TESTS

import fastframe as ff
from fastframe import livekit
from fastframe.diagnosis import Cause

PASSPHRASE = "a phrase that nobody else has"  # noqa: S105 - of these tests
KEY = bytes(range(16))
LONG_KEY = bytes(range(100, 132))
OTHER_KEY = bytes(range(50, 66))
SALT = bytes(range(12))
TRAILER = b"LKROMTRAILER!"
NUM = 8
SLOW = (
    60.0  # seconds: work without a bound would take hours, a busy machine not so long
)

MARKED = ["livekit", "jitsi", "stream", "dave", "element-call"]
UNMARKED = ["insertable", "insertable-bare", "sframe", "livekit-data"]
# What each format is sealed and opened with.
OPTIONS = {
    "livekit": {"codec": "vp8", "kdf": "hkdf"},
    "element-call": {"codec": "vp8"},
    "livekit-data": {"kdf": "hkdf"},
    "jitsi": {"codec": "vp8"},
    "stream": {"codec": "vp8"},
    "dave": {"codec": "vp8"},
    "insertable": {},
    "insertable-bare": {},
    "sframe": {},
}


# -- frames --


def vp8(number, size=200):
    """Make a VP8 frame that is right as far as its header goes."""
    body = random.Random(number).randbytes(size)
    is_key = number % 10 == 0
    tag = (not is_key) | 1 << 4 | (size // 2) << 5
    head = tag.to_bytes(3, "little")
    return head + (b"\x9d\x01\x2a\x80\x02\x68\x01" if is_key else b"") + body


def opus(number, size=80):
    """Make an Opus frame: 20 ms of stereo, one frame to a packet."""
    return b"\x78" + random.Random(number).randbytes(size + number % 7)


def h264(number, codes=(4, 4, 4), size=300):
    """Make an H.264 access unit with start codes of these lengths."""
    body = random.Random(number).randbytes(size).replace(b"\0", b"\7")
    units = [b"\x67\x42\xc0\x1f", b"\x68\xce\x3c\x80", b"\x65\x88" + body]
    starts = [b"\0\0\0\1"[-length:] for length in codes]
    return b"".join(a + b for a, b in zip(starts, units, strict=True))


def h265(number, size=300):
    """Make an H.265 access unit."""
    body = random.Random(number).randbytes(size).replace(b"\0", b"\7")
    units = [b"\x40\x01\x0c", b"\x42\x01\x01", b"\x44\x01\xc0", b"\x26\x01" + body]
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def av1(number, size=300):
    """Make an AV1 temporal unit: delimiter, sequence header, frame."""
    body = random.Random(number).randbytes(size)
    sizes = bytes([size & 0x7F | 0x80, size >> 7])
    return b"\x12\x00" + b"\x0a\x03abc" + b"\x32" + sizes + body


def vp9(number, size=300):
    """Make a VP9 frame; every fourth is a key frame."""
    head = b"\x82\x49\x83\x42" if number % 4 == 0 else b"\x86\x00\x40\x92"
    return head + random.Random(number).randbytes(size)


MAKERS = {"vp8": vp8, "opus": opus, "h264": h264, "h265": h265, "av1": av1, "vp9": vp9}
TITLES = {"vp8": "VP8", "vp9": "VP9", "h264": "H.264", "h265": "H.265", "av1": "AV1"}


def sealed(format_, *, key=KEY, key_id=0, num=NUM, make=vp8, **options):
    """Seal frames in a format, with its options or others."""
    options = OPTIONS.get(format_, {}) | options
    sealer = ff.Sealer(format_, key, key_id=key_id, **options)
    return [sealer.seal(make(number)) for number in range(num)]


def diagnose(frames, keys, format_, **options):
    """Ask, with the format's options or others, and check what always holds."""
    options = OPTIONS.get(format_, {}) | options
    diagnosis = ff.diagnose(frames, keys, format=format_, **options)
    text = str(diagnosis)
    for finding in diagnosis:
        assert 0 < finding.confidence <= 1
        assert finding.message
        assert finding.evidence
        assert finding.frames <= diagnosis.num_looked
        assert str(finding.cause) in text
    return diagnosis


def assert_proven(diagnosis, cause, frames=NUM, **change):
    """Check the best finding: this, a tag verified, and it explains all."""
    best = diagnosis.best
    assert (str(best.cause), best.confidence) == (cause, 1.0), str(diagnosis)
    assert best.frames == frames, str(diagnosis)
    if change:
        assert dict(best.change) == change, str(diagnosis)


def assert_likely(diagnosis, cause, least=0.5, frames=NUM):
    """Check the best finding: this, by its looks."""
    best = diagnosis.best
    assert str(best.cause) == cause, str(diagnosis)
    assert least <= best.confidence < 1, str(diagnosis)
    assert best.frames == frames, str(diagnosis)


def padded(frame, num):
    """Leave RTP padding on a frame."""
    return frame + bytes(num - 1) + bytes([num])


# -- nothing is wrong --


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
@pytest.mark.parametrize("num", [1, 2, 50, 700])
def test_a_healthy_stream_is_healthy(format_, num):
    """Whatever the format, and however many frames, they open."""
    diagnosis = diagnose(sealed(format_, num=num), {0: KEY}, format_)
    assert diagnosis.opens
    assert diagnosis.best.confidence == 1.0
    assert len(diagnosis) == 1
    assert diagnosis.num_frames == num
    assert diagnosis.num_opened == diagnosis.num_looked == min(num, 256)


@pytest.mark.parametrize("suite", range(1, 9))
@pytest.mark.parametrize("codec", [None, "vp8", "h264"])
def test_healthy_sframe_of_every_suite(suite, codec):
    """Short tags and clear bytes are no fault."""
    how = {"suite": suite, "codec": codec}
    make = h264 if codec == "h264" else vp8
    frames = sealed("sframe", key_id=300, make=make, **how)
    assert diagnose(frames, {300: KEY}, "sframe", **how).opens


def test_healthy_with_empty_frames_and_a_servers_own():
    """Silence and a server's blank frames belong to LiveKit streams."""
    blank = bytes.fromhex(
        "1002009d012a080008000047088585888584880202000c0d6000feffab5080"
    )
    frames = [*sealed("livekit"), b"", blank + TRAILER]
    assert diagnose(frames, {0: KEY}, "livekit", sif_trailer=TRAILER).opens
    frames = [*sealed("dave"), b"\xf8\xff\xfe"]
    assert diagnose(frames, {0: KEY}, "dave", codec="opus").opens


def test_healthy_with_metadata_that_the_opener_knows():
    """packet_trailer=True says that it is there."""
    meta = livekit.FrameMetadata(frame_id=7)
    frames = [livekit.add_metadata(frame, meta) for frame in sealed("livekit")]
    assert diagnose(frames, {0: KEY}, "livekit", packet_trailer=True).opens


def test_healthy_with_a_ratchet_within_the_window():
    """Openers follow a ratchet by themselves."""
    sealer = ff.Sealer("jitsi", KEY, codec="vp8")
    frames = []
    for number in range(NUM):
        frames.append(sealer.seal(vp8(number)))
        if number % 2:
            sealer.ratchet()
    assert diagnose(frames, {0: KEY}, "jitsi").opens


def test_healthy_with_a_passphrase_and_many_keys():
    """The keys that are not named do not matter."""
    frames = sealed("livekit", key=PASSPHRASE, key_id=3, kdf="pbkdf2")
    keys = {n: PASSPHRASE if n == 3 else f"other {n}" for n in range(16)}
    start = time.perf_counter()
    assert diagnose(frames, keys, "livekit", kdf="pbkdf2").opens
    assert time.perf_counter() - start < SLOW
    assert diagnose(frames, PASSPHRASE, "livekit", kdf="pbkdf2").opens


def test_healthy_frames_in_any_buffer():
    """A single frame, and buffers of every kind."""
    frame = sealed("insertable", num=1)[0]
    for one in (frame, bytearray(frame), memoryview(frame)):
        assert diagnose(one, {0: KEY}, "insertable").opens
        assert diagnose([one], KEY, "insertable").opens


def test_healthy_reordered_frames():
    """Late within the window is no fault."""
    frames = sealed("stream", num=20)
    frames[3], frames[9] = frames[9], frames[3]
    assert diagnose(frames, {0: KEY}, "stream").opens


# -- what was done to frames on the way --


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
def test_rtp_padding(format_):
    """Padding is found whatever the format, and however much there is."""
    frames = [padded(f, 3 + 5 * n) for n, f in enumerate(sealed(format_))]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_proven(diagnosis, "rtp-padding")
    assert "3 to 38 bytes before the end" in diagnosis.best.evidence


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
def test_rtp_padding_on_some(format_):
    """A tenth of the frames is padded, as seen in the wild."""
    frames = sealed(format_, num=40)
    frames[7::10] = [padded(frame, 6) for frame in frames[7::10]]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_proven(diagnosis, "rtp-padding", frames=4)
    assert diagnosis.num_opened == 36
    assert "6 bytes before the end" in diagnosis.best.evidence


def test_padding_under_a_wrong_kdf():
    """Two things at once are found at once, and both are named."""
    frames = [padded(frame, 9) for frame in sealed("livekit")]
    diagnosis = diagnose(frames, {0: KEY}, "livekit", kdf="pbkdf2")
    assert_proven(diagnosis, "rtp-padding", kdf="hkdf")
    assert 'kdf="hkdf"' in diagnosis.best.message


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
@pytest.mark.parametrize("stray", [b"\0", b"stray"])
def test_stray_bytes_after(format_, stray):
    """What is no padding is counted all the same."""
    frames = [frame + stray for frame in sealed(format_)]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_proven(diagnosis, "stray-bytes-after")
    assert f"{len(stray)} byte" in diagnosis.best.evidence
    assert f"({len(stray)} byte" in diagnosis.best.message


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
def test_stray_bytes_before(format_):
    """A payload descriptor left in front."""
    frames = [b"\x90\x80\x12" + frame for frame in sealed(format_)]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_proven(diagnosis, "stray-bytes-before")


def test_red():
    """Redundant audio: one older block, and the sealed frame behind it."""
    old = b"\x01" * 40
    head = bytes([0x80 | 111, 0x0F, 0x00 | len(old) >> 8, len(old)]) + b"\x6f"
    frames = [head + old + f for f in sealed("livekit", make=opus, codec="opus")]
    assert_proven(diagnose(frames, {0: KEY}, "livekit", codec="opus"), "red")


def test_frame_metadata():
    """LKTS left on: packet_trailer=True opens."""
    meta = livekit.FrameMetadata(timestamp_us=12345678)
    frames = [livekit.add_metadata(frame, meta) for frame in sealed("livekit")]
    diagnosis = diagnose(frames, {0: KEY}, "livekit")
    assert_proven(diagnosis, "frame-metadata", packet_trailer=True)
    assert "packet_trailer=True" in diagnosis.call


@pytest.mark.parametrize("sent", [(3, 3, 3), (4, 3, 3), (4, 4, 3), (3, 4, 4)])
def test_start_codes_made_longer(sent):
    """The sender left short start codes, a depacketiser wrote long ones."""
    frames = []
    how = {"codec": "h264", "make": lambda n: h264(n, sent)}
    for frame in sealed("stream", **how):
        body = frame[sum(sent) + 8 :]
        head = b"\0\0\0\1\x67\x42\xc0\x1f\0\0\0\1\x68\xce\x3c\x80\0\0\0\1"
        frames.append(head + body)
    diagnosis = diagnose(frames, {0: KEY}, "stream", codec="h264")
    assert_proven(diagnosis, "start-codes")
    assert "three bytes to four" in diagnosis.best.message


@pytest.mark.parametrize("format_", ["livekit", "insertable", "dave"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_start_codes_made_shorter(format_, codec):
    """Sealed with long start codes, and something wrote short ones."""
    frames = sealed(format_, codec=codec, make=MAKERS[codec])
    frames = [f.replace(b"\0\0\0\1", b"\0\0\1") for f in frames]
    diagnosis = diagnose(frames, {0: KEY}, format_, codec=codec)
    assert_proven(diagnosis, "start-codes")
    assert "four to three" in diagnosis.best.message


@pytest.mark.parametrize("format_", ["livekit", "jitsi", "stream", "dave"])
def test_truncated(format_):
    """Frames cut at a size have lost their end, the smaller ones have not."""
    frames = sealed(format_, num=20)
    long = sealed(format_, num=26, make=lambda n: vp8(n, 2000))[20:]
    frames += [frame[:1200] for frame in long]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_likely(diagnosis, "truncated", frames=6)
    assert diagnosis.num_opened == 20
    assert "6 have 1200 bytes" in diagnosis.best.evidence


@pytest.mark.parametrize("format_", UNMARKED)
def test_truncated_without_marks(format_):
    """What is behind the same size is missing."""
    frames = sealed(format_, num=30, make=lambda n: vp8(n, 100 if n % 3 else 2000))
    frames = [frame[:1200] for frame in frames]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_likely(diagnosis, "truncated", frames=10)


@pytest.mark.parametrize("format_", ["insertable", "sframe"])
def test_damaged(format_):
    """Changed on the way, of different sizes."""
    frames = sealed(format_, num=20, make=opus)
    for n in (5, 9, 14):
        frames[n] = frames[n][:40] + bytes([frames[n][40] ^ 1]) + frames[n][41:]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_likely(diagnosis, "damaged", frames=3)


def test_too_short_for_anything():
    """Stumps are no frames."""
    frames = [bytes([n, 1]) for n in range(NUM)]
    assert_likely(diagnose(frames, {0: KEY}, "insertable"), "truncated")


# -- the key --


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ("pbkdf2", "hkdf"),
        ("hkdf", "pbkdf2"),
        ("raw", "pbkdf2"),
        ("raw", "hkdf"),
        ("hkdf", "raw"),
        ("pbkdf2", "raw"),
    ],
)
@pytest.mark.parametrize("format_", ["livekit", "livekit-data"])
def test_wrong_kdf(format_, sent, held):
    """Every derivation is tried on the key that is there."""
    frames = sealed(format_, kdf=sent)
    diagnosis = diagnose(frames, {0: KEY}, format_, kdf=held)
    assert_proven(diagnosis, "wrong-kdf", kdf=sent)
    assert f'kdf="{sent}"' in diagnosis.best.message


@pytest.mark.parametrize(("sent", "held"), [("raw", "jitsi"), ("jitsi", "raw")])
def test_wrong_kdf_of_jitsi(sent, held):
    """Jitsi's own derivation, or none."""
    frames = sealed("jitsi", kdf=sent)
    assert_proven(diagnose(frames, KEY, "jitsi", kdf=held), "wrong-kdf", kdf=sent)


def test_wrong_kdf_with_a_passphrase():
    """A str is a passphrase for one, and bytes for the other."""
    frames = sealed("livekit", key=PASSPHRASE, kdf="pbkdf2")
    for key in (PASSPHRASE, PASSPHRASE.encode()):
        diagnosis = diagnose(frames, {0: key}, "livekit", kdf="hkdf")
        assert_proven(diagnosis, "wrong-kdf", kdf="pbkdf2")


def test_hkdf_with_an_empty_info():
    """LiveKit's 128 zero bytes of info are what nobody guesses."""
    key = hkdf(KEY, b"LKFrameEncryptionKey", b"", 16)
    frames = sealed("livekit", key=key, kdf="raw")
    diagnosis = diagnose(frames, {0: KEY}, "livekit", kdf="hkdf")
    assert_proven(diagnosis, "wrong-kdf", kdf="raw")
    assert "empty info" in diagnosis.best.message


@pytest.mark.parametrize("kdf", ["pbkdf2", "hkdf"])
@pytest.mark.parametrize("sent", [b"", b"flutter-webrtc-ratchet-salt"])
@pytest.mark.parametrize("held", [b"", b"a salt of our own"])
def test_wrong_salt(kdf, sent, held):
    """The salts that others use by default are known."""
    frames = sealed("livekit", kdf=kdf, ratchet_salt=sent or None)
    options = {"kdf": kdf, "ratchet_salt": held or None}
    diagnosis = diagnose(frames, {0: KEY}, "livekit", **options)
    if sent == held:
        assert diagnosis.opens
    else:
        assert_proven(diagnosis, "wrong-kdf-salt", ratchet_salt=sent or None)


@pytest.mark.parametrize("format_", ["insertable", "stream", "dave"])
@pytest.mark.parametrize("spell", [bytes.hex, lambda k: base64.b64encode(k).decode()])
def test_key_given_as_text(format_, spell):
    """The text of a key is not the key."""
    for text in (spell(KEY), spell(KEY) + "\n", spell(KEY).encode()):
        diagnosis = diagnose(sealed(format_), {0: text}, format_)
        assert_proven(diagnosis, "key-spelling")
        assert "read as" in diagnosis.best.message


@pytest.mark.parametrize("spell", [bytes.hex, lambda k: base64.b64encode(k).decode()])
def test_key_used_as_text(spell):
    """The sender took the text of the key for a passphrase."""
    frames = sealed("livekit", key=spell(LONG_KEY), kdf="pbkdf2")
    diagnosis = diagnose(frames, {0: LONG_KEY}, "livekit", kdf="pbkdf2")
    assert_proven(diagnosis, "key-spelling")
    assert "written as" in diagnosis.best.message


def test_passphrase_with_a_line_end():
    """The line end of a file is no part of a passphrase."""
    frames = sealed("livekit", key=PASSPHRASE, kdf="pbkdf2")
    diagnosis = diagnose(frames, PASSPHRASE + "\n", "livekit", kdf="pbkdf2")
    assert_proven(diagnosis, "key-spelling")
    assert "white space" in diagnosis.best.message


@pytest.mark.parametrize(
    "format_", ["livekit", "jitsi", "stream", "insertable", "sframe", "element-call"]
)
def test_wrong_key_id(format_):
    """The key is there, under another id."""
    frames = sealed(format_, key_id=3)
    diagnosis = diagnose(frames, {1: KEY, 3: OTHER_KEY}, format_)
    assert_proven(diagnosis, "wrong-key-id", key_id=3)
    assert "Key id 3 is named" in diagnosis.best.message
    assert "hold at 1" in diagnosis.best.message
    assert_proven(diagnose(frames, {1: KEY}, format_), "wrong-key-id", key_id=3)


@pytest.mark.parametrize(
    "format_", ["livekit", "jitsi", "stream", "insertable", "sframe", "element-call"]
)
def test_no_key(format_):
    """Nothing is held at that index, and nothing held opens it."""
    frames = sealed(format_, key_id=3)
    diagnosis = diagnose(frames, {0: OTHER_KEY, 1: LONG_KEY[:16]}, format_)
    assert_likely(diagnosis, "no-key", least=0.85)
    assert "key id 3" in diagnosis.best.message
    assert "you hold 0, 1" in diagnosis.best.message


def test_one_of_two_senders_without_a_key():
    """The other one's frames open, and stay out of it."""
    frames = sealed("insertable", num=6) + sealed("insertable", key_id=9, num=6)
    diagnosis = diagnose(frames, {0: KEY, 1: OTHER_KEY}, "insertable")
    assert_proven(diagnosis, "wrong-key-id", frames=6)
    frames = sealed("sframe", num=6) + sealed("sframe", key=LONG_KEY[:16], key_id=9)
    diagnosis = diagnose(frames, {0: KEY}, "sframe")
    assert_likely(diagnosis, "no-key")
    assert diagnosis.num_opened == 6


@pytest.mark.parametrize("keys", [{200: KEY}, KEY])
def test_ring_too_small(keys):
    """The index named does not fit the ring."""
    frames = sealed("livekit", key_id=200, ring=256)
    diagnosis = diagnose(frames, keys, "livekit")
    assert_proven(diagnosis, "ring-too-small", ring=256)
    assert "ring=256" in diagnosis.call


def test_ring_too_small_without_its_key():
    """Without the key, too, the index tells."""
    frames = sealed("livekit", key_id=200, ring=256)
    diagnosis = diagnose(frames, {0: OTHER_KEY}, "livekit")
    assert_likely(diagnosis, "ring-too-small")


@pytest.mark.parametrize("keys", [{200: KEY}, KEY])
def test_element_call_taken_for_livekit(keys):
    """HKDF and a ring of 256, where PBKDF2 and 16 were given."""
    frames = sealed("element-call", key_id=200)
    diagnosis = diagnose(frames, keys, "livekit", kdf="pbkdf2")
    assert_proven(diagnosis, "element-call", format="element-call")
    assert diagnosis.call == 'Opener("element-call", keys, codec="vp8")'
    assert str(ff.diagnose(frames, KEY).best.cause) == "element-call"


@pytest.mark.parametrize("format_", ["livekit", "jitsi", "stream", "dave"])
def test_wrong_key_with_a_mark(format_):
    """All fits but the key."""
    diagnosis = diagnose(sealed(format_), {0: OTHER_KEY}, format_)
    assert_likely(diagnosis, "wrong-key", least=0.9)


@pytest.mark.parametrize("format_", UNMARKED)
def test_wrong_key_without_a_mark(format_):
    """Key ids and counters fit, or nothing speaks against it."""
    # An IV that no other format would begin with, by no chance.
    salt = {"salt": b"\x08\1" + bytes(10)} if format_ == "livekit-data" else {}
    frames = sealed(format_, make=opus, **salt)
    diagnosis = diagnose(frames, {0: OTHER_KEY}, format_)
    least = 0.5 if format_ == "livekit-data" else 0.85
    assert_likely(diagnosis, "wrong-key", least=least)


@pytest.mark.parametrize("format_", ["insertable", "sframe"])
@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_wrong_key_behind_clear_bytes(format_, codec):
    """Clear bytes do not make a sealed frame plaintext."""
    frames = sealed(format_, codec=codec, make=MAKERS[codec])
    diagnosis = diagnose(frames, {0: OTHER_KEY}, format_, codec=codec)
    assert_likely(diagnosis, "wrong-key", least=0.85)


@pytest.mark.parametrize("format_", ["livekit", "jitsi"])
def test_ratcheted_beyond_the_window(format_):
    """Openers follow so far; diagnose() looks further."""
    sealer = ff.Sealer(format_, KEY, **OPTIONS[format_])
    for _ in range(20):
        sealer.ratchet()
    frames = [sealer.seal(vp8(number)) for number in range(4)]
    sealer.ratchet()
    frames += [sealer.seal(vp8(number)) for number in range(4)]
    diagnosis = diagnose(frames, {0: KEY}, format_)
    assert_proven(diagnosis, "ratcheted")
    assert "2" in diagnosis.best.message
    assert diagnose(frames, {0: KEY}, format_, ratchet_window=21).opens


def test_ratcheted_by_pbkdf2():
    """Its steps are slow, so fewer of them are tried."""
    sealer = ff.Sealer("livekit", PASSPHRASE, codec="vp8")
    for _ in range(4):
        sealer.ratchet()
    frames = [sealer.seal(vp8(number)) for number in range(NUM)]
    how = {"kdf": "pbkdf2", "ratchet_window": 2}
    diagnosis = diagnose(frames, {0: PASSPHRASE}, "livekit", **how)
    assert_proven(diagnosis, "ratcheted", ratchet_window=4)


@pytest.mark.parametrize("suite", [4, 5, 1, 8])
def test_ratcheted_sframe(suite):
    """A sender key is some steps on, under a key id of its own."""
    key = KEY
    for _ in range(5):
        key = ff.sframe.ratchet(key, suite=suite)
    frames = sealed("sframe", key=key, key_id=0x105, suite=suite)
    diagnosis = diagnose(frames, {0x100: KEY}, "sframe", suite=suite)
    assert str(diagnosis.best.cause) in ("ratcheted", "wrong-key-id")
    assert "5 steps" in diagnosis.best.message
    assert diagnosis.best.confidence == 1.0


def test_dave_generation_beyond_the_window():
    """Frames name their generation; a small window ends before it."""
    frames = [dave_frame(vp8(number), (9 << 24) + number + 1) for number in range(NUM)]
    diagnosis = diagnose(frames, {0: KEY}, "dave", ratchet_window=4)
    assert_proven(diagnosis, "other-generation", ratchet_window=256)
    assert diagnose(frames, {0: KEY}, "dave").opens


def test_dave_generation_of_before():
    """An opener that has gone on does not come back."""
    numbers = [1, 2, (5 << 24) + 1, (9 << 24) + 1, 3, 4]
    frames = [dave_frame(vp8(number), number) for number in numbers]
    diagnosis = diagnose(frames, {0: KEY}, "dave")
    assert_proven(diagnosis, "other-generation", frames=2)


@pytest.mark.parametrize("format_", ["livekit", "jitsi", "stream", "dave"])
def test_padding_without_the_key(format_):
    """A mark before the end tells, though nothing opens."""
    for keys in (None, {0: OTHER_KEY}):
        frames = [padded(frame, 7) for frame in sealed(format_)]
        diagnosis = diagnose(frames, keys, format_)
        assert_likely(diagnosis, "rtp-padding", least=0.8)
        assert "trailer found 7 bytes before the end" in diagnosis.best.evidence
    frames = [frame + b"and so on" for frame in sealed("stream")]
    diagnosis = diagnose(frames, {0: OTHER_KEY}, "stream")
    assert_likely(diagnosis, "stray-bytes-after", least=0.8)
    assert "None of your keys" in diagnosis.best.message


def test_one_frame_without_its_key():
    """One frame proves less than many do."""
    for key_id, least in ((3, 0.7), (200, 0.45)):
        frames = sealed("element-call", num=1, key_id=key_id)
        diagnosis = diagnose(frames, {key_id: OTHER_KEY}, "element-call")
        assert_likely(diagnosis, "wrong-key", least=least, frames=1)
        assert diagnosis.best.confidence < 0.8


def test_keys_that_fit_no_format():
    """What cannot be a key is no fault of the frames."""
    keys = {0: KEY, 1: b"short", 2: "!!!!" * 9, 3: "A" * 21}
    frames = sealed("stream")
    assert diagnose(frames, keys, "stream").opens
    assert_proven(diagnose(frames * 2, keys, "stream"), "replayed")


# -- the options --


@pytest.mark.parametrize(
    ("format_", "sent", "held"),
    [
        ("livekit", "vp8", "opus"),
        ("livekit", "opus", "vp8"),
        ("livekit", "vp9", None),
        ("livekit", "h264", "vp8"),
        ("livekit", "h265", "vp9"),
        ("jitsi", "opus", "vp8"),
        ("jitsi", "vp8", "opus"),
        ("insertable", "vp8", None),
        ("insertable", None, "vp8"),
        ("insertable", "h264", None),
        ("insertable", "h265", "h264"),
        ("insertable-bare", "vp8", None),
        ("sframe", "vp8", None),
        ("sframe", "h264", "vp8"),
    ],
)
def test_wrong_codec(format_, sent, held):
    """Other bytes are clear than the opener thinks."""
    frames = sealed(format_, codec=sent, make=MAKERS[sent or "opus"])
    diagnosis = diagnose(frames, {0: KEY}, format_, codec=held)
    assert_proven(diagnosis, "wrong-codec")
    change = dict(diagnosis.best.change)
    assert diagnose(frames, {0: KEY}, format_, **change).opens


@pytest.mark.parametrize("format_", ["livekit", "livekit-data"])
@pytest.mark.parametrize("sent", ["AES-128-GCM", "AES-256-GCM"])
def test_wrong_suite(format_, sent):
    """128 or 256 bits of what is derived."""
    held = {"AES-128-GCM": "AES-256-GCM", "AES-256-GCM": "AES-128-GCM"}[sent]
    frames = sealed(format_, suite=sent)
    diagnosis = diagnose(frames, {0: KEY}, format_, suite=held)
    assert_proven(diagnosis, "wrong-suite", suite=sent)


@pytest.mark.parametrize("sent", range(1, 9))
@pytest.mark.parametrize("held", [4, 6])
def test_wrong_sframe_suite(sent, held):
    """All eight are tried."""
    frames = sealed("sframe", suite=sent)
    diagnosis = diagnose(frames, {0: KEY}, "sframe", suite=held)
    if sent == held:
        assert diagnosis.opens
    else:
        assert_proven(diagnosis, "wrong-suite")
        assert diagnose(frames, KEY, "sframe", **diagnosis.best.change).opens


def test_wrong_suite_with_half_a_key():
    """AES-128 with the front of a long key."""
    frames = sealed("insertable", key=LONG_KEY[:16])
    assert_proven(diagnose(frames, {0: LONG_KEY}, "insertable"), "wrong-suite")


@pytest.mark.parametrize("format_", ["insertable", "insertable-bare", "livekit"])
@pytest.mark.parametrize("said", ["key", "delta"])
def test_wrong_key_frame_flag(format_, said):
    """open(key_frame=) is authenticated, or says how much is clear."""
    sealer = ff.Sealer(format_, KEY, **OPTIONS[format_])
    first = 0 if said == "delta" else 1
    frames = [
        sealer.seal(vp8(10 * n + first), key_frame=said == "delta") for n in range(NUM)
    ]
    diagnosis = diagnose(frames, {0: KEY}, format_, frames_are=said)
    assert_proven(diagnosis, "key-frame-flag")
    assert "key_frame=None" in diagnosis.best.message
    assert diagnose(frames, {0: KEY}, format_).opens


def test_wrong_aad_and_ssrc():
    """What the caller adds, and the sender did not."""
    frames = sealed("sframe")
    assert_proven(diagnose(frames, KEY, "sframe", aad=b"header"), "wrong-aad")
    assert_proven(diagnose(frames, KEY, "sframe", ssrc=77), "wrong-ssrc", ssrc=None)
    frames = [long_header_frame(vp8(n), 4, 3, 300 + n) for n in range(4)]
    diagnosis = diagnose(frames, KEY, "sframe", ssrc=77)
    assert_likely(diagnosis, "long-header", frames=4)
    how = {"ssrc": 77}
    assert diagnose(sealed("sframe", **how), KEY, "sframe", **how).opens


# -- the format --


@pytest.mark.parametrize("sent", [*MARKED, *UNMARKED])
@pytest.mark.parametrize("held", ["livekit", "dave", "insertable", "sframe", None])
def test_other_format(sent, held):
    """Every format is recognised under every other one's name."""
    if sent == held or {sent, held} == {"livekit", "element-call"}:
        pytest.skip("the same frames")
    frames = sealed(sent)
    options = {"codec": OPTIONS[held or "livekit"].get("codec")}
    diagnosis = ff.diagnose(frames, {0: KEY}, format=held, **options)
    best = diagnosis.best
    assert (str(best.cause), best.confidence) == ("other-format", 1.0), str(diagnosis)
    assert best.frames == NUM
    expected = "livekit" if sent == "element-call" else sent
    assert best.change["format"] == expected
    assert str(ff.diagnose(frames, KEY, **best.change).best.cause) == "opens"


def test_other_format_with_options():
    """What the right format needs besides is in the call."""
    salt = b"flutter-webrtc-ratchet-salt"
    frames = sealed("livekit", key_id=99, ring=256, kdf="pbkdf2", ratchet_salt=salt)
    diagnosis = diagnose(frames, KEY, "dave", codec=None)
    change = {"format": "livekit", "ring": 256, "ratchet_salt": salt}
    assert_proven(diagnosis, "other-format", **change)
    frames = sealed("jitsi", kdf="raw")  # which LiveKit's would be, byte for byte
    diagnosis = diagnose(frames, KEY, "stream")
    change = {"format": "livekit", "kdf": "raw", "codec": "vp8"}
    assert_proven(diagnosis, "other-format", **change)


@pytest.mark.parametrize("sent", MARKED)
@pytest.mark.parametrize("held", ["sframe", "insertable", "livekit", "dave", "stream"])
def test_other_format_without_its_key(sent, held):
    """Marks tell, though no tag verifies."""
    if sent == held or {sent, held} <= {"livekit", "element-call", "jitsi"}:
        pytest.skip("the same marks")
    diagnosis = diagnose(sealed(sent), {0: OTHER_KEY}, held)
    assert_likely(diagnosis, "other-format", least=0.85)


@pytest.mark.parametrize("sent", [*MARKED, "insertable", "insertable-bare", "sframe"])
def test_no_keys(sent):
    """Without keys a format is recognised by its looks."""
    diagnosis = ff.diagnose(sealed(sent, num=20, make=opus))
    assert_likely(diagnosis, "no-keys", frames=20)
    names = {"livekit": "LiveKit", "element-call": "LiveKit", "stream": "GetStream"}
    label = names.get(sent, sent).lower()
    assert label in diagnosis.best.message.lower()


def test_xor_demo():
    """The samples' XOR is named for what it is."""
    frames = []
    for number in range(NUM):
        plain = vp8(number)
        mask = bytes(b ^ PASSPHRASE.encode()[n % 28] for n, b in enumerate(plain))
        frames.append(plain[:10] + mask[10:] + b"\x01\xde\xad\xbe\xef")
    for format_ in ("livekit", "sframe", "dave"):
        diagnosis = diagnose(frames, {0: KEY}, format_)
        assert_likely(diagnosis, "xor-demo", least=0.9)


def test_other_stream_version():
    """The mark is GetStream's, the version is not known here."""
    frames = [f[:-5] + b"\x02" + f[-4:] for f in sealed("stream")]
    diagnosis = diagnose(frames, {0: KEY}, "stream")
    assert_likely(diagnosis, "other-version", least=0.9)
    assert "version 2" in diagnosis.best.message


@pytest.mark.parametrize("suite", range(1, 9))
@pytest.mark.parametrize(("key_id", "counter"), [(3, 300), (300, 3)])
def test_long_sframe_header(suite, key_id, counter):
    """A number of 0 to 7 in its long form."""
    frames = [
        long_header_frame(vp8(n), suite, key_id, counter + n, aad=b"meta")
        for n in range(4)
    ]
    diagnosis = diagnose(frames, {key_id: KEY}, "sframe", suite=suite, aad=b"meta")
    assert_proven(diagnosis, "long-header", frames=4)
    diagnosis = diagnose(frames, {key_id: OTHER_KEY}, "sframe", suite=suite)
    assert_likely(diagnosis, "long-header", frames=4)


# -- not sealed --


@pytest.mark.parametrize("codec", list(MAKERS))
@pytest.mark.parametrize("format_", ["livekit", "dave", "sframe"])
def test_plaintext(codec, format_):
    """Frames that were never sealed are named by their codec."""
    frames = [MAKERS[codec](number) for number in range(20)]
    options = {"codec": "vp8" if codec != "opus" else "opus"}
    diagnosis = diagnose(frames, {0: KEY}, format_, **options)
    assert_likely(diagnosis, "plaintext", least=0.6, frames=20)
    assert TITLES.get(codec, "Opus") in diagnosis.best.message


def test_plaintext_of_one_frame():
    """One key frame is enough, one Opus frame is not without a word."""
    assert_likely(diagnose([vp8(0)], KEY, "livekit"), "plaintext", 0.9, frames=1)
    diagnosis = diagnose([opus(0)], KEY, "stream", codec="opus", frames_are="audio")
    assert_likely(diagnosis, "plaintext", 0.3, frames=1)


def test_plaintext_that_is_forwarded():
    """forward_clear lets it out, and diagnose() still says so."""
    frames = [vp8(number) for number in range(NUM)]
    diagnosis = diagnose(frames, {0: KEY}, "stream", forward_clear=True)
    assert_likely(diagnosis, "plaintext", least=0.9)


def test_plaintext_from_mp4():
    """Lengths instead of start codes."""
    unit = b"\x65\x88" + bytes(range(1, 200))
    frames = [len(unit).to_bytes(4, "big") + unit] * 3
    diagnosis = diagnose(frames, KEY, "livekit", codec="h264")
    assert_likely(diagnosis, "plaintext", frames=3)


@pytest.mark.parametrize("name", ["vp8", "h264-sps", "h264-idr", "opus"])
def test_server_injected(name):
    """A known blank frame and an unknown trailer behind it."""
    payload = sif_payloads()[name]
    frames = [payload + TRAILER for _ in range(4)]
    for known in (None, b"another"):
        diagnosis = diagnose(frames, {0: KEY}, "livekit", sif_trailer=known)
        assert_likely(diagnosis, "server-injected", least=0.9, frames=4)
        assert dict(diagnosis.best.change) == {"sif_trailer": TRAILER}
    assert diagnose(frames, {0: KEY}, "livekit", sif_trailer=TRAILER).opens
    mixed = diagnose(sealed("livekit") + frames, {0: KEY}, "livekit")
    assert_likely(mixed, "server-injected", least=0.9, frames=4)


def test_server_injected_with_a_strange_payload():
    """The server's trailer behind something else."""
    frames = [b"no blank frame" + TRAILER]
    diagnosis = diagnose(frames, {0: KEY}, "livekit", sif_trailer=TRAILER)
    assert_likely(diagnosis, "server-injected", frames=1)


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED])
def test_empty_frames(format_):
    """Nothing but empty frames."""
    diagnosis = diagnose([b""] * NUM, {0: KEY}, format_)
    assert_likely(diagnosis, "empty-frames", least=0.9)


def test_no_frames():
    """Nothing at all."""
    assert_likely(diagnose([], {0: KEY}, "livekit"), "no-frames", frames=0)


# -- counters --


@pytest.mark.parametrize(
    "format_", ["insertable", "insertable-bare", "sframe", "stream", "dave"]
)
def test_replayed(format_):
    """Frames that came twice, or that the opener had before."""
    frames = sealed(format_)
    diagnosis = diagnose(frames + frames[2:4], {0: KEY}, format_)
    assert_proven(diagnosis, "replayed", frames=2)
    assert diagnosis.num_opened == NUM + 2
    diagnosis = diagnose(frames, {0: KEY}, format_, frames_are="opened")
    assert_proven(diagnosis, "replayed", replay_window=0)
    diagnosis = diagnose(frames + frames, KEY, format_, replay_window=0)
    assert diagnosis.opens


def test_livekit_has_no_replay_check():
    """Without a counter nothing is a replay."""
    frames = sealed("livekit")
    assert diagnose(frames + frames, KEY, "livekit", frames_are="opened").opens


@pytest.mark.parametrize("format_", ["insertable", "sframe"])
def test_counter_reused(format_):
    """A sender that restarts under its old key repeats nonces."""
    how = {"ssrc": 5} if format_ == "insertable" else {}
    frames = sealed(format_, **how)
    again = sealed(format_, make=lambda n: vp8(n + 50), **how)
    diagnosis = diagnose(frames + again, {0: KEY}, format_)
    assert_proven(diagnosis, "counter-reused")


def test_too_old():
    """Behind the window, as after a restart far back."""
    sealer = ff.Sealer("sframe", KEY, counter=5000)
    frames = [sealer.seal(vp8(n)) for n in range(NUM)]
    sealer.close()
    frames += sealed("sframe")
    diagnosis = diagnose(frames, {0: KEY}, "sframe")
    assert_proven(diagnosis, "too-old")
    assert "replay_window=1024" in diagnosis.best.message


def test_raw_needs_its_counter():
    """Raw frames open with the right number only."""
    frames = sealed("raw", salt=SALT)
    assert diagnose(frames, KEY, "raw", salt=SALT, counter=list(range(NUM))).opens
    diagnosis = diagnose(frames[1:], KEY, "raw", salt=SALT)
    assert_proven(diagnosis, "needs-counter", frames=NUM - 1)
    late = list(range(3, NUM + 3))
    diagnosis = diagnose(frames, {0: KEY}, "raw", salt=SALT, counter=late)
    assert_proven(diagnosis, "needs-counter")
    assert "where you gave" in diagnosis.best.message
    assert_likely(diagnose(frames, KEY, "raw"), "needs-counter")
    assert_likely(diagnose(frames, OTHER_KEY, "raw", salt=SALT), "wrong-key")
    assert_likely(
        diagnose([random.Random(1).randbytes(90)], None, "raw"), "no-keys", frames=1
    )
    diagnosis = diagnose(frames[:1], KEY.hex(), "raw", salt=SALT)
    assert_proven(diagnosis, "key-spelling", frames=1)
    last = [2**64 - 1] * NUM
    diagnosis = diagnose(frames, KEY, "raw", salt=SALT, counter=last)
    assert_proven(diagnosis, "needs-counter")
    diagnosis = diagnose(sealed("stream"), KEY, "raw", salt=SALT, codec=None)
    assert_proven(diagnosis, "other-format", format="stream")


# -- what other people's code made --


def vectors(family, file):
    """Read frames that the peers' own code has sealed."""
    return json.loads((TESTS / "vectors" / family / file).read_text())


def sif_payloads():
    """Give the blank frames as LiveKit's worker knows them."""
    found = vectors("livekit", "livekit-behaviour.json")["results"]["sif"]
    return {name: bytes.fromhex(text) for name, text in found["payloads"].items()}


def livekit_sessions():
    """List the sessions of LiveKit's own worker."""
    for session in vectors("livekit", "livekit-frames.json")["sessions"]:
        key = session["key"]
        yield pytest.param(session, key["kdf"].lower(), id=session["name"])


@pytest.mark.parametrize(("session", "kdf"), list(livekit_sessions()))
def test_frames_of_livekits_worker(session, kdf):
    """Frames of mixed codecs: right options open them, others are put right."""
    size = session["options"]["keySize"]
    salt = session["options"]["ratchetSalt"]
    how = {"kdf": kdf, "suite": f"AES-{size}-GCM", "ring": 256, "ratchet_salt": salt}
    keys = {session["key_index"]: bytes.fromhex(session["key"]["material_hex"])}
    by_codec = {}
    for frame in session["peer_encrypts"]:
        by_codec.setdefault(frame["codec"], []).append(bytes.fromhex(frame["wire"]))
    for codec, frames in by_codec.items():
        given = how | {"codec": codec}
        assert ff.diagnose(frames, keys, format="livekit", **given).opens
        wrong = "hkdf" if kdf == "pbkdf2" else "pbkdf2"
        diagnosis = ff.diagnose(
            frames, keys, format="livekit", **given | {"kdf": wrong}
        )
        assert_proven(diagnosis, "wrong-kdf", len(frames), kdf=kdf)
        cut = [padded(frame, 11) for frame in frames]
        diagnosis = ff.diagnose(cut, keys, format="livekit", **given)
        assert_proven(diagnosis, "rtp-padding", len(frames))
    if salt != "LKFrameEncryptionKey":
        return
    everything = [frame for frames in by_codec.values() for frame in frames]
    diagnosis = ff.diagnose(everything, keys)
    assert diagnosis.best.change["format"] in ("livekit", "element-call")
    assert sum(f.frames for f in diagnosis if f.confidence == 1) == len(everything)


def test_frames_of_jitsi_and_getstream_and_davey():
    """Found by their keys alone."""
    for family, file, material in (
        ("jitsi", "jitsi-frames.json", lambda s: s["key"]["material"]),
        ("stream", "getstream-frames.json", lambda s: s["key"]),
    ):
        for session in vectors(family, file)["sessions"]:
            frames = [bytes.fromhex(f["wire"]) for f in session["peer_encrypts"]]
            diagnosis = ff.diagnose(frames, bytes.fromhex(material(session)))
            assert diagnosis.best.change["format"] == family
            proven = [f for f in diagnosis if f.confidence == 1]
            assert sum(f.frames for f in proven) == len(frames)
    file = vectors("dave", "dave-frames.json")
    frames = [bytes.fromhex(frame["wire"]) for frame in file["peer_encrypts"]]
    key = bytes.fromhex(file["sender_davey"]["base_secret"])
    frames = [frame for frame in frames if frame.endswith(b"\xfa\xfa")]
    assert_proven(ff.diagnose(frames, key), "other-format", len(frames), format="dave")
    assert ff.diagnose(frames, key, format="dave").opens


# -- hostile and odd input --


def noise(number):
    """Give bytes of several kinds and sizes."""
    rand = random.Random(number)
    kinds = [
        lambda: rand.randbytes(rand.randrange(400)),
        lambda: bytes(rand.randrange(200)),
        lambda: bytes([rand.randrange(256)]) * rand.randrange(300),
        lambda: b"\0\0\1" * rand.randrange(100),
        lambda: b"\0\0\0\1\x65" * rand.randrange(80) + b"\xfa\xfa",
        lambda: rand.randbytes(50) + b"\x0c" * rand.randrange(250),
        lambda: rand.randbytes(50) + b"\xfa" * rand.randrange(250),
        lambda: rand.randbytes(30) + b"\xe2\xee\xfe\xed" * rand.randrange(60),
        lambda: b"\xff" * 9 + rand.randbytes(9),
        lambda: rand.randbytes(20) + b"\xff\x01LKTS",
        lambda: b"\x80" * rand.randrange(3000),
        lambda: b"\x12\0" * rand.randrange(300),
    ]
    return rand.choice(kinds)()


@pytest.mark.parametrize("format_", [*MARKED, *UNMARKED, "raw", None])
def test_hostile_frames_cost_little_and_raise_nothing(format_):
    """Whatever comes: an answer, within the bound, with no key in it."""
    rand = random.Random(7)
    keys = {n: rand.randbytes(32).hex() for n in range(16)}
    options = {"salt": SALT} if format_ == "raw" else {}
    if format_ in ("livekit", "element-call"):
        options["codec"] = "h264"
    frames = [noise(n) for n in range(300)]
    start = time.perf_counter()
    diagnosis = ff.diagnose(frames, keys, format=format_, **options)
    assert time.perf_counter() - start < SLOW
    assert diagnosis.best.confidence < 1
    shown = str(diagnosis) + repr(diagnosis)
    assert not any(key[:8] in shown for key in keys.values())


@pytest.mark.parametrize("size", [1 << 20, 16 << 20, (16 << 20) + 5000])
@pytest.mark.parametrize("format_", ["livekit", "sframe", None])
def test_huge_frames_cost_little(format_, size):
    """Work is bounded in bytes, too."""
    frames = [os.urandom(1 << 20) * (size >> 20) + bytes(size & 0xFFFFF)] * 3
    start = time.perf_counter()
    diagnosis = ff.diagnose(frames, {0: KEY, 1: OTHER_KEY}, format=format_)
    assert time.perf_counter() - start < SLOW
    assert diagnosis.best.confidence < 1


def test_a_search_that_is_cut_short_says_so():
    """A bound that was met is in the report."""
    frames = [os.urandom(300_000) + b"\x0c\x00" for _ in range(4)]
    diagnosis = diagnose(
        frames, {n: os.urandom(16).hex() for n in range(16)}, "livekit"
    )
    assert diagnosis.is_cut_short
    assert "cut short" in str(diagnosis)


def test_noise_is_not_recognised():
    """Random bytes are called what they are."""
    rand = random.Random(3)
    frames = [rand.randbytes(rand.randrange(60, 900)) for _ in range(40)]
    for format_ in ("livekit", "stream", "dave", "insertable", "sframe"):
        diagnosis = diagnose(frames, {0: KEY}, format_)
        assert_likely(diagnosis, "unrecognised", frames=40)
    assert_likely(ff.diagnose(frames, KEY), "unrecognised", frames=40)


def test_no_key_bytes_are_shown():
    """Neither report nor repr has any of a key's bytes."""
    secret = b"\x91\x17secret-key-16!"[:16]
    for frames in (sealed("livekit", key=secret), sealed("dave"), [b"x" * 80]):
        diagnosis = diagnose(frames, {0: secret}, "sframe")
        shown = str(diagnosis) + repr(diagnosis)
        assert "secret" not in shown
        assert secret.hex()[:12] not in shown
        assert base64.b64encode(secret).decode()[:8] not in shown


@pytest.mark.parametrize(
    ("args", "options"),
    [
        ((5,), {}),
        (("text",), {}),
        (([5],), {}),
        (([b"x"], 5), {}),
        (([b"x"], {"a": KEY}), {}),
        (([b"x"], {0: b""}), {}),
        (([b"x"], "\udc80"), {}),
        (([b"x"], {0: bytes(257)}), {}),
        (([b"x"], {-1: KEY}), {}),
        (([b"x"], KEY), {"format": "nonsense"}),
        (([b"x"], KEY), {"format": "livekit", "codec": "mp3"}),
        (([b"x"], KEY), {"codec": "mp3"}),
        (([b"x"], KEY), {"format": "livekit", "suite": "ROT13"}),
        (([b"x"], KEY), {"format": "livekit", "kdf": "md5"}),
        (([b"x"], KEY), {"format": "insertable", "kdf": "hkdf"}),
        (([b"x"], KEY), {"kdf": "hkdf"}),
        (([b"x"], KEY), {"suite": 4}),
        (([b"x"], KEY), {"format": "raw", "salt": b"short"}),
        (([b"x"], KEY), {"format": "raw", "salt": SALT, "counter": [1, 2]}),
        (([b"x"], KEY), {"frames_are": "nice"}),
        (([b"x"], KEY), {"frames_are": 5}),
        (([b"x"], KEY), {"frames_are": "key delta"}),
        (([b"x"], KEY), {"replay_window": -1}),
    ],
)
def test_usage_errors(args, options):
    """What no Opener takes is the caller's mistake."""
    with pytest.raises(ff.UsageError):
        ff.diagnose(*args, **options)


def test_diagnosis_is_a_sequence_of_findings():
    """The names that programs use."""
    diagnosis = ff.diagnose(sealed("livekit"), OTHER_KEY, format="livekit")
    assert isinstance(diagnosis, ff.Diagnosis)
    assert list(diagnosis) == list(diagnosis.findings)
    assert len(diagnosis) == len(diagnosis.findings)
    assert all(isinstance(finding, ff.Finding) for finding in diagnosis)
    assert diagnosis.best.cause is Cause.WRONG_KEY
    assert diagnosis.best.cause == "wrong-key"
    with pytest.raises(AttributeError):
        diagnosis.best.cause = ""


def test_import_is_lazy():
    """What explains failures is imported when it is asked for."""
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    program = (
        "import sys, fastframe as ff;"
        "assert 'fastframe.diagnosis' not in sys.modules;"
        "ff.diagnose([b'x']); assert 'fastframe.diagnosis' in sys.modules;"
        "assert not hasattr(ff, 'nonsense')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603


# -- by hand --


def hkdf(secret, salt, info, length, name="sha256"):
    """HKDF of RFC 5869, for what no Sealer does."""
    size = hashlib.new(name).digest_size
    key = hmac.new(salt or bytes(size), secret, name).digest()
    out = block = b""
    while len(out) < length:
        block = hmac.new(
            key, block + info + bytes([len(out) // size + 1]), name
        ).digest()
        out += block
    return out[:length]


SFRAME = {  # suite: hash, key bytes, tag bytes
    1: ("sha256", 48, 10),
    2: ("sha256", 48, 8),
    3: ("sha256", 48, 4),
    4: ("sha256", 16, 16),
    5: ("sha512", 32, 16),
    6: ("sha512", 96, 10),
    7: ("sha512", 96, 8),
    8: ("sha512", 96, 4),
}


def long_header_frame(plain, suite, key_id, counter, aad=b""):
    """Seal with key id and counter in two bytes each, whatever they are."""
    from cryptography.hazmat.primitives.ciphers import (  # noqa: PLC0415
        Cipher,
        algorithms,
        modes,
    )
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415
        AESGCM,
    )

    name, key_len, tag_len = SFRAME[suite]
    info = key_id.to_bytes(8, "big") + suite.to_bytes(2, "big")
    key = hkdf(KEY, b"", b"SFrame 1.0 Secret key " + info, key_len, name)
    salt = hkdf(KEY, b"", b"SFrame 1.0 Secret salt " + info, 12, name)
    nonce = (int.from_bytes(salt, "big") ^ counter).to_bytes(12, "big")
    head = b"\x99" + key_id.to_bytes(2, "big") + counter.to_bytes(2, "big")
    if suite in (4, 5):
        return head + AESGCM(key).encrypt(nonce, plain, head + aad)
    size = hashlib.new(name).digest_size
    mode = modes.CTR(nonce + bytes(4))
    body = Cipher(algorithms.AES(key[:-size]), mode).encryptor().update(plain)
    sizes = [len(head + aad), len(body), tag_len]
    said = b"".join(n.to_bytes(8, "big") for n in sizes) + nonce + head + aad + body
    return head + body + hmac.new(key[-size:], said, name).digest()[:tag_len]


def uleb(value):
    """Write a number as ULEB128."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def dave_frame(plain, number):
    """Seal a DAVE frame whole, with a nonce of any generation."""
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415
        AESGCM,
    )

    def tree(secret, label, generation, length):
        label = b"MLS 1.0 " + label
        info = length.to_bytes(2, "big") + bytes([len(label)]) + label
        info += b"\x04" + generation.to_bytes(4, "big")
        return hmac.new(secret, info + b"\x01", "sha256").digest()[:length]

    secret, generation = KEY, number >> 24
    for step in range(generation):
        secret = tree(secret, b"secret", step, 32)
    key = tree(secret, b"key", generation, 16)
    nonce = bytes(8) + number.to_bytes(4, "little")
    body = AESGCM(key).encrypt(nonce, plain, b"")[:-8]
    tail = uleb(number)
    return body + tail + bytes([8 + len(tail) + 3]) + b"\xfa\xfa"
