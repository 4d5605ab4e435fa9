"""The table's fourth list: nonces, counters, failed calls, and what is counted."""

from __future__ import annotations

import pytest
from frames import LONG, SAMPLES
from reference.errors import Rejected
from support import TOO_SHORT, Guarded, Link, Row, pattern

import fastframe as ff

RESEALING = [
    Row("insertable", "AES-128-GCM", "h264"),
    Row("insertable-bare", "AES-128-GCM", "h265"),
    Row("sframe", "AES-128-GCM", "h264"),
    Row("sframe", "AES_128_CTR_HMAC_SHA256_80", "h265"),
    Row("livekit", "AES-128-GCM", None),
    Row("livekit", "AES-128-GCM", "h264"),
    Row("livekit", "AES-128-GCM", "h265"),
    Row("dave", "AES-128-GCM-8", "h264"),
    Row("dave", "AES-128-GCM-8", "h265"),
]


# -- no nonce twice --


def test_nonces_never_repeat(link):
    """One repeated nonce gives away two frames and the authentication key."""
    frame = link.row.frame
    batch = ff.Batch(20)
    for _ in range(20):
        batch.append(frame)
    sealed = [link.sealer.seal(frame) for _ in range(100)]
    sealed += [bytes(one) for one in link.sealer.seal_batch(batch)]
    sealed += [bytes(one) for one in link.sealer.seal_batch([frame] * 20)]
    assert len(set(sealed)) == 140
    seen = set()
    for one in sealed:
        info = link.row.inspect(one)
        said = info.counter if info.nonce is None else info.nonce
        seen.add(one if said is None else said)
    assert len(seen) == 140
    taken = link.sealer.counter - link.row.first
    assert taken == 140 or (taken > 140 and link.row.codec in ("h264", "h265"))


def test_nonces_are_made_of_salt_and_counter(row):
    """Two sealers with the same salt would repeat: so it is the key's and ours.

    With a salt of the caller's, the nonce is foretold; a drawn one differs for
    each import of a key.
    """
    key, frame, made = row.key(), row.frame, []
    for options in (row.fixed, row.fixed, {}, {}):
        with row.sealer(key, **options) as sealer:
            made.append(sealer.seal(frame))
    assert made[0] == made[1]
    is_drawn = bool(row.fixed)
    assert (made[1] != made[2] != made[3]) == is_drawn


# -- frames that chance made unfit --


@pytest.mark.parametrize("row", RESEALING, ids=str)
def test_unfit_frames_are_sealed_again(row):
    """A zero at the end, a start code, a slice where there is none: none goes out.

    What is skipped was unfit, by the reference's word, and nothing else is.
    """
    tricky = [b"", b"\0\0\1", b"\0\0\0\1", bytes(3), bytes(10), LONG + b"\x67\0\0"]
    tricky += [LONG + b"\x67\x42\0\0", LONG + b"\x42\1\0\0", LONG + b"\x65\x88\0"]
    tricky += [b"\0\0\1\x67\x42\x11", b"\0\0\1\x26\0\0\1\2"]
    tricky += [sample.data for sample in SAMPLES[row.codec]]
    skipped = 0
    link = Link(row)
    for _ in range(120):
        for frame in tricky:
            try:
                wanted = row.model.comes_back(frame)
            except Rejected:
                continue
            first = link.sealer.counter
            sealed = link.sealer.seal(frame)
            assert not row.model.is_unfit(frame, sealed), (frame, sealed)
            assert link.opener.open(sealed) == wanted
            if row.format != "livekit":
                skipped += check_skipped(link, frame, sealed, first)
            else:
                skipped += max(0, link.sealer.counter - first - 1)
    assert skipped or row.format == "dave"


def check_skipped(link, frame, sealed, first):
    """See that each nonce between first and the one used makes an unfit frame."""
    model = link.row.model
    used = model.nonce_of(frame, sealed, None)
    head, last = b"", used
    if isinstance(used, bytes):
        head, last = used[:-8], int.from_bytes(used[-8:], "big")
    assert link.sealer.counter == last + 1
    for counter in range(first, last):
        nonce = head + counter.to_bytes(8, "big") if head else counter
        key = model.derive(link.key, counter)
        made = model.seal(frame, key=key, key_id=0, nonce=nonce)
        assert model.is_unfit(frame, made)
    return last - first


