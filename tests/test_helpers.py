"""The key side: SFrame's, DAVE's and LiveKit's helpers check what they are given."""

from __future__ import annotations

import pytest
import reference.sframe
from hypothesis import given
from hypothesis import strategies as st
from reference import dave as dave_model
from reference import lkts
from support import GCM, HMAC, SFRAME_NUMBERS

import fastframe as ff
from fastframe import dave, livekit, sframe

KEY = bytes(range(16))
NO_BUFFERS = [None, 7, "text", object()]
suites = st.sampled_from(sorted(SFRAME_NUMBERS))
material = st.binary(min_size=1, max_size=100)
numbers = st.one_of(st.integers(0, 300), st.integers(0, 2**64 - 1))


# -- SFrame --


@given(material, suites)
def test_ratchet_agrees_with_the_reference(key, suite):
    """Any base key, each suite, by number and by name."""
    wanted = reference.sframe.ratchet(key, suite=suite)
    assert sframe.ratchet(key, suite=suite) == wanted
    assert sframe.ratchet(bytearray(key), suite=SFRAME_NUMBERS[suite]) == wanted


@given(material, suites, st.integers(0, 2**32 - 1))
def test_keys_per_stream_agree_with_the_reference(key, suite, ssrc):
    """As above, with the stream's number."""
    wanted = reference.sframe.ssrc_key(key, ssrc, suite=suite)
    assert sframe.ssrc_key(memoryview(key), ssrc, suite=suite) == wanted


@given(numbers, numbers, st.integers(0, 64))
def test_sender_key_ids_are_split_where_it_was_agreed(generation, step, bits):
    """Generation above, step modulo 2^R below; what does not fit is refused."""
    if generation >= 1 << (64 - bits):
        with pytest.raises(ff.UsageError, match="generation must be"):
            sframe.sender_kid(generation, step, ratchet_bits=bits)
        return
    made = sframe.sender_kid(generation, step, ratchet_bits=bits)
    assert made == reference.sframe.sender_key_id(generation, step, bits=bits)
    assert 0 <= made < 2**64


@given(numbers, numbers, st.integers(0, 40), st.integers(0, 24), numbers)
def test_mls_key_ids_are_composed_or_refused(epoch, sender, low, middle, context):
    """Context, sender, epoch modulo 2^E: a member must not read as another one."""
    bits = {"epoch_bits": low, "sender_bits": middle}
    if sender >= 1 << middle or context >= 1 << (64 - low - middle):
        with pytest.raises(ff.UsageError, match=r"(sender|context) must be"):
            sframe.mls_kid(epoch, sender, context=context, **bits)
        return
    made = sframe.mls_kid(epoch, sender, context=context, **bits)
    wanted = reference.sframe.mls_key_id(context, sender, epoch, **bits)
    assert made == wanted < 2**64


BAD_SFRAME = [
    ("generation must be 0 to 15, got 16", lambda: kid(16, 0, 60)),
    ("generation must be an int, got float", lambda: kid(1.5, 0, 8)),
    ("step must be .*got -1", lambda: kid(0, -1, 8)),
    ("ratchet_bits must be 0 to 64, got 65", lambda: kid(0, 0, 65)),
    ("epoch_bits must be 0 to 64, got 65", lambda: mls(0, 0, 65, 0)),
    ("sender_bits must be 0 to 60, got 61", lambda: mls(0, 0, 4, 61)),
    ("sender must be 0 to 63, got 64", lambda: mls(0, 64, 4, 6)),
    ("epoch must be .*got -1", lambda: mls(-1, 0, 4, 6)),
    ("ssrc must be 0 to 4294967295, got -1", lambda: sframe.ssrc_key(KEY, -1, suite=4)),
    ("ssrc must be an int, got bytes", lambda: sframe.ssrc_key(KEY, b"", suite=4)),
    ("SFrame's suites are 1 to 8, got 0", lambda: sframe.ratchet(KEY, suite=0)),
    ("SFrame's suites are 1 to 8, got 9", lambda: sframe.ratchet(KEY, suite=9)),
    ("no suite 'DES'", lambda: sframe.ratchet(KEY, suite="DES")),
    ("must be a name, got bool", lambda: sframe.ratchet(KEY, suite=True)),
    ("AES-128-GCM-8", lambda: sframe.ratchet(KEY, suite="AES-128-GCM-8")),
]


