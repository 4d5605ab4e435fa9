"""examples/browser's sealing and opening, byte for byte with fastframe's."""

import random

import pytest
from peers.node import driven
from reference import clear, escape, insertable, sframe

import fastframe as ff

FORMATS = ("insertable", "sframe")
CODECS = ("vp8", "vp9", "h264", "h265", "opus")
ROWS = [
    (name, codec, size) for name in FORMATS for codec in CODECS for size in (16, 32)
]
KEY_ID = 7
SUITES = {16: 4, 32: 5}  # of SFrame, by the key's length


@pytest.fixture(scope="module")
def driver():
    """Give the Node process."""
    yield from driven("browser-frames.mjs")


class Page:
    """What the page's modules do, in Node."""

    def __init__(self, driver, name, key, key_id=KEY_ID):
        """Seal and open in a format, with a key for both."""
        self.ask = driver.ask
        told, _ = self.ask("useKey", [key], format=name, keyId=key_id)
        assert told["isWiped"]
        self.ask("start", format=name)
        self.ask("addKey", [key], keyId=key_id)

    def seal(self, frames, codec, *, key_frame=False):
        """Seal frames."""
        told, sealed = self.ask("seal", frames, codec=codec, isKey=key_frame)
        assert told["statuses"] == ["OK"] * len(frames)
        return sealed

    def open(self, sealed, codec, *, key_frame=False, together=False):
        """Open frames; give statuses and frames."""
        asked = {"codec": codec, "isKey": key_frame, "together": together}
        told, frames = self.ask("open", sealed, **asked)
        for status, frame in zip(told["statuses"], frames, strict=True):
            assert (frame is not None) == (status == "OK")
        return told["statuses"], frames


def material(size, seed=0):
    """Give a key."""
    return random.Random(f"{size}, {seed}").randbytes(size)


def frames_of(codec):
    """Give frames of a codec: whole, short, odd, and such as need escapes."""
    rng = random.Random(codec)
    bodies = [rng.randbytes(size) for size in (0, 1, 2, 3, 9, 10, 11, 40, 300, 5000)]
    bodies += [bytes(50), bytes([0, 0, 1, 0, 0, 3]) * 9, bytes([0, 0, 0, 1, 0, 0, 2])]
    if codec == "vp8":
        return [bytes([first, *body]) for first in (0x10, 0x11) for body in bodies]
    if codec not in clear.NAL_CODECS:
        return bodies
    slices = (0x65, 0x41, 0x06) if codec == "h264" else (0x26, 0x02, 0x40)
    starts = (b"\0\0\1", b"\0\0\0\1", b"\0\0\1\x67\x42\0\0\1\x68\0\0\0\1")
    heads = [start + bytes([slice_]) for start in starts for slice_ in slices]
    return [head + body for head in heads for body in bodies] + bodies


def arriving(codec, frame):
    """Give a frame as it comes back: its clear start codes have four bytes."""
    return b"".join(clear.own_split(codec, frame))


def by_reference(name, codec, key, sealed):
    """Open by the reference implementation."""
    if name == "insertable":
        return insertable.open_(sealed, keys={KEY_ID: key}, codec=codec)
    suite = SUITES[len(key)]
    derived = sframe.derive(key, key_id=KEY_ID, suite=suite)
    return sframe.open_(sealed, keys={KEY_ID: derived}, suite=suite, codec=codec)


@pytest.mark.parametrize(("name", "codec", "size"), ROWS)
def test_python_opens_what_the_page_seals(driver, name, codec, size):
    """The same frames come out of fastframe, and of the reference."""
    key = material(size)
    page = Page(driver, name, key)
    frames = frames_of(codec)
    opener = ff.Opener(name, {KEY_ID: key}, codec=codec)
    expected = [arriving(codec, frame) for frame in frames]
    for kind in (False, True):
        sealed = page.seal(frames, codec, key_frame=kind)
        assert [opener.open(one) for one in sealed] == expected
        assert [by_reference(name, codec, key, one) for one in sealed] == expected
        if codec in clear.NAL_CODECS:
            assert not any(one.endswith(b"\0") for one in sealed)


