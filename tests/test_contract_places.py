"""The table's fifth list: frames sealed and opened where they stand, and overlaps."""

from __future__ import annotations

import pytest
from frames import SAMPLES, payload
from reference.errors import Rejected
from support import Guarded, Link, Row

import fastframe as ff

SIZES = [10, 11, 15, 16, 17, 100, 1200]
KINDS = [True, False, None]


def frames_of(row):
    """Give frames of the codec and of several sizes, and each kind to seal it as."""
    frames = [sample.data for sample in SAMPLES[row.codec]]
    frames += [row.sized(size) for size in SIZES]
    return [(frame, kind) for frame in frames for kind in KINDS]


def test_in_place_from_the_same_start(link):
    """One buffer is enough: the frame moves to where its body stands."""
    for nth, (frame, kind) in enumerate(frames_of(link.row)):
        size = len(frame)
        wanted = link.row.model.comes_back(frame, kind)
        room = Guarded(size + link.sealer.overhead, fill=frame)
        count = link.sealer.seal_into(room.view[:size], room.view, key_frame=kind)
        assert room.is_untouched(since=max(count, size + 32))
        how = {"key_frame": kind} | link.beside(nth)
        got = link.opener.open_into(room.view[:count], room.view, **how)
        assert room.view[:got] == wanted
        assert room.is_intact()


def test_in_place_makes_the_same_bytes(layout):
    """Apart, over itself, in an arena and over an arena: one wire format."""
    key = layout.key()
    for frame, kind in frames_of(layout):
        made = []
        for in_place in (False, True):
            with layout.sealer(key, **layout.fixed) as sealer:
                made.append(sealer.seal(frame, key_frame=kind))
            with layout.sealer(key, **layout.fixed) as sealer:
                room = bytearray(frame + bytes(sealer.overhead))
                source = memoryview(room)[: len(frame)] if in_place else frame
                count = sealer.seal_into(source, room, key_frame=kind)
                made.append(bytes(room[:count]))
            with layout.sealer(key, **layout.fixed) as sealer:
                batch = ff.Batch(2, arena=1 << 13)
                batch.append(frame, key_frame=kind)
                result = sealer.seal_batch(batch, in_place=in_place)
                result.raise_first()
                made.append(bytes(result[0]))
        assert len(set(made)) == 1


def test_in_place_where_the_body_stands(link):
    """An encoder that leaves headroom has its frame sealed without a move."""
    nth = 0
    at = link.row.inspect(link.sealer.seal(link.row.frame)).header_len
    for size in SIZES:
        frame = link.row.sized(size)
        size = len(frame)  # noqa: PLW2901 - a codec's frame may be a little longer
        for kind in KINDS:
            if has_no_body(link.row, frame, kind):
                continue
            if link.row.format == "sframe":
                at = 1 + (link.sealer.counter > 7)
            room = Guarded(size + link.sealer.overhead)
            room.view[at : at + size] = frame
            sealed = room.view[
                : link.sealer.seal_into(
                    room.view[at : at + size], room.view, key_frame=kind
                )
            ]
            nth += 1
            told = kind if size % 2 else None
            how = {"key_frame": told} | link.beside(nth)
            body = room.view[link.row.inspect(sealed).header_len :]
            assert link.opener.open_into(sealed, body, **how) == size
            assert body[:size] == frame
            assert room.is_intact()


def has_no_body(row, frame, kind):
    """Tell a frame that is all clear: it has no ciphertext to stand anywhere."""
    try:
        return row.format != "dave" and row.model.split(frame, kind)[1] == b""
    except Rejected:
        return True


