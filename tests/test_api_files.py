"""What is written down twice agrees: header, stub, numbers, names, version."""

from __future__ import annotations

import ast
import enum
import inspect
import re
import shutil
import subprocess
import sys

import pytest
import reference
from reference import vectors
from support import ROOT, TESTS, load_family

import fastframe as ff
from fastframe._ffi import ffi, lib

HEADERS = [ROOT / "csrc" / name for name in ("fastframe_api.h", "batch_api.h")]
API = "".join(path.read_text() for path in HEADERS)
STUB = ROOT / "src" / "fastframe" / "_ffi.pyi"
CODE = re.sub(r"/\*.*?\*/", "", API, flags=re.DOTALL)
FUNCTIONS = sorted(set(re.findall(r"\b(ff_\w+)\([^)]*\)\s*(?:FF_MUST_USE)?\s*;", CODE)))


def enumerators(name):
    """Read the members of one C enum from the header: name -> number."""
    body = re.search(r"typedef enum \{([^}]*)\} " + name + ";", CODE)[1]
    return {key: int(value) for key, value in re.findall(r"FF_(\w+) = (\d+)", body)}


def text(pointer):
    """Turn a C string into a Python one, NULL into None."""
    return None if pointer == ffi.NULL else ffi.string(pointer).decode()


def stub_members():
    """Read what _ffi.pyi says of the C library: functions and constants."""
    tree = ast.parse(STUB.read_text())
    members = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            members.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            members.add(node.target.id)
    return members


# -- numbers and texts --


def test_status_numbers_are_those_of_c():
    """Python reads a byte that C wrote; a shifted name would lie."""
    in_c = enumerators("ff_status")
    assert {status.name: status.value for status in ff.Status} == in_c
    assert len(in_c) >= 12


@pytest.mark.parametrize("kind", ["ff_status", "ff_error"])
def test_every_number_has_a_name_and_a_text(kind):
    """An error without words helps nobody; two with the same words mislead."""
    texts = []
    for name, number in enumerators(kind).items():
        assert getattr(lib, f"FF_{name}") == number
        if name == "DONE":  # 0 is FF_OK's
            continue
        assert text(lib.ff_status_name(number)) == name
        texts.append(text(lib.ff_status_text(number)))
    assert all(texts)
    assert len(set(texts)) == len(texts)


def test_unknown_numbers_have_no_name():
    """A number from nowhere must be seen as such."""
    for number in (-1, 8, 100, 999, 1999):
        assert lib.ff_status_name(number) == ffi.NULL


def test_statuses_and_errors_share_no_number():
    """Single calls return either, negated, in one integer."""
    statuses = set(enumerators("ff_status").values())
    errors = set(enumerators("ff_error").values()) - {0}
    assert statuses.isdisjoint(errors)
    assert max(statuses) <= 255 < min(errors)


@pytest.mark.parametrize("status", [s for s in ff.Status if 1 <= s <= 31])
def test_every_rejection_has_its_exception(status):
    """raise_first() must find one for whatever a peer can cause."""
    error = ff.errors.REJECTIONS[status]
    assert issubclass(error, ff.FrameRejected)


# -- header, binding and stub --


def test_binding_has_what_the_header_declares():
    """The header is the list of what Python may call."""
    assert len(FUNCTIONS) >= 30
    for name in FUNCTIONS:
        assert hasattr(lib, name), name
    extra = {name for name in dir(lib) if name.startswith("ff_")} - set(FUNCTIONS)
    assert extra == set()


def test_stub_lists_every_function_and_constant():
    """Mypy believes _ffi.pyi, so a call to nothing would pass unseen."""
    members = stub_members()
    assert set(FUNCTIONS) - members == set()
    constants = set(re.findall(r"#define (FF_\w+) \d", CODE))
    constants |= set(re.findall(r"\b(FF_\w+) = \d+", CODE))
    assert len(constants) >= 30
    assert constants - members == set()
    known = set(dir(lib))
    named = {name for name in members if name.lower().startswith("ff_")}
    assert named - known == set()


# -- the public face --


def test_version_is_written_once():
    """Pyproject's version is compiled in; another one means a stale build."""
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert ff.__version__ == re.search(r'^version = "(.+)"', pyproject, re.MULTILINE)[1]
    assert ff.build_info().version == ff.__version__


def test_all_is_sorted_and_complete():
    """What is reachable without an underscore is public and listed."""
    assert ff.__all__ == sorted(ff.__all__)
    assert len(set(ff.__all__)) == len(ff.__all__)
    public = {
        name
        for name, value in vars(ff).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    } - {"TYPE_CHECKING"}
    lazy = {name for name in ff.__all__ if name not in vars(ff)}
    assert {getattr(ff, name).__module__.split(".")[1] for name in lazy} == {
        "diagnosis"
    }
    assert set(ff.__all__) == public | lazy | {"__version__"}
    with pytest.raises(AttributeError, match="no attribute 'Sealar'"):
        ff.Sealar  # noqa: B018 - what is looked for is the error


