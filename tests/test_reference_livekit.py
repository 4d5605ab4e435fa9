"""The reference against what LiveKit and Jitsi do beside plain frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import Refused, jitsi, livekit, lkts, vectors
from reference.errors import reason_of

KEY = bytes(range(16))
IV = bytes(range(0xA0, 0xAC))
LIVEKIT = vectors.load("livekit/livekit-behaviour")["results"]
JITSI = vectors.load("jitsi/jitsi-frames")["behaviour"]
FRAMES = list(vectors.livekit_frames())
unhex = bytes.fromhex


@pytest.mark.parametrize("kdf", ["HKDF", "PBKDF2"])
def test_livekit_ratchet_walks_the_chain(kdf):
    """Four steps: material, key and a frame of each."""
    told = LIVEKIT[f"sender_ratchet_{kdf}"]
    material = unhex(told["key"]["hex"])
    assert len(told["chain"]) >= 4
    for one, ssrc in zip(told["chain"], told["ssrc_of_step"].split(","), strict=True):
        assert material == unhex(one["material"])
        key = livekit.derive(material, kdf=kdf.lower())
        assert key == unhex(one["aes_key"])
        iv = livekit.make_iv(int(ssrc), told["rtp_timestamp"], 0x7FFF)
        named = {"key": key, "key_id": told["key_index"], "iv": iv}
        frame, wire = unhex(one["plaintext"]), unhex(one["wire"])
        assert livekit.seal(frame, codec="vp8", key_frame=False, **named) == wire
        keys = {told["key_index"]: key}
        assert livekit.open_(wire, keys=keys, codec="vp8") == frame
        material = livekit.ratchet(material, kdf=kdf.lower())


def test_livekit_receiver_window_is_one_step():
    """As the peer in JS, whose window of 8 never gets further."""
    chain = LIVEKIT["sender_ratchet_HKDF"]["chain"]
    told = LIVEKIT["receiver_window_HKDF_window8"]
    material = unhex(chain[0]["material"])
    for step in (0, 1, 2, 3):
        named = {"material": material, "window": 1, "codec": "vp8"}
        reason = reason_of(livekit.follow, unhex(chain[step]["wire"]), **named)
        assert (reason == "OK") == told[str(step)]["first_opened"]
    frame, after = livekit.follow(unhex(chain[1]["wire"]), **named)
    assert frame == unhex(chain[1]["plaintext"])
    assert after.hex() == told["1"]["ratcheted"][0]["chainKey"]


def test_livekit_receiver_that_followed_cannot_go_back():
    """One step at a time it goes on for ever; what it left behind is lost."""
    told = LIVEKIT["receiver_sequential_steps_0_to_5_then_back_to_4"]
    chain = [unhex(LIVEKIT["sender_ratchet_HKDF"]["chain"][0]["material"])]
    while len(chain) < 6:
        chain.append(livekit.ratchet(chain[-1]))
    material, opened = chain[0], []
    for step in (0, 1, 2, 3, 4, 5, 4):
        key = livekit.derive(chain[step])
        sealed = livekit.seal(b"\1frame", key=key, key_id=2, iv=IV, codec="vp8")
        named = {"material": material, "window": 1, "codec": "vp8"}
        opened.append(reason_of(livekit.follow, sealed, **named) == "OK")
        if opened[-1]:
            _, material = livekit.follow(sealed, **named)
    assert opened == [one["opened"] for one in told]


def test_livekit_ivs_are_the_senders():
    """SSRC, timestamp, and the timestamp less a count."""
    ran = 0
    for name in ("livekit", "element-call"):
        for session in vectors.load(f"{name}/{name}-frames")["sessions"]:
            for one in session["peer_encrypts"]:
                made = livekit.make_iv(
                    one["ssrc"], one["rtp_timestamp"], one["send_count"]
                )
                assert made == unhex(one["iv"])
                ran += 1
    assert ran >= 26


def test_livekit_injected_frames_are_known_by_their_payload():
    """The trailer is no secret among a room's members."""
    told = LIVEKIT["sif"]
    trailer, results = unhex(told["trailer"]), told["results"]
    payloads = {name: unhex(value) for name, value in told["payloads"].items()}
    for name, payload in payloads.items():
        assert livekit.strip_injected(payload + trailer, trailer) == unhex(
            results[name]
        )
        assert livekit.strip_injected(payload, trailer) is None
    parts = [payloads[f"h264-{part}"] for part in ("sps", "pps", "idr")]
    annex_b = b"".join(livekit.LONG_START + part for part in parts)
    wire = unhex(LIVEKIT["sender_ratchet_HKDF"]["chain"][0]["wire"])
    for other in (annex_b, b"other", wire, livekit.OPUS_SILENCE[:3]):
        reason = reason_of(livekit.strip_injected, other + trailer, trailer)
        assert reason == "NOT_ENCRYPTED"
    assert len(payloads) >= 5