@pytest.mark.parametrize(
    ("format_name", "codec"),
    [("insertable", "h264"), ("sframe", "h265"), ("livekit", "h264"), ("dave", "h264")],
)
@pytest.mark.parametrize("units", [1, 5, 10, 19, 40])
def test_start_codes_that_grow_find_room_or_say_so(format_name, codec, units):
    """Each short one takes a byte; an arena keeps 32 in front of a frame for them.

    Apart there is always room. In place there may be none, and then the frame
    reads NO_ROOM and is no half-sealed one.
    """
    row = Row(
        format_name, "AES-128-GCM-8" if format_name == "dave" else "AES-128-GCM", codec
    )
    head = b"\x06\x05" if codec == "h264" else b"\x4e\x01"
    frame = (b"\0\0\1" + head + b"\x55") * units + row.sized(60)
    wanted = row.model.comes_back(frame)
    assert len(wanted) == len(frame) + units
    link = Link(row)
    assert link.opener.open(link.sealer.seal(frame)) == wanted
    room = bytearray(frame + bytes(link.sealer.overhead))
    count = link.sealer.seal_into(memoryview(room)[: len(frame)], room)
    assert link.opener.open(room[:count]) == wanted
    batch = ff.Batch(1, arena=4096)
    batch.append(frame)
    result = link.sealer.seal_batch(batch, in_place=True)
    if result.ok:
        assert link.opener.open(result[0]) == wanted
    else:
        assert list(result.status) == [ff.Status.NO_ROOM]
        assert bytes(result[0]) == b""
    header = {"insertable": 13, "sframe": 1}.get(format_name, 0)
    assert bool(result.ok) == (units + header <= 32)


def test_av1_in_place_takes_no_more_room_than_its_canonical_form():
    """Several tile groups that come out as they went in must not be moved about."""
    row = Row("dave", "AES-128-GCM-8", "av1")
    tiles = [b"\x22\xe8\x07" + payload(1000, seed) for seed in (1, 2, 3)]
    frame = b"".join(tiles)
    link = Link(row)
    assert link.opener.open(link.sealer.seal(frame)) == row.model.comes_back(frame)
    batch = ff.Batch(1, arena=4096)
    batch.append(frame)
    result = link.sealer.seal_batch(batch, in_place=True)
    result.raise_first()
    assert link.opener.open(result[0]) == row.model.comes_back(frame)


# -- overlap --


def test_sealing_refuses_other_overlaps_untouched(link):
    """A block cipher over a moving window would seal its own output."""
    frame = link.row.sized(100)
    header = link.row.inspect(link.sealer.seal(frame)).header_len
    before = link.sealer.counter
    near = [-99, -17, -2, -1, 2, 3, header - 1, header + 1, 16, 99]
    for shift in set(near) - {0, header}:
        room = Guarded(1200)
        source = room.view[550:650]
        source[:] = frame
        start = 550 - shift
        out = room.view[start : start + 100 + link.sealer.overhead]
        whole = bytes(room.view)
        with pytest.raises(ff.UsageError, match="overlap"):
            link.sealer.seal_into(source, out)
        assert room.view == whole, shift
    assert link.sealer.counter == before
    assert link.sealer.stats().frames_sealed == 1


def test_opening_refuses_other_overlaps_untouched(link):
    """A refused call must leave the frame as it came, to be opened properly."""
    frame = link.row.sized(100)
    sealed = link.sealer.seal(frame)
    header = link.row.inspect(sealed).header_len
    near = [-90, -17, -1, 1, 2, header - 1, header + 1, 16, 99]
    for shift in set(near) - {0, header}:
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
    assert link.opener.open(sealed, **link.beside(0)) == frame


def test_neighbours_that_only_touch_are_no_overlap(link):
    """Rings of frames put output right behind input."""
    frame = link.row.sized(100)
    room = Guarded(1000)
    source = room.view[100:200]
    source[:] = frame
    out = room.view[200 : 200 + 100 + link.sealer.overhead]
    count = link.sealer.seal_into(source, out)
    back = room.view[100:200]
    got = link.opener.open_into(out[:count], back, **link.beside(0))
    assert back[:got] == frame


def test_short_output_is_refused_before_anything_is_written(link):
    """No half frame: neither plaintext nor a spent replay entry."""
    sealed = link.sealer.seal(link.row.sized(100))
    out = Guarded(99)
    with pytest.raises(ff.UsageError, match=r"at least 1\d\d bytes, got 99"):
        link.opener.open_into(sealed, out.view, **link.beside(0))
    assert out.is_untouched()
    assert out.is_intact()
    assert link.opener.stats().no_room == 1
    assert link.opener.open(sealed, **link.beside(0)) == link.row.sized(100)
