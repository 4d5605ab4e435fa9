"""Bad input: every call says what was expected and what came, and no more."""

from __future__ import annotations

import pytest
from support import FRAME_MAX, SALT

import fastframe as ff

KEY = bytes.fromhex("a1b2c3d4e5f60718293a4b5c6d7e8f90")
NO_BUFFERS = ["text", None, 7, [1, 2], object()]
NO_BUFFER_IDS = [type(value).__name__ for value in NO_BUFFERS]


# -- what is no frame --


@pytest.mark.parametrize("wrong", NO_BUFFERS, ids=NO_BUFFER_IDS)
def test_wrong_types_are_named(pair, wrong):
    """A str where bytes belong is the commonest slip; say so, naming it."""
    sealer, opener = pair
    came = f"got {type(wrong).__name__}"
    key_came = "a str is a passphrase" if isinstance(wrong, str) else came
    batch = ff.Batch(1)
    calls = [
        lambda: sealer.seal(wrong),
        lambda: sealer.seal_into(wrong, bytearray(50)),
        lambda: sealer.seal_into(b"frame", wrong),
        lambda: sealer.seal_batch([b"frame", wrong]),
        lambda: opener.open(wrong),
        lambda: opener.open_into(wrong, bytearray(50)),
        lambda: opener.open_into(bytes(50), wrong),
        lambda: opener.open_batch([wrong]),
        lambda: batch.append(wrong),
        lambda: ff.inspect("insertable", wrong),
    ]
    for call in calls:
        with pytest.raises(ff.UsageTypeError, match=came):
            call()
    for call in (
        lambda: ff.Sealer("insertable", wrong),
        lambda: ff.Opener("insertable", {0: wrong}),
        lambda: sealer.rotate(wrong, 2),
    ):
        with pytest.raises(ff.UsageTypeError, match=key_came):
            call()
    assert sealer.counter == 0


def test_a_batch_error_names_the_frame(pair):
    """In a list of thirty frames, one must know which one it was."""
    with pytest.raises(ff.UsageTypeError, match="frame 2 must be bytes-like, got str"):
        pair[0].seal_batch([b"a", b"b", "c"])


@pytest.mark.parametrize("wrong", [7, None, "text", b"bytes"])
def test_no_sequence_of_frames_is_refused(pair, wrong):
    """seal_batch(frame) instead of seal_batch([frame])."""
    with pytest.raises(ff.UsageTypeError, match="bytes-like"):
        pair[0].seal_batch(wrong)


def test_read_only_outputs_are_refused(pair):
    """Writing through a read-only view would change somebody's constant."""
    sealer, opener = pair
    sealed = sealer.seal(b"frame")
    for out in (
        bytes(50),
        memoryview(bytes(50)),
        memoryview(bytearray(50)).toreadonly(),
    ):
        kind = type(out).__name__
        for call in (
            lambda out=out: sealer.seal_into(b"frame", out),
            lambda out=out: opener.open_into(sealed, out),
        ):
            with pytest.raises(ff.UsageTypeError, match=f"{kind} is read-only"):
                call()
        assert bytes(out) == bytes(50)
    assert sealer.counter == 1


def test_strided_views_are_refused(pair):
    """Every other byte is not a frame; copying in silence would hide a cost."""
    sealer, opener = pair
    strided = memoryview(bytearray(100))[::2]
    calls = [
        lambda: sealer.seal(strided),
        lambda: sealer.seal_into(b"frame", strided),
        lambda: sealer.seal_batch([strided]),
        lambda: opener.open(strided),
        lambda: opener.open_into(bytes(50), strided),
        lambda: opener.open_batch([strided]),
        lambda: ff.Batch(1).append(strided),
        lambda: ff.Sealer("insertable", memoryview(bytes(32))[::2]),
    ]
    for call in calls:
        with pytest.raises(ff.UsageError, match="C-contiguous"):
            call()


def test_key_frame_is_a_flag(pair):
    """key_frame=2 or [] would otherwise be sealed as who knows what."""
    sealer, opener = pair
    sealed = sealer.seal(b"frame")
    for wrong in (2, "yes", [], 1.5):
        calls = [
            lambda wrong=wrong: sealer.seal(b"frame", key_frame=wrong),
            lambda wrong=wrong: sealer.seal_into(
                b"frame", bytearray(50), key_frame=wrong
            ),
            lambda wrong=wrong: sealer.seal_batch([b"frame"], key_frame=[wrong]),
            lambda wrong=wrong: opener.open(sealed, key_frame=wrong),
            lambda wrong=wrong: ff.Batch(1).append(b"frame", key_frame=wrong),
        ]
        for call in calls:
            with pytest.raises(ff.UsageTypeError, match="True, False or None"):
                call()
    assert sealer.counter == 1


