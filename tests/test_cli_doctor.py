"""fastframe doctor and inspect: frames and keys in, plain words and hex out."""

import base64
import io
import json
import os
import random
import re
import subprocess
import sys

import pytest

import fastframe as ff
from fastframe import cli, livekit
from fastframe.cli import hexview, inspection

rich_console = pytest.importorskip("rich.console")

KEY = bytes(range(16))
PASSPHRASE = "a phrase that nobody else has"  # noqa: S105 - of these tests


def vp8(number, size=200):
    """Make a VP8 key frame."""
    tag = (1 << 4 | (size // 2) << 5).to_bytes(3, "little")
    head = tag + b"\x9d\x01\x2a\x80\x02\x68\x01"
    return head + random.Random(number).randbytes(size)


def seal(format_, num=6, frame=vp8, key=KEY, **options):
    """Seal some frames."""
    sealer = ff.Sealer(format_, key, **options)
    return [sealer.seal(frame(number)) for number in range(num)]


def packed(frames):
    """Put each frame's length in front of it."""
    return b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)


@pytest.fixture
def doctor(tmp_path, capsys):
    """Run the doctor on files of these contents; give exit code and report."""

    def run(contents, *args, key=KEY):
        files = []
        for number, content in enumerate(contents):
            path = tmp_path / f"frames{number}"
            path.write_bytes(content)
            files.append(str(path))
        if key is not None:
            path = tmp_path / "key"
            path.write_bytes(key)
            args = ("--key-file", str(path), *args)
        code = cli.main(["doctor", "--json", *args, *files])
        return code, json.loads(capsys.readouterr().out)

    return run


# -- frames --


def test_frames_that_open(doctor):
    """Exit code 0, and one finding that says so."""
    frames = seal("livekit", codec="vp8", kdf="hkdf")
    how = ["--format=livekit", "--codec=vp8", "--kdf=hkdf"]
    code, report = doctor([packed(frames)], *how)
    assert code == 0
    assert report["opens"]
    assert report["num_frames"] == report["num_opened"] == 6
    assert [finding["cause"] for finding in report["findings"]] == ["opens"]


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("frames", packed),
        ("hex", lambda frames: "\n".join(f.hex() for f in frames).encode() + b"\n\n"),
        ("hex", lambda frames: b"\r\n".join(f.hex(" ").encode() for f in frames)),
    ],
)
@pytest.mark.parametrize("is_told", [False, True])
def test_files_of_many_frames(doctor, kind, write, is_told):
    """A container and lines of hex are told by their looks."""
    args = [f"--as={kind}"] if is_told else []
    code, report = doctor([write(seal("stream", codec="vp8"))], *args)
    assert code == 1
    assert report["num_frames"] == 6
    best = report["findings"][0]
    assert best["cause"] == "other-format"
    assert best["confidence"] == 1
    assert best["change"] == {"format": "stream"}
    assert report["call"] == 'Opener("stream", keys)'


def test_several_files_of_one_frame(doctor):
    """One frame a file, in any number of files."""
    frames = seal("insertable")
    assert doctor(frames, "--format=insertable")[0] == 0
    code, report = doctor([*frames[:3], packed(frames[3:])], "--format=insertable")
    assert (code, report["num_frames"]) == (0, 6)


def test_raw_bytes_that_look_like_hex(doctor):
    """--as=raw takes a file for what it is."""
    code, report = doctor([b"00" * 40], "--as=raw", "--format=sframe")
    assert (code, report["num_frames"]) == (1, 1)
    assert doctor([b"00" * 40], "--format=sframe")[1]["num_frames"] == 1
    assert doctor([b""], "--format=sframe")[1]["findings"][0]["cause"] == "empty-frames"


def test_a_container_that_is_none(doctor):
    """Lengths that lead nowhere."""
    for content in (packed([b"abc"])[:-1], b"\0\0\0"):
        with pytest.raises(json.JSONDecodeError):
            doctor([content], "--as=frames")


