"""Each format's own options: what takes them, their defaults, what is refused."""

from __future__ import annotations

import pytest
from support import FORMAT_OPTIONS, TAKES

import fastframe as ff

KEY = bytes(range(16))
LIVEKIT = {"kdf", "ratchet_salt", "ring", "ratchet_window"}
# What each format takes beyond what all do.
OPTIONS: dict[str, set[str]] = {name: set() for name in TAKES} | {
    "sframe": {"ssrc"},
    "livekit": LIVEKIT | {"sif_trailer", "packet_trailer"},
    "element-call": LIVEKIT | {"sif_trailer", "packet_trailer"},
    "livekit-data": LIVEKIT,
    "jitsi": {"kdf", "ratchet_window"},
    "stream": {"forward_clear"},
    "dave": {"ratchet_window", "forward_clear"},
}
# A value that is good wherever the option is one.
GOOD = {
    "ssrc": 5,
    "kdf": "raw",
    "ratchet_salt": b"salt",
    "ring": 32,
    "ratchet_window": 3,
    "sif_trailer": b"end",
    "packet_trailer": True,
    "forward_clear": True,
}
# A sealer that is given one of these was meant to be an opener.
FOR_OPENING = {"ratchet_window", "sif_trailer", "packet_trailer", "forward_clear"}
TAKES_SSRC = ("insertable", "insertable-bare", "livekit", "livekit-data", "jitsi")
TAKES_SSRC += ("element-call",)  # the sealers' own argument there


def options_of(format_name):
    """Give what a format needs to be made at all."""
    codec = {"codec": "opus"} if format_name == "stream" else {}
    return codec | FORMAT_OPTIONS.get(format_name, {})


def both_ends(format_name, key=KEY, **options):
    """Make a sealer and an opener alike, as far as they are."""
    options = options_of(format_name) | options
    own = {name: value for name, value in options.items() if name not in FOR_OPENING}
    sealer = ff.Sealer(format_name, key, **own)
    return sealer, ff.Opener(format_name, {0: key}, **options)


@pytest.mark.parametrize("option", GOOD)
@pytest.mark.parametrize("format_name", TAKES)
def test_options_belong_to_their_formats(format_name, option):
    """An option that is taken in silence and does nothing would mislead."""
    given = {option: GOOD[option]}
    every = options_of(format_name) | given
    is_known = option in OPTIONS[format_name]
    if is_known:
        sealer, opener = both_ends(format_name, **given)
        assert opener.open(sealer.seal(b"frame")) == b"frame"
        try_inspect(format_name, b"x" * 60, given)
    else:
        with pytest.raises(ff.UsageError, match=f"has no option '{option}'"):
            ff.Opener(format_name, {0: KEY}, **every)
    if is_known and option in FOR_OPENING:
        with pytest.raises(ff.UsageError, match=f"'{option}' is an option of openers"):
            ff.Sealer(format_name, KEY, **every)
    elif not is_known and not (option == "ssrc" and format_name in TAKES_SSRC):
        with pytest.raises(ff.UsageError, match=f"option '{option}'|no {option}="):
            ff.Sealer(format_name, KEY, **every)


def try_inspect(format_name, sealed, given):
    """See that inspect takes the option too, whatever it makes of the frame."""
    codec = {"codec": "opus"} if format_name == "stream" else {}
    try:
        info = ff.inspect(format_name, sealed, **codec, **given)
    except ff.FrameRejected:
        return
    assert info.format == format_name


@pytest.mark.parametrize("format_name", TAKES)
def test_none_stands_for_the_default(format_name):
    """Callers pass their own arguments on, set or not."""
    given = dict.fromkeys(OPTIONS[format_name] - {"kdf"})
    sealer, opener = both_ends(format_name, **given)
    assert opener.open(sealer.seal(b"frame"), **beside(format_name)) == b"frame"


def beside(format_name):
    """Give what stands beside a frame of "raw"."""
    return {"counter": 0} if format_name == "raw" else {}


