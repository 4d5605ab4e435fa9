"""fastframe seal and fastframe open, as people call them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest

import fastframe as ff
from fastframe.cli import main

pytest.importorskip("av", reason="the av extra is not installed")

from clips import make_clip, packets_of
from mjr import packets, record

KEY = bytes(range(16, 32))
OPUS = [b"\xfc\xff\xfe" for _ in range(20)]  # 20 ms of silence, each


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Give a clip with pictures and sound."""
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "clip.mp4", ["h264", "aac"], seconds=2)


@pytest.fixture
def key_file(tmp_path):
    """Give a file with a key, spelled in hex."""
    path = tmp_path / "key.hex"
    path.write_text(KEY.hex() + "\n")
    return path


@pytest.fixture
def run(capsys):
    """Give what runs a command here: (exit code, stdout, stderr)."""

    def call(*words):
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = end.code
        return (code, *capsys.readouterr())

    return call


def test_recording_goes_there_and_back(run, clip, key_file, tmp_path):
    """The two commands of the README."""
    sealed, back = tmp_path / "sealed.mp4", tmp_path / "back.mp4"
    code, out, _ = run("seal", clip, sealed, "--key-file", key_file)
    assert code == 0
    assert out.startswith(f"sealed {sealed}\n  track 0, h264: 60 of 60 packets\n")
    code, out, _ = run("open", sealed, back, "--key-file", key_file)
    assert code == 0
    assert "not all" not in out
    assert packets_of(back) == packets_of(clip)


def test_ending_is_added_and_told(run, clip, key_file, tmp_path):
    """Who does not know containers need not choose one."""
    code, out, _ = run("seal", clip, tmp_path / "sealed", "--key-file", key_file)
    assert code == 0
    assert out.startswith(f"sealed {tmp_path / 'sealed.mp4'}\n")


@pytest.mark.parametrize(
    ("spelling", "how"),
    [
        (KEY.hex().encode(), "auto"),
        (b"sixteen letters!\n", "auto"),
        (bytes(range(240, 256)), "raw"),
        (b"EBESExQVFhcYGRobHB0eHw==\n", "base64"),
    ],
)
def test_key_comes_from_file_variable_or_command(
    run, clip, tmp_path, monkeypatch, spelling, how
):
    """The same key, wherever it comes from; never an argument."""
    path = tmp_path / "key"
    path.write_bytes(spelling)
    program = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    command = shlex.join([sys.executable, "-c", program, str(path)])
    words = ["--key-file", path, "--key-as", how]
    sealed = tmp_path / "sealed.mkv"
    assert run("seal", clip, sealed, "--key-command", command, "--key-as", how)[0] == 0
    assert run("open", sealed, tmp_path / "a.mkv", *words)[0] == 0
    monkeypatch.setenv("THE_KEY", os.fsdecode(spelling.rstrip(b"\n")))
    words = ["--key-env", "THE_KEY", "--key-as", how]
    assert run("open", sealed, tmp_path / "b.mkv", *words)[0] == 0


def test_key_from_standard_input(clip, tmp_path):
    """For key stores that pipe."""
    words = [clip, tmp_path / "sealed.mkv", "--key-file", "-"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "fastframe", "seal", *map(str, words)],
        input=KEY.hex().encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "one key is needed, got 0"),
        (["--key-env", "NOT_SET"], "no variable NOT_SET"),
        (["--key-file", "/not/there"], "No such file"),
        (["--key-command", "/not/there"], "cannot be run"),
        (["--key-command", ""], "cannot be run"),
        (["--key-command", "'"], "cannot be run"),
        (["--key-command", "false"], "gave 1"),
        (["--key-command", "true"], "printed nothing"),
        (["--key-command", "printf 12345"], "key must be 16 or 32 bytes, got 5"),
        (["--key-env", "HOME", "--key-env", "HOME"], "got 2"),
        (["--key", KEY.hex()], "ambiguous option"),
    ],
)
def test_wrong_key_options_are_explained(run, clip, tmp_path, words, said):
    """In one line, without the key, and nothing is written."""
    code, out, err = run("seal", clip, tmp_path / "sealed.mkv", *words)
    assert code in (1, 2)
    assert said in err
    assert "12345" not in err
    assert "Traceback" not in err
    assert (out, list(tmp_path.iterdir())) == ("", [])


def test_files_are_not_overwritten_unless_asked(run, clip, key_file, tmp_path):
    """The original is the only copy, as a rule."""
    older = tmp_path / "older.mp4"
    older.write_bytes(b"older")
    for words in ([clip, older], [clip, tmp_path / "older"]):
        code, _, err = run("seal", *words, "--key-file", key_file)
        assert (code, "--force" in err) == (2, True)
    assert older.read_bytes() == b"older"
    assert run("seal", clip, older, "--key-file", key_file, "--force")[0] == 0
    code, _, err = run("seal", clip, clip, "--key-file", key_file, "--force")
    assert (code, "same file" in err) == (2, True)


