"""The reference against DAVE's keys, footers, windows, and against what davey took."""

from __future__ import annotations

from collections import Counter

import pytest
from reference import dave, vectors
from reference.errors import reason_of

KEY = bytes(range(16))
DAVE = vectors.load("dave/dave-frames")
unhex = bytes.fromhex


def test_dave_keys_come_from_the_mls_group():
    """From the epoch's exporter secret to each sender's key."""
    exporter = unhex(DAVE["mls"]["exporter_secret"])
    assert DAVE["mls"]["label"] == dave.LABEL
    for sender in (DAVE["sender_davey"], DAVE["sender_hand"]):
        base = dave.base_secret(exporter, sender["user_id"])
        assert base == unhex(sender["base_secret"])
        assert dave.derive(base) == unhex(sender["generation0_key"])
    chain = DAVE["sender_davey"]["ratchet_first_4_from_spec_not_from_davey"]
    secret = unhex(chain[0]["secret"])
    base = secret
    for one in chain:
        assert secret == unhex(one["secret"])
        assert dave.derive(base, generation=one["generation"]) == unhex(one["key"])
        secret = dave.step(secret, one["generation"])
    assert len(chain) >= 4


def test_dave_footers_are_the_peers():
    """Nonce, ranges, tag and size, read and written."""
    ran = 0
    for one in DAVE["peer_encrypts"]:
        if "nonce" not in one:
            assert unhex(one["wire"]) == dave.SILENCE
            continue
        footer = dave.read_footer(unhex(one["wire"]))
        ranges = [tuple(pair) for pair in one["unencrypted_ranges"]]
        assert footer[1:] == (unhex(one["tag"]), one["nonce"], ranges)
        assert dave.generation_of(footer.nonce) == one["generation"]
        written = dave.write_footer(footer.tag, footer.nonce, footer.ranges)
        assert footer.body + written == unhex(one["wire"])
        assert len(written) == one["supplemental_size"]
        ran += 1
    assert ran >= 7


def test_dave_receiver_takes_what_the_peer_took():
    """In order: replays, gaps, ranges, generations, damage, frames in the clear."""
    keys = {0: unhex(DAVE["sender_hand"]["generation0_key"])}
    window, outcomes, resealed = dave.Window(), Counter(), 0
    for one in DAVE["peer_decrypts_in_order"]:
        sealed = unhex(one["wire"])
        # Passing through is policy, and silence is passed under any.
        if sealed == dave.SILENCE or one["name"] == "cleartext in passthrough mode":
            assert reason_of(dave.read_footer, sealed) == "NOT_ENCRYPTED"
            continue
        reason = reason_of(dave_receive, sealed, keys, window)
        assert (reason == "OK") == one["accepted"], one["name"]
        outcomes[reason] += 1
        if reason == "OK":
            claim, frame = dave.read_footer(sealed), unhex(one["peer_output"])
            assert dave.open_(sealed, keys=keys) == frame
            pieces = dave.cut(frame, claim.ranges)
            made = dave.seal_pieces(pieces, key=keys[0], nonce=claim.nonce)
            assert made == sealed
            resealed += 1
    assert resealed >= 9
    assert outcomes == {
        "OK": 9,
        "REPLAYED": 2,
        "TOO_OLD": 1,
        "UNKNOWN_KEY": 1,
        "AUTH_FAILED": 3,
        "NOT_ENCRYPTED": 1,
        "MALFORMED": 1,
    }


def dave_receive(sealed, keys, window):
    """Open one frame behind a replay window."""
    claim = dave.read_footer(sealed)
    window.check(claim.nonce)
    dave.open_(sealed, keys=keys)
    window.commit(claim.nonce)


def test_dave_seals_again_where_a_start_code_came_out():
    """Packetisers would split the frame there; the footer says which nonce it was."""
    frame = b"\0\0\0\1\x41" + bytes(1 << 20)
    ranges = [(0, 5)]
    # Under this key the sixteenth nonce makes 00 00 01 within a million bytes.
    spoilt = dave.seal_pieces(dave.cut(frame, ranges), key=KEY, nonce=16)
    assert dave.has_start_code(spoilt, ranges)
    sealed = dave.seal(frame, key=KEY, counter=16, codec="h264")
    claim = dave.read_footer(sealed)
    assert (claim.nonce, claim.ranges) == (17, ranges)
    assert not dave.has_start_code(sealed, ranges)
    assert dave.open_(sealed, keys={0: KEY}) == frame
    assert dave.open_(spoilt, keys={0: KEY}) == frame


# (codec, frame, clear ranges, what the receiver gets), read off frames that davey
# 0.1.7 sealed and opened: what no vector shows. H.265, short start codes, bytes
# lost in front, a last unit of one byte, emulation prevention before the pps_id,
# frames that its parsers give up on.
SHAPES = [
    (
        "h265",
        "000001260188aa00000102010203",
        [(0, 6), (8, 6)],
        "00000001260188aa0000000102010203",
    ),
    (
        "h265",
        "00000140010c0100000126019901",
        [(0, 14)],
        "0000000140010c010000000126019901",
    ),
    ("h265", "0000012a", [], "0000012a"),
    (
        "h264",
        "aabb0000016742000001658880ff00000141",
        [(0, 13)],
        "00000001674200000001658880ff",
    ),
    (
        "h264",
        "0000016588840000000003aabbcc",
        [(0, 7)],
        "000000016588840000000003aabbcc",
    ),
    (
        "h264",
        "000001650000030004aabbccdd0000010901",
        [(0, 20)],
        "00000001650000030004aabbccdd000000010901",
    ),
    ("h264", "000165", [], "000165"),
    ("av1", "12000a01aa1600bb3203ccddee", [], "12000a01aa1600bb3203ccddee"),
    ("vp8", "119d012a", [(0, 1)], "119d012a"),
    ("vp8", "109d012a010203040506aabb", [(0, 10)], "109d012a010203040506aabb"),
    ("vp9", "829d", [], "829d"),
]


@pytest.mark.parametrize(("codec", "frame", "ranges", "opened"), SHAPES)
def test_dave_cuts_frames_as_davey_does(codec, frame, ranges, opened):
    """Receivers take any ranges, but only these carry a frame through RTP."""
    sealed = dave.seal(unhex(frame), key=KEY, counter=1, codec=codec)
    assert dave.read_footer(sealed).ranges == ranges
    assert dave.open_(sealed, keys={0: KEY}).hex() == opened


def test_dave_clear_ranges_have_an_end():
    """The footer's size is one byte: a frame of very many slices is not sealed."""
    frame = b"\0\0\1\x41\x88\x88\x88\x88" * 100
    named = {"key": KEY, "counter": 1, "codec": "h264"}
    assert reason_of(dave.seal, frame, **named) == "MALFORMED"
