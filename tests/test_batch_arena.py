"""The memory of a batch: its arenas, its results, and how long they last."""

from __future__ import annotations

import pytest
from support import SPARE, Link, Row, filled, pattern

import fastframe as ff

COUNT = 7
SHORT_REFUSED = ("jitsi", "livekit", "element-call")


def frames_of(row):
    """Give frames of the codec, no two alike."""
    return [row.sized(size, seed=size) for size in (10, 11, 15, 16, 100, 1200, 8191)]


# -- the arena --


@pytest.mark.parametrize("opening", [False, True])
@pytest.mark.parametrize("from_list", [False, True])
def test_spare_bytes_behind_each_result_are_zeroed(layout_link, opening, from_list):
    """FFmpeg reads up to 64 bytes past a frame; they must be ours and zero."""
    link = layout_link
    frames = [link.row.sized(size) for size in (100, 10, 11, 1200)]
    call, beside = link.sealer.seal_batch, {}
    if opening:
        frames = [link.sealer.seal(frame) for frame in frames]
        call, beside = link.opener.open_batch, link.beside_all(0, 4)
    if not from_list:
        batch = ff.Batch(4, arena=8192)
        batch.append(pattern(8000))
        link.sealer.seal_batch(batch)  # leaves its noise in the arena
        frames, beside = filled_again(link, batch, frames), {}
    result = call(frames, **beside)
    assert result.ok == 4
    for frame in result:
        whole = memoryview(frame.obj)
        start = address_of(frame) - address_of(whole)
        behind = whole[start + len(frame) : start + len(frame) + SPARE]
        assert bytes(behind) == bytes(SPARE)


def filled_again(link, batch, frames):
    """Clear a batch and fill it with frames counted from 0."""
    batch.clear()
    for counter, frame in enumerate(frames):
        link.append(batch, frame, counter)
    return batch


def address_of(view):
    """Give the address of a view's first byte, writable or not, empty or not."""
    from cffi import FFI  # noqa: PLC0415 - only this test looks at addresses

    ffi = FFI()
    return int(ffi.cast("uintptr_t", ffi.from_buffer(view)))


def test_reserve_gives_memory_to_encode_into(layout_link):
    """An encoder that writes into the arena saves the only copy there is."""
    link = layout_link
    batch = ff.Batch(2, arena=4096)
    for seed in (1, 2):
        room = batch.reserve(100, key_frame=True)
        assert len(room) == 100
        assert not room.readonly
        room[:] = link.row.sized(100, seed=seed)
    sealed = [bytes(frame) for frame in link.sealer.seal_batch(batch)]
    opened = link.opener.open_batch(sealed, **link.beside_all(0, 2))
    assert [bytes(frame) for frame in opened] == [
        link.row.sized(100, seed) for seed in (1, 2)
    ]


def test_full_batch_refuses_and_keeps_what_it_has(layout_link):
    """Capacity and arena are promises made in advance; neither grows."""
    link = layout_link
    batch = ff.Batch(2, arena=1000)
    batch.append(bytes(900))
    with pytest.raises(ff.UsageError, match="no room"):
        batch.append(bytes(101))
    assert len(batch) == 1
    batch.append(bytes(100))
    with pytest.raises(ff.UsageError, match="no room"):
        batch.append(b"")
    with pytest.raises(ff.UsageError, match="no room"):
        batch.reserve(0)
    assert len(batch) == batch.capacity == 2
    assert link.sealer.seal_batch(batch).ok == 2


@pytest.mark.parametrize("count", [1, 3, 64])
@pytest.mark.parametrize("size", [0, 1, 31, 32, 33])
def test_arena_holds_what_its_size_says(layout_link, count, size):
    """arena= counts frames' bytes; headers and alignment come on top."""
    link = layout_link
    frame = link.row.sized(size + 10 * (link.row.format in SHORT_REFUSED))
    batch = ff.Batch(count, arena=max(count * len(frame), 1))
    for _ in range(count):
        batch.append(frame)
    assert link.sealer.seal_batch(batch).ok == count
    batch.clear()
    for _ in range(count):
        batch.append(frame)
    assert link.sealer.seal_batch(batch, in_place=True).ok == count


@pytest.mark.parametrize("slices", [1, 10, 20, 60])
def test_frames_that_grow_far_fit_or_say_so(slices):
    """DAVE lists each slice in its footer; an arena keeps 128 bytes a frame.

    What that does not hold reads NO_ROOM; a list is given room for the worst.
    """
    row = Row("dave", "AES-128-GCM-8", "h264")
    link = Link(row)
    frame = row.sized(120) * slices
    batch = ff.Batch(1, arena=len(frame))
    batch.append(frame)
    result = link.sealer.seal_batch(batch)
    listed = link.sealer.seal_batch([frame])
    assert listed.ok == 1
    assert link.opener.open(listed[0]) == frame
    grown = len(listed[0]) - len(frame)
    if grown <= 64:
        assert result.ok == 1
    if result.ok:
        assert link.opener.open(result[0]) == frame
    else:
        assert list(result.status) == [ff.Status.NO_ROOM]
    assert (grown > 128) == (slices > 20)


