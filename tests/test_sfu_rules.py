"""Sealed frames still tell SFUs what these read: docs/sfu.md, rule by rule."""

from __future__ import annotations

import pytest
from frames import SAMPLES, payload
from sfu_rules import (
    any_h264,
    h264_types,
    janus_av1,
    janus_vp8,
    livekit_av1,
    livekit_h265,
    livekit_h265_layer,
    livekit_vp8,
    livekit_vp8_size,
    livekit_vp9,
    mediasoup_opus,
    mediasoup_vp8,
    mediasoup_vp9,
)
from support import TAKES, Row

pytest.importorskip("aiortc", reason="frames are cut by aiortc's packetisers")

from rtp_cut import cut

TRIES = 40  # a rule that reads ciphertext is right by chance, not each time
MORE = 3_000  # bytes on top, so that a frame takes several payloads
FORMATS = ["insertable", "insertable-bare", "sframe", "livekit", "element-call"]
FORMATS += ["jitsi", "stream", "dave"]
RULES = {
    "vp8": [mediasoup_vp8, livekit_vp8, janus_vp8],
    "vp9": [mediasoup_vp9],
    "h264": [any_h264],
    "h265": [livekit_h265],
    "av1": [janus_av1],
}
# Jitsi's 10 and 3 bytes end before a NAL unit's type, and within AV1's units:
# its frames cannot be cut for RTP.
UNCUT = [("jitsi", "h264"), ("jitsi", "h265"), ("jitsi", "av1")]
CASES = [
    pytest.param(name, codec, rule, id=f"{name}-{rule.__name__}")
    for codec, rules in RULES.items()
    for name in FORMATS
    for rule in rules
    if codec in TAKES[name][1] and (name, codec) not in UNCUT
]
# These leave VP9's first byte readable; the others do not, see below.
CASES += [pytest.param(name, "vp9", livekit_vp9) for name in ("jitsi", "stream")]


def sealed_by(name, codec, frame, *, is_key):
    """Seal a frame TRIES times, each on a key of its own; give all of them."""
    row = Row(name, TAKES[name][0][0], codec)
    sealers = [row.sealer(row.key(), key_id=number % 16) for number in range(TRIES)]
    return [sealer.seal(frame, key_frame=is_key) for sealer in sealers]


def samples(codec):
    """Give a codec's key frames and delta frames, small and large."""
    for sample in SAMPLES[codec]:
        # Nothing to encrypt; no pictures; DAVE's trailer does not fit behind
        # a last unit with a size, which only frames with padding have.
        if sample.name in ("all clear", "parameter sets alone"):
            continue
        if sample.name == "header, tiles, padding":
            continue
        yield sample.data, bool(sample.is_key)
        if codec != "av1":  # whose units say how long they are
            yield sample.data + payload(MORE, 5), bool(sample.is_key)


def verdict(rule, codec, frame, *, is_key):
    """Tell whether a server sees a key frame; None if there is nothing to send."""
    parts = cut(codec, frame, is_key=is_key)
    return any(map(rule, parts)) if parts else None


@pytest.mark.parametrize(("name", "codec", "rule"), CASES)
def test_sealed_frames_are_taken_for_what_they_are(name, codec, rule):
    """Who misses key frames relays nothing; who sees too many breaks pictures."""
    seen = set()
    for frame, is_key in samples(codec):
        plain = verdict(rule, codec, frame, is_key=is_key)
        seen.add(plain)
        for sealed in sealed_by(name, codec, frame, is_key=is_key):
            told = verdict(rule, codec, sealed, is_key=is_key)
            assert told is plain
    assert seen == {True, False}


def test_rules_know_plain_frames():
    """Else those above would hold for rules that say what they like."""
    more = {"vp9": [mediasoup_vp9, livekit_vp9], "av1": [janus_av1, livekit_av1]}
    for codec, rules in {**RULES, **more}.items():
        for sample in SAMPLES[codec][:2]:
            for rule in rules:
                told = verdict(rule, codec, sample.data, is_key=sample.is_key)
                assert told is sample.is_key


