"""The directions of DESIGN section 4 and the size of things, read off the files."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from support import ROOT

import fastframe as ff

CSRC = ROOT / "csrc"
PACKAGE = ROOT / "src" / "fastframe"
FILE_MAX = 320
FUNCTION_MAX = 45
# _ffi.c is CFFI's own, written anew by each build.
C_FILES = sorted(path for path in CSRC.rglob("*.[ch]") if path.name != "_ffi.c")
PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))
MAY_INCLUDE_OPENSSL = {"aead.c", "kdf.c", "mem.c"}
PLAIN_C = {"<stddef.h>", "<stdint.h>", "<string.h>"}
# The leaves know nothing of frames, keys in slots, batches or formats.
LEAVES = {"aead", "atomic", "kdf", "lock", "mem", "nonce", "span", "status", "window"}
LEAF_HEADERS = {f'"{name}.h"' for name in LEAVES | {"fastframe"}} | {'"status.def"'}
# What users may not have installed, and import fastframe must not ask for.
OPTIONAL = ["cryptography", "numpy", "av", "aiortc", "rich", "pyarrow"]


def name_of(path):
    """Name a file in test reports by its place."""
    return str(path.relative_to(ROOT))


def includes(path):
    """List what a C file includes, with its quotes or brackets."""
    pattern = r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")'
    return set(re.findall(pattern, path.read_text(), re.MULTILINE))


def imports(path):
    """List the modules and names a Python file imports: (module, name)."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            found += [(node.module, alias.name) for alias in node.names]
    return found


def modules_of(path):
    """List the fastframe modules that a file imports, in whichever way."""
    own = set()
    for module, name in imports(path):
        if module.split(".")[0] == "fastframe":
            is_module = module == "fastframe" and name and name not in ff.__all__
            own.add(f"fastframe.{name}" if is_module else module)
    return own


def functions(path):
    """Give name and line count of each C function, brace in column 0 to brace."""
    lines = path.read_text().splitlines()
    found = []
    head = ""
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and head:
            found.append((head, number - start + 1))
            head = ""
        elif named := re.match(r"[a-z].*?\b(\w+)\(", line):
            head = named[1]
    return found


def in_native(path):
    """Tell whether a file is the fence around CFFI, module or package."""
    return "_native" in (path.stem, path.parent.name)


def test_there_is_something_to_check():
    """A moved folder must not turn these tests into a pass."""
    assert len(C_FILES) >= 30
    assert len(PYTHON_FILES) >= 14
    assert any(map(in_native, PYTHON_FILES))
    assert sum(len(functions(path)) for path in C_FILES) >= 100


# -- C --


@pytest.mark.parametrize("path", C_FILES, ids=name_of)
def test_c_file_keeps_to_its_layer(path):
    """OpenSSL behind one door; no Python in the core; formats see no keys."""
    has = includes(path)
    if path.name not in MAY_INCLUDE_OPENSSL:
        assert not {name for name in has if "openssl" in name}
    assert "<Python.h>" not in has
    if path.parent.name in ("formats", "codecs"):
        allowed = {'"../format.h"', '"../nonce.h"', '"../fastframe.h"'}
        assert has - PLAIN_C <= allowed | {'"registry.def"'}
    if path.parent == CSRC and path.stem in LEAVES:
        assert {name for name in has if name[0] == '"'} <= LEAF_HEADERS


def test_core_is_entered_through_one_header():
    """Python may call what fastframe_api.h declares, and nothing else."""
    assert includes(CSRC / "fastframe_api.h") == set()
    users = [p.name for p in C_FILES if '"fastframe_api.h"' in includes(p)]
    assert users == ["fastframe.h"]


@pytest.mark.parametrize("path", C_FILES, ids=name_of)
def test_c_stays_small(path):
    """A file has one job, a function too; both fit a reader's head."""
    assert len(path.read_text().splitlines()) <= FILE_MAX
    long = [entry for entry in functions(path) if entry[1] > FUNCTION_MAX]
    assert long == []


@pytest.mark.parametrize("path", [p for p in C_FILES if p.suffix == ".h"], ids=name_of)
def test_first_line_says_what_the_file_is_for(path):
    """The way in for a newcomer is the first line of each file."""
    assert path.read_text().startswith(f"/* {path.name} - ")


# -- Python --


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_file_keeps_to_its_layer(path):
    """Only the fence touches CFFI; adapters and tools use what users use."""
    own = modules_of(path)
    folder = path.parent.name
    if in_native(path):
        below = ("fastframe._ffi", "fastframe.errors", "fastframe._native")
        assert all(module.startswith(below) for module in own)
        return
    assert "fastframe._ffi" not in own
    if folder in ("cli", "adapters") or path.stem == "__main__":
        assert {
            m for m in own if m.split(".")[1:2] not in ([], ["cli"], ["adapters"])
        } == set()
    else:
        assert not any(
            m.startswith(("fastframe.cli", "fastframe.adapters")) for m in own
        )
    if path.stem == "errors":
        assert own == set()


@pytest.mark.parametrize(
    "path",
    [p for p in PYTHON_FILES if p.parent.name in ("cli", "adapters")],
    ids=name_of,
)
def test_tools_use_public_names_only(path):
    """What the command line needs, users need: it must be public."""
    tree = ast.parse(path.read_text())
    alias = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
        if name.name == "fastframe"
    }
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in alias
    }
    used |= {name for module, name in imports(path) if module == "fastframe"}
    assert used - {"cli", "adapters", None} <= set(ff.__all__)


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_stays_small(path):
    """As for C: who opens a file should see its end."""
    assert len(path.read_text().splitlines()) <= FILE_MAX


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_module_says_what_it_is_for(path):
    """One job, stated in its first line."""
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith(".")


def test_import_pulls_in_nothing_optional():
    """A server that only seals must not pay for, or need, PyAV and NumPy."""
    program = (
        "import sys; import fastframe as ff; k = ff.generate_key();"
        "ff.Opener('insertable', {0: k}).open(ff.Sealer('insertable', k).seal(b''));"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    loaded = done.stdout.split()
    assert "fastframe" in loaded
    assert set(loaded).isdisjoint(OPTIONAL)
    assert set(loaded).isdisjoint({"ssl", "_ssl", "asyncio", "multiprocessing"})
