"""Ours against the reference on random inputs, both directions, every row.

Chance may have ours seal a frame anew, so nonces and counters are read from the
frame on the wire, never foretold.
"""

from __future__ import annotations

import pytest
from frames import H264, H265, LONG, SAMPLES, SHORT
from hypothesis import assume, example, given
from hypothesis import strategies as st
from reference import dave as dave_model
from reference.errors import Rejected
from support import FORMAT_OPTIONS, NAMES_KEY, ROWS, TAKES, Row

import fastframe as ff

KINDS = st.sampled_from([None, True, False])
FORMATS = sorted(TAKES)
by_format = pytest.mark.parametrize("format_name", FORMATS)
# Bytes that make start codes, escapes, slices of both codecs and OBUs.
TRICKY = [0, 0, 0, 1, 2, 3, 0x41, 0x65, 0x67, 0x02, 0x26, 0x40, 0x80, 0x12, 0x32]
tricky = st.lists(st.sampled_from(TRICKY), max_size=40).map(bytes)
units = st.lists(
    st.tuples(
        st.sampled_from([LONG, SHORT]),
        st.sampled_from([*H264.values(), *H265.values(), b"\x00\x01", b""]),
        st.one_of(st.binary(max_size=20), tricky),
    ),
    max_size=6,
).map(lambda parts: b"".join(b"".join(part) for part in parts))
# Lengths around blocks and around OpenSSL's stitched loops, not only short ones.
sizes = st.one_of(st.integers(0, 80), st.integers(0, 5000), st.just(70001))
plain = st.tuples(sizes, st.integers(0, 255)).map(lambda given: make(*given))
zeros = st.integers(0, 12).map(bytes)


def make(size, seed):
    """Make a payload from two numbers, so that failures shrink well."""
    return bytes((i * 59 + seed * (i >> 5) + seed) & 0xFF for i in range(size))


def frames_for(codec):
    """Draw frames as encoders make them, and some that no encoder would."""
    samples = st.sampled_from([sample.data for sample in SAMPLES[codec]])
    return st.one_of(samples, units, tricky, plain)


def ivs(size):
    """Draw IVs, with many zeros, too: those must be escaped."""
    few = st.lists(st.sampled_from([0, 0, 0, 1, 3, 0xFF]), min_size=size, max_size=size)
    return st.one_of(st.binary(min_size=size, max_size=size), few.map(bytes))


def nonces(format_name):
    """Draw what a peer may have put into its frame."""
    if format_name in ("raw", "sframe"):
        return st.one_of(st.integers(0, 9), st.integers(0, 2**64 - 1))
    if format_name == "dave":
        return st.one_of(st.integers(1, 300), st.integers(0, 2**32 - 1))
    return ivs(12)


class Generations(dict):
    """DAVE's keys, derived when a frame names one."""

    def __init__(self, base):
        """Begin with none derived."""
        super().__init__()
        self.base = base

    def __contains__(self, generation):
        """Tell that there is one for each."""
        return True

    def __missing__(self, generation):
        """Derive one."""
        self[generation] = dave_model.derive(self.base, generation=generation)
        return self[generation]


@st.composite
def links(draw, format_name):
    """Draw a row of a format, key material and a key id."""
    row = draw(st.sampled_from([row for row in ROWS if row.format == format_name]))
    size = len(row.key())
    material = draw(st.binary(min_size=size, max_size=size))
    most = {"jitsi": 15, "livekit": 15, "sframe": 2**64 - 1}.get(format_name, 255)
    key_id = draw(st.integers(0, most)) if format_name in NAMES_KEY else 0
    return row, material, key_id


def keys_for(row, material, key_id):
    """Give the reference's keys in use."""
    if row.format == "dave":
        return Generations(material)
    return {key_id: row.model.derive(material, key_id=key_id)}


def outcome(call, *args, **named):
    """Give what came out, or None where it was rejected."""
    try:
        return bytes(call(*args, **named))
    except (Rejected, ff.FrameRejected):
        return None


LIVEKIT = ("livekit", "element-call")