@pytest.mark.parametrize(("name", "codec", "size"), ROWS)
def test_page_opens_what_python_seals(driver, name, codec, size):
    """Whatever kind of frame it was said to be, on either side."""
    key = material(size)
    page = Page(driver, name, key)
    frames = frames_of(codec)
    expected = [arriving(codec, frame) for frame in frames]
    sealer = ff.Sealer(name, key, key_id=KEY_ID, codec=codec)
    for said in (None, True, False):
        sealed = [sealer.seal(frame, key_frame=said) for frame in frames]
        statuses, opened = page.open(sealed, codec, key_frame=bool(said))
        assert statuses == ["OK"] * len(frames)
        assert opened == expected


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("codec", CODECS)
def test_page_writes_the_very_bytes_that_we_would(driver, name, codec):
    """Under the nonce that it took, the reference comes to the same frame."""
    key = material(16)
    page = Page(driver, name, key)
    for kind in (False, True):
        for frame in frames_of(codec):
            [sealed] = page.seal([frame], codec, key_frame=kind)
            info = ff.inspect(name, sealed, codec=codec)
            named = {"key_id": KEY_ID, "codec": codec, "key_frame": kind}
            if name == "insertable":
                prefix, _ = clear.own_split(codec, frame)
                run = sealed[len(prefix) :]
                if codec in clear.NAL_CODECS:
                    run = escape.unescape_strict(run, escape.trailing_zeros(prefix))
                again = insertable.seal(frame, key=key, iv=run[1:13], **named)
            else:
                derived = sframe.derive(key, key_id=KEY_ID, suite=4)
                named = {**named, "counter": info.counter, "suite": 4}
                again = sframe.seal(frame, key=derived, **named)
            assert sealed == again


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("codec", CODECS)
def test_page_rejects_each_changed_byte_and_each_cut(driver, name, codec):
    """No bit of what was sealed can be changed, and nothing comes out."""
    key = material(16)
    page = Page(driver, name, key)
    frame = frames_of(codec)[-14 if codec in clear.NAL_CODECS else 7]
    sealed = ff.Sealer(name, key, key_id=KEY_ID, codec=codec).seal(frame)
    spoiled = []
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1 << at % 8
        spoiled += [bytes(changed), sealed[:at]]
    statuses, _ = page.open(spoiled, codec)
    assert "OK" not in statuses
    assert set(statuses) <= {"MALFORMED", "UNKNOWN_KEY", "AUTH_FAILED"}
    # What was refused has changed nothing: the frame itself still opens, once.
    assert page.open([sealed, sealed], codec)[0] == ["OK", "REPLAYED"]


@pytest.mark.parametrize("name", FORMATS)
def test_page_says_why(driver, name):
    """Another key, no key, a retired key, rubbish: the names that Status has."""
    key, other = material(16), material(16, 1)
    page = Page(driver, name, key)
    seal = ff.Sealer(name, other, key_id=KEY_ID).seal
    assert page.open([seal(b"frame")], "opus")[0] == ["AUTH_FAILED"]
    strange = ff.Sealer(name, other, key_id=KEY_ID + 1)
    assert page.open([strange.seal(b"frame")], "opus")[0] == ["UNKNOWN_KEY"]
    page.ask("addKey", [other], keyId=KEY_ID + 1)
    assert page.open([strange.seal(b"frame")], "opus")[0] == ["OK"]
    page.ask("retireKey", keyId=KEY_ID + 1)
    assert page.open([strange.seal(b"frame")], "opus")[0] == ["UNKNOWN_KEY"]
    assert page.open([b"", b"\x70", bytes([KEY_ID])], "opus")[0] == ["MALFORMED"] * 3
    assert set(ff.Status.__members__) >= {"OK", "REPLAYED", "TOO_OLD", "NOT_RUN"}


@pytest.mark.parametrize("name", FORMATS)
def test_page_refuses_replays(driver, name):
    """Late is fine within 1024 frames, twice and too late are not."""
    key = material(16)
    page = Page(driver, name, key)
    sealer = ff.Sealer(name, key, key_id=KEY_ID)
    sealed = [sealer.seal(bytes([i % 251])) for i in range(1500)]
    assert page.open([sealed[0], sealed[5], sealed[2]], "opus")[0] == ["OK"] * 3
    again = [sealed[5], sealed[2], sealed[0], sealed[1]]
    assert page.open(again, "opus")[0] == ["REPLAYED"] * 3 + ["OK"]
    assert page.open([sealed[1100]], "opus")[0] == ["OK"]
    late = [sealed[1100 - 1024], sealed[1100 - 1023]]
    assert page.open(late, "opus")[0] == ["TOO_OLD", "OK"]
    # The same key again is no new key: it would open all again.
    page.ask("addKey", [key], keyId=KEY_ID)
    assert page.open([sealed[1100]], "opus")[0] == ["REPLAYED"]
    # Two receivers that open one frame at the same time show it once.
    statuses, _ = page.open([sealed[1200]] * 5, "opus", together=True)
    assert sorted(statuses) == ["OK"] + ["REPLAYED"] * 4