def test_lists_beside_a_batch_must_be_as_long(pair):
    """A missing flag must not be taken from the next frame."""
    sealer, _ = pair
    with pytest.raises(ff.UsageError, match="key_frame must have 2 items, got 1"):
        sealer.seal_batch([b"a", b"b"], key_frame=[True])
    raw = ff.Opener("raw", {0: KEY}, salt=SALT)
    with pytest.raises(ff.UsageError, match="counter must have 2 items, got 3"):
        raw.open_batch([b"", b""], counter=[1, 2, 3])
    with pytest.raises(ff.UsageError, match="aad must have 2 items, got 0"):
        raw.open_batch([b"", b""], aad=[], counter=[1, 2])
    batch = ff.Batch(1)
    with pytest.raises(ff.UsageError, match=r"key_frame= in append"):
        sealer.seal_batch(batch, key_frame=True)


def test_aad_is_refused_where_nothing_authenticates_it(pair):
    """Dropping it in silence would leave the caller's header unprotected."""
    sealer, opener = pair
    sealed = sealer.seal(b"frame")
    batch = ff.Batch(1)
    batch.append(b"frame", aad=b"header")
    calls = [
        lambda: sealer.seal(b"frame", aad=b"header"),
        lambda: sealer.seal_batch([b"frame"], aad=b"header"),
        lambda: sealer.seal_batch(batch),
        lambda: opener.open(sealed, aad=b"header"),
        lambda: opener.open_batch([sealed], aad=b"header"),
    ]
    for call in calls:
        with pytest.raises(ff.UsageError, match="aad"):
            call()
    assert sealer.counter == 1
    assert opener.open(sealed, aad=b"") == b"frame"


def test_frames_over_the_limit_are_refused(pair):
    """EVP counts in int; the limit is far inside and checked before sealing."""
    sealer, opener = pair
    too_long = bytes(FRAME_MAX + 1)
    out = bytearray(FRAME_MAX + 100)
    batch = ff.Batch(1, arena=FRAME_MAX + 100)
    calls = [
        lambda: sealer.seal(too_long),
        lambda: sealer.seal_into(too_long, out),
        lambda: sealer.seal_batch([too_long]),
    ]
    for call in calls:
        with pytest.raises(ff.UsageError, match=str(FRAME_MAX)):
            call()
    assert sealer.counter == 0
    with pytest.raises(ff.UsageError, match=str(FRAME_MAX)):
        batch.reserve(FRAME_MAX + 100)
    # A sealed frame is longer, by 1024 bytes at most.
    with pytest.raises(ff.MalformedFrame):
        opener.open(bytes(FRAME_MAX + 1025))


def test_counter_must_fit_64_bits():
    """A wrapped counter would open (or judge) another frame's place."""
    opener = ff.Opener("raw", {0: KEY}, salt=SALT)
    for wrong in (-1, 2**64):
        with pytest.raises(ff.UsageError, match=f"got {wrong}"):
            opener.open(bytes(40), counter=wrong)
        with pytest.raises(ff.UsageError, match=f"got {wrong}"):
            opener.open_batch([bytes(40)], counter=[wrong])
        with pytest.raises(ff.UsageError, match=f"got {wrong}"):
            ff.Batch(1).append(bytes(40), counter=wrong)
    with pytest.raises(ff.UsageTypeError, match="int, got str"):
        opener.open(bytes(40), counter="1")


# -- constructors --