def test_dave_seals_again_where_a_start_code_came_out():
    """The 42nd nonce of this sender makes 00 00 01 within a mebibyte."""
    row = Row("dave", "AES-128-GCM-8", "h264")
    frame = LONG + b"\x41" + bytes(1 << 20)
    key = bytes(range(16))
    with row.sealer(key, counter=42) as sealer:
        sealed = sealer.seal(frame)
        assert (row.inspect(sealed).counter, sealer.counter) == (43, 44)
    assert row.opener({0: key}).open(sealed) == frame
    made = row.model.seal(frame, key=row.model.derive(key), key_id=0, nonce=42)
    assert row.model.is_unfit(frame, made)


def test_a_frame_that_stays_unfit_is_not_sent():
    """Sealed or an error: after so many tries, nothing that nobody can open.

    With this salt every IV holds 00 00 01 and what reads as a slice of H.265.
    """
    row = Row("livekit", "AES-128-GCM", None)
    salt, frame = bytes(9) + b"\1\xa0\0", b"\0\0\1\x67" + row.sized(40)
    with row.sealer(row.key(), salt=salt) as sealer:
        sealed = row.model.seal(frame, key=bytes(16), key_id=0, nonce=salt)
        assert row.model.is_unfit(frame, sealed)
        with pytest.raises(ff.FastframeError):
            sealer.seal(frame)
        assert sealer.seal_batch([frame]).ok == 0


@pytest.mark.parametrize(
    ("format_name", "codec", "most"),
    [("insertable", "h264", 255), ("livekit", "h265", 255), ("dave", "h264", 254)],
)
def test_frames_with_very_many_start_codes_have_an_end(format_name, codec, most):
    """Memory for them is fixed: what does not fit is refused, not cut."""
    suite = "AES-128-GCM-8" if format_name == "dave" else "AES-128-GCM"
    row = Row(format_name, suite, codec)
    link = Link(row)
    unit = b"\0\0\1\x06\5" if codec == "h264" else b"\0\0\1\x4e\1"
    for units in (most - 1, most, 300, 5000):
        frame = unit * units + row.sized(40)
        if units < most:
            sealed = link.sealer.seal(frame)
            assert link.opener.open(sealed) == row.model.comes_back(frame)
        elif units > 256:
            with pytest.raises(ff.MalformedFrame):
                link.sealer.seal(frame)


def test_stream_clear_bytes_have_an_end():
    """The trailer counts them in 15 bits: parameter sets and SEI of 32 KiB."""
    link = Link(Row("stream", "AES-128-GCM", "h264"))
    for size in (32767, 32768):
        slice_ = LONG + b"\x65\x88"
        frame = LONG + b"\x06" + b"\x55" * (size - 5 - len(slice_)) + slice_ + b"body"
        if size < 32768:
            assert link.opener.open(link.sealer.seal(frame)) == frame
        else:
            with pytest.raises(ff.MalformedFrame):
                link.sealer.seal(frame)


# -- calls that fail --


def test_failed_seal_leaves_nothing_to_send(link):
    """Sealed or an error: a short output must not hold half a frame."""
    frame = link.row.sized(50)
    out = Guarded(50 + link.row.least_growth - 1)
    first = link.sealer.counter
    needed = 50 + link.sealer.overhead
    with pytest.raises(ff.UsageError, match=f"at least {needed} bytes"):
        link.sealer.seal_into(frame, out.view)
    assert out.is_intact()
    assert out.is_untouched()
    assert (link.sealer.counter, link.sealer.stats().no_room) == (first, 1)


def test_output_without_room_for_escapes_is_left_blank():
    """How many there will be shows only when all is sealed: then no byte stays."""
    row = Row("livekit", "AES-128-GCM", "h264")
    key = row.key()
    with row.sealer(key, salt=bytes(12)) as sealer:
        enough = len(sealer.seal(row.frame))
    with row.sealer(key, salt=bytes(12)) as sealer:
        for size in range(len(row.frame) + 30, enough):
            out = Guarded(size)
            with pytest.raises(ff.UsageError, match="at least"):
                sealer.seal_into(row.frame, out.view)
            assert set(out.view) <= {0, Guarded.SENTINEL}
            assert out.is_intact()
        assert sealer.stats().frames_sealed == 0