def test_replay_is_told_before_a_tag_is_checked(driver):
    """A flood of old frames costs no decryption, changed or not."""
    key = material(16)
    page = Page(driver, "insertable", key)
    sealed = ff.Sealer("insertable", key, key_id=KEY_ID).seal(b"frame")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    expected = ["AUTH_FAILED", "OK", "REPLAYED", "REPLAYED"]
    assert page.open([changed, sealed, sealed, changed], "opus")[0] == expected


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_page_takes_the_escapes_that_we_take(driver, codec):
    """A 03 put in anywhere has the same outcome here and there."""
    key = material(16)
    # Zeros in the head, of which two stand right before a byte that needs no 03.
    named = {"key_id": 0, "ssrc": 1, "counter": 0x0509, "codec": codec}
    frame = b"\0\0\0\1" + bytes([0x65 if codec == "h264" else 0x26]) + bytes(30)
    sealed = ff.Sealer("insertable", key, **named).seal(frame)
    opener = ff.Opener("insertable", {0: key}, codec=codec, replay_window=0)
    outcomes = set()
    for at in range(len(sealed) + 1):
        changed = sealed[:at] + b"\3" + sealed[at:]
        page = Page(driver, "insertable", key, 0)
        [status], _ = page.open([changed], codec)
        assert status == ff.Status(opener.open_batch([changed]).status[0]).name
        outcomes.add(status)
    assert "AUTH_FAILED" in outcomes


@pytest.mark.parametrize("name", FORMATS)
def test_page_never_repeats_a_nonce(driver, name):
    """Frames sealed at the same time, and one by one, count on."""
    page = Page(driver, name, material(16))
    sealed = [one for _ in range(4) for one in page.seal([b"the same"] * 500, "opus")]
    counters = [ff.inspect(name, one).counter for one in sealed]
    assert len(set(sealed)) == len(sealed)
    assert sorted(counters) == list(range(min(counters), min(counters) + 2000))


def test_pages_under_one_key_count_from_elsewhere(driver):
    """Insertable draws prefix and start, so that even two pages do not meet."""
    key = material(16)
    heads = {
        Page(driver, "insertable", key).seal([b"x"], "opus")[0][1:13] for _ in range(50)
    }
    assert len({head[:4] for head in heads}) >= 49
    assert len({head[4:6] for head in heads}) >= 40


@pytest.mark.parametrize("name", FORMATS)
def test_key_that_has_come_to_its_end_seals_no_more(driver, name):
    """Not one frame, and nothing of it comes out."""
    page = Page(driver, name, material(16))
    page.ask("wear", left=3)
    told, sealed = page.ask("seal", [b"frame"] * 5, codec="opus", isKey=False)
    assert told["statuses"] == ["OK"] * 3 + ["KEY_EXHAUSTED"] * 2
    assert sealed[3:] == [None, None]


@pytest.mark.parametrize("key_id", [0, 7, 8, 255, 256, 2**32, 2**53])
def test_sframe_key_ids_of_every_length(driver, key_id):
    """Headers and derived keys, whose label has the key id in eight bytes."""
    key = material(16)
    page = Page(driver, "sframe", key, key_id)
    sealed = page.seal([b"frame"] * 9, "opus")
    opener = ff.Opener("sframe", {key_id: key})
    assert [opener.open(one) for one in sealed] == [b"frame"] * 9
    ours = ff.Sealer("sframe", key, key_id=key_id, counter=2**40).seal(b"other")
    assert page.open([ours], "opus") == (["OK"], [b"other"])


def test_sframe_header_longer_than_it_need_be_is_malformed(driver):
    """One frame has one spelling."""
    key = material(16)
    page = Page(driver, "sframe", key)
    derived = sframe.derive(key, key_id=KEY_ID, suite=4)
    named = {"key": derived, "key_id": KEY_ID, "counter": 3, "suite": 4}
    long = sframe.seal(b"frame", **named, counter_len=2)
    assert page.open([long], "opus")[0] == ["MALFORMED"]