def test_padding_in_words(tmp_path, capsys):
    """The report is plain text where there is no terminal."""
    frames = [frame + b"\0\0\3" for frame in seal("dave", codec="vp8")]
    path, key = tmp_path / "frames", tmp_path / "key"
    path.write_bytes(packed(frames))
    key.write_bytes(KEY)
    args = ["doctor", "--format=dave", "--key-file", str(key), str(path)]
    assert cli.main(args) == 1
    out = capsys.readouterr().out
    assert "6 frames, 0 open." in out
    assert "1. rtp-padding (proven): 6 of 6 frames opened so" in out
    assert "3 bytes before the end" in out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_report_without_rich(tmp_path, capsys, monkeypatch):
    """The doctor comes to machines without the package for tables, too."""
    path = tmp_path / "frames"
    path.write_bytes(packed(seal("stream", codec="vp8")))
    for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.text", None)
    assert cli.main(["doctor", str(path)]) == 1
    assert "1. no-keys (very likely)" in capsys.readouterr().out


def test_report_of_a_search_cut_short(tmp_path, capsys, monkeypatch):
    """The reader learns that not everything was tried."""
    frames = [os.urandom(300_000) + b"\x0c\x00" for _ in range(3)]
    path, key = tmp_path / "frames", tmp_path / "key"
    path.write_bytes(packed(frames))
    key.write_bytes(KEY)
    monkeypatch.setattr("fastframe.diagnosis.budget.TRIALS_MAX", 5)
    cli.main(["doctor", "--format=livekit", "--key-file", str(key), str(path)])
    assert "cut short" in capsys.readouterr().out


def test_options_go_to_the_opener(doctor):
    """Every option of the Opener has its own here."""
    frames = seal("livekit", key_id=200, ring=256, kdf="hkdf", ratchet_salt="salz")
    trailer = b"\xf8\xff\xfe" + bytes(77) + b"SIF"
    frames = [livekit.add_metadata(f, livekit.FrameMetadata(1)) for f in frames]
    how = ["--format=livekit", "--kdf=hkdf", "--ratchet-salt=salz", "--ring=0x100"]
    how += ["--packet-trailer", "--ratchet-window=0", f"--sif-trailer={b'SIF'.hex()}"]
    code, report = doctor([packed([*frames, trailer])], *how)
    assert code == 0, report
    frames = seal("sframe", suite=8, ssrc=5, codec="vp8")
    how = ["--format=sframe", "--suite=8", "--ssrc=5", "--codec=vp8"]
    assert doctor([packed(frames)], *how)[0] == 0
    assert doctor([packed(frames * 2)], *how)[0] == 1
    assert doctor([packed(frames * 2)], *how, "--replay-window=0")[0] == 0
    assert doctor([packed(frames)], *how, "--frames-are=opened")[0] == 1
    how = ["--format=raw", f"--salt={bytes(12).hex()}"]
    frames = seal("raw", num=1, salt=bytes(12))
    assert doctor([packed(frames)], *how)[0] == 0


# -- keys --


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (KEY, "auto"),
        (KEY, "raw"),
        (KEY.hex().encode(), "auto"),
        (KEY.hex().encode() + b"\n", "hex"),
        (base64.b64encode(KEY) + b"\n", "base64"),
    ],
)
def test_spellings_of_a_key(doctor, content, how):
    """A key in a file is bytes, hex or base64."""
    args = ["--format=insertable", f"--key-as={how}"]
    assert doctor([packed(seal("insertable"))], *args, key=content)[0] == 0


@pytest.mark.parametrize("how", ["auto", "text"])
def test_a_passphrase_in_a_file(doctor, how):
    """Its line end is not part of it."""
    frames = packed(seal("livekit", key=PASSPHRASE))
    args = ["--format=livekit", f"--key-as={how}"]
    assert doctor([frames], *args, key=f"{PASSPHRASE}\n".encode())[0] == 0


@pytest.mark.parametrize("how", ["hex", "base64", "text"])
def test_a_key_that_is_spelled_otherwise(doctor, capsys, how):
    """What was said must be so."""
    with pytest.raises(json.JSONDecodeError):
        doctor([b"x"], f"--key-as={how}", key=b"\xff not that")


def test_keys_from_the_environment(doctor, monkeypatch):
    """Several keys, each with its id."""
    monkeypatch.setenv("ONE", KEY.hex())
    monkeypatch.setenv("TWO", bytes(16).hex())
    args = ["--key-env=TWO", "--key-env=ONE", "--key-id=3", "--key-id=5"]
    frames = packed(seal("stream", codec="vp8", key_id=3))
    code, report = doctor([frames], "--format=stream", *args, key=None)
    assert code == 1
    best = report["findings"][0]
    assert best["cause"] == "wrong-key-id"
    assert "hold at 5" in best["message"]
    args[2:] = ["--key-id=5", "--key-id=3"]
    assert doctor([frames], "--format=stream", *args, key=None)[0] == 0


