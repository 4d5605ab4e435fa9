"""One table, many properties: what every format, suite and codec must hold."""

from __future__ import annotations

from itertools import product

import pytest
from frames import SAMPLES
from reference.errors import Rejected
from support import FRAME_MAX, HMAC, ROWS, SFRAME_NUMBERS, TAKES, Link, Row, pattern

import fastframe as ff

SIZES = [0, 1, 2, 3, 4, 9, 10, 11, 15, 16, 17, 31, 100, 1200, 8191, 65536]
KINDS = [True, False, None]
CLEAR_KIND = (None, "opus", "vp8", "vp9")  # in their first bytes, or not at all


def expected(row, frame, kind):
    """Give what the reference says a frame comes back as; None: not to be sealed."""
    try:
        return row.model.comes_back(frame, kind)
    except Rejected:
        return None


def frames_of(row):
    """Give frames of the codec, and some that are none, of many sizes."""
    return [sample.data for sample in SAMPLES[row.codec]] + [
        frame for size in SIZES for frame in (row.sized(size), pattern(size))
    ]


# -- what is in the table, and what is not --


def test_table_has_a_line_for_every_format_suite_and_codec():
    """A new one must be entered, or these tests would not know of it."""
    assert set(TAKES) == set(ff.formats())
    assert {row.suite for row in ROWS} == set(ff.suites())
    assert {row.codec for row in ROWS} == set(ff.codecs())
    assert len(ROWS) == 122


def test_what_is_not_in_the_table_is_refused():
    """A codec without a rule fails closed, and at once: not at the first frame.

    A frame of "stream" says itself what is clear: its opener needs no rule.
    """
    table = product(ff.formats(), ff.suites(), ff.codecs())
    refused = [row for row in map(Row, *zip(*table, strict=True)) if row not in ROWS]
    assert len(refused) == 10 * 9 * 7 - 122
    for row in refused:
        with pytest.raises(ff.UsageError):
            row.sealer(row.key())
        if row.format == "stream" and row.suite in TAKES["stream"][0]:
            row.opener({0: row.key()})
            continue
        with pytest.raises(ff.UsageError):
            row.opener({0: row.key()})
        with pytest.raises(ff.UsageError):
            row.opener({})


@pytest.mark.parametrize(
    ("format_name", "codec"),
    [(name, "av1") for name in ("raw", "insertable", "insertable-bare", "sframe")]
    + [(name, "av1") for name in ("livekit", "element-call", "stream")]
    + [("stream", None), ("stream", "h265")]
    + [(name, codec) for name in ("raw", "livekit-data") for codec in ("opus", "h264")],
)
def test_refusal_of_a_codec_names_it(format_name, codec):
    """An operator must see which of the two to change."""
    row = Row(format_name, "AES-128-GCM", codec)
    attempts = [lambda: row.sealer(row.key())]
    if format_name != "stream":
        attempts += [lambda: row.opener({}), lambda: row.inspect(bytes(100))]
    for attempt in attempts:
        with pytest.raises(ff.UsageError, match=f"{format_name}.*{codec}"):
            attempt()


@pytest.mark.parametrize("number", SFRAME_NUMBERS)
def test_sframe_suites_go_by_number_too(number):
    """Signalling carries IANA's numbers."""
    assert len(HMAC) == 6
    key = ff.generate_key(number)
    sealer = ff.Sealer("sframe", key, suite=number)
    opener = ff.Opener("sframe", {0: key}, suite=SFRAME_NUMBERS[number])
    assert opener.open(sealer.seal(b"frame")) == b"frame"


# -- round trip --


def test_frames_come_back(link):
    """The first promise: what went in comes out, in the form RTP carries it in.

    Only start codes before a slice (and what DAVE drops) may differ. What is
    shorter than its clear bytes the peers could not open: it is no frame.
    """
    nth = 0
    for frame, kind in product(frames_of(link.row), KINDS):
        wanted = expected(link.row, frame, kind)
        if wanted is None:
            with pytest.raises(ff.MalformedFrame) as caught:
                link.sealer.seal(frame, key_frame=kind)
            assert caught.value.status is ff.Status.MALFORMED
            continue
        sealed = link.sealer.seal(frame, key_frame=kind)
        assert len(sealed) <= len(frame) + link.sealer.overhead
        assert frame == b"" or len(sealed) >= len(wanted) + link.row.least_growth
        opened = link.opener.open(sealed, key_frame=kind, **link.beside(nth))
        assert opened == wanted, (frame[:40], kind)
        nth += 1
    assert nth >= 60


def test_frames_come_back_whatever_the_receiver_knows(link):
    """Behind most transports nobody knows the kind: it is found out."""
    nth = 0
    for frame, kind in product(frames_of(link.row), KINDS):
        wanted = expected(link.row, frame, kind)
        if wanted is not None:
            sealed = link.sealer.seal(frame, key_frame=kind)
            assert link.opener.open(sealed, **link.beside(nth)) == wanted, kind
            nth += 1
    assert link.opener.stats().frames_opened == nth


def test_a_mebibyte_comes_back(row):
    """Longer than any of the cipher's loops, and than 16 bits."""
    link = Link(row)
    frame = row.sized(1 << 20)
    sealed = link.sealer.seal(frame)
    assert link.opener.open(sealed, **link.beside(0)) == frame


