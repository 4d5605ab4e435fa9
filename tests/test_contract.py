"""One table, many properties: what every format, suite and codec must hold."""

from __future__ import annotations

import pytest
from support import FRAME_MAX, ROWS, Guarded, Link, pattern

import fastframe as ff

SIZES = [0, 1, 2, 15, 16, 17, 31, 100, 1200, 8191, 65536, 1 << 20]


def test_table_is_not_empty():
    """An empty registry would make every test here vanish."""
    assert len(ROWS) >= 6


# -- round trip --


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key_frame", [True, False, None])
def test_frame_comes_back(link, size, key_frame):
    """The first promise: what went in comes out, at the sizes that matter."""
    frame = pattern(size)
    counter = link.sealer.counter
    sealed = link.sealer.seal(frame, key_frame=key_frame)
    assert size < len(sealed) <= size + link.sealer.overhead
    assert link.opener.open(sealed, **link.beside(counter)) == frame


def test_largest_frame_comes_back(row):
    """What may be sealed must be openable, up to the very limit."""
    link = Link(row)
    frame = bytes(FRAME_MAX)
    sealed = link.sealer.seal(frame)
    assert link.opener.open(sealed, **link.beside(0)) == frame


@pytest.mark.parametrize("how_opened", ["list", "batch", "in place"])
def test_largest_frame_comes_back_in_a_batch(how_opened):
    """The limit is one for all calls."""
    link = Link(ROWS[-1])
    frame = bytes(FRAME_MAX)
    frames = [bytes(link.sealer.seal_batch([frame])[0])]
    if how_opened != "list":
        batch = ff.Batch(1, arena=FRAME_MAX + 64)
        batch.append(frames[0])
        frames = batch
    result = link.opener.open_batch(frames, in_place=how_opened == "in place")
    result.raise_first()
    assert result[0] == frame


def test_sealed_frame_does_not_show_the_plaintext(link):
    """A format that forgot to encrypt would pass every round trip."""
    frame = pattern(256)
    sealed = link.sealer.seal(frame)
    assert not any(frame[at : at + 8] in sealed for at in range(0, 248, 8))


def test_inspect_accounts_for_every_byte(link):
    """Sizes that packetisers rely on must add up."""
    frame = pattern(100)
    sealed = link.sealer.seal(frame)
    info = ff.inspect(link.row.format, sealed)
    assert info.sealed_len == len(sealed)
    assert info.body_len == len(frame)
    assert info.tag_len == 16
    parts = info.header_len + info.body_len + info.tag_len + info.trailer_len
    assert parts == info.sealed_len


# -- key frame or delta --


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("expected", [True, False, None])
def test_key_frame_flag_is_authenticated_where_the_format_has_it(link, sent, expected):
    """An SFU that lies about frame types must not fool the decoder."""
    sealed = link.sealer.seal(b"frame", key_frame=sent)
    authenticates = link.row.format != "raw"
    if authenticates and expected is (not sent):
        with pytest.raises(ff.AuthenticationFailed):
            link.opener.open(sealed, key_frame=expected, **link.beside(0))
    else:
        opened = link.opener.open(sealed, key_frame=expected, **link.beside(0))
        assert opened == b"frame"


def test_unknown_kind_is_sealed_as_a_delta_frame(link):
    """None when sealing means: nobody knows of a key frame here."""
    sealed = link.sealer.seal(b"frame", key_frame=None)
    beside = link.beside(0)
    assert link.opener.open(sealed, key_frame=False, **beside) == b"frame"


# -- nothing but the sealed frame opens --


def open_altered(link, altered):
    """Open into guarded memory; the frame must be rejected, the memory clean."""
    out = Guarded(max(len(altered), 64))
    with pytest.raises((ff.AuthenticationFailed, ff.UnknownKey, ff.MalformedFrame)):
        link.opener.open_into(altered, out.view, **link.beside(0))
    assert out.is_intact()
    assert set(out.view) <= {0, Guarded.SENTINEL}


@pytest.mark.parametrize("size", [0, 1, 20])
def test_flipped_bit_anywhere_is_rejected(link, size):
    """Every byte counts: key id, IV, ciphertext, tag, each of their bits."""
    sealed = link.sealer.seal(pattern(size))
    for at in range(len(sealed)):
        for bit in range(8):
            altered = bytearray(sealed)
            altered[at] ^= 1 << bit
            open_altered(link, altered)
    assert link.opener.open(sealed, **link.beside(0)) == pattern(size)


def test_rejected_frame_leaves_output_zeroed(link):
    """Unverified plaintext is what attacks on GCM live on."""
    sealed = bytearray(link.sealer.seal(pattern(300)))
    sealed[-1] ^= 1
    out = Guarded(400)
    with pytest.raises(ff.AuthenticationFailed):
        link.opener.open_into(sealed, out.view, **link.beside(0))
    assert bytes(out.view[:300]) == bytes(300)
    assert out.is_untouched(since=300)


