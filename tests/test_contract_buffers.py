"""The table's second list: where frames may stand and what may hold them."""

from __future__ import annotations

import ctypes
import mmap
from array import array

import pytest
from support import Guarded, pattern

import fastframe as ff

SIZES = [0, 1, 15, 16, 17, 100, 1200]
OFFSETS = range(8)


class Exporter:
    """A buffer like NumPy's: two-dimensional, of 2-byte items, C-contiguous."""

    def __new__(cls, content):
        """Give a ctypes array of arrays, which exports shape and strides."""
        half = len(content) // 4
        kind = (ctypes.c_uint16 * half) * 2
        return kind.from_buffer_copy(content)


def in_mmap(content):
    """Put content into an anonymous memory map."""
    area = mmap.mmap(-1, len(content))
    area[:] = content
    return area


INPUTS = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "read-write memoryview": lambda content: memoryview(bytearray(content)),
    "slice": lambda content: memoryview(b"xyz" + content + b"z")[3:-1],
    "array of bytes": lambda content: array("B", content),
    "array of shorts": lambda content: array("H", content),
    "mmap": in_mmap,
    "shaped": Exporter,
    "cast view": lambda content: memoryview(content).cast("I"),
}


@pytest.mark.parametrize("kind", INPUTS)
def test_any_contiguous_buffer_is_read_in_place(link, kind):
    """Encoders hand out many kinds of buffer; a copy first would cost time."""
    frame = pattern(400)
    sealed = link.sealer.seal(INPUTS[kind](frame))
    assert len(sealed) == len(link.sealer.seal(frame))
    pad = bytes(-len(sealed) % 4)
    holder = INPUTS[kind](sealed + pad)
    view = memoryview(holder).cast("B")[: len(sealed)]
    assert link.opener.open(view, **link.beside(0)) == frame
    listed = link.sealer.seal_batch([INPUTS[kind](frame)])
    assert link.opener.open(listed[0], **link.beside(2)) == frame
    batch = ff.Batch(1)
    batch.append(INPUTS[kind](frame))
    again = bytes(link.sealer.seal_batch(batch)[0])
    assert link.opener.open(again, **link.beside(3)) == frame


@pytest.mark.parametrize("kind", ["bytearray", "array of bytes", "mmap", "shaped"])
def test_any_writable_buffer_is_written_in_place(link, kind):
    """The output is the caller's memory, shared with a decoder or a card."""
    frame = pattern(400)
    out = INPUTS[kind](bytes(480))
    count = link.sealer.seal_into(frame, out)
    sealed = bytes(memoryview(out).cast("B")[:count])
    assert link.opener.open_into(sealed, out, **link.beside(0)) == 400
    assert bytes(memoryview(out).cast("B")[:400]) == frame


def test_numpy_arrays_are_taken():
    """Raw frames live in NumPy arrays; strided ones must be refused."""
    numpy = pytest.importorskip("numpy")
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    opener = ff.Opener("insertable", {0: key})
    frame = numpy.arange(240, dtype=numpy.uint16).reshape(12, 20)
    out = numpy.zeros(600, dtype=numpy.uint8)
    count = sealer.seal_into(frame, out)
    assert opener.open(out[:count]) == frame.tobytes()
    with pytest.raises(ff.UsageError, match="C-contiguous"):
        sealer.seal(frame[:, ::2])
    with pytest.raises(ff.UsageError, match="C-contiguous"):
        sealer.seal(frame.T)


# -- places --


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_unaligned_buffers_work(link, size, offset):
    """Frames stand where headers end: never on an aligned address."""
    frame = pattern(size)
    source = Guarded(size, offset=offset, fill=frame)
    sealed = Guarded(size + link.sealer.overhead, offset=7 - offset)
    count = link.sealer.seal_into(source.view, sealed.view)
    opened = Guarded(size, offset=(offset + 3) % 8)
    got = link.opener.open_into(sealed.view[:count], opened.view, **link.beside(0))
    assert got == size
    assert opened.view == frame
    assert source.is_intact()
    assert source.view == frame
    assert sealed.is_intact()
    assert opened.is_intact()


@pytest.mark.parametrize("size", SIZES)
def test_output_may_be_larger_and_its_rest_stays(link, size):
    """Only what belongs to the frame is written, to the byte."""
    out = Guarded(size + link.sealer.overhead + 33)
    count = link.sealer.seal_into(pattern(size), out.view)
    assert out.is_untouched(since=count)
    sealed = bytes(out.view[:count])
    back = Guarded(size + 33)
    link.opener.open_into(sealed, back.view, **link.beside(0))
    assert back.is_untouched(since=size)
    assert out.is_intact()
    assert back.is_intact()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key_frame", [True, False, None])