@pytest.mark.parametrize("rule", RULES["vp8"], ids=lambda rule: rule.__name__)
def test_vp8_sealed_whole_misleads_every_server(rule):
    """With simulcast Janus then relays nothing, ever: the rule's counterexample."""
    key, delta = (sample.data for sample in SAMPLES["vp8"][:2])
    wrong = [verdict(rule, "vp8", one, is_key=True) is False for one in whole(key)]
    wrong += [verdict(rule, "vp8", one, is_key=False) is True for one in whole(delta)]
    assert any(wrong)
    if rule is janus_vp8:
        assert wrong == [True] * TRIES + [False] * TRIES


def whole(frame):
    """Seal a frame whole."""
    return sealed_by("insertable", None, frame, is_key=None)


@pytest.mark.parametrize(
    ("name", "codec", "rule"),
    [
        ("insertable", "vp9", livekit_vp9),
        ("livekit", "vp9", livekit_vp9),
        ("dave", "av1", livekit_av1),
    ],
)
def test_where_livekit_reads_ciphertext_it_sees_what_chance_has_it_see(
    name, codec, rule
):
    """Its dependency descriptor is right; these rules are not: docs/sfu.md."""
    key = SAMPLES[codec][0].data
    told = {
        verdict(rule, codec, one, is_key=True)
        for one in sealed_by(name, codec, key, is_key=True)
    }
    assert False in told


@pytest.mark.parametrize(("name", "codec"), UNCUT[:2])
def test_nal_units_that_cannot_be_found_are_not_sent(name, codec):
    """Packetisers then send nothing, and say nothing."""
    delta = SAMPLES[codec][1].data
    sealed = sealed_by(name, codec, delta, is_key=False)
    assert None in {verdict(lambda _: True, codec, one, is_key=False) for one in sealed}
    assert not cut("h264", whole(SAMPLES["h264"][0].data)[0], is_key=True)


@pytest.mark.parametrize("name", [n for n in FORMATS if "vp8" in TAKES[n][1]])
def test_size_of_a_vp8_key_frame_can_be_read(name):
    """LiveKit tells members what sizes there are to choose from."""
    key = SAMPLES["vp8"][0].data
    for sealed in sealed_by(name, "vp8", key, is_key=True):
        first = cut("vp8", sealed, is_key=True)[0]
        assert livekit_vp8_size(first) == livekit_vp8_size(
            cut("vp8", key, is_key=True)[0]
        )
        assert livekit_vp8_size(first) == (640, 360)


@pytest.mark.parametrize(
    "name",
    [n for n in FORMATS if "h264" in TAKES[n][1] and (n, "h264") not in UNCUT],
)
def test_slices_of_h264_keep_their_type(name):
    """IDR slices and others stay apart: what recorders and decoders begin at."""
    for frame, is_key in samples("h264"):
        for sealed in sealed_by(name, "h264", frame, is_key=is_key):
            parts = cut("h264", sealed, is_key=is_key)
            kinds = {kind for part in parts for kind in h264_types(part)}
            assert (5 in kinds, 1 in kinds) == (is_key, not is_key)


@pytest.mark.parametrize(
    "name",
    [n for n in FORMATS if "h265" in TAKES[n][1] and (n, "h265") not in UNCUT],
)
def test_temporal_layer_of_h265_can_be_read(name):
    """LiveKit takes it from each payload's second byte; ours are all layer 0."""
    for frame, is_key in samples("h265"):
        for sealed in sealed_by(name, "h265", frame, is_key=is_key):
            parts = cut("h265", sealed, is_key=is_key)
            assert {livekit_h265_layer(part) for part in parts} == {0}


@pytest.mark.parametrize(
    ("name", "codec"),
    [*((name, "opus") for name in FORMATS), ("insertable", None), ("sframe", None)],
)
def test_sealed_sound_is_never_taken_for_silence_or_nothing(name, codec):
    """Mediasoup drops silence where it is told to, and what is no Opus at all."""
    for code in range(4):  # RFC 6716 table 5: frames in a packet
        frame = bytes([0xF8 | code]) + b"\x2a" * (code + 1)
        for sealed in sealed_by(name, codec, frame, is_key=None):
            assert mediasoup_opus(sealed) == "sound"
