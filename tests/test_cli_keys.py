"""fastframe keys: identities in files, wrapped keys, safety numbers."""

import getpass
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import fastframe as ff
from fastframe import cli
from fastframe.keys import Context, Identity, protocol, safety_number, sealed_file

WORDS = "correct horse"
ROOM = "stand-up"
KEY = bytes(range(16))


@pytest.fixture(scope="module", autouse=True)
def _cheap_passwords():
    """Derive from passwords in no time: what it costs is no matter of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealed_file, "_N", 2)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make two identities with the command, once."""
    home = tmp_path_factory.mktemp("identities")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PW", WORDS)
        for name, kem in (("alice", "P-256"), ("bob", "hybrid")):
            call = ["keys", "make", str(home / name), "--kem", kem]
            assert cli.main([*call, "--password-env", "PW"]) == 0
    return home


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """Stand in a folder that has both identities, with their password at hand."""
    for file in made.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PW", WORDS)
    return tmp_path


@pytest.fixture
def keys(here, capsys):
    """Run a command of keys; give its exit code, and what it printed where."""

    def run(*args, asked="PW"):
        given = [] if asked is None else ["--password-env", asked]
        try:
            code = cli.main(["keys", *map(str, args), *given])
        except SystemExit as stopped:
            code = stopped.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def no_terminal(monkeypatch):
    """Take the terminal away."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(os, "ctermid", lambda: "/nowhere/tty")


@pytest.fixture
def type_in(monkeypatch):
    """Type passwords at a terminal."""

    def start(*passwords):
        left = list(passwords)

        class Terminal:
            def isatty(self):
                return True

        monkeypatch.setattr(sys, "stdin", Terminal())
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: left.pop(0))
        return left

    return start


def wrap(keys, *args, to="bob.pub"):
    """Wrap the key in content.key as Alice; give what was printed."""
    Path("content.key").write_bytes(KEY)
    call = ["wrap", "alice", "--to", to, "--room", ROOM, "--key-id", 3]
    code, out, err = keys(*call, "--generation", 7, "--key-file", "content.key", *args)
    assert (code, err) == (0, "")
    return out


def unwrap(keys, wrapped, *args, room=ROOM, sender="alice.pub"):
    """Unwrap as Bob."""
    Path("wrapped.json").write_text(wrapped)
    call = ["unwrap", "bob", "wrapped.json", "--from", sender, "--room", room]
    return keys(*call, "--key-file", "unwrapped.key", *args)


# -- make --


def test_made_identity_opens_with_its_password(here):
    """The file is an Identity's, and the .pub is its public key."""
    for name in ("alice", "bob"):
        identity = Identity.from_pem(Path(name).read_bytes(), WORDS.encode())
        again = subprocess.run(  # noqa: S603 - our own program
            [
                sys.executable,
                "-m",
                "fastframe",
                "keys",
                "show",
                "--json",
                f"{name}.pub",
            ],
            capture_output=True,
            check=True,
        )
        facts = json.loads(again.stdout)
        assert facts["fingerprint"] == identity.fingerprint
        assert facts["kem"] == identity.kem


def test_private_files_are_for_their_owner_alone(keys):
    """Mode 0600 from the first moment, whatever the umask."""
    old = os.umask(0)
    try:
        assert keys("make", "carol")[0] == 0
        call = ["wrap", "carol", "--to", "bob.pub", "--room", ROOM, "--key-id", 1]
        assert keys(*call, "--generation", 1, "--new-key", "new.key")[0] == 0
        modes = {
            name: stat.S_IMODE(Path(name).stat().st_mode)
            for name in ("carol", "new.key", "carol.pub")
        }
    finally:
        os.umask(old)
    assert modes == {"carol": 0o600, "new.key": 0o600, "carol.pub": 0o644}


def test_make_writes_over_nothing(keys):
    """An identity lost is a member lost."""
    before = Path("alice").read_bytes()
    code, _, err = keys("make", "alice")
    assert code == 2
    assert "alice exists" in err
    Path("dora.pub").write_text("of somebody else")
    assert keys("make", "dora")[0] == 2
    assert not Path("dora").exists()
    assert Path("alice").read_bytes() == before


def test_make_follows_no_link(keys):
    """Somebody else's link must not lead a private key elsewhere."""
    Path("erin").symlink_to("elsewhere")
    code, _, err = keys("make", "erin")
    assert code == 2
    assert "link" in err
    assert not Path("elsewhere").exists()


def test_make_says_what_to_keep_and_what_to_hand_out(keys):
    """The fingerprint in groups that eyes can follow."""
    code, out, _ = keys("make", "frank")
    assert code == 0
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert [line[0] for line in lines] == ["identity", "public", "KEM", "fingerprint"]
    groups = lines[3][1].split()
    assert [len(group) for group in groups] == [4] * 8


# -- passwords --