LARGEST = [
    Row("raw", "AES-256-GCM", None),
    Row("insertable", "AES-128-GCM", "h264"),
    Row("sframe", "AES_128_CTR_HMAC_SHA256_80", "vp8"),
    Row("livekit", "AES-128-GCM", "h264"),
    Row("jitsi", "AES-128-GCM", "vp9"),
    Row("stream", "AES-128-GCM", "h264"),
    Row("dave", "AES-128-GCM-8", "h265"),
]


@pytest.mark.parametrize("row", LARGEST, ids=str)
@pytest.mark.parametrize("how", ["single", "list", "batch", "in place"])
def test_largest_frame_comes_back(row, how):
    """What may be sealed must be openable, up to the very limit, in all calls."""
    link = Link(row)
    frame = row.sized(16) + bytes(FRAME_MAX - len(row.sized(16)))
    if how == "single":
        sealed = link.sealer.seal(frame)
        assert link.opener.open(sealed, **link.beside(0)) == frame
        return
    if how == "list":
        there, back = [frame], [bytes(link.sealer.seal_batch([frame])[0])]
        result = link.opener.open_batch(back, **link.beside_all(0, 1))
    else:
        there, back = (ff.Batch(1, arena=FRAME_MAX + 1024) for _ in range(2))
        there.append(frame)
        result = link.sealer.seal_batch(there, in_place=how == "in place")
        result.raise_first()
        link.append(back, result[0], 0)
        result = link.opener.open_batch(back, in_place=how == "in place")
    result.raise_first()
    assert result[0] == frame


def test_sealed_frame_does_not_show_the_plaintext(link):
    """A format that forgot to encrypt would pass every round trip."""
    frame = link.row.sized(256)
    sealed = link.sealer.seal(frame)
    assert not any(frame[at : at + 8] in sealed for at in range(16, 248, 8))


# -- what a packetiser is told --


def test_inspect_accounts_for_every_byte(link):
    """Sizes that packetisers rely on must add up."""
    for frame in frames_of(link.row):
        if not expected(link.row, frame, None):
            continue
        sealed = link.sealer.seal(frame)
        info = link.row.inspect(sealed)
        assert (info.sealed_len, info.tag_len) == (len(sealed), link.row.tag_len)
        parts = info.header_len + info.clear_len + info.body_len + info.tag_len
        parts += info.trailer_len + info.escapes + info.extra_len
        assert parts == len(sealed)
        assert (info.format, info.is_plain) == (link.row.format, False)
        assert (info.key_id is not None) == link.names_key
    assert link.row.format == "raw" or (info.counter, info.nonce) != (None, None)


def test_clear_bytes_stand_in_front(link):
    """They are what an SFU and every depacketiser read."""
    model = link.row.model
    for sample in SAMPLES[link.row.codec]:
        sealed = link.sealer.seal(sample.data)
        if link.row.format != "dave":
            prefix, _ = model.split(sample.data, None)
            assert sealed.startswith(prefix)
            info = link.row.inspect(sealed)
            # Where nothing clear tells the kind, nobody without the key knows.
            if link.row.format != "jitsi" or link.row.codec in CLEAR_KIND:
                told = (info.clear_len, info.clear_ranges)
                assert told == (len(prefix), bool(prefix))


# -- key frame or delta --


def test_kind_is_authenticated_where_the_format_has_it(row):
    """An SFU that lies about frame types must not fool the decoder.

    Where clear bytes tell the kind they are authenticated themselves, and what
    the receiver is told about it plays no part. In LiveKit and Jitsi it says
    how much is clear, so there a wrong word does not open.
    """
    link = Link(row, replay_window=0)
    is_flag = row.format.startswith("insertable") and row.codec in (None, "opus", "vp9")
    for sent, told in product((True, False), KINDS):
        nth = link.sealer.counter
        sealed = link.sealer.seal(row.sized(64), key_frame=sent)
        lengths = {len(split_at(row, kind)) for kind in (True, False)}
        is_bound = is_flag or len(lengths) > 1
        how = {"key_frame": told} | link.beside(nth)
        if is_bound and told is (not sent):
            with pytest.raises(ff.AuthenticationFailed):
                link.opener.open(sealed, **how)
        else:
            assert link.opener.open(sealed, **how) == row.sized(64)


def split_at(row, kind):
    """Give what a receiver takes for clear, told that kind."""
    if row.format in ("stream", "dave"):  # the frame says it
        return b""
    return row.model.split(row.sized(64), kind)[0]


@pytest.mark.parametrize("codec", ["vp8", "vp9", "h264", "h265"])
@pytest.mark.parametrize("format_name", ["insertable", "insertable-bare"])
def test_unknown_kind_is_read_from_the_frame(format_name, codec):
    """None when sealing: the codec tells, and else it is a delta frame."""
    row = Row(format_name, "AES-128-GCM", codec)
    for sample in SAMPLES[codec]:
        link = Link(row, replay_window=0)
        sealed = link.sealer.seal(sample.data)
        key = row.model.derive(link.key)
        nonce = row.model.nonce_of(sample.data, sealed, None)
        named = {"key": key, "key_id": 0, "nonce": nonce}
        made = row.model.seal(sample.data, kind=bool(sample.is_key), **named)
        assert sealed == made, sample.name
