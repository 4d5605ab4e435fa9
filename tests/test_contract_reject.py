"""The table's second list: nothing but the sealed frame opens, and nothing leaks."""

from __future__ import annotations

import pytest
from frames import SAMPLES
from reference import stream
from reference.escape import trailing_zeros, unescape_strict
from support import NAMES_KEY, SALT, Guarded, Link, Row, pattern

import fastframe as ff


def try_altered(link, altered):
    """Open into guarded memory: the frame, or None if it was rejected.

    Rejected, it must leave no byte of itself behind.
    """
    out = Guarded(max(len(altered), 64))
    try:
        count = link.opener.open_into(altered, out.view, **link.beside(0))
    except ff.FrameRejected as rejected:
        assert not isinstance(rejected, (ff.ReplayedFrame, ff.StaleFrame))  # noqa: PT017 - either outcome may be right
        assert set(out.view) <= {0, Guarded.SENTINEL}
        count = None
    assert out.is_intact()
    return None if count is None else bytes(out.view[:count])


def flips(sealed):
    """Give every frame that differs in one bit: (byte from the end, bit, frame)."""
    for at in range(len(sealed)):
        for bit in range(8):
            altered = bytearray(sealed)
            altered[at] ^= 1 << bit
            yield at - len(sealed), bit, bytes(altered)


def test_flipped_bit_anywhere_is_rejected(row):
    """Every byte counts: clear ones, key id, IV, ciphertext, tag, each of their bits.

    One bit of one format is not authenticated and changes nothing by itself:
    GetStream's flag that there are escapes, where there are none to undo. Nor is
    DAVE's list of clear ranges.
    """
    least = 10 if row.format in ("livekit", "element-call", "jitsi") else 1
    frames = [row.sized(size) for size in (least, 20)] + [SAMPLES[row.codec][0].data]
    for frame in frames:
        link = Link(row, replay_window=0)
        sealed = link.sealer.seal(frame)
        wanted = row.model.comes_back(frame)
        forgiven = {
            (at, bit): made
            for at, bit, altered in flips(sealed)
            if (made := try_altered(link, altered)) is not None
        }
        if row.format == "dave":
            check_ranges(sealed, forgiven, wanted)
        else:
            is_flag = row.format == "stream" and not has_escapes(sealed)
            assert forgiven == ({(-7, 7): wanted} if is_flag else {})
        assert link.opener.open(sealed, **link.beside(0)) == wanted


def check_ranges(sealed, forgiven, wanted):
    """See that where DAVE is blind no byte was changed, but moved at most.

    The clear bytes are authenticated, and so are the others, but not where they
    stand among each other. So a range that is shifted over equal bytes opens.
    Every receiver of DAVE takes that.
    """
    for (at, _), made in forgiven.items():
        assert -sealed[-3] + 8 < at < -3
        assert sorted(made) == sorted(wanted)


def has_escapes(sealed):
    """Tell whether there are escapes to undo in a frame of GetStream, told so."""
    sealed = sealed[:-7] + bytes([sealed[-7] | 0x80]) + sealed[-6:]
    clear = sealed[: int.from_bytes(sealed[-7:-5], "big") & stream.CLEAR_MAX]
    run = sealed[len(clear) :]
    return unescape_strict(run, trailing_zeros(clear)) != run


def test_truncation_at_every_length_is_rejected(row):
    """A cut frame is the commonest damage; none may open or crash.

    Nothing at all is a frame of LiveKit: a silence, in which nobody spoke.
    """
    link = Link(row, replay_window=0)
    is_empty_good = row.format in ("livekit", "element-call")
    for nth, sample in enumerate(SAMPLES[row.codec]):
        sealed = link.sealer.seal(sample.data)
        for length in range(len(sealed)):
            wanted = b"" if length == 0 and is_empty_good else None
            assert try_altered(link, sealed[:length]) == wanted
        wanted = row.model.comes_back(sample.data)
        assert link.opener.open(sealed, **link.beside(nth)) == wanted


@pytest.mark.parametrize("extra", [1, 2, 15, 16, 17, 64])
def test_extension_is_rejected(link, extra):
    """Bytes before or behind must not be ignored: they may hide a second frame."""
    sealed = link.sealer.seal(link.row.frame)
    for filler in (bytes(extra), pattern(extra)):
        assert try_altered(link, sealed + filler) is None
        assert try_altered(link, filler + sealed) is None