@pytest.mark.parametrize("command", ["seal", "open"])
def test_what_is_no_recording_is_refused(run, key_file, tmp_path, command):
    """One line, and no file left behind."""
    text = tmp_path / "text.mkv"
    text.write_text("no media")
    for source in (text, tmp_path / "none.mkv", tmp_path):
        target = tmp_path / "out.mkv"
        code, _, err = run(command, source, target, "--key-file", key_file)
        assert code in (1, 2)
        assert err.count("\n") == 1
        assert not target.exists()
    missing = tmp_path / "none" / "out.mkv"
    code, _, err = run(command, text, missing, "--key-file", key_file)
    assert (code, "no such folder" in err) == (2, True)


def test_container_that_will_not_do_is_named(run, clip, key_file, tmp_path):
    """With those that will."""
    code, _, err = run("seal", clip, tmp_path / "a.ts", "--key-file", key_file)
    assert code == 2
    assert ".mkv" in err


def test_wrong_key_fails_and_says_so(run, clip, key_file, tmp_path):
    """Exit code 1, and no file that looks like success."""
    sealed = tmp_path / "sealed.mkv"
    run("seal", clip, sealed, "--key-file", key_file)
    key_file.write_text("00" * 16)
    code, _, err = run("open", sealed, tmp_path / "a.mkv", "--key-file", key_file)
    assert code == 1
    assert "not one frame opened (AUTH_FAILED)" in err
    assert not (tmp_path / "a.mkv").exists()


def test_damage_is_reported_with_places(run, clip, key_file, tmp_path):
    """Exit code 1, what is there is written, and what is not is said."""
    sealed = tmp_path / "sealed.mp4"
    run("seal", clip, sealed, "--key-file", key_file)
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 600] = bytes(600)
    sealed.write_bytes(content)
    words = ["open", sealed, tmp_path / "a.mp4", "--key-file", key_file]
    code, out, _ = run(*words)
    assert code == 1
    assert "but not all of it" in out
    assert "AUTH_FAILED" in out or "UNKNOWN_KEY" in out
    assert " frames missing between " in out
    code, out, _ = run(*words, "--force", "--json")
    facts = json.loads(out)
    assert (code, facts["is_whole"]) == (1, False)
    lost = sum(track["lost"] for track in facts["tracks"])
    assert lost == sum(t["packets"] - t["statuses"]["OK"] for t in facts["tracks"])
    assert lost == sum(one["frames"] for t in facts["tracks"] for one in t["losses"])


def sealed_call(tmp_path):
    """Write a Janus recording of a sealed call, with a rotation in the middle."""
    keys = [ff.generate_key(), ff.generate_key()]
    sealer = ff.Sealer("insertable", keys[0], key_id=1)
    sealed = [sealer.seal(frame) for frame in OPUS[:10]]
    sealer.rotate(keys[1], key_id=2)
    sealed += [sealer.seal(frame) for frame in OPUS[10:]]
    path = tmp_path / "call.mjr"
    path.write_bytes(record("opus", packets("opus", sealed)))
    words = []
    for number, key in enumerate(keys, 1):
        (tmp_path / f"key{number}").write_bytes(key)
        words += ["--key-file", tmp_path / f"key{number}", "--key-id", number]
    return path, [*words, "--key-as", "raw"]


def test_janus_recording_opens_with_all_its_keys(run, tmp_path):
    """Calls rotate; each key goes with its id."""
    path, words = sealed_call(tmp_path)
    target = tmp_path / "call.mkv"
    code, out, _ = run("open", path, target, "--format", "insertable", *words)
    assert (code, "20 of 20 packets" in out) == (0, True)
    assert [one[1] for one in packets_of(target)] == OPUS


def test_janus_recording_needs_its_format_and_ids(run, tmp_path):
    """No guessing at what a call spoke."""
    path, words = sealed_call(tmp_path)
    code, _, err = run("open", path, tmp_path / "a.mkv", *words)
    assert (code, "--format" in err) == (2, True)
    words = ["--format", "insertable", *words[:2], "--key-as", "raw"]
    code, _, err = run("open", path, tmp_path / "a.mkv", *words)
    assert (code, "--key-id" in err) == (2, True)
    code, out, _ = run("open", path, tmp_path / "a.mkv", *words, "--key-id", 1)
    assert (code, "10 UNKNOWN_KEY" in out) == (1, True)


def test_ids_belong_to_calls(run, clip, key_file, tmp_path):
    """A recording has one key; an id that is not looked at misleads."""
    words = [clip, tmp_path / "a.mkv", "--key-file", key_file, "--key-id", 1]
    code, _, err = run("open", *words)
    assert (code, "--format" in err) == (2, True)
    assert run("seal", *words)[0] == 2


def test_two_video_codecs_make_no_sense(run, tmp_path):
    """One for video, one for sound."""
    path, words = sealed_call(tmp_path)
    words = ["--format", "insertable", "--codec", "vp8", "--codec", "h264", *words]
    code, _, err = run("open", path, tmp_path / "a.mkv", *words)
    assert (code, "--codec" in err) == (2, True)


def test_without_pyav_the_install_command_is_named(run, clip, tmp_path, monkeypatch):
    """The commands are there before the extra is."""
    monkeypatch.setitem(sys.modules, "av", None)
    code, _, err = run("seal", clip, tmp_path / "a.mkv")
    assert (code, 'pip install "fastframe[av]"' in err) == (2, True) or code == 1
    assert "fastframe[av]" in err