def test_key_and_frames_from_stdin(tmp_path):
    """A dash stands for standard input, for one of the two."""
    key, frames = tmp_path / "key", tmp_path / "frames"
    key.write_bytes(KEY)
    frames.write_bytes(packed(seal("insertable")))
    command = [sys.executable, "-m", "fastframe", "doctor", "--format=insertable"]

    def run(args, given):
        return subprocess.run(  # noqa: S603 - our own program
            [*command, *args], input=given, capture_output=True, check=False
        )

    for args, given in (
        (["--key-file", str(key), "-"], frames),
        (["--key-file", "-", str(frames)], key),
    ):
        done = run(args, given.read_bytes())
        assert done.returncode == 0
        assert b"opens (proven)" in done.stdout
    done = run(["--key-file=-", "-"], b"")
    assert done.returncode == 2
    assert b"once" in done.stderr


def test_no_key_bytes_in_the_report(doctor):
    """Neither as they are nor spelled otherwise."""
    report = doctor([packed(seal("stream", codec="vp8"))], "--format=livekit")[1]
    assert KEY.hex()[:12] not in json.dumps(report)
    change = {"sif_trailer": b"abc"}
    blank = b"\xf8\xff\xfe" + bytes(77) + change["sif_trailer"]
    report = doctor([blank], "--format=livekit")[1]
    assert report["findings"][0]["change"] == {"sif_trailer": "616263"}