REFUSED = [
    ("livekit", "kdf", "scrypt", "one of pbkdf2, hkdf, raw"),
    ("livekit", "kdf", "jitsi", "one of pbkdf2, hkdf, raw"),
    ("livekit", "kdf", 1, "one of pbkdf2, hkdf, raw"),
    ("jitsi", "kdf", "hkdf", "one of jitsi, raw"),
    ("livekit", "ratchet_salt", b"", "1 to 256 bytes, got 0"),
    ("livekit", "ratchet_salt", bytes(257), "1 to 256 bytes, got 257"),
    ("livekit", "ratchet_salt", 7, "bytes-like, got int"),
    ("livekit", "ring", 0, "1 to 256, got 0"),
    ("livekit", "ring", 257, "1 to 256, got 257"),
    ("livekit", "ring", "16", "int, got str"),
    ("livekit", "ratchet_window", -1, "0 to 64, got -1"),
    ("livekit", "ratchet_window", 65, "0 to 64, got 65"),
    ("jitsi", "ratchet_window", 65, "0 to 64, got 65"),
    ("dave", "ratchet_window", 257, "0 to 256, got 257"),
    ("dave", "ratchet_window", True, "int, got bool"),
    ("livekit", "sif_trailer", b"", "1 to 64 bytes, got 0"),
    ("livekit", "sif_trailer", bytes(65), "1 to 64 bytes, got 65"),
    ("livekit", "packet_trailer", 1, "bool, got int"),
    ("stream", "forward_clear", "yes", "bool, got str"),
    ("dave", "forward_clear", 0, "bool, got int"),
    ("sframe", "ssrc", -1, "0 to 4294967295, got -1"),
    ("sframe", "ssrc", 2**32, "0 to 4294967295, got 4294967296"),
    ("sframe", "ssrc", b"\0\0\0\1", "int, got bytes"),
]


@pytest.mark.parametrize(("format_name", "option", "value", "text"), REFUSED, ids=str)
def test_bad_values_are_refused_by_name(format_name, option, value, text):
    """At once, at both ends, with what was expected and what came."""
    given = options_of(format_name) | {option: value}
    match = f"{option} must be .*{text}"
    attempts = [
        lambda: ff.Opener(format_name, {0: KEY}, **given),
        lambda: ff.inspect(format_name, bytes(50), **given),
    ]
    if option not in FOR_OPENING:
        attempts.append(lambda: ff.Sealer(format_name, KEY, **given))
    for attempt in attempts:
        with pytest.raises(ff.UsageError, match=match):
            attempt()


# -- defaults --


@pytest.mark.parametrize(
    ("format_name", "window"), [("livekit", 16), ("element-call", 10), ("jitsi", 8)]
)
def test_ratchet_windows_are_the_peers_by_default(format_name, window):
    """How far a receiver follows decides whether a join is heard or not."""
    sealer, opener = both_ends(format_name, bytes(32))
    frames = [sealer.seal(b"frame")]
    for _ in range(window + 1):
        sealer.ratchet()
        frames.append(sealer.seal(b"frame"))
    assert opener.open_batch([frames[window + 1]]).ok == 0
    assert opener.open_batch([frames[window]]).ok == 1


@pytest.mark.parametrize(
    ("format_name", "most"),
    [("livekit", 15), ("livekit-data", 15), ("element-call", 255), ("jitsi", 15)],
)
def test_rings_are_the_peers_by_default(format_name, most):
    """An index that the peers' ring has not would be lost there."""
    options = options_of(format_name)
    sealer = ff.Sealer(format_name, KEY, key_id=most, **options)
    opener = ff.Opener(format_name, {most: KEY}, **options)
    assert opener.open(sealer.seal(b"frame")) == b"frame"
    with pytest.raises(ff.UsageError, match=f"0 to {most}, got {most + 1}"):
        ff.Sealer(format_name, KEY, key_id=most + 1, **options)
    with pytest.raises(ff.UsageError, match=f"0 to {most}, got {most + 1}"):
        opener.keys[most + 1] = KEY
    with pytest.raises(ff.UsageError, match=f"0 to {most}, got {most + 1}"):
        sealer.rotate(bytes(16), most + 1)


def test_ring_bounds_the_key_ids():
    """Both ways: a smaller ring, too, is the peers' ring."""
    ff.Sealer("livekit", KEY, key_id=255, ring=256, kdf="hkdf").close()
    with pytest.raises(ff.UsageError, match="0 to 3, got 4"):
        ff.Sealer("livekit", KEY, key_id=4, ring=4, kdf="hkdf")
    ff.Opener("element-call", {3: KEY}, ring=4)


def test_livekit_takes_passphrases_by_default():
    """A str is PBKDF2's, and bytes are taken for its UTF-8."""
    text = "pässword"
    sealer = ff.Sealer("livekit", text, codec="opus")
    sealed = sealer.seal(b"frame")
    for key in (text, text.encode()):
        assert ff.Opener("livekit", {0: key}, codec="opus").open(sealed) == b"frame"
    assert sealer.fingerprint == ff.Opener("livekit", {0: text}).keys[0].fingerprint
    for options in ({"kdf": "hkdf"}, {"kdf": "raw"}):
        with pytest.raises(ff.UsageTypeError, match="a str is a passphrase"):
            ff.Sealer("livekit", text, **options)
    with pytest.raises(ff.UsageTypeError, match="a str is a passphrase"):
        ff.Sealer("element-call", text)