def public_callables():
    """List every public class, function, method and property with its name."""
    for name in ff.__all__:
        value = getattr(ff, name)
        if not callable(value):
            continue
        yield name, value
        if not inspect.isclass(value):
            continue
        for member, attribute in vars(value).items():
            is_ours = inspect.isfunction(attribute) or isinstance(attribute, property)
            if is_ours and not member.startswith("_"):
                yield f"{name}.{member}", attribute


CALLABLES = dict(public_callables())


@pytest.mark.parametrize("name", CALLABLES)
def test_every_public_callable_has_a_docstring(name):
    """help() is the manual that is always at hand."""
    thing = CALLABLES[name]
    assert thing.__doc__, name
    assert len(thing.__doc__.split()) >= 3
    if not (inspect.isclass(thing) and issubclass(thing, enum.Enum)):
        assert not thing.__doc__.startswith(f"{name.split('.')[-1]}("), "generated"


def test_twins_take_the_same_arguments():
    """What seal() can do, seal_into() can; defaults must not drift apart."""
    for one, other in (("seal", "seal_into"), ("open", "open_into")):
        kind = ff.Sealer if one == "seal" else ff.Opener
        first = inspect.signature(getattr(kind, one)).parameters
        second = dict(inspect.signature(getattr(kind, other)).parameters)
        assert second.pop("out").default is inspect.Parameter.empty
        assert {n: p.default for n, p in first.items()} == {
            n: p.default for n, p in second.items()
        }
    append = inspect.signature(ff.Batch.append).parameters
    reserve = inspect.signature(ff.Batch.reserve).parameters
    assert [p.default for p in append.values()] == [p.default for p in reserve.values()]


def test_typing_example_uses_every_public_name():
    """Mypy can only check what typing/api.py touches."""
    used = (TESTS / "typing" / "api.py").read_text()
    missing = [n for n in ff.__all__ if not re.search(rf"\bff\.{n}\b", used)]
    assert missing == []


def test_doctest_of_the_package_holds():
    """The first lines that a newcomer copies."""
    import doctest  # noqa: PLC0415 - for this test alone

    result = doctest.testmod(ff)
    assert (result.failed, result.attempted >= 5) == (0, True)


# -- formats and their vectors --


@pytest.mark.parametrize("format_name", ff.formats())
def test_every_format_has_vectors(format_name):
    """A format is its bytes; without vectors it is what the code happens to do."""
    if format_name == "raw":  # AES-GCM itself: Wycheproof and NIST
        return
    if format_name == "livekit-data":
        behaviour = vectors.load("livekit/livekit-behaviour")
        assert behaviour["results"]["data_packets"]["peer_encrypted"]["payload"]
        return
    if format_name in reference.ARTICLE:
        assert load_family(format_name)
    else:
        assert format_name in {frame.format for frame in vectors.all_frames()}


def test_every_vector_folder_states_its_source():
    """A vector of unknown birth proves nothing."""
    folders = [path for path in (TESTS / "vectors").iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        source = (folder / "SOURCE.md").read_text()
        for heading in ("Origin", "How made", "Who checked"):
            assert heading in source, folder.name
        for file in folder.glob("*.json"):
            assert file.name in source


# -- the binary --


def test_extension_exports_one_symbol():
    """An exported OpenSSL function would be swapped for another library's."""
    import fastframe._ffi as extension  # noqa: PLC0415 - its file is the subject

    tool = ROOT / "tools" / "check-extension"
    static = ["--static"] if ff.build_info().linked == "static" else []
    command = [sys.executable, str(tool), *static, extension.__file__]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool
    assert done.returncode == 0, done.stderr
    if sys.platform == "linux":
        assert "exports only PyInit" in done.stdout


def test_check_extension_can_fail(tmp_path):
    """A checker that never fails proves nothing: give it two symbols."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or not compiler:
        pytest.skip("needs Linux and a C compiler")
    (tmp_path / "two.c").write_text(
        "int PyInit__two; int RAND_bytes(void) { return 1; }"
    )
    made = tmp_path / "_two.so"
    command = [compiler, "-shared", "-fPIC", "-o", made, tmp_path / "two.c"]
    subprocess.run(command, check=True)  # noqa: S603 - found above
    tool = ROOT / "tools" / "check-extension"
    command = [sys.executable, str(tool), str(made)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool
    assert done.returncode == 1
    assert "RAND_bytes" in done.stderr
