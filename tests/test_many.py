"""seal_many and open_many: several sealers or openers in one call."""

from __future__ import annotations

import pytest
from support import TOO_SHORT, Link

import fastframe as ff


def test_many_sources_share_one_call(row):
    """Audio and video leave in one tick, each under its own key."""
    links = [Link(row) for _ in range(3)]
    sources = [0, 2, 1, 1, 0, 2, 2]
    batch = ff.Batch(8)
    for number, source in enumerate(sources):
        batch.append(row.sized(50, seed=number), source=source)
    result = ff.seal_many([link.sealer for link in links], batch)
    assert result.ok == len(sources)
    nth = [0, 0, 0, 1, 1, 1, 2]
    if row.codec not in ("h264", "h265"):  # chance may have these sealed anew
        assert list(result.counters) == [row.first + one for one in nth]
    back = ff.Batch(8)
    for sealed, source, one in zip(result, sources, nth, strict=True):
        links[source].append(back, sealed, one, source=source)
    opened = ff.open_many([link.opener for link in links], back)
    assert [bytes(f) for f in opened] == [row.sized(50, seed=n) for n in range(7)]


@pytest.mark.parametrize("in_place", [False, True])
def test_many_mixes_good_and_bad_frames(row, in_place):
    """A forged frame for one opener must not touch what the others get."""
    links = [Link(row) for _ in range(3)]
    batch = ff.Batch(6)
    frames = [row.sized(80, seed=number) for number in range(3)]
    for number, link in enumerate(links):
        sealer = Link(row).sealer if number == 1 else link.sealer
        link.append(batch, sealer.seal(frames[number]), 0, source=number)
    links[0].append(batch, TOO_SHORT.get(row.format, b""), 1, source=2)
    openers = [link.opener for link in links]
    result = ff.open_many(openers, batch, in_place=in_place)
    wanted = [ff.Status.OK, ff.Status.AUTH_FAILED, ff.Status.OK, ff.Status.MALFORMED]
    assert list(result.status) == wanted
    assert [bytes(f) for f in result] == [frames[0], b"", frames[2], b""]
    counted = [opener.stats() for opener in openers]
    assert [stats.frames_opened for stats in counted] == [1, 0, 1]
    assert [stats.frames_rejected for stats in counted] == [0, 1, 1]


def test_one_source_may_stand_in_the_list_twice(layout_link):
    """Two tracks on one sealer must share its counter, not repeat it."""
    link = layout_link
    batch = ff.Batch(4)
    for source in (0, 1, 0, 1):
        batch.append(link.row.frame, source=source)
    result = ff.seal_many([link.sealer, link.sealer], batch)
    counters = list(result.counters)
    assert counters == sorted(set(counters))
    assert link.sealer.counter == counters[-1] + 1
    assert link.row.codec in ("h264", "h265") or counters[-1] == link.row.first + 3


def test_source_without_a_member_refuses_the_whole_call(layout_link):
    """A frame sealed under somebody else's key could never be called back."""
    link = layout_link
    batch = ff.Batch(2)
    batch.append(b"frame", source=0)
    batch.append(b"frame", source=1)
    with pytest.raises(ff.UsageError, match=r"frame 1: .*source"):
        ff.seal_many([link.sealer], batch)
    with pytest.raises(ff.UsageError, match=r"frame 1: .*source"):
        ff.open_many([link.opener], batch)
    assert link.sealer.counter == link.row.first


def test_a_closed_member_refuses_the_whole_call(layout):
    """Nothing is sealed when not all of it can be: the tick stays whole."""
    row = layout
    links = [Link(row) for _ in range(2)]
    batch = ff.Batch(2)
    batch.append(b"frame", source=0)
    batch.append(b"frame", source=1)
    links[1].sealer.close()
    links[1].opener.close()
    with pytest.raises(ff.UsageError, match="closed"):
        ff.seal_many([link.sealer for link in links], batch)
    with pytest.raises(ff.UsageError, match="closed"):
        ff.open_many([link.opener for link in links], batch)
    assert links[0].sealer.counter == row.first
    # A refused call leaves the others unlocked and usable.
    assert links[0].sealer.seal(row.frame)


def test_an_exhausted_member_costs_only_its_own_frames():
    """KEY_EXHAUSTED is one sealer's state, not the batch's."""
    fresh = ff.Sealer("insertable", ff.generate_key())
    spent = ff.Sealer("insertable", ff.generate_key(), counter=2**64 - 1)
    batch = ff.Batch(4)
    for source in (0, 1, 1, 0):
        batch.append(b"frame", source=source)
    result = ff.seal_many([fresh, spent], batch)
    ok, exhausted = ff.Status.OK, ff.Status.KEY_EXHAUSTED
    assert list(result.status) == [ok, ok, exhausted, ok]
    with pytest.raises(ff.KeyExhausted, match="frame 2"):
        result.raise_first()


def test_formats_may_be_mixed_in_one_call():
    """A bridge talks to peers of different kinds at once."""
    key, salt = ff.generate_key(), bytes(12)
    sealers = [
        ff.Sealer("insertable", key, key_id=9),
        ff.Sealer("raw", ff.generate_key("AES-256-GCM"), salt=salt),
    ]
    batch = ff.Batch(2)
    batch.append(b"one", source=0)
    batch.append(b"two", source=1)
    result = ff.seal_many(sealers, batch)
    assert [len(frame) for frame in result] == [32, 19]
    assert ff.inspect("insertable", result[0]).key_id == 9


def test_seal_many_reserves_for_persistent_counters_among_others(tmp_path):
    """One sealer with a file and one without, in one call."""
    plain = ff.Sealer("insertable", ff.generate_key())
    with ff.PersistentCounter(tmp_path / "counters", ahead=2) as counter:
        kept = ff.Sealer("insertable", ff.generate_key(), counter=counter)
        batch = ff.Batch(8)
        for number in range(8):
            batch.append(b"frame", source=number % 2)
        result = ff.seal_many([plain, kept], batch)
        assert result.ok == 8


def test_bad_arguments_say_what_came(pair):
    """A sealer in place of an opener is the likeliest slip."""
    sealer, opener = pair
    batch = ff.Batch(1)
    with pytest.raises(ff.UsageTypeError, match="expected Opener objects, got Sealer"):
        ff.open_many([sealer], batch)
    with pytest.raises(ff.UsageTypeError, match="expected Sealer objects, got Opener"):
        ff.seal_many([opener], batch)
    with pytest.raises(ff.UsageTypeError, match="expected a Batch, got list"):
        ff.seal_many([sealer], [b"frame"])
    with pytest.raises(ff.UsageError, match="1 to 1024, got 0"):
        ff.seal_many([], batch)
    with pytest.raises(ff.UsageError, match="1 to 1024, got 1025"):
        ff.seal_many([sealer] * 1025, batch)