def test_in_place_from_the_same_start(link, size, key_frame):
    """One buffer is enough: the frame moves to where its body stands."""
    frame = pattern(size)
    room = Guarded(size + link.sealer.overhead, fill=frame)
    how = {"key_frame": key_frame}
    count = link.sealer.seal_into(room.view[:size], room.view, **how)
    expected = ff.inspect(link.row.format, room.view[:count])
    assert expected.body_len == size
    got = link.opener.open_into(room.view[:count], room.view, **how, **link.beside(0))
    assert got == size
    assert room.view[:size] == frame
    assert room.is_intact()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key_frame", [True, False])
@pytest.mark.parametrize("told", [True, False], ids=["told", "found-out"])
def test_in_place_where_the_body_stands(link, size, key_frame, told):
    """An encoder that leaves headroom has its frame sealed without a move."""
    frame = pattern(size)
    at = link.facts.header_len
    room = Guarded(size + link.sealer.overhead)
    room.view[at : at + size] = frame
    body = room.view[at : at + size]
    count = link.sealer.seal_into(body, room.view, key_frame=key_frame)
    got = link.opener.open_into(
        room.view[:count],
        body,
        key_frame=key_frame if told else None,
        **link.beside(0),
    )
    assert got == size
    assert body == frame
    assert room.is_intact()


# -- overlap --


def shifts_to_refuse(link, size):
    """List the distances between input and output that overlap unequally."""
    header = link.facts.header_len
    near = [-size + 1, -17, -2, -1, 1, 2, header - 1, header + 1, 16, size - 1]
    return [shift for shift in near if shift not in (0, header) and abs(shift) < size]


def test_sealing_refuses_other_overlaps_untouched(link):
    """A block cipher over a moving window would seal its own output."""
    size = 100
    for shift in shifts_to_refuse(link, size):
        room = Guarded(400)
        source = room.view[150 : 150 + size]
        source[:] = frame = pattern(size)
        start = 150 - shift
        out = room.view[start : start + size + link.sealer.overhead]
        before = bytes(room.view)
        with pytest.raises(ff.UsageError, match="overlap"):
            link.sealer.seal_into(source, out)
        assert room.view == before, shift
        assert source == frame
    assert link.sealer.counter == 0
    assert link.sealer.stats().frames_sealed == 0


def test_opening_refuses_other_overlaps_untouched(link):
    """A refused call must leave the frame as it came, to be opened properly."""
    sealed = link.sealer.seal(pattern(100))
    header = link.facts.header_len
    for shift in [-90, -17, -1, 1, 2, header - 1, header + 1, 16, 99]:
        if shift in (0, header):
            continue
        room = Guarded(500)
        source = room.view[150 : 150 + len(sealed)]
        source[:] = sealed
        before = bytes(room.view)
        out = room.view[150 + shift : 150 + shift + 100]
        with pytest.raises(ff.UsageError, match="overlap"):
            link.opener.open_into(source, out, **link.beside(0))
        assert room.view == before, shift
    stats = link.opener.stats()
    assert (stats.frames_opened, stats.frames_rejected) == (0, 0)
    assert link.opener.open(sealed, **link.beside(0)) == pattern(100)


def test_neighbours_that_only_touch_are_no_overlap(link):
    """Rings of frames put output right behind input."""
    room = Guarded(400)
    source = room.view[100:200]
    source[:] = pattern(100)
    out = room.view[200 : 200 + 100 + link.sealer.overhead]
    count = link.sealer.seal_into(source, out)
    back = room.view[100:200]
    got = link.opener.open_into(out[:count], back, **link.beside(0))
    assert back[:got] == pattern(100)


def test_short_output_is_refused_before_anything_is_written(link):
    """No half frame: neither plaintext nor a spent replay entry."""
    sealed = link.sealer.seal(pattern(100))
    out = Guarded(99)
    with pytest.raises(ff.UsageError, match="at least 100 bytes, got 99"):
        link.opener.open_into(sealed, out.view, **link.beside(0))
    assert out.is_untouched()
    assert out.is_intact()
    assert link.opener.stats().no_room == 1
    assert link.opener.open(sealed, **link.beside(0)) == pattern(100)
