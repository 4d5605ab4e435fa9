"""Sealed H.264 and H.265 that needs escaping, which chance makes too seldom.

One frame in a thousand holds a zero pair at a bad place. Here frames are
sealed until some do.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from peers import livekit, stream
from peers.check import assert_same, kinds_of, open_all, seal_all
from peers.davey import OURS, Call
from peers.frames import make
from peers.node import Driver, driven, need_module
from peers.rows import MATERIAL, Row
from peers.shapes import Frame

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADS = {"h264": b"\0\0\0\1\x41", "h265": b"\0\0\0\1\x02\x01"}
ESCAPED = b"\0\0\3"
START = b"\0\0\1"
# First slice byte 0: what follows may complete a start code across the seam.
SEAM = HEADS["h264"] + b"\0"


@pytest.fixture(scope="module")
def livekit_driver() -> Iterator[Driver]:
    """Give the Node process of livekit-client."""
    yield from driven("livekit.mjs", livekit.PACKAGE)


@pytest.fixture(scope="module")
def stream_driver() -> Iterator[Driver]:
    """Give the Node process of stream-video-client."""
    yield from driven("stream.mjs", stream.PACKAGE)


def seal_until(
    sealer: ff.Sealer,
    frame: Frame,
    fits: Callable[[bytes], bool],
    wanted: int,
    step: int,
) -> list[bytes]:
    """Seal frame again and again, step at a time, until enough results fit."""
    found: list[bytes] = []
    for _ in range(1000):
        found += filter(fits, seal_all(sealer, [frame] * step))
        if len(found) >= wanted:
            return found
    raise AssertionError("no sealed frame needs escaping")


def large(codec: str) -> Frame:
    """Make a frame of 100 kB with one slice."""
    body = random.Random(codec).randbytes(100_000).replace(b"\0", b"\1")
    return Frame.plain(HEADS[codec] + b"\x9a" + body, key_frame=False)


def is_escaped(sealed: bytes) -> bool:
    """Tell whether an escape byte stands in the tail."""
    return ESCAPED in sealed


@pytest.mark.parametrize("codec", HEADS)
def test_livekit_unescapes_ours(livekit_driver, codec):
    """Ciphertext that looks like a start code arrives whole."""
    frame, row = large(codec), Row(codec, "hkdf", 128)
    with row.sealer() as sealer:
        sealed = seal_until(sealer, frame, is_escaped, 5, 20)
    track = livekit.Track("in", codec)
    opened = row.worker(livekit_driver).open(track, sealed, [False] * len(sealed))
    assert_same(opened.frames, [frame.data] * len(sealed))


@pytest.mark.parametrize("codec", HEADS)
def test_we_unescape_livekits(livekit_driver, codec):
    """A small SSRC and small timestamps fill the worker's IVs with zeros."""
    frames, row = make(codec, 300), Row(codec, "hkdf", 128)
    track = livekit.Track("out", codec, ssrc=0x100, timestamp=1, step=1)
    outcome = row.worker(livekit_driver).seal(track, frames)
    sealed = [frame or b"" for frame in outcome.frames]
    assert all(ESCAPED in frame[-20:] for frame in sealed)
    with row.opener() as opener:
        opened = open_all(opener, sealed, kinds_of(frames))
    assert_same(opened, [frame.long_head for frame in frames])


def test_livekit_does_not_count_zeros_before_the_seam(livekit_driver):
    """LiveKit escapes as if nothing stood before; so must we, or it fails."""
    frame, row = (
        Frame.plain(SEAM + bytes(30), key_frame=False),
        Row("h264", "hkdf", 128),
    )

    def fits(sealed: bytes) -> bool:
        """Find a ciphertext whose zero meets that of the clear bytes."""
        tail = sealed[len(SEAM) :]
        return tail[0] == 0 and tail[1] <= 3

    with row.sealer() as sealer:
        sealed = seal_until(sealer, frame, fits, 3, 1000)
    track = livekit.Track("in", "h264")
    opened = row.worker(livekit_driver).open(track, sealed, [False] * len(sealed))
    assert_same(opened.frames, [frame.data] * len(sealed))


def test_stream_counts_zeros_before_the_seam(stream_driver):
    """GetStream escapes across the seam: the clear bytes' zeros count."""
    frame = Frame.plain(SEAM + bytes(30), key_frame=False)

    def fits(sealed: bytes) -> bool:
        """Find an escape right behind the first byte of the ciphertext."""
        tail = sealed[len(SEAM) :]
        return tail[0] == 0 and tail[1] == 3 and tail[2] <= 3

    with ff.Sealer("stream", MATERIAL, codec="h264") as sealer:
        sealed = seal_until(sealer, frame, fits, 3, 1000)
    assert not any(START in each[4:] for each in sealed)
    worker = stream.Worker(stream_driver)
    worker.set_key(MATERIAL)
    opened = worker.open("in", sealed, [False] * len(sealed))
    assert_same(opened.frames, [frame.data] * len(sealed))


def test_stream_unescapes_ours(stream_driver):
    """Ciphertext that looks like a start code arrives whole."""
    frame = large("h264")
    with ff.Sealer("stream", MATERIAL, codec="h264") as sealer:
        # The counter's zeros are escaped in every frame; more is wanted here.
        more = seal_until(sealer, frame, lambda each: ESCAPED in each[:-30], 5, 20)
    worker = stream.Worker(stream_driver)
    worker.set_key(MATERIAL)
    opened = worker.open("in", more, [False] * len(more))
    assert_same(opened.frames, [frame.data] * len(more))


@pytest.mark.parametrize("codec", HEADS)
def test_dave_tries_another_nonce(codec):
    """DAVE escapes nothing: a frame with a start code in it is sealed again."""
    need_module("davey")
    call, frame = Call(), large(codec)
    with ff.Sealer("dave", call.base_secret(OURS), codec=codec) as sealer:
        sealed = seal_all(sealer, [frame] * 400)
    assert {each.count(START) for each in sealed} == {frame.data.count(START)}
    assert_same([call.open(codec, each) for each in sealed], [frame.data] * 400)
