"""fastframe's own supersets, as the reference defines them: a codec's bytes clear.

No peer speaks these, so what is tested is what a packetiser and an opener need:
the prefix is there, no start code is behind it, and every frame comes back.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference import Refused, clear, escape, insertable, sframe
from reference.errors import reason_of

KEY = bytes(range(16))
IV = bytes(range(0xA0, 0xAC))
START = b"\0\0\1"
NAL = ("h264", "h265")
# Bytes that make start codes, escapes and slices of both codecs.
TRICKY = [0, 0, 0, 1, 2, 3, 0x41, 0x65, 0x67, 0x02, 0x26, 0x40, 0x80]
tricky = st.lists(st.sampled_from(TRICKY), max_size=40).map(bytes)
frames = st.one_of(tricky, st.binary(max_size=40), tricky.map(lambda one: START + one))
codecs = st.sampled_from([None, "vp8", "vp9", "h264", "h265", "opus"])
kinds = st.sampled_from([None, True, False])
ivs = st.one_of(st.binary(min_size=12, max_size=12), st.just(bytes(12)))


def normal(codec, frame):
    """Give what a frame comes back as: its clear start codes have four bytes."""
    return b"".join(clear.own_split(codec, frame))


def check_shape(codec, frame, sealed):
    """See that the prefix stands in front, and no start code behind it."""
    prefix, _ = clear.own_split(codec, frame)
    assert sealed.startswith(prefix)
    if codec in NAL:
        units = clear.nal_units(sealed)
        assert all(at <= len(prefix) for at in units)
        assert clear.own_clear(codec, sealed) == len(prefix)


@given(frames, codecs, kinds, st.booleans(), st.integers(0, 255), ivs)
@example(b"\0\0\0\0\0", "vp8", None, 0, 1, IV)
@example(b"\0\0\1\x65\0\0\0\1", "h264", None, 0, 0, bytes(12))
@example(b"\0\0\1\0\0\1\1", "h265", None, 0, 1, bytes(12))
def test_insertable_frames_come_back(frame, codec, kind, bare, key_id, iv):
    """Whatever the frame type was said to be, as long as both ends agree."""
    named = {"codec": codec, "key_frame": kind, "bare": bare}
    sealed = insertable.seal(frame, key=KEY, key_id=key_id, iv=iv, **named)
    check_shape(codec, frame, sealed)
    opened = insertable.open_(sealed, keys={key_id: KEY}, **named)
    assert opened == normal(codec, frame)


@given(frames, codecs, st.integers(0, 255), ivs)
def test_insertable_frame_type_is_found(frame, codec, key_id, iv):
    """An opener that does not know it opens what a truthful sealer sent."""
    kind = bool(clear.key_frame_of(codec, frame))
    sealed = insertable.seal(
        frame, key=KEY, key_id=key_id, iv=iv, codec=codec, key_frame=kind
    )
    assert sealed == insertable.seal(frame, key=KEY, key_id=key_id, iv=iv, codec=codec)
    opened = insertable.open_(sealed, keys={key_id: KEY}, codec=codec)
    assert opened == normal(codec, frame)


@given(
    frames,
    codecs,
    st.integers(1, 8),
    st.one_of(st.integers(0, 9), st.integers(0, 2**64 - 1)),
    st.one_of(st.integers(0, 9), st.integers(0, 2**64 - 1)),
    st.binary(max_size=9),
)
@example(b"\0\0\0\0\0\0\0\0\0", "vp8", 4, 2**64 - 1, 2**64 - 1, b"")
@example(b"\0\0\1\x65\0", "h264", 3, 0, 0, b"")
def test_sframe_frames_come_back(frame, codec, suite, key_id, counter, aad):
    """Every suite, header length and codec; the metadata counts."""
    key = sframe.derive(KEY, key_id=key_id, suite=suite)
    named = {"suite": suite, "codec": codec, "aad": aad}
    sealed = sframe.seal(frame, key=key, key_id=key_id, counter=counter, **named)
    check_shape(codec, frame, sealed)
    keys = {key_id: key}
    assert sframe.open_(sealed, keys=keys, **named) == normal(codec, frame)
    other = named | {"aad": aad + b"x"}
    # Four bytes of tag may be met by chance, so what came out is not asked.
    assert (
        suite in (3, 8) or reason_of(sframe.open_, sealed, keys=keys, **other) != "OK"
    )


@pytest.mark.parametrize("codec", ["vp8", "h264", "h265"])
def test_clear_bytes_are_authenticated(codec):
    """Readable is not writable: an SFU must not turn one frame into another."""
    frame = {
        "vp8": b"\1\2\3\4",
        "h264": START + b"\x65\x88\4",
        "h265": START + b"\x26\1\4",
    }[codec]
    sealed = insertable.seal(frame, key=KEY, iv=IV, codec=codec)
    damaged = bytearray(sealed)
    damaged[clear.own_clear(codec, sealed) - 1] ^= 0x40
    reason = reason_of(insertable.open_, bytes(damaged), keys={0: KEY}, codec=codec)
    assert reason == "AUTH_FAILED"


def test_layouts_are_as_drawn():
    """One frame of each, taken apart by hand."""
    frame = START + b"\x67\x42\0" + START + b"\x65\x88body"
    prefix = b"\0" + START + b"\x67\x42\0" + START + b"\x65\x88"
    sealed = insertable.seal(frame, key=KEY, key_id=7, iv=IV, codec="h264")
    assert sealed.startswith(prefix + b"\7" + IV)
    assert len(sealed) == len(prefix) + 29 + len(b"body")
    bare = insertable.seal(frame, key=KEY, iv=IV, codec="h264", bare=True)
    assert bare == prefix + sealed[len(prefix) + 1 :]
    key = sframe.derive(KEY, key_id=9, suite=4)
    sealed = sframe.seal(frame, key=key, key_id=9, counter=1, suite=4, codec="h264")
    assert sealed.startswith(prefix + b"\x81\x09")


def test_codecs_without_a_rule_are_refused():
    """A frame that could not be carried must not be sealed."""
    for codec in ("av1", "theora"):
        with pytest.raises(Refused):
            insertable.seal(b"frame", key=KEY, iv=IV, codec=codec)
        with pytest.raises(Refused):
            sframe.seal(b"frame", key=KEY, key_id=0, counter=0, suite=4, codec=codec)


def test_reasons_follow_the_order_of_opening():
    """Shape first, then the key, then the tag."""
    sealed = insertable.seal(b"frame", key=KEY, key_id=5, iv=IV)
    assert reason_of(insertable.open_, sealed[:28], keys={5: KEY}) == "MALFORMED"
    assert reason_of(insertable.open_, sealed, keys={6: KEY}) == "UNKNOWN_KEY"
    assert reason_of(insertable.open_, sealed, keys={5: KEY[::-1]}) == "AUTH_FAILED"
    key = sframe.derive(KEY, key_id=5, suite=4)
    sealed = sframe.seal(b"", key=key, key_id=5, counter=0, suite=4)
    named = {"suite": 4}
    assert reason_of(sframe.open_, b"", keys={}, **named) == "MALFORMED"
    assert reason_of(sframe.open_, b"\xff\0", keys={}, **named) == "MALFORMED"
    assert reason_of(sframe.open_, sealed[:-1], keys={}, **named) == "MALFORMED"
    assert reason_of(sframe.open_, sealed, keys={}, **named) == "UNKNOWN_KEY"
    assert (
        reason_of(sframe.open_, sealed, keys={5: key[::-1]}, **named) == "AUTH_FAILED"
    )


@given(tricky, st.integers(0, 2))
def test_escaping_is_undone_and_hides_every_start_code(run, zeros):
    """From any seed; LiveKit's reader is the right one only for seed 0."""
    escaped = escape.escape(run, zeros)
    assert START not in bytes(zeros) + escaped
    assert escape.unescape_strict(escaped, zeros) == run
    assert escape.unescape_any(escaped, zeros) == run


def test_readers_differ_where_no_writer_writes():
    """LiveKit takes out any 03 behind two zeros, GetStream only a needed one."""
    assert escape.unescape_any(b"\0\0\3\4") == b"\0\0\4"
    assert escape.unescape_strict(b"\0\0\3\4", 0) == b"\0\0\3\4"


def test_key_frames_are_read_off_the_bytes():
    """What the sealer goes by when the caller says nothing."""
    told = [
        ("vp8", b"\x10", True),
        ("vp8", b"\x11", False),
        ("vp9", b"\x82", True),
        ("vp9", b"\x86", False),
        ("vp9", b"\x88", False),
        ("vp9", b"\xb1", True),
        ("vp9", b"\xb2", False),
        ("vp9", b"\x12", None),
        ("h264", START + b"\x67\0" + START + b"\x65\0", True),
        ("h264", START + b"\x41\0", False),
        ("h264", START + b"\x67\0", None),
        ("h265", START + b"\x26\1", True),
        ("h265", START + b"\x02\1", False),
        ("opus", b"\x78", None),
        (None, b"\x10", None),
        ("vp8", b"", None),
    ]
    for codec, frame, kind in told:
        assert clear.key_frame_of(codec, frame) is kind, (codec, frame)
