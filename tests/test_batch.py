"""Sealing and opening batches: frames in order, and one bad one costs one."""

from __future__ import annotations

import pytest
from support import (
    FRAME_MAX,
    NO_REPLAY_CHECK,
    TOO_SHORT,
    Link,
    filled,
    filled_sealed,
    pattern,
)

import fastframe as ff

OK, BAD = ff.Status.OK, ff.Status.AUTH_FAILED


def frames_of(row):
    """Give frames of the codec, no two alike."""
    return [row.sized(size, seed=size) for size in (10, 11, 15, 16, 100, 1200, 8191)]


def check_counters(row, counters):
    """See that each frame has the next counter, resealed ones a later one."""
    expected = list(range(row.first, row.first + len(counters)))
    if row.codec in ("h264", "h265"):
        assert counters == sorted(set(counters))
        assert counters[0] >= row.first
    else:
        assert counters == expected


# -- the frames come out, in order --


@pytest.mark.parametrize("in_place", [False, True])
def test_batch_seals_and_opens_in_order(link, in_place):
    """Which frame is whose depends on the order alone."""
    frames = frames_of(link.row)
    result = link.sealer.seal_batch(filled(frames), in_place=in_place)
    assert (result.ok, len(result)) == (len(frames), len(frames))
    assert set(result.status) == {OK}
    counters = list(result.counters)
    check_counters(link.row, counters)
    sealed = [bytes(frame) for frame in result]
    opened = link.opener.open_batch(filled_sealed(link, sealed), in_place=in_place)
    assert [bytes(frame) for frame in opened] == frames
    if link.checks_replay:  # the others carry no counter
        assert list(opened.counters) == counters
    opened.raise_first()


@pytest.mark.parametrize("kind", [list, tuple])
def test_plain_sequence_is_a_batch(link, kind):
    """Who has bytes in a list need not learn about arenas."""
    frames = frames_of(link.row)
    sealed = link.sealer.seal_batch(kind(frames))
    opened = link.opener.open_batch(list(sealed), **link.beside_all(0, len(frames)))
    assert [bytes(frame) for frame in opened] == frames
    # Results of a list have a memory of their own and never go stale.
    link.sealer.seal_batch(kind(frames))
    opened.raise_first()


def test_batch_and_single_calls_make_the_same_bytes(row):
    """Two code paths, one wire format, frames that are sealed anew included."""
    key = row.key()
    frames = frames_of(row) * 40
    with row.sealer(key, **row.fixed) as sealer:
        single = [sealer.seal(frame) for frame in frames]
        used = sealer.counter
    for in_place in (None, False, True):
        with row.sealer(key, **row.fixed) as sealer:
            if in_place is None:
                result = sealer.seal_batch(frames)
            else:
                result = sealer.seal_batch(filled(frames), in_place=in_place)
            assert [bytes(frame) for frame in result] == single
            assert sealer.counter == used
            if row.inspect(single[0]).counter is not None:
                told = [row.inspect(frame).counter for frame in single]
                assert list(result.counters) == told


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
    frames = [link.row.sized(50, seed=i) for i in range(6)]
    sealed = [link.sealer.seal(frame) for frame in frames]
    stranger = Link(link.row)
    sealed[1] = [stranger.sealer.seal(frame) for frame in frames + frames][-1]
    sealed[3] = TOO_SHORT.get(link.row.format, b"")
    sealed[4] = sealed[4][:20]
    result = link.opener.open_batch(filled_sealed(link, sealed), in_place=in_place)
    assert (result.ok, len(result)) == (3, 6)
    got = list(result.status)
    assert [got[i] for i in (0, 2, 5)] == [OK] * 3
    assert got[1] == BAD
    assert got[3] == ff.Status.MALFORMED
    assert got[4] in (BAD, ff.Status.MALFORMED, ff.Status.NOT_ENCRYPTED) or (
        link.names_key and got[4] == ff.Status.UNKNOWN_KEY
    )
    for i in (1, 3, 4):
        assert bytes(result[i]) == b""
    for i in (0, 2, 5):
        assert result[i] == frames[i]
    with pytest.raises(ff.AuthenticationFailed) as caught:
        result.raise_first()
    assert (caught.value.index, caught.value.status) == (1, BAD)


def test_batch_never_raises_for_an_oversized_frame(layout_link):
    """A peer chooses the length of its frame; the others' must still open."""
    link = layout_link
    good = link.sealer.seal(link.row.frame)
    frames = [good, bytes(FRAME_MAX + 1025)]
    result = link.opener.open_batch(frames, **link.beside_all(0, 2))
    assert result[0] == link.row.model.comes_back(link.row.frame)
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
    frame = link.row.sized(40)
    sealed = link.sealer.seal(frame)
    batch = ff.Batch(3)
    for _ in range(3):
        link.append(batch, sealed, 0)
    result = link.opener.open_batch(batch)
    if link.row.format in NO_REPLAY_CHECK:
        assert result.ok == 3
        return
    replayed = ff.Status.REPLAYED
    assert list(result.status) == [OK, replayed, replayed]
    assert [bytes(one) for one in result] == [frame, b"", b""]


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
