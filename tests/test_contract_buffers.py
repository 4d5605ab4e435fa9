"""The table's third list: where frames may stand and what may hold them."""

from __future__ import annotations

import ctypes
import mmap
from array import array

import pytest
from frames import SAMPLES
from support import Guarded

import fastframe as ff

SIZES = [10, 11, 15, 16, 17, 100, 1200]
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
def test_any_contiguous_buffer_is_read_in_place(layout_link, kind):
    """Encoders hand out many kinds of buffer; a copy first would cost time."""
    link = layout_link
    frame = link.row.sized(400)
    sealed = link.sealer.seal(INPUTS[kind](frame))
    pad = bytes(-len(sealed) % 4)
    holder = INPUTS[kind](sealed + pad)
    view = memoryview(holder).cast("B")[: len(sealed)]
    assert link.opener.open(view, **link.beside(0)) == frame
    listed = link.sealer.seal_batch([INPUTS[kind](frame)])
    assert link.opener.open(listed[0], **link.beside(1)) == frame
    batch = ff.Batch(1)
    batch.append(INPUTS[kind](frame))
    again = bytes(link.sealer.seal_batch(batch)[0])
    assert link.opener.open(again, **link.beside(2)) == frame


@pytest.mark.parametrize("kind", ["bytearray", "array of bytes", "mmap", "shaped"])
def test_any_writable_buffer_is_written_in_place(layout_link, kind):
    """The output is the caller's memory, shared with a decoder or a card."""
    link = layout_link
    frame = link.row.sized(400)
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


def test_unaligned_buffers_work(link):
    """Frames stand where headers end: never on an aligned address."""
    nth = 0
    for size in SIZES:
        frame = link.row.sized(size)
        size = len(frame)  # noqa: PLW2901 - a codec's frame may be a little longer
        for offset in OFFSETS:
            source = Guarded(size, offset=offset, fill=frame)
            sealed = Guarded(size + link.sealer.overhead, offset=7 - offset)
            count = link.sealer.seal_into(source.view, sealed.view)
            opened = Guarded(size, offset=(offset + 3) % 8)
            beside = link.beside(nth)
            got = link.opener.open_into(sealed.view[:count], opened.view, **beside)
            assert (got, opened.view) == (size, frame)
            assert source.view == frame
            assert source.is_intact()
            assert sealed.is_intact()
            assert opened.is_intact()
            nth += 1


def test_output_may_be_larger_and_its_rest_stays(link):
    """Only what belongs to the frame is written, to the byte."""
    for nth, sample in enumerate(SAMPLES[link.row.codec]):
        wanted = link.row.model.comes_back(sample.data)
        out = Guarded(len(sample.data) + link.sealer.overhead + 33)
        count = link.sealer.seal_into(sample.data, out.view)
        assert out.is_untouched(since=count)
        back = Guarded(len(wanted) + 33)
        got = link.opener.open_into(
            bytes(out.view[:count]), back.view, **link.beside(nth)
        )
        assert (got, back.view[:got]) == (len(wanted), wanted)
        assert back.is_untouched(since=got)
        assert out.is_intact()
        assert back.is_intact()