@pytest.mark.parametrize("format_name", ["livekit", "stream", "insertable"])
def test_escape_more_than_needed_opens_to_the_same_bytes_or_not_at_all(format_name):
    """Escapes are the packetiser's, outside what is sealed.

    LiveKit's reader takes out any 03 behind two zeros, so one more changes
    nothing. The others take out only what a writer puts in.
    """
    row = Row(format_name, "AES-128-GCM", "h264")
    zeros = {"ssrc": 0x55000055} if format_name == "insertable" else {}
    if not zeros:
        zeros = {"salt": (b"UU\0\0" + SALT)[: len(row.fixed["salt"])]}
    key = row.key()
    sealed = row.sealer(key, counter=0x01010101, **zeros).seal(row.frame)
    at = sealed.rindex(b"\0\0" + (b"\x55" if format_name == "insertable" else SALT[:1]))
    more = sealed[: at + 2] + b"\3" + sealed[at + 2 :]
    opener = row.opener({0: key}, replay_window=0)
    assert opener.open(sealed) == row.frame
    if format_name == "livekit":
        assert opener.open(more) == row.frame
    else:
        with pytest.raises(ff.AuthenticationFailed):
            opener.open(more)


# -- keys --


def test_wrong_key_is_rejected(link):
    """A stranger with another key must see nothing."""
    stranger = link.row.opener({0: link.row.key()})
    for sample in SAMPLES[link.row.codec]:
        with pytest.raises(ff.AuthenticationFailed) as caught:
            stranger.open(link.sealer.seal(sample.data), **link.beside(0))
        assert caught.value.status is ff.Status.AUTH_FAILED


def test_key_of_another_id_is_not_tried(row):
    """Trying all keys would let a peer make one frame cost many."""
    link = Link(row, key_id=1)
    sealed = link.sealer.seal(row.frame)
    assert row.inspect(sealed).key_id == (1 if row.format in NAMES_KEY else None)
    if row.format not in NAMES_KEY:
        return
    other = row.opener({2: link.key})
    with pytest.raises(ff.UnknownKey) as caught:
        other.open(sealed)
    assert caught.value.key_id == 1
    assert other.stats().unknown_key == 1


def test_opener_without_keys_says_unknown_key(row):
    """A frame that comes before its key is ordinary, not an attack."""
    link = Link(row)
    opener = row.opener({})
    with pytest.raises(ff.UnknownKey):
        opener.open(link.sealer.seal(row.frame), **link.beside(0))


# -- what stays in memory --


def test_rejected_frame_leaves_output_zeroed(link):
    """Unverified plaintext is what attacks on GCM live on."""
    frame = link.row.sized(300)
    sealed = link.sealer.seal(frame)
    stranger = link.row.opener({0: link.row.key()})
    out = Guarded(400)
    with pytest.raises(ff.AuthenticationFailed):
        stranger.open_into(sealed, out.view, **link.beside(0))
    assert bytes(out.view[:300]) == bytes(300)
    assert out.is_untouched(since=300)


def test_rejected_frame_in_place_is_gone(link):
    """In place, too, no byte of unverified plaintext may stay behind."""
    sealed = bytearray(link.sealer.seal(link.row.frame))
    header = link.row.inspect(sealed).header_len
    stranger = link.row.opener({0: link.row.key()})
    for start in {0, header}:
        room = Guarded(len(sealed), fill=sealed)
        with pytest.raises(ff.AuthenticationFailed):
            stranger.open_into(room.view, room.view[start:], **link.beside(0))
        assert set(room.view) == {0}
        assert room.is_intact()


def test_frame_whose_key_may_yet_come_stands_in_place(link):
    """Unknown key, replayed, malformed: nothing was decrypted, nothing is lost."""
    sealed = link.sealer.seal(link.row.frame)
    room = Guarded(len(sealed), fill=sealed)
    with pytest.raises(ff.UnknownKey):
        link.row.opener({}).open_into(room.view, room.view, **link.beside(0))
    assert room.view == sealed
    if link.checks_replay:
        link.opener.open(sealed, **link.beside(0))
        with pytest.raises(ff.ReplayedFrame):
            link.opener.open_into(room.view, room.view, **link.beside(0))
        assert room.view == sealed
    assert room.is_intact()
