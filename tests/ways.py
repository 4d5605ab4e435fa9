"""The ways to seal and to open one frame; each gives the bytes that came out."""

from __future__ import annotations

from support import Guarded

import fastframe as ff


def seal_single(sealer, frame, how):
    """Seal into new bytes."""
    return sealer.seal(frame, **how)


def seal_into(sealer, frame, how):
    """Seal into a buffer apart."""
    out = Guarded(len(frame) + sealer.overhead)
    count = sealer.seal_into(frame, out.view, **how)
    assert out.is_intact()
    return bytes(out.view[:count])


def seal_over_itself(sealer, frame, how):
    """Seal in place, from the same start."""
    out = Guarded(len(frame) + sealer.overhead, fill=frame)
    count = sealer.seal_into(out.view[: len(frame)], out.view, **how)
    assert out.is_intact()
    return bytes(out.view[:count])


def seal_list(sealer, frame, how):
    """Seal as a list of one."""
    return bytes(sealer.seal_batch([frame], **how)[0])


def seal_arena(sealer, frame, how, *, in_place=False):
    """Seal as a Batch of one."""
    batch = ff.Batch(1, arena=1 << 16)
    batch.append(frame, **how)
    result = sealer.seal_batch(batch, in_place=in_place)
    assert result.ok == 1
    return bytes(result[0])


def seal_arena_in_place(sealer, frame, how):
    """Seal over the arena of a Batch."""
    return seal_arena(sealer, frame, how, in_place=True)


SEAL_WAYS = [
    seal_single,
    seal_into,
    seal_over_itself,
    seal_list,
    seal_arena,
    seal_arena_in_place,
]


def open_single(opener, sealed, how):
    """Open into new bytes."""
    return opener.open(sealed, **how)


def open_into(opener, sealed, how):
    """Open into a buffer apart."""
    out = Guarded(len(sealed))
    count = opener.open_into(sealed, out.view, **how)
    assert out.is_intact()
    return bytes(out.view[:count])


def open_over_itself(opener, sealed, how):
    """Open in place, from the same start."""
    out = Guarded(len(sealed), fill=sealed)
    count = opener.open_into(out.view, out.view, **how)
    assert out.is_intact()
    return bytes(out.view[:count])


def first_or_raise(result):
    """Give the one frame of a result, or raise for it."""
    result.raise_first()
    return bytes(result[0])


def open_list(opener, sealed, how):
    """Open as a list of one."""
    if "counter" in how:
        how = how | {"counter": [how["counter"]]}
    return first_or_raise(opener.open_batch([sealed], **how))


def open_arena(opener, sealed, how, *, in_place=False):
    """Open as a Batch of one."""
    batch = ff.Batch(1, arena=1 << 16)
    batch.append(sealed, **how)
    return first_or_raise(opener.open_batch(batch, in_place=in_place))


def open_arena_in_place(opener, sealed, how):
    """Open over the arena of a Batch."""
    return open_arena(opener, sealed, how, in_place=True)


OPEN_WAYS = [
    open_single,
    open_into,
    open_over_itself,
    open_list,
    open_arena,
    open_arena_in_place,
]