# -- wrong calls --


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["missing"], "missing: No such file"),
        (["--key-file=missing", "{0}"], "missing: No such file"),
        (["--key-env=MISSING_KEY", "{0}"], "no variable MISSING_KEY"),
        (["--key-env=PATH", "--key-env=PATH", "{0}"], "one --key-id for each"),
        (["--key-id=5", "{0}"], "one --key-id for each"),
        (["--kdf=hkdf", "{0}"], "format="),
        (["--format=livekit", "--kdf=md5", "{0}"], "kdf must be one of"),
        (["--format=sframe", "--suite=9", "{0}"], "1 to 8"),
        (["--format=sframe", "--frames-are=nice", "{0}"], "frames_are"),
    ],
)
def test_wrong_call_is_one_line_and_exit_code_2(tmp_path, capsys, args, says):
    """What is wrong with a call is said in one line."""
    path = tmp_path / "frame"
    path.write_bytes(b"frame")
    assert cli.main(["doctor", *(arg.format(path) for arg in args)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [
        ["doctor"],
        ["doctor", "--format=nonsense", "x"],
        ["doctor", "--ring=-1", "x"],
        ["doctor", "--ring=many", "x"],
        ["doctor", "--sif-trailer=xyz", "x"],
        ["inspect", "--codec=mp3", "x"],
    ],
)
def test_arguments_are_checked(capsys, args):
    """The usage, on stderr."""
    with pytest.raises(SystemExit) as stop:
        cli.main(args)
    assert stop.value.code == 2
    assert "usage: fastframe" in capsys.readouterr().err


def test_help_says_where_keys_come_from(capsys):
    """Nobody should look for an argument that takes a key."""
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "never from arguments" in out
    assert "4 bytes, big-endian" in out


# -- inspect --

NAMES = {
    "livekit": ["clear", "ciphertext", "tag", "IV", "IV length", "key id"],
    "element-call": ["clear", "ciphertext", "tag", "IV", "IV length", "key id"],
    "jitsi": ["clear", "ciphertext", "tag", "IV", "IV length", "key id"],
    "stream": [
        *["clear", "ciphertext", "tag", "counter", "IV prefix", "key id"],
        *["clear length", "version", "mark"],
    ],
    "dave": [
        *["clear", "ciphertext", "tag", "nonce", "clear ranges", "size", "mark"],
    ],
    "insertable": ["key id", "IV prefix", "counter", "ciphertext", "tag"],
    "insertable-bare": ["IV prefix", "counter", "ciphertext", "tag"],
    "sframe": ["config", "key id", "ciphertext", "tag"],
    "livekit-data": ["IV", "ciphertext", "tag"],
    "raw": ["ciphertext", "tag"],
}
CODED = ("livekit", "element-call", "jitsi", "stream", "dave")


@pytest.fixture
def inspect(tmp_path, capsys):
    """Run inspect on a frame; give what it prints, read if it is JSON."""

    def run(sealed, *args):
        path = tmp_path / "frame"
        path.write_bytes(sealed)
        assert cli.main(["inspect", *args, str(path)]) == 0
        out = capsys.readouterr().out
        return json.loads(out) if "--json" in args else out

    return run


def one(format_, **options):
    """Seal one frame of each format; give it and how to look at it."""
    if format_ in CODED:
        options.setdefault("codec", "vp8")
    if format_ == "raw":
        options["salt"] = bytes(12)
    if format_ == "sframe":
        options["key_id"] = 300
    args = [f"--format={format_}"]
    if options.get("codec"):
        args.append(f"--codec={options['codec']}")
    return seal(format_, num=1, **options)[0], args


@pytest.mark.parametrize("format_", list(NAMES))
def test_parts_of_every_format(inspect, format_):
    """The parts stand one behind the other and add up to the frame."""
    sealed, args = one(format_)
    facts = inspect(sealed, "--json", *args)
    assert [part["name"] for part in facts["parts"]] == NAMES[format_]
    at = 0
    for part in facts["parts"]:
        assert part["start"] == at
        at += part["size"]
    assert at == len(sealed) == facts["sealed_len"]
    assert facts["verified"] is False
    assert facts["escaped_at"] == []


@pytest.mark.parametrize("format_", list(NAMES))
def test_hex_of_every_format(inspect, format_):
    """Without colours each row names its part, and the bytes are right."""
    sealed, args = one(format_)
    out = inspect(sealed, *args)
    rows = re.findall(
        r"^ +(\d+)  ((?:[0-9a-f]{2} +)+) .* {2}(\S.*)$", out, re.MULTILINE
    )
    assert {name for _, _, name in rows} == set(NAMES[format_])
    for start, text, _ in rows:
        data = bytes.fromhex(text)
        assert sealed[int(start) : int(start) + len(data)] == data
    assert "more bytes of ciphertext" in out
    assert "Nothing here is verified." in out
    assert "\x1b" not in out


def escaped(format_, codec="h264"):
    """Seal until some bytes had to be escaped."""
    sealer = ff.Sealer(format_, KEY, codec=codec)
    body = random.Random(5).randbytes(40_000).replace(b"\0", b"\7")
    frame = b"\0\0\0\1\x67\x42\xc0\x1f\0\0\0\1\x65\x88" + body
    while True:
        sealed = sealer.seal(frame)
        info = ff.inspect(format_, sealed, codec=codec)
        if info.escapes:
            return sealed, info


@pytest.mark.parametrize("format_", ["livekit", "stream", "sframe", "insertable"])
def test_escapes_are_shown(inspect, format_):
    """Emulation prevention bytes are found where the core found them."""
    sealed, info = escaped(format_)
    args = [f"--format={format_}", "--codec=h264"]
    facts = inspect(sealed, "--json", *args)
    places = facts["escaped_at"]
    assert len(places) == info.escapes > 0
    assert all(sealed[at - 2 : at + 1] == b"\0\0\3" for at in places)
    sizes = sum(part["size"] for part in facts["parts"])
    assert sizes + len(places) == len(sealed)
    last = facts["parts"][-1]
    assert last["start"] + last["size"] == len(sealed)
    out = inspect(sealed, *args)
    assert f"{places[0]:>8}  03" in out
    assert "escape" in out


@pytest.mark.parametrize("any_byte", [False, True])
def test_escapes_at_the_seam(any_byte):
    """Zeros of the clear bytes count where the format says so."""
    sealed = b"\x65\0\0\3\1\0\0\3\x09\0\0\3"
    assert hexview.find_escapes(sealed, 3, any_byte=any_byte) == (
        [7, 11] if any_byte else [3]
    )
    assert hexview.drop_escapes(sealed, [3]) == b"\x65\0\0\1\0\0\3\x09\0\0\3"


def test_every_clear_range_of_dave(inspect):
    """DAVE lists its clear ranges; each is shown."""
    frame = b"\x12\x00\x0a\x03abc\x32\x05hello\x32\x05world"
    sealed = seal("dave", num=1, frame=lambda _: frame, codec="av1")[0]
    facts = inspect(sealed, "--json", "--format=dave")
    clear = [part for part in facts["parts"] if part["name"] == "clear"]
    assert len(clear) == facts["clear_ranges"] == 3
    assert [(part["start"], part["size"]) for part in clear] == [
        (0, 2),
        (5, 2),
        (12, 1),
    ]
    assert clear[2]["value"] == "byte 12"


def test_what_stands_behind_a_livekit_frame(inspect):
    """Metadata, and a server's own frame."""
    sealed, args = one("livekit")
    marked = livekit.add_metadata(sealed, livekit.FrameMetadata(frame_id=5))
    facts = inspect(marked, "--json", "--packet-trailer", *args)
    assert facts["parts"][-1]["name"] == "metadata"
    assert facts["extra_len"] == len(marked) - len(sealed)
    blank = b"\xf8\xff\xfe" + bytes(77)
    facts = inspect(blank + b"SIF", "--json", "--sif-trailer=534946", *args)
    assert [part["name"] for part in facts["parts"]] == ["plain frame", "trailer"]
    assert "trailer" in inspect(blank + b"SIF", "--sif-trailer=534946", *args)


def test_sframe_suites_and_headers(inspect):
    """The tag is as long as the suite has it; small numbers share a byte."""
    sealed = seal("sframe", num=1, suite=3, key_id=5)[0]
    facts = inspect(sealed, "--json", "--format=sframe", "--suite=3")
    assert facts["tag_len"] == 4
    assert facts["parts"][0]["value"] == "01010000: holds key id 5 and counter 0"
    sealer = ff.Sealer("sframe", KEY, key_id=2**40, counter=2**33)
    facts = inspect(sealer.seal(b"x"), "--json", "--format=sframe")
    sizes = {part["name"]: part["size"] for part in facts["parts"]}
    assert (sizes["key id"], sizes["counter"]) == (6, 5)
    assert "give --suite" in str(facts["parts"])


def test_inspect_refuses_wrong_options(tmp_path, capsys):
    """A codec that the format has no rule for is the caller's mistake."""
    path = tmp_path / "frame"
    path.write_bytes(bytes(80))
    assert cli.main(["inspect", "--format=raw", "--codec=vp8", str(path)]) == 2
    assert cli.main(["inspect", "--format=sframe", "--suite=9", str(path)]) == 2
    assert cli.main(["inspect", "--format=stream", str(path)]) == 1
    assert "NOT_ENCRYPTED" in capsys.readouterr().err


def coloured(sealed, monkeypatch, *args, **environment):
    """Print to what looks like a terminal; give what it got."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    screen = io.StringIO()
    page = rich_console.Console(
        file=screen, force_terminal=True, width=100, highlight=False
    )
    monkeypatch.setattr("fastframe.cli.page.new_page", lambda: page)
    monkeypatch.setattr(inspection, "read_file", lambda _: sealed)
    assert cli.main(["inspect", *args, "x"]) == 0
    return screen.getvalue()


def plain(text):
    """Take the colours off."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("format_", list(NAMES))
def test_colours_on_a_terminal(monkeypatch, format_):
    """Rows of sixteen bytes, the parts in colours of their own."""
    sealed, args = one(format_)
    text = coloured(sealed, monkeypatch, *args, TERM="xterm-256color")
    assert "\x1b[" in text
    rows = re.findall(r"^ +(\d+)  ((?:[0-9a-f]{2} +)+)", plain(text), re.MULTILINE)
    shown = {int(start): bytes.fromhex(data) for start, data in rows}
    assert all(start % 16 == 0 for start in shown)
    assert all(
        sealed[start : start + 16].startswith(data[:16])
        for start, data in shown.items()
    )
    assert max(shown) == (len(sealed) - 1) // 16 * 16
    hidden = sum(map(int, re.findall(r"(\d+) more bytes", text)))
    assert sum(len(data) for data in shown.values()) + hidden == len(sealed)


def test_no_colours_if_the_user_wants_none(monkeypatch):
    """NO_COLOR asks for names instead."""
    sealed, args = one("livekit")
    text = coloured(sealed, monkeypatch, *args, TERM="xterm", NO_COLOR="1")
    assert re.search(r"ciphertext$", text, re.MULTILINE)
    assert "38;5" not in text