def test_derivations_differ():
    """The same 16 bytes mean three keys; and a salt of one's own a fourth."""
    given = [{"kdf": "pbkdf2"}, {"kdf": "hkdf"}, {"kdf": "raw"}]
    given += [{"kdf": "hkdf", "ratchet_salt": b"salt"}]
    for mine in given:
        with ff.Sealer("livekit", KEY, codec="opus", **mine) as sealer:
            sealed = sealer.seal(b"frame")
        for theirs in given:
            opener = ff.Opener("livekit", {0: KEY}, codec="opus", **theirs)
            assert opener.open_batch([sealed]).ok == (mine == theirs)


def test_salt_of_a_derivation_may_be_text():
    """LiveKit's own is a word; so may yours be."""
    for salt in ("LKFrameEncryptionKey", b"LKFrameEncryptionKey"):
        one, _ = both_ends("livekit", kdf="hkdf", ratchet_salt=salt)
        _, other = both_ends("livekit", kdf="hkdf")
        assert other.open(one.seal(b"frame")) == b"frame"


# -- the preset --


def test_element_call_is_livekit_with_other_defaults():
    """A preset sets what nobody should have to know, and gives way to the caller."""
    assert "element-call" in ff.formats()
    sealer = ff.Sealer("element-call", KEY, key_id=200, codec="vp8")
    opener = ff.Opener("livekit", {200: KEY}, codec="vp8", kdf="hkdf", ring=256)
    frame = b"\x31video"
    assert opener.open(sealer.seal(frame)) == frame
    assert (sealer.format, opener.format) == ("element-call", "livekit")
    assert "element-call" in repr(sealer)
    info = ff.inspect("element-call", sealer.seal(frame), codec="vp8")
    assert (info.format, info.key_id) == ("element-call", 200)
    # In rooms with a shared password it is LiveKit's own derivation.
    shared = ff.Sealer("element-call", "password", kdf="pbkdf2", codec="vp8")
    opener = ff.Opener("livekit", {0: "password"}, codec="vp8")
    assert opener.open(shared.seal(frame)) == frame


# -- policies --


@pytest.mark.parametrize("format_name", ["stream", "dave"])
def test_clear_frames_are_dropped_unless_told_to_forward(format_name):
    """Dropping is the default: whoever can inject needs no key to be seen."""
    opener = ff.Opener(format_name, {0: KEY})
    with pytest.raises(ff.NotEncrypted):
        opener.open(b"clear frame")
    assert opener.stats().not_encrypted == 1
    opener = ff.Opener(format_name, {0: KEY}, forward_clear=True)
    out = bytearray(20)
    assert opener.open(b"clear frame") == b"clear frame"
    assert opener.open_into(b"clear frame", out) == 11
    assert out[:11] == b"clear frame"
    with pytest.raises(ff.UsageError, match="at least"):
        opener.open_into(b"clear frame", bytearray(10))
    stats = opener.stats()
    assert (stats.forwarded, stats.frames_opened, stats.not_encrypted) == (2, 2, 0)
    assert (stats.injected, stats.no_room, stats.keys[0].frames_opened) == (0, 1, 0)


def test_dave_silence_is_no_policy():
    """Servers send those three bytes in the clear; of video they are not silence."""
    silence = b"\xf8\xff\xfe"
    for codec in (None, "opus"):
        opener = ff.Opener("dave", {0: KEY}, codec=codec)
        assert opener.open(silence) == silence
        assert opener.open_batch([silence])[0] == silence
        assert opener.stats().injected == 2
        with pytest.raises(ff.NotEncrypted):
            opener.open(silence + b"\0")
    with pytest.raises(ff.NotEncrypted):
        ff.Opener("dave", {0: KEY}, codec="vp8").open(silence)


def test_silence_is_counted_as_injected_under_any_policy():
    """A caller who forwards clear frames must still tell which were the server's."""
    opener = ff.Opener("dave", {0: KEY}, codec="opus", forward_clear=True)
    opener.open(b"\xf8\xff\xfe")
    opener.open(b"clear frame")
    stats = opener.stats()
    assert (stats.injected, stats.forwarded) == (1, 1)