def test_livekit_native_knows_other_blank_frames():
    """By its own unit test: Annex B instead of bare units, RED, G.711 silence."""
    start, silence = livekit.LONG_START, livekit.OPUS_SILENCE
    sets = start + livekit.SPS + start + livekit.PPS + start
    good = [livekit.VP8_BLANK, silence, b"\x6f" + silence]
    good += [b"\xff" * 160, b"\xd5" * 160, sets + livekit.IDR, start + livekit.IDR]
    bad = [b"", b"\1\2\3", livekit.VP8_BLANK + b"\0", silence[:-1], b"\xef" + silence]
    bad += [b"\xff" * 159, b"\xfe" * 160, sets + b"\x65\xde\xad", livekit.IDR]
    assert all(livekit.is_blank(one, native=True) for one in good)
    assert not any(livekit.is_blank(one, native=True) for one in bad)


def test_livekit_metadata_trailer_is_read_and_written():
    """Read before opening; left on, its last byte would be taken for a key index."""
    told = LIVEKIT["packet_trailer"]
    chain = LIVEKIT["sender_ratchet_HKDF"]["chain"][0]
    keys = {2: unhex(chain["aes_key"])}
    for wire, decoded in zip(told["wires"], told["decoded"], strict=False):
        said = decoded["metadata"][0]
        sealed, metadata = lkts.read(unhex(wire))
        assert metadata == (int(said["userTimestamp"]), said["frameId"], None)
        assert lkts.write(sealed, metadata) == unhex(wire)
        assert livekit.open_(sealed, keys=keys, codec="vp8") == unhex(decoded["out"])
        reason = reason_of(livekit.open_, unhex(wire), keys=keys, codec="vp8")
        assert reason in ("UNKNOWN_KEY", "MALFORMED")
    assert len(told["wires"]) >= 2
    tlvs = lkts.write(b"", lkts.Metadata(*lkts.read(unhex(told["wires"][0]))[1]))
    assert (
        bytes(byte ^ 0xFF for byte in tlvs[:-5]).hex()
        == told["first_trailer_tlv_xored"]
    )


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_livekit_metadata_carries_user_data(sealed, data):
    """Bytes without a field that is known are no trailer."""
    metadata = lkts.Metadata(user_data=data)
    assert lkts.read(lkts.write(sealed, metadata)) == (sealed, metadata)
    assert lkts.write(sealed, lkts.Metadata()) == sealed
    assert lkts.read(sealed + b"\xf0\xff\xf8LKTS")[1] is None


def test_livekit_data_packets_are_opened_and_sealed():
    """The same keys as media, nothing authenticated beside the payload."""
    told = LIVEKIT["data_packets"]
    key = livekit.derive(unhex(told["key_material"]), kdf=told["kdf"].lower())
    plaintext = unhex(told["plaintext"])
    peer, hand = told["peer_encrypted"], told["hand_built"]
    for one, index in ((peer, peer["keyIndex"]), (hand, hand["key_index"])):
        iv, value = unhex(one["iv"]), unhex(one["payload"])
        assert livekit.seal_data(plaintext, key=key, iv=iv) == value
        named = {"keys": {index: key}, "key_id": index, "iv": iv}
        assert livekit.open_data(value, **named) == plaintext
        damaged = value[:-1] + bytes([value[-1] ^ 1])
        assert reason_of(livekit.open_data, damaged, **named) == "AUTH_FAILED"


def test_livekit_odd_frames_end_as_in_the_peer():
    """Unlabelled video, an index beyond the ring, AV1, short and empty frames."""
    odd, key = (
        LIVEKIT["odd"],
        livekit.derive(unhex(LIVEKIT["data_packets"]["key_material"])),
    )
    wire = unhex(odd["unknown_codec_no_mime_key"][0]["frames"][0])
    named = {"codec": None, "key_frame": True}
    frame = livekit.open_(wire, keys={2: key}, **named)
    assert livekit.seal(frame, key=key, key_id=2, iv=wire[-14:-2], **named) == wire
    # What a receiver that has encryption switched off lets through is a frame.
    wire = unhex(odd["disabled_participant"][0]["frames"][0])
    frame = livekit.open_(wire, keys={2: key}, codec="vp8")
    named = {"key": key, "key_id": 2, "iv": wire[-14:-2], "codec": "vp8"}
    assert livekit.seal(frame, **named) == wire
    named = {"key": key, "key_id": 2, "iv": IV}
    assert odd["empty_video_encode"][0]["frames"] == [""]
    assert livekit.seal(b"", codec="vp8", **named) == b""
    assert livekit.open_(b"", keys={}, codec="vp8") == b""
    short = reason_of(livekit.seal, bytes(9), codec="vp8", key_frame=True, **named)
    assert short == "MALFORMED"
    assert reason_of(livekit.open_, b"\2", keys={2: key}, codec="vp8") == "MALFORMED"
    beyond = livekit.seal(b"frame", codec="vp9", **(named | {"key_id": 18}))
    assert reason_of(livekit.open_, beyond, keys={2: key}, codec="vp9") == "UNKNOWN_KEY"
    with pytest.raises(Refused):
        livekit.seal(b"frame", codec="av1", **named)