def test_aad_counts_into_the_arena():
    """Aad is copied there, so it must not push the arena past its size."""
    batch = ff.Batch(8, arena=100)
    batch.append(bytes(50), aad=bytes(50))
    with pytest.raises(ff.UsageError, match="no room"):
        batch.append(b"", aad=b"x")


def test_frames_stay_until_cleared(layout_link):
    """The same frames go to many receivers under many keys."""
    link = layout_link
    one, two, three = (link.row.sized(20, seed) for seed in (1, 2, 3))
    batch = filled([one, two])
    first = [bytes(frame) for frame in link.sealer.seal_batch(batch)]
    second = [bytes(frame) for frame in link.sealer.seal_batch(batch)]
    assert len(set(first + second)) == 4
    opened = link.opener.open_batch(first + second, **link.beside_all(0, 4))
    assert [bytes(frame) for frame in opened] == [one, two] * 2
    batch.clear()
    assert len(batch) == 0
    batch.append(three)
    sealed = bytes(link.sealer.seal_batch(batch)[0])
    assert link.opener.open(sealed, **link.beside(4)) == three


def test_spent_batch_is_refused_until_cleared(layout_link):
    """Sealing an arena that already holds ciphertext would seal it twice."""
    link = layout_link
    frame = link.row.sized(40)
    batch = filled([frame])
    result = link.sealer.seal_batch(batch, in_place=True)
    for attempt in (
        lambda: link.sealer.seal_batch(batch),
        lambda: link.sealer.seal_batch(batch, in_place=True),
        lambda: link.opener.open_batch(batch),
        lambda: batch.append(b"more"),
        lambda: batch.reserve(1),
    ):
        with pytest.raises(ff.UsageError, match="clear"):
            attempt()
    assert link.opener.open(result[0], **link.beside(0)) == frame
    batch.clear()
    batch.append(frame)
    assert link.sealer.seal_batch(batch).ok == 1


def test_empty_batch_is_no_error(layout_link):
    """A tick without frames is ordinary."""
    link = layout_link
    for frames in (ff.Batch(1), []):
        for call in (link.sealer.seal_batch, link.opener.open_batch):
            result = call(frames)
            assert (result.ok, len(result), list(result)) == (0, 0, [])
            result.raise_first()
    assert link.sealer.counter == link.row.first


def test_in_place_needs_a_batch(layout_link):
    """Lists may hold read-only bytes: nothing is ever written over them."""
    link = layout_link
    with pytest.raises(ff.UsageError, match="in_place=True needs a Batch"):
        link.sealer.seal_batch([b"frame"], in_place=True)


# -- results --


def test_result_is_a_sequence_of_views(layout_link):
    """Slices and negative indices, as of any sequence."""
    link = layout_link
    result = link.sealer.seal_batch(filled(frames_of(link.row)))
    frames = [bytes(frame) for frame in result]
    assert bytes(result[-1]) == frames[-1]
    assert bytes(result[-COUNT]) == frames[0]
    assert [bytes(frame) for frame in result[1:4]] == frames[1:4]
    assert [bytes(frame) for frame in result[::-2]] == frames[::-2]
    assert result[COUNT:] == []
    for outside in (COUNT, -COUNT - 1):
        with pytest.raises(IndexError, match=f"frame {outside} of {COUNT}"):
            result[outside]
    assert f"{COUNT} of {COUNT}" in repr(result)


def test_stale_result_is_refused(layout_link):
    """Reading a reused arena through an old result would mix up frames."""
    link = layout_link
    batch = filled([link.row.frame])
    first = link.sealer.seal_batch(batch)
    iterator_made_before = iter(first)
    link.sealer.seal_batch(batch)
    uses = (
        lambda: len(first),
        lambda: first[0],
        lambda: list(first),
        lambda: first.status,
        lambda: first.counters,
        lambda: first.key_ids,
        first.raise_first,
    )
    for use in uses:
        with pytest.raises(ff.UsageError, match="out of date"):
            use()
    del iterator_made_before
    second = link.sealer.seal_batch(batch)
    batch.clear()
    with pytest.raises(ff.UsageError, match="out of date"):
        len(second)


def test_result_keeps_the_arena_alive(layout_link):
    """A view of freed memory would be the worst bug of all."""
    link = layout_link
    frame = link.row.sized(1000)
    sealed = link.sealer.seal_batch(filled([frame]))[0]
    for _ in range(50):
        filled([bytes(5000)])
    assert link.opener.open(sealed, **link.beside(0)) == frame