def kid(generation, step, bits):
    """Shorten a call."""
    return sframe.sender_kid(generation, step, ratchet_bits=bits)


def mls(epoch, sender, low, middle):
    """Shorten a call."""
    return sframe.mls_kid(epoch, sender, epoch_bits=low, sender_bits=middle)


@pytest.mark.parametrize(("text", "call"), BAD_SFRAME, ids=[t for t, _ in BAD_SFRAME])
def test_sframe_helpers_say_what_is_wrong(text, call):
    """A KID that wrapped would meet another member's key."""
    with pytest.raises(ff.UsageError, match=text):
        call()


@pytest.mark.parametrize("wrong", NO_BUFFERS, ids=[str(type(w)) for w in NO_BUFFERS])
def test_keys_must_be_bytes(wrong):
    """As everywhere: a str is no key."""
    for call in (
        lambda: sframe.ratchet(wrong, suite=4),
        lambda: sframe.ssrc_key(wrong, 1, suite=4),
        lambda: dave.base_secret(wrong, 1),
    ):
        with pytest.raises(ff.UsageTypeError, match="bytes-like"):
            call()


@pytest.mark.parametrize("suite", [*GCM, *HMAC, *SFRAME_NUMBERS, "AES-128-GCM-8"])
def test_generated_keys_fit_every_suite(suite):
    """By each name and number that there is."""
    key = ff.generate_key(suite)
    name = SFRAME_NUMBERS.get(suite, suite)
    sizes = {"AES-128-GCM": 16, "AES-256-GCM": 32, "AES-128-GCM-8": 16}
    assert len(key) == sizes.get(name, 48 if "SHA256" in str(name) else 96)
    assert any(key)


def test_registered_names_of_the_gcm_suites_are_known():
    """Signalling may carry IANA's names."""
    for number, name in ((4, "AES_128_GCM_SHA256_128"), (5, "AES_256_GCM_SHA512_128")):
        key = ff.generate_key(name)
        sealed = ff.Sealer("sframe", key, suite=name).seal(b"frame")
        assert ff.Opener("sframe", {0: key}, suite=number).open(sealed) == b"frame"


# -- DAVE --


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1))
def test_base_secrets_agree_with_the_reference(exporter, user_id):
    """The id is little-endian there, unlike all else in MLS."""
    assert dave.base_secret(exporter, user_id) == dave_model.base_secret(
        exporter, user_id
    )


def test_dave_takes_the_exporter_secret_itself():
    """With the user id as key id, as the helper would have been called."""
    exporter, users = bytes(range(32)), (1158497100000000001, 2)
    keys = dict.fromkeys(users, exporter)
    opener = ff.Opener("dave", keys)
    for user in users:
        sealed = ff.Sealer("dave", exporter, key_id=user).seal(b"frame")
        base = dave.base_secret(exporter, user)
        assert ff.Opener("dave", {0: base}).open(sealed) == b"frame"
        assert opener.open(sealed) == b"frame"
    sealer = ff.Sealer("dave", exporter, key_id=3)
    with pytest.raises(ff.UsageError, match="another live sealer"):
        ff.Sealer("dave", dave.base_secret(exporter, 3))
    for wrong in (b"", bytes(15), bytes(17), bytes(33)):
        with pytest.raises(ff.UsageError, match="key must be"):
            sealer.rotate(wrong, 1)


def test_dave_helper_says_what_is_wrong():
    """An id of another kind would give a key that nobody has."""
    for wrong in (-1, 2**64):
        with pytest.raises(ff.UsageError, match=f"user_id must be .*got {wrong}"):
            dave.base_secret(bytes(32), wrong)
    with pytest.raises(ff.UsageTypeError, match="user_id must be an int, got str"):
        dave.base_secret(bytes(32), "1158497100000000001")
    with pytest.raises(ff.UsageError, match="32 bytes"):
        dave.base_secret(bytes(31), 1)