def test_new_password_is_asked_for_twice(keys, type_in):
    """A slip of the finger must not lock an identity for ever."""
    assert type_in("one", "another") == ["one", "another"]
    code, _, err = keys("make", "grace", asked=None)
    assert code == 1
    assert "differ" in err
    assert not Path("grace").exists()
    left = type_in("sésame", "sésame")
    assert keys("make", "grace", asked=None)[0] == 0
    assert left == []
    Identity.from_pem(Path("grace").read_bytes(), "sésame".encode())


def test_password_is_asked_for_once_to_open(keys, type_in):
    """There is nothing to compare it with but the file."""
    left = type_in(WORDS)
    assert keys("show", "alice", asked=None)[0] == 0
    assert left == []


def test_password_may_come_from_a_command(keys):
    """A password manager's first line, and not the user name below it."""
    command = f"{sys.executable} -c \"print('{WORDS}'); print('alice')\""
    args = ("show", "alice", "--password-command", command)
    assert keys(*args, asked=None)[0] == 0


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("false", "exit code 1"),
        ("no-such-program-at-all", "did not start"),
        ("'", "did not start"),
        ("", "did not start"),
        ("true", "empty"),
    ],
)
def test_password_command_that_gives_none_is_named(keys, command, says):
    """The failure is the command's, and not a wrong password."""
    args = ("show", "alice", "--password-command", command)
    code, _, err = keys(*args, asked=None)
    assert code in (1, 2)
    assert says in err


def test_without_a_terminal_it_says_what_to_give(keys, no_terminal):
    """A service must not hang at a question nobody sees."""
    code, _, err = keys("show", "alice", asked=None)
    assert code == 2
    assert "--password-env" in err
    assert "--password-command" in err


def test_wrong_or_missing_password_is_named(keys, monkeypatch):
    """Each with its own exit code: 1 for a wrong one, 2 for none."""
    monkeypatch.setenv("WRONG", "incorrect horse")
    monkeypatch.setenv("EMPTY", "")
    assert keys("show", "alice", asked="WRONG")[0] == 1
    code, _, err = keys("show", "alice", asked="NONE")
    assert (code, "NONE" in err) == (2, True)
    assert keys("show", "alice", asked="EMPTY")[0] == 2


# -- show and compare --


def test_show_gives_the_same_of_an_identity_and_its_public_key(keys):
    """With a password or without; by file or as it is spelled."""
    shown = keys("show", "alice")[1]
    assert keys("show", "alice.pub")[1] == shown
    text = Path("alice.pub").read_text().strip()
    assert keys("show", text)[1] == shown
    assert text in shown


def test_compare_shows_the_safety_number(keys):
    """The same for all, in whichever order they name each other."""
    shown = keys("compare", "alice.pub", "bob.pub", asked=None)[1]
    assert keys("compare", "bob.pub", "alice.pub", asked=None)[1] == shown
    public = [
        Identity.from_pem(Path(name).read_bytes(), WORDS.encode()).public_key
        for name in ("alice", "bob")
    ]
    assert shown.split() == safety_number(public).split()
    assert len(shown.splitlines()) == 2


def test_compare_with_a_number_says_whether_it_is_the_same(keys):
    """Read out over the telephone, typed in with or without its gaps."""
    pair = ("compare", "alice.pub", "bob.pub")
    digits = keys(*pair, asked=None)[1].split()
    for given in (" ".join(digits), "".join(digits), "\n".join(digits)):
        code, out, _ = keys(*pair, "--number", given, asked=None)
        assert (code, out.split(":")[0]) == (0, "the same")
    last = str((int(digits[-1][-1]) + 1) % 10)
    for given in ("".join(digits)[:-1] + last, "".join(digits)[:-1], "", "ü"):
        code, out, _ = keys(*pair, "--number", given, asked=None)
        assert (code, out.split(":")[0]) == (1, "different")


@pytest.mark.parametrize("given", ["alice", "missing.pub", "A" * 176, "junk"])
def test_what_is_no_public_key_is_refused(keys, given):
    """Private files, missing ones, and rubbish, each with a word of why."""
    Path("junk").write_bytes(b"\xff\0junk")
    code, out, err = keys("compare", "bob.pub", given, asked=None)
    assert (code, out) == (2, "")
    assert err.startswith("fastframe keys: ")


def test_compare_needs_two(keys):
    """One's own key alone would always match."""
    assert keys("compare", "alice.pub", asked=None)[0] == 2


# -- wrap and unwrap --


def test_recipient_unwraps_what_was_wrapped(keys):
    """From one command into the other."""
    code, out, err = unwrap(keys, wrap(keys))
    assert (code, err) == (0, "")
    assert Path("unwrapped.key").read_bytes() == KEY
    assert stat.S_IMODE(Path("unwrapped.key").stat().st_mode) == 0o600
    assert "generation   7" in out


def test_library_unwraps_what_the_command_wrapped(keys):
    """The JSON is nothing but the library's wrapped key with its context."""
    message = json.loads(wrap(keys))
    bob = Identity.from_pem(Path("bob").read_bytes(), WORDS.encode())
    alice = Identity.from_pem(Path("alice").read_bytes(), WORDS.encode())
    context = Context(ROOM, alice.public_key, 3, 7)
    [wrapped] = message["wrapped"].values()
    wrapped = protocol.from_text(wrapped, "wrapped", 4096)
    assert bob.unwrap(wrapped, sender=alice.public_key, context=context) == KEY