def test_livekit_label_does_not_matter_to_the_slice_rule():
    """So H.264 under a VP9 negotiation's fallback label still slices right."""
    ran = 0
    for frame in FRAMES:
        if frame.how["codec"] not in ("h264", "h265"):
            continue
        for codec in (None, "h264", "h265"):
            asked = frame.asked | {"codec": codec}
            keys = {frame.key_id: frame.key}
            assert livekit.open_(frame.sealed, keys=keys, **asked) == frame.opened
            ran += 1
    assert ran >= 30


# -- Jitsi --


def test_jitsi_ratchet_walks_the_chain():
    """Material, key and a frame of each step."""
    chain = JITSI["sender_ratchet_chain"]
    material = unhex(chain[0]["material"])
    assert len(chain) >= 4
    for step, one in enumerate(chain):
        assert material == unhex(one["material"])
        key, frame, wire = (
            jitsi.derive(material),
            unhex(one["plaintext"]),
            unhex(one["wire"]),
        )
        assert key == unhex(one["aes_key"])
        iv = jitsi.make_iv(1, step, 0x7FFF + step)
        assert jitsi.seal(frame, key=key, key_id=0, iv=iv, codec="vp8") == wire
        assert jitsi.open_(wire, keys={0: key}, codec="vp8") == frame
        material = jitsi.ratchet(material)


@pytest.mark.parametrize("steps", JITSI["receiver_window"])
def test_jitsi_receiver_follows_eight_steps(steps):
    """And what it left behind is lost."""
    told = JITSI["receiver_window"][steps]
    chain = [unhex(JITSI["sender_ratchet_chain"][0]["material"])]
    for _ in range(int(steps)):
        chain.append(jitsi.ratchet(chain[-1]))
    sealed = [
        jitsi.seal(b"\1frame", key=jitsi.derive(one), key_id=0, iv=IV, codec="vp8")
        for one in chain
    ]
    material, opened = chain[0], []
    for wire in (sealed[-1], sealed[0], sealed[-1]):
        named = {"material": material, "codec": "vp8"}
        opened.append(reason_of(jitsi.follow, wire, **named) == "OK")
        if opened[-1]:
            _, material = jitsi.follow(wire, **named)
    assert opened == [
        told["ahead_opened"],
        told["then_step0_opened"],
        told["then_ahead_again_opened"],
    ]


def test_jitsi_odd_frames_end_as_in_the_peer():
    """Its sender throws on what is shorter than the clear prefix."""
    labels = dict(zip(JITSI["odd_labels"], JITSI["odd"], strict=True))
    assert "RangeError" in labels["encode 2-byte delta"]["thrown"]
    named = {"key": KEY, "key_id": 0, "iv": IV}
    for frame, codec, kind in ((b"\1\1", "vp8", None), (b"", "opus", None)):
        reason = reason_of(jitsi.seal, frame, codec=codec, key_frame=kind, **named)
        assert reason == "MALFORMED"
    assert reason_of(jitsi.open_, b"", keys={0: KEY}, codec="opus") == "MALFORMED"
    assert reason_of(jitsi.open_, b"\0", keys={0: KEY}, codec="opus") == "MALFORMED"
    sealed = jitsi.seal(b"audio", codec="opus", **(named | {"key_id": 3}))
    assert reason_of(jitsi.open_, sealed, keys={0: KEY}, codec="opus") == "UNKNOWN_KEY"
    assert labels["good after 20 tampered"]["frames"]
    assert not labels["1-byte frame"]["frames"]
    assert not labels["KID 3 not installed"]["frames"]


@pytest.mark.parametrize("frame", list(vectors.jitsi_frames()), ids=str)
def test_jitsi_opens_without_knowing_the_frame_type(frame):
    """Read off VP8 and VP9, found by trying elsewhere."""
    asked = frame.asked | {"key_frame": None}
    keys = {frame.key_id: frame.key}
    assert jitsi.open_(frame.sealed, keys=keys, **asked) == frame.opened


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_livekit_opens_without_knowing_the_frame_type(frame):
    """Also where there is no slice, and only trying tells."""
    asked = frame.asked | {"key_frame": None}
    keys = {frame.key_id: frame.key}
    assert livekit.open_(frame.sealed, keys=keys, **asked) == frame.opened
