"""Sealing and opening batches: frames in order, and one bad one costs one."""

from __future__ import annotations

import pytest
from support import filled, filled_sealed, pattern

import fastframe as ff

OK, BAD = ff.Status.OK, ff.Status.AUTH_FAILED
FRAMES = [pattern(size, seed=size) for size in (0, 1, 15, 16, 100, 1200, 8191)]


# -- the frames come out, in order --


@pytest.mark.parametrize("in_place", [False, True])
def test_batch_seals_and_opens_in_order(link, in_place):
    """Which frame is whose depends on the order alone."""
    result = link.sealer.seal_batch(filled(FRAMES), in_place=in_place)
    assert (result.ok, len(result)) == (len(FRAMES), len(FRAMES))
    assert set(result.status) == {OK}
    assert list(result.counters) == list(range(len(FRAMES)))
    sealed = [bytes(frame) for frame in result]
    opened = link.opener.open_batch(filled_sealed(link, sealed), in_place=in_place)
    assert [bytes(frame) for frame in opened] == FRAMES
    assert list(opened.counters) == list(range(len(FRAMES)))
    opened.raise_first()


@pytest.mark.parametrize("kind", [list, tuple])
def test_plain_sequence_is_a_batch(link, kind):
    """Who has bytes in a list need not learn about arenas."""
    sealed = link.sealer.seal_batch(kind(FRAMES))
    opened = link.opener.open_batch(list(sealed), **link.beside_all(0, len(FRAMES)))
    assert [bytes(frame) for frame in opened] == FRAMES
    # Results of a list have a memory of their own and never go stale.
    link.sealer.seal_batch(kind(FRAMES))
    opened.raise_first()


def test_batch_and_single_calls_make_the_same_bytes(row):
    """Two code paths, one wire format."""
    key = row.key()
    options = {} if row.format == "raw" else {"ssrc": 7}
    with row.sealer(key, **options) as sealer:
        single = [sealer.seal(frame) for frame in FRAMES]
    with row.sealer(key, **options) as sealer:
        assert [bytes(f) for f in sealer.seal_batch(filled(FRAMES))] == single
    with row.sealer(key, **options) as sealer:
        assert [bytes(f) for f in sealer.seal_batch(FRAMES)] == single


def test_key_frame_is_per_frame():
    """A simulcast batch holds key and delta frames side by side."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key}, replay_window=0)
    kinds = [True, False, None]
    batch = ff.Batch(3)
    for kind in kinds:
        batch.append(b"frame", key_frame=kind)
    from_arena = [bytes(frame) for frame in sealer.seal_batch(batch)]
    from_list = [bytes(f) for f in sealer.seal_batch([b"frame"] * 3, key_frame=kinds)]
    for sealed in (from_arena, from_list):
        told = opener.open_batch(sealed, key_frame=[True, False, False])
        assert bytes(told.status) == bytes([OK, OK, OK])
        swapped = opener.open_batch(sealed, key_frame=[False, True, True])
        assert bytes(swapped.status) == bytes([BAD, BAD, BAD])
        assert opener.open_batch(sealed).ok == 3
        assert bytes(opener.open_batch(sealed, key_frame=True).status) == bytes(
            [OK, BAD, BAD]
        )


def test_aad_is_per_frame_where_the_format_takes_it():
    """Caller bytes bind a frame to its header, each to its own."""
    key, salt = ff.generate_key(), bytes(12)
    sealer = ff.Sealer("raw", key, salt=salt)
    opener = ff.Opener("raw", {0: key}, salt=salt)
    batch = ff.Batch(2)
    batch.append(b"a", aad=b"header a")
    batch.append(b"b", aad=b"")
    sealed = [bytes(frame) for frame in sealer.seal_batch(batch)]
    swapped = opener.open_batch(sealed, aad=[b"", b"header a"], counter=[0, 1])
    assert bytes(swapped.status) == bytes([BAD, BAD])
    opened = opener.open_batch(sealed, aad=[b"header a", b""], counter=[0, 1])
    assert [bytes(frame) for frame in opened] == [b"a", b"b"]
    shared = sealer.seal_batch([b"c", b"d"], aad=b"both")
    assert opener.open_batch(list(shared), aad=b"both", counter=[2, 3]).ok == 2


# -- one bad frame costs one frame --


@pytest.mark.parametrize("in_place", [False, True])
def test_bad_frames_cost_only_themselves(link, in_place):
    """A peer must not be able to sink its neighbours' frames."""
    sealed = [link.sealer.seal(pattern(50, seed=i)) for i in range(6)]
    sealed[1] = sealed[1][:-1] + bytes([sealed[1][-1] ^ 1])
    sealed[3] = b""
    sealed[4] = sealed[4][:20]
    result = link.opener.open_batch(filled_sealed(link, sealed), in_place=in_place)
    assert (result.ok, len(result)) == (3, 6)
    got = list(result.status)
    assert [got[i] for i in (0, 2, 5)] == [OK] * 3
    assert got[1] == BAD
    assert got[3] == ff.Status.MALFORMED
    assert got[4] in (BAD, ff.Status.MALFORMED)
    for i in (1, 3, 4):
        assert bytes(result[i]) == b""
    for i in (0, 2, 5):
        assert result[i] == pattern(50, seed=i)
    with pytest.raises(ff.AuthenticationFailed) as caught:
        result.raise_first()
    assert (caught.value.index, caught.value.status) == (1, BAD)


def test_batch_never_raises_for_an_oversized_frame(link):
    """A peer chooses the length of its frame; the others' must still open."""
    good = link.sealer.seal(b"good")
    oversized = bytes((16 << 20) + 1000)
    frames = [good, oversized]
    result = link.opener.open_batch(frames, **link.beside_all(0, 2))
    assert result[0] == b"good"
    assert result.status[1] == ff.Status.MALFORMED


def test_rejected_frame_leaves_no_plaintext_in_the_arena():
    """The next frame's spare bytes must not show a forged one's noise."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    forged = bytearray(sealer.seal(pattern(500)))
    forged[-1] ^= 1
    batch = filled([bytes(forged)])
    opener.open_batch(batch, in_place=True)
    # What reserve() would hand out next is the same memory.
    batch.clear()
    memory = bytes(batch.reserve(len(forged)))
    assert memory[13:513] == bytes(500)


def test_duplicates_inside_one_batch_are_caught(link):
    """A replay right behind its original is the easiest one to send."""
    sealed = link.sealer.seal(b"frame")
    batch = ff.Batch(3)
    for _ in range(3):
        link.append(batch, sealed, 0)
    result = link.opener.open_batch(batch)
    replayed = ff.Status.REPLAYED
    assert list(result.status) == [OK, replayed, replayed]
    assert [bytes(frame) for frame in result] == [b"frame", b"", b""]


def test_raise_first_names_only_what_the_frame_names():
    """An error text that invents a key id sends the reader the wrong way."""
    opener = ff.Opener("insertable", {0: ff.generate_key()})
    with pytest.raises(ff.MalformedFrame) as caught:
        opener.open_batch([b""]).raise_first()
    assert caught.value.key_id is None
    assert "key id" not in str(caught.value)
    bare = ff.Opener("insertable-bare", {0: ff.generate_key()})
    with pytest.raises(ff.AuthenticationFailed) as caught:
        bare.open_batch([bytes(100)]).raise_first()
    assert caught.value.key_id is None