BAD_SEALERS = [
    ("got 15", {"key": KEY[:15]}),
    ("key must be 16 or 32 bytes, got 0", {"key": b""}),
    ("key must be 32 bytes for AES-256-GCM, got 16", {"suite": "AES-256-GCM"}),
    ("no suite 'ROT13'; there are: AES-128-GCM", {"suite": "ROT13"}),
    ("suite must be a name; numbers are SFrame's", {"suite": 1}),
    ("no format 'nonsense'; there are: raw", {"format": "nonsense"}),
    ("format must be a name, got NoneType", {"format": None}),
    ("no codec 'mp3'", {"codec": "mp3"}),
    ("codec must be a name, got int", {"codec": 264}),
    ("key_id .*0 to 255, got 256", {"key_id": 256}),
    ("key_id .*0 to 255, got -1", {"key_id": -1}),
    ("key_id .*int, got str", {"key_id": "1"}),
    ("key_id .*int, got bool", {"key_id": True}),
    ("ssrc must be 0 to 4294967295, got 4294967296", {"ssrc": 2**32}),
    ("ssrc must be 0 to 4294967295, got -1", {"ssrc": -1}),
    ("ssrc must be an int, got bytes", {"ssrc": b"\0\0\0\1"}),
    ("'insertable' takes no salt", {"salt": SALT}),
    ("counter must be 0 to 18446744073709551615, got -1", {"counter": -1}),
    ("counter must be 0 to 18446744073709551615, got 1844", {"counter": 2**64}),
    ("counter must be an int, got str", {"counter": "7"}),
    ("'insertable' has no option 'spice'", {"spice": 1}),
    ("'raw' needs salt=, 12 bytes", {"format": "raw"}),
    ("salt must be 12 bytes, got 11", {"format": "raw", "salt": SALT[1:]}),
    ("salt must be bytes-like, got str", {"format": "raw", "salt": "salt"}),
    ("'raw' takes no ssrc=", {"format": "raw", "salt": SALT, "ssrc": 1}),
]


@pytest.mark.parametrize(("text", "options"), BAD_SEALERS, ids=str)
def test_sealer_says_what_is_wrong(text, options):
    """An operator sees only this text: it must name the fault and the fix."""
    options = {"format": "insertable", "key": KEY} | options
    with pytest.raises(ff.UsageError, match=text):
        ff.Sealer(options.pop("format"), options.pop("key"), **options)
    # A refused constructor claims nothing: the right call works at once.
    ff.Sealer("insertable", KEY, ssrc=1).close()


BAD_OPENERS = [
    ("got 15", {"keys": {0: KEY[:15]}}),
    ("keys must map key id to key, got list", {"keys": [KEY]}),
    ("keys must map key id to key, got bytes", {"keys": KEY}),
    ("key must be bytes-like; a str is a passphrase", {"keys": {0: KEY.hex()}}),
    ("key_id .*0 to 255, got 256", {"keys": {256: KEY}}),
    ("key_id .*int, got str", {"keys": {"0": KEY}}),
    ("no suite 'ROT13'", {"suite": "ROT13"}),
    ("no codec 'mp3'", {"codec": "mp3"}),
    ("replay_window must be 0 to 65536, got 65537", {"replay_window": 65537}),
    ("replay_window must be 0 to 65536, got -1", {"replay_window": -1}),
    ("replay_window must be an int, got NoneType", {"replay_window": None}),
    ("'insertable' takes no salt", {"salt": SALT}),
    ("'insertable' has no option 'spice'", {"spice": 1}),
    ("'raw' needs salt=", {"format": "raw"}),
    (
        "an opener of 'raw' holds at most 1 key",
        {"format": "raw", "salt": SALT, "keys": {0: KEY, 1: KEY}},
    ),
]


@pytest.mark.parametrize(("text", "options"), BAD_OPENERS, ids=str)
def test_opener_says_what_is_wrong(text, options):
    """As for sealers: wrong arguments fail at once, not at the first frame."""
    options = {"format": "insertable", "keys": {0: KEY}} | options
    with pytest.raises(ff.UsageError, match=text):
        ff.Opener(options.pop("format"), options.pop("keys"), **options)


BAD_BATCHES = [
    ("capacity must be 1 to 65536, got 0", {"capacity": 0}),
    ("capacity must be 1 to 65536, got 65537", {"capacity": 65537}),
    ("capacity must be an int, got str", {"capacity": "64"}),
    ("arena must be 1 to .*, got 0", {"arena": 0}),
    ("arena must be an int, got float", {"arena": 1e6}),
]


@pytest.mark.parametrize(("text", "options"), BAD_BATCHES)
def test_batch_says_what_is_wrong(text, options):
    """Sizes are checked before memory is taken."""
    with pytest.raises(ff.UsageError, match=text):
        ff.Batch(**options)


def test_append_and_reserve_say_what_is_wrong():
    """Source and size reach C as plain integers; none may wrap there."""
    batch = ff.Batch(4)
    for wrong in (-1, 1024, 2**32):
        with pytest.raises(ff.UsageError, match=f"source must be .*got {wrong}"):
            batch.append(b"frame", source=wrong)
    for wrong in (-1, 2**32, 2**64):
        with pytest.raises(ff.UsageError, match=f"size must be .*got {wrong}"):
            batch.reserve(wrong)
    with pytest.raises(ff.UsageTypeError, match="size must be an int, got str"):
        batch.reserve("7")
    with pytest.raises(ff.UsageError, match=r"no suite 'DES'"):
        ff.generate_key("DES")
    assert len(batch) == 0