def test_rejected_frame_in_place_is_gone(link):
    """In place, too, no byte of unverified plaintext may stay behind."""
    frame = pattern(300)
    sealed = bytearray(link.sealer.seal(frame))
    sealed[-1] ^= 1
    facts = ff.inspect(link.row.format, sealed)
    body = slice(facts.header_len, facts.header_len + facts.body_len)
    before = bytes(sealed[body])
    with pytest.raises(ff.AuthenticationFailed):
        link.opener.open_into(sealed, memoryview(sealed)[body], **link.beside(0))
    assert bytes(sealed[body]) == bytes(300) != before


def test_truncation_at_every_length_is_rejected(link):
    """A cut frame is the commonest damage; none may open or crash."""
    sealed = link.sealer.seal(pattern(40))
    for length in range(len(sealed)):
        open_altered(link, sealed[:length])
    assert link.opener.open(sealed, **link.beside(0)) == pattern(40)


@pytest.mark.parametrize("extra", [1, 2, 15, 16, 17, 64])
def test_extension_is_rejected(link, extra):
    """Trailing bytes must not be ignored: they may hide a second frame."""
    sealed = link.sealer.seal(pattern(40))
    open_altered(link, sealed + bytes(extra))
    open_altered(link, bytes(extra) + sealed)


def test_wrong_key_is_rejected(link):
    """A stranger with another key must see nothing."""
    stranger = link.row.opener({0: link.row.key()})
    with pytest.raises(ff.AuthenticationFailed) as caught:
        stranger.open(link.sealer.seal(b"frame"), **link.beside(0))
    assert caught.value.status is ff.Status.AUTH_FAILED


def test_key_of_another_id_is_not_tried(row):
    """Trying all keys would let a peer make one frame cost many."""
    link = Link(row, key_id=1)
    if not link.names_key:
        assert ff.inspect(row.format, link.sealer.seal(b"")).key_id is None
        return
    other = row.opener({2: link.key})
    with pytest.raises(ff.UnknownKey) as caught:
        other.open(link.sealer.seal(b"frame"))
    assert caught.value.key_id == 1
    assert other.stats().unknown_key == 1


def test_opener_without_keys_says_unknown_key(row):
    """A frame that comes before its key is ordinary, not an attack."""
    link = Link(row)
    opener = row.opener({})
    with pytest.raises(ff.UnknownKey):
        opener.open(link.sealer.seal(b"frame"), **link.beside(0))


# -- no nonce twice --


def test_nonces_never_repeat(link):
    """One repeated nonce gives away two frames and the authentication key."""
    seen = set()
    batch = ff.Batch(20)
    for _ in range(20):
        batch.append(b"same frame")
    sealed = [link.sealer.seal(b"same frame") for _ in range(100)]
    sealed += [bytes(frame) for frame in link.sealer.seal_batch(batch)]
    sealed += [bytes(frame) for frame in link.sealer.seal_batch([b"same frame"] * 20)]
    assert len(set(sealed)) == 140
    for frame in sealed:
        info = ff.inspect(link.row.format, frame)
        seen.add(info.nonce if info.nonce is not None else frame)
    assert len(seen) == 140
    assert link.sealer.counter == 140


def test_failed_seal_leaves_nothing_to_send(link):
    """Sealed or an error: a short output must not hold half a frame."""
    out = Guarded(50 + link.sealer.overhead - 1)
    with pytest.raises(ff.UsageError, match=f"at least {50 + link.sealer.overhead}"):
        link.sealer.seal_into(bytes(50), out.view)
    assert out.is_intact()
    assert out.is_untouched()
    assert link.sealer.counter == 0


def test_statistics_count_what_happened(link):
    """Never silent: operators see each outcome, in all and per key."""
    sealed = link.sealer.seal(pattern(100))
    forged = bytearray(link.sealer.seal(pattern(50)))
    forged[-1] ^= 1
    link.opener.open(sealed, **link.beside(0))
    with pytest.raises(ff.ReplayedFrame):
        link.opener.open(sealed, **link.beside(0))
    with pytest.raises(ff.AuthenticationFailed):
        link.opener.open(forged, **link.beside(1))
    with pytest.raises(ff.MalformedFrame):
        link.opener.open(b"", **link.beside(2))
    stats = link.opener.stats()
    assert (stats.frames_opened, stats.replayed, stats.auth_failed) == (1, 1, 1)
    assert (stats.malformed, stats.frames_rejected) == (1, 3)
    assert (stats.bytes_in, stats.bytes_out) == (len(sealed), 100)
    own = stats.keys[0]
    assert (own.frames_opened, own.replayed, own.auth_failed) == (1, 1, 1)
    sealer = link.sealer.stats()
    assert (sealer.frames_sealed, sealer.bytes_in) == (2, 150)
    assert sealer.bytes_out == len(sealed) + len(forged)