def salted(draw, row):
    """Draw the salt of a sealer, where the format takes one, and a counter."""
    name = next(iter(row.fixed), None)
    options = {"counter": draw(st.integers(0, 2**20))}
    if name == "salt":
        options["salt"] = draw(ivs(len(row.fixed["salt"])))
    elif name == "ssrc":
        options["ssrc"] = draw(st.integers(0, 2**32 - 1))
    if row.format in ("sframe", "insertable", "raw"):
        options["counter"] = draw(st.integers(0, 2**64 - 30))
    return draw(st.sampled_from([options, {}]))


def check_in_place(row, material, key_id, options, frame, kind, sealed):
    """Seal once more, over an arena: the same bytes, or no room for the growth."""
    batch = ff.Batch(2, arena=len(frame) + 1)
    batch.append(frame, key_frame=kind)
    with row.sealer(material, key_id=key_id, **options) as sealer:
        result = sealer.seal_batch(batch, in_place=True)
    if sealed is None:
        assert list(result.status) == [ff.Status.MALFORMED]
    elif result.ok:
        assert result[0] == sealed
    else:
        assert list(result.status) == [ff.Status.NO_ROOM]
        assert frame.count(b"\0\0\1") > 1


@by_format
@given(st.data())
def test_what_we_seal_the_reference_opens_and_makes_itself(format_name, data):
    """Whatever we send, a peer with any other AES reads: the bytes are its own."""
    row, material, key_id = data.draw(links(format_name))
    frame, kind = data.draw(frames_for(row.codec)), data.draw(KINDS)
    options, model = salted(data.draw, row), row.model
    with row.sealer(material, key_id=key_id, **options) as sealer:
        first = sealer.counter
        sealed = outcome(sealer.seal, frame, key_frame=kind)
        taken = sealer.counter - first
    wanted = outcome(model.comes_back, frame, kind)
    if sealed is None and "salt" in options and row.format in LIVEKIT:
        return  # a start code in a salt of one's own: see test_contract_counts
    assert (sealed is None) == (wanted is None)
    if options or not row.fixed:  # its nonces are foretold
        check_in_place(row, material, key_id, options, frame, kind, sealed)
    if sealed is None:
        return
    nonce = first if format_name == "raw" else model.nonce_of(frame, sealed, kind)
    key = model.derive(material, nonce, key_id)
    if frame or not format_name.startswith(("livekit", "element")):
        made = model.seal(frame, key=key, key_id=key_id, nonce=nonce, kind=kind)
        assert sealed == made
    if taken > 10:
        return  # eleven in a row are the salt's doing: see test_contract_counts
    assert not model.is_unfit(frame, sealed)
    beside = {"counter": first} if format_name == "raw" else {}
    keys = keys_for(row, material, key_id)
    assert model.open(sealed, keys, kind, **beside) == wanted


@by_format
@given(st.data())
def test_what_the_reference_seals_we_open(format_name, data):
    """Whatever a peer sends, its kind known or not, we read."""
    row, material, key_id = data.draw(links(format_name))
    frame, kind = data.draw(frames_for(row.codec)), data.draw(KINDS)
    nonce, model = data.draw(nonces(format_name)), row.model
    key = model.derive(material, nonce, key_id)
    named = {"key": key, "key_id": key_id, "nonce": nonce, "kind": kind}
    sealed = outcome(model.seal, frame, **named)
    assume(sealed is not None)
    is_lost = format_name in ("livekit", "element-call")
    assume(not (is_lost and model.is_unfit(frame, sealed)))
    opener = row.opener({key_id: material})
    told = data.draw(st.sampled_from([kind, None]))
    beside = {"counter": nonce} if format_name == "raw" else {}
    opened = opener.open(sealed, key_frame=told, **beside)
    assert opened == model.comes_back(frame, kind)


@st.composite
def damaged(draw, sealed):
    """Draw what may become of a frame on its way, or in an attacker's hands."""
    data = bytearray(sealed)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        near_end = max(len(data) - 1 - at % 40, 0)
        at = draw(st.sampled_from([at, near_end]))
        how = draw(st.sampled_from(["flip", "cut", "drop", "insert", "set"]))
        if how == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "set" and data:
            data[at] = draw(st.sampled_from([0, 1, 3, 0x0C, 0xFA, 0xFF, 0x80]))
        elif how == "cut":
            del data[at:]
        elif how == "drop":
            del data[at : at + draw(st.integers(1, 4))]
        elif how == "insert":
            data[at:at] = draw(st.one_of(tricky, st.binary(max_size=5)))
    return bytes(data)