# -- LiveKit --


@given(
    st.binary(max_size=60),
    st.integers(1, 2**64 - 1),
    st.integers(1, 2**32 - 1),
    st.one_of(st.none(), st.binary(max_size=200)),
)
def test_metadata_agrees_with_the_reference(sealed, stamp, number, data):
    """Written and read, both ways."""
    metadata = livekit.FrameMetadata(stamp, number, data)
    wire = livekit.add_metadata(sealed, metadata)
    assert wire == lkts.write(sealed, lkts.Metadata(stamp, number, data))
    assert livekit.read_metadata(wire) == (sealed, metadata)


@given(st.binary(max_size=60))
def test_junk_is_no_metadata_and_harms_nobody(junk):
    """Whatever stands behind a frame, reading it gives the bytes back."""
    for wire in (junk, junk + b"LKTS", junk + b"\xf9\xff\xfeLKTS"):
        sealed, metadata = livekit.read_metadata(wire)
        assert wire.startswith(sealed)
        assert metadata is not None or sealed == wire
        told = lkts.read(wire)
        assert told[1] is None or told[0] == sealed


def test_metadata_that_does_not_fit_is_refused():
    """Its length is one byte; a number that wrapped would be believed."""
    read = livekit.FrameMetadata
    for text, metadata in (
        ("at most 255 bytes, got 256", read(user_data=bytes(249))),
        ("timestamp_us must be .*got -1", read(timestamp_us=-1)),
        ("timestamp_us must be .*got 18446744073709551616", read(timestamp_us=2**64)),
        ("frame_id must be 0 to 4294967295, got 4294967296", read(frame_id=2**32)),
        ("user_data must be bytes-like, got str", read(user_data="text")),
    ):
        with pytest.raises(ff.UsageError, match=text):
            livekit.add_metadata(b"sealed", metadata)
    wire = livekit.add_metadata(b"sealed", read(user_data=bytes(248)))
    assert livekit.read_metadata(wire) == (b"sealed", read(user_data=bytes(248)))


def test_data_packets_take_the_options_of_media():
    """And refuse what media refuses."""
    with pytest.raises(ff.UsageError, match="no option 'sif_trailer'"):
        livekit.DataSealer(KEY, sif_trailer=b"end")
    with pytest.raises(ff.UsageError, match=r"key_id .*0 to 15, got 16"):
        livekit.DataSealer(KEY, key_id=16, kdf="hkdf")
    with pytest.raises(ff.UsageError, match=r"key_id .*0 to 15, got 16"):
        livekit.DataOpener({16: KEY}, kdf="hkdf")
    sealer = livekit.DataSealer(KEY, key_id=200, kdf="hkdf", ring=256, suite=GCM[1])
    opener = livekit.DataOpener({200: KEY}, kdf="hkdf", ring=256, suite=GCM[1])
    sealed = sealer.seal(memoryview(b"payload"))
    assert (len(sealed.iv), sealed.key_index) == (12, 200)
    assert len(sealed.encrypted_value) == 7 + 16
    named = {"iv": bytearray(sealed.iv), "key_index": 200}
    assert opener.open(bytearray(sealed.encrypted_value), **named) == b"payload"
    with pytest.raises(ff.UsageTypeError, match="iv must be bytes-like, got str"):
        opener.open(b"", iv="iv", key_index=200)


def test_data_packets_without_room_for_a_tag_are_malformed():
    """A peer's bytes raise what frames raise, whatever they are."""
    opener = livekit.DataOpener({1: KEY}, kdf="hkdf")
    for value in (b"", bytes(15)):
        with pytest.raises(ff.MalformedFrame):
            opener.open(value, iv=bytes(12), key_index=1)
    with pytest.raises(ff.AuthenticationFailed):
        opener.open(bytes(16), iv=bytes(12), key_index=1)