# -- what is counted --


def test_statistics_count_what_happened(link):
    """Never silent: operators see each outcome, in all and per key."""
    frame = link.row.sized(100)
    sealed = link.sealer.seal(frame)
    stranger = Link(link.row)
    link.opener.open(sealed, **link.beside(0))
    replayed = int(link.checks_replay)
    if replayed:
        with pytest.raises(ff.ReplayedFrame):
            link.opener.open(sealed, **link.beside(0))
    with pytest.raises(ff.AuthenticationFailed):
        link.opener.open(forged_for(link, stranger), **link.beside(1))
    with pytest.raises(ff.MalformedFrame):
        link.opener.open(TOO_SHORT.get(link.row.format, b""), **link.beside(2))
    stats = link.opener.stats()
    counted = (stats.frames_opened, stats.replayed, stats.auth_failed)
    assert counted == (1, replayed, 1)
    assert (stats.malformed, stats.frames_rejected) == (1, 2 + replayed)
    assert (stats.bytes_in, stats.bytes_out) == (len(sealed), 100)
    assert (stats.injected, stats.forwarded) == (0, 0)
    own = stats.keys[0]
    assert (own.frames_opened, own.replayed, own.auth_failed) == (1, replayed, 1)
    assert (own.bytes_out, own.ratchet_step) == (100, 0)
    assert own.senders == replayed


def forged_for(link, stranger):
    """Give a frame that link's opener has never seen, under another key.

    By chance link's own frame took up to ten counters more than one.
    """
    return [stranger.sealer.seal(link.row.frame) for _ in range(20)][-1]


def test_sealers_count_what_they_sealed(link):
    """Bytes in and out, and what was no frame for this format."""
    frames = [link.row.sized(100), link.row.sized(51)]
    sealed = [link.sealer.seal(frame) for frame in frames]
    short = [frame for frame in (b"", b"\1", pattern(3)) if is_too_short(link, frame)]
    for frame in short:
        with pytest.raises(ff.MalformedFrame):
            link.sealer.seal(frame, key_frame=True)
    stats = link.sealer.stats()
    assert (stats.frames_sealed, stats.malformed) == (2, len(short))
    assert (stats.bytes_in, stats.bytes_out) == (151, sum(map(len, sealed)))


def is_too_short(link, frame):
    """Tell a frame that the format cannot carry as a key frame."""
    try:
        link.row.model.comes_back(frame, kind=True)
    except Rejected:
        return True
    return False


def test_malformed_frames_in_a_batch_cost_only_themselves():
    """What cannot be sealed has a status, and its neighbours go out."""
    row = Row("livekit", "AES-128-GCM", "vp8")
    link = Link(row)
    frames = [row.frame, b"\x10\2", row.frame]
    for in_place in (False, True):
        batch = ff.Batch(3)
        for frame in frames:
            batch.append(frame)
        result = link.sealer.seal_batch(batch, in_place=in_place)
        ok, malformed = ff.Status.OK, ff.Status.MALFORMED
        assert list(result.status) == [ok, malformed, ok]
        assert bytes(result[1]) == b""
        with pytest.raises(ff.MalformedFrame, match="frame 1"):
            result.raise_first()
        for nth in (0, 2):
            assert link.opener.open(result[nth]) == row.frame
    assert link.sealer.stats().malformed == 2


def test_salt_with_a_start_code_seals_no_frame_that_nobody_opens():
    """Sealed or an error: what is unfit under every counter does not go out."""
    salt = bytes(10) + b"\1\0"  # the IV reads 00 00 01 at its end
    sealer = ff.Sealer("livekit", bytes(16), kdf="hkdf", salt=salt)
    with pytest.raises(ff.MalformedFrame):
        sealer.seal(b"\0\0\1\x67\x42\xc0\x1f")  # no slice: nothing is escaped
    assert sealer.counter == 11
    assert sealer.stats().malformed == 1