def test_content_key_may_be_hex_or_in_the_environment(keys, monkeypatch):
    """As people have them."""
    Path("hex.key").write_text(KEY.hex() + "\n")
    monkeypatch.setenv("CONTENT", KEY.hex())
    for way in (("--key-file", "hex.key"), ("--key-env", "CONTENT")):
        call = ["wrap", "alice", "--to", "bob.pub", "--room", ROOM, "--key-id", 3]
        code, out, _ = keys(*call, "--generation", 7, *way)
        assert code == 0
        assert unwrap(keys, out)[0] == 0
        assert Path("unwrapped.key").read_bytes() == KEY
        Path("unwrapped.key").unlink()


def test_new_key_is_one_for_sealers(keys):
    """Drawn, kept and wrapped in one go."""
    call = ["wrap", "alice", "--to", "bob.pub", "--room", ROOM, "--key-id", 3]
    code, out, _ = keys(*call, "--generation", 7, "--new-key", "new.key")
    assert code == 0
    assert unwrap(keys, out)[0] == 0
    key = Path("new.key").read_bytes()
    assert Path("unwrapped.key").read_bytes() == key
    sealed = ff.Sealer("insertable", key, key_id=3).seal(b"frame")
    assert ff.Opener("insertable", {3: key}).open(sealed) == b"frame"


def changed(wrapped, fields):
    """Change fields of what wrap printed."""
    return json.dumps(json.loads(wrapped) | fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"room": "another"}, "another room"),
        ({"sender": "AAAA"}, "another sender"),
        ({"key_id": 4}, "changed"),
        ({"generation": 8}, "changed"),
        ({"generation": -1}, "nonsense"),
        ({"generation": "7"}, "nonsense"),
        ({"key_id": None}, "nonsense"),
        ({"wrapped": {}}, "not wrapped for this"),
        ({"wrapped": 1}, "not wrapped for this"),
    ],
)
def test_changed_message_is_refused(keys, fields, says):
    """Whoever carries it can change none of its fields."""
    code, out, err = unwrap(keys, changed(wrap(keys), fields))
    assert (code, out) == (1, "")
    assert says in err
    assert not Path("unwrapped.key").exists()


def test_wrapped_key_of_another_sender_or_room_is_refused(keys):
    """What the caller says counts, not what the message says."""
    wrapped = wrap(keys)
    assert unwrap(keys, wrapped, room="another")[0] == 1
    assert unwrap(keys, wrapped, sender="bob.pub")[0] == 1
    assert not Path("unwrapped.key").exists()


def test_key_seen_before_is_refused_when_told(keys):
    """--after is the memory that a command has not."""
    wrapped = wrap(keys)
    code, _, err = unwrap(keys, wrapped, "--after", 7)
    assert (code, "once more" in err) == (1, True)
    assert unwrap(keys, wrapped, "--after", 6)[0] == 0


def test_unwrap_writes_over_nothing(keys):
    """The key that is there may still be in use."""
    Path("unwrapped.key").write_bytes(b"precious")
    assert unwrap(keys, wrap(keys))[0] == 2
    assert Path("unwrapped.key").read_bytes() == b"precious"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"v": 2}', "[" * 100_000, "\0"])
def test_what_wrap_did_not_print_is_refused(keys, text):
    """Any file at all."""
    code, _, err = unwrap(keys, text)
    assert (code, "not what" in err) == (2, True)


def test_nothing_secret_is_printed(keys):
    """Neither content keys nor private ones nor passwords, in any spelling."""
    private = Identity.from_pem(Path("alice").read_bytes(), WORDS.encode())._keys
    scalar = private[1].private_numbers().private_value.to_bytes(32, "big")
    wrapped = wrap(keys)
    outputs = [wrapped, *unwrap(keys, wrapped)[1:], *keys("show", "alice")[1:]]
    outputs += unwrap(keys, changed(wrapped, {"key_id": 1}))[1:]
    for output in outputs:
        assert WORDS not in output
        for secret in (KEY, scalar):
            assert secret.hex() not in output.lower()
            assert protocol.to_text(secret)[:-2] not in output


def test_wrong_calls_end_in_2_with_usage(keys):
    """As all commands of fastframe."""
    for args in (["wrap", "alice"], ["frob"], [], ["make"]):
        assert keys(*args, asked=None)[0] == 2


def test_missing_or_old_cryptography_is_named(keys, monkeypatch):
    """The extra that brings one with HPKE is what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.hpke", None)
    code, _, err = keys("compare", "alice.pub", "bob.pub", asked=None)
    assert code == 1
    assert 'pip install "fastframe[keys]"' in err


def test_help_says_where_secrets_come_from(keys):
    """Not from arguments, which others can read."""
    code, out, _ = keys("--help", asked=None)
    assert code == 0
    assert "never" in out
    assert "argument" in out