def judged(row, opener, wires, kind, nth):
    """Open in a batch, as a list and in place; both must agree."""
    beside = {"counter": [nth] * len(wires)} if row.format == "raw" else {}
    listed = opener.open_batch(wires, key_frame=kind, **beside)
    listed = [bytes(one) if not code else None for one, code in both(listed)]
    batch = ff.Batch(len(wires), arena=sum(map(len, wires)) + 1)
    for wire in wires:
        how = {"counter": nth} if row.format == "raw" else {}
        batch.append(wire, key_frame=kind, **how)
    result = opener.open_batch(batch, in_place=True)
    assert listed == [bytes(one) if not code else None for one, code in both(result)]
    assert {ff.Status(code) for code in result.status} <= set(ff.Status)
    return listed


def both(result):
    """Pair frames with their statuses."""
    return zip(result, result.status, strict=True)


def reference_opens(row, wire, keys, kind, nth):
    """Open by the reference; DAVE's silence travels as it is."""
    if row.format == "dave" and wire == dave_model.SILENCE:
        return wire if row.codec in (None, "opus") else None
    beside = {"counter": nth} if row.format == "raw" else {}
    return outcome(row.model.open, wire, keys, kind, **beside)


@by_format
@given(st.data())
def test_damaged_and_junk_frames_are_judged_alike(format_name, data):
    """A batch never raises for what a peer sent, and opens what the reference opens."""
    row, material, key_id = data.draw(links(format_name))
    frame, kind = data.draw(frames_for(row.codec)), data.draw(KINDS)
    nonce, model = data.draw(nonces(format_name)), row.model
    key = model.derive(material, nonce, key_id)
    named = {"key": key, "key_id": key_id, "nonce": nonce, "kind": kind}
    sealed = outcome(model.seal, frame, **named) or b"\0\0\1\x65"
    junk = st.one_of(st.binary(max_size=120), tricky)
    wires = [data.draw(damaged(sealed)), data.draw(junk)]
    wires.append(data.draw(junk) + sealed[-data.draw(st.integers(1, 40)) :])
    told = data.draw(KINDS)
    keys = keys_for(row, material, key_id)
    nth = nonce if format_name == "raw" else 0
    opener = row.opener({key_id: material}, replay_window=0)
    expected = [reference_opens(row, wire, keys, told, nth) for wire in wires]
    assert judged(row, opener, wires, told, nth) == expected


@given(st.binary(max_size=100), st.integers(0, 2**64 - 1), st.binary(max_size=300))
@example(b"", 0, b"")
def test_metadata_agrees_both_ways(aad, counter, frame):
    """Caller bytes, where a format takes them: "sframe", with a codec, and "raw"."""
    for suite, codec in [("AES-128-GCM", None), ("AES_128_CTR_HMAC_SHA256_80", "vp8")]:
        row = Row("sframe", suite, codec)
        material = bytes(range(len(row.key())))
        key = row.model.derive(material)
        with row.sealer(material, counter=counter) as sealer:
            sealed = sealer.seal(frame, aad=aad)
        named = {"key": key, "key_id": 0, "nonce": counter, "aad": aad}
        assert sealed == row.model.seal(frame, **named)
        assert row.opener({0: material}).open(sealed, aad=aad) == frame
        with pytest.raises(ff.AuthenticationFailed):
            row.opener({0: material}).open(sealed, aad=aad + b"x")
    row = Row("raw", "AES-128-GCM", None)
    material = bytes(16)
    with row.sealer(material, counter=counter) as sealer:
        sealed = sealer.seal(frame, aad=aad)
    named = {"key": material, "key_id": 0, "nonce": counter, "aad": aad}
    assert sealed == row.model.seal(frame, **named)
    opener = ff.Opener("raw", {0: material}, **FORMAT_OPTIONS["raw"])
    assert opener.open(sealed, aad=aad, counter=counter) == frame
