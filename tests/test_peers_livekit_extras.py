"""Beside sealed frames: what livekit-client's worker and we do with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from peers.check import assert_same, kinds_of, open_all, seal_all, tamper
from peers.frames import make
from peers.livekit import PACKAGE, Track
from peers.node import Driver, driven
from peers.rows import MATERIAL, VP8, Row

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator

each_kdf = pytest.mark.parametrize("kdf", ["pbkdf2", "hkdf"])


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    """Give the Node process; tests load a worker each."""
    yield from driven("livekit.mjs", PACKAGE)


# -- server-injected frames --

SIF = {
    "vp8": [
        (
            "10 02 00 9d 01 2a 08 00 08 00 00 47 08 85 85 88 85 84 88 02"
            "02 00 0c 0d 60 00 fe ff ab 50 80"
        )
    ],
    "h264": [
        "67 42 c0 1f 0f d9 1f 88 88 84 00 00 03 00 04 00 00 03 00 c8 3c 60 c9 20",
        "68 87 cb 83 cb 20",
        "65 88 84 0a f2 62 80 00 a7 be",
    ],
    "opus": ["f8 ff fe" + " 00" * 77],
}


@pytest.mark.parametrize(
    ("codec", "blank"),
    [(codec, blank) for codec, all_ in SIF.items() for blank in all_],
    ids=lambda value: value[:11],
)
def test_blank_frames_of_the_server_pass(driver, codec, blank):
    """The server's blank frames come through, everything else it marks does not."""
    trailer = b"\xa5\x0e\xd0\0a room's own mark"
    known = bytes.fromhex(blank)
    marked = [known + trailer, known[:-1] + b"\x55" + trailer, trailer]
    row = Row(codec, "hkdf", 128)
    worker = row.worker(driver)
    worker.set_sif_trailer(trailer)
    kinds = [None if codec == "opus" else True] * len(marked)
    outcome = worker.open(Track("in", codec), marked, kinds)
    assert outcome.frames == [known, None, None]
    with row.opener(sif_trailer=trailer) as opener:
        assert open_all(opener, marked, kinds) == outcome.frames
    with row.opener() as opener:
        assert open_all(opener, marked, kinds) == [None] * len(marked)


# -- the metadata trailer --

TRAILER = {"timestamp": True, "frameId": True}


@pytest.mark.parametrize("codec", ["vp8", "h264", "h265"])
def test_metadata_trailer_is_taken_off(driver, codec):
    """It stands behind the sealed frame, unauthenticated, and hides the key index."""
    row = Row(codec, "hkdf", 128)
    frames = make(codec, 100)
    kinds, wanted = kinds_of(frames), [frame.long_head for frame in frames]
    worker = row.worker(driver)
    outcome = worker.seal(Track("out", codec, trailer=TRAILER), frames)
    sealed = [frame or b"" for frame in outcome.frames]
    assert all(frame.endswith(b"LKTS") for frame in sealed)
    with row.opener(packet_trailer=True) as opener:
        assert_same(open_all(opener, sealed, kinds), wanted)
    with row.opener(packet_trailer=False) as opener:
        assert open_all(opener, sealed, kinds) == [None] * len(frames)
    theirs = worker.open(Track("in", codec, trailer=TRAILER), sealed, kinds)
    assert_same(theirs.frames, wanted)
    assert [each["frameId"] for each in theirs.metadata] == list(range(1, 101))


def test_frames_without_metadata_pass_where_it_is_announced(driver):
    """The option only says that there may be a trailer."""
    frames = make("vp8", 100)
    kinds, wanted = kinds_of(frames), [frame.data for frame in frames]
    with VP8.sealer() as sealer:
        sealed = seal_all(sealer, frames)
    track = Track("in", "vp8", trailer=TRAILER)
    assert_same(VP8.worker(driver).open(track, sealed, kinds).frames, wanted)
    with VP8.opener(packet_trailer=True) as opener:
        assert_same(open_all(opener, sealed, kinds), wanted)


# -- data packets --


@each_kdf
@pytest.mark.parametrize("key_id", [0, 7])
def test_data_packets_open_both_ways(driver, kdf, key_id):
    """Data packets have the keys of media and a layout of their own."""
    from fastframe import livekit  # noqa: PLC0415 - new; the others run without

    payloads = [frame.data for frame in make("opus", 100)]
    worker = Row("opus", kdf, 128, key_id=key_id).worker(driver)
    sealer = livekit.DataSealer(MATERIAL, key_id=key_id, kdf=kdf)
    opener = livekit.DataOpener({key_id: MATERIAL}, kdf=kdf)
    ours = []
    for payload in payloads:
        iv, key_index, value = sealer.seal(payload)
        assert key_index == key_id
        ours.append((value, iv, key_index))
    assert_same(worker.open_data(ours), payloads)
    opened = [
        opener.open(value, iv=iv, key_index=key_index)
        for value, iv, key_index in worker.seal_data(payloads)
    ]
    assert_same(opened, payloads)


def test_spoilt_data_packets_open_nowhere(driver):
    """One bit, another IV or another index: the packet is refused."""
    from fastframe import livekit  # noqa: PLC0415

    worker = VP8.worker(driver)
    [(value, iv, index)] = worker.seal_data([b"a data packet"])
    [changed] = tamper([value])
    spoilt = [(changed, iv, index), (value, bytes(12), index), (value, iv, index + 1)]
    assert worker.open_data(spoilt) == [None] * len(spoilt)
    opener = livekit.DataOpener({0: MATERIAL}, kdf="hkdf")
    for body, nonce, key_index in spoilt:
        with pytest.raises(ff.FrameRejected):
            opener.open(body, iv=nonce, key_index=key_index)
