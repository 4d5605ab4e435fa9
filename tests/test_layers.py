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
# _ffi.c is CFFI's own; windows/ stands in for a header of the system.
C_FILES = sorted(
    path
    for path in CSRC.rglob("*.[ch]")
    if path.name != "_ffi.c" and path.parent.name != "windows"
)
PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))
MAY_INCLUDE_OPENSSL = {"aead.c", "ctrhmac.c", "kdf.c", "mem.c"}
PLAIN_C = {"<stddef.h>", "<stdint.h>", "<string.h>"}
# The core from the ground up: a file includes only what stands in a line above
# its own. The upper half knows nothing of frames, slots, batches or formats.
C_TIERS = (
    ("fastframe_api", "batch_api"),
    ("fastframe",),
    ("atomic", "mem", "span", "status", "zeros"),
    ("codec", "escape", "lock", "nonce", "window"),
    ("aead", "ctrhmac", "annexb", "pieces", "senders"),
    ("kdf",),
    ("crowd", "format", "frame", "schedule"),
    ("clear", "rung", "wire"),
    ("slots",),
    ("opener", "ratchet", "sealer"),
    ("steps",),
    ("crew",),
    ("loop",),
    ("arena", "batch", "inspect", "objects"),
    ("open", "open_many", "reading", "verify"),
    ("seal", "seal_many", "split"),
)
C_RANKS = {name: rank for rank, tier in enumerate(C_TIERS) for name in tier}
# The plug-ins see their own table's header and plain helpers, nothing else.
PLUG_INS = {
    "formats": {"../format.h", "../nonce.h", "rules.h", "livekit.h", "registry.def"},
    "codecs": {"../codec.h", "../annexb.h", "registry.def"},
    "schedules": {"../schedule.h", "../nonce.h", "../mem.h", "secret.h"}
    | {"registry.def"},
}
# The same for the modules of the package; cli and adapters stand apart.
PYTHON_TIERS = (
    ("errors",),
    ("_native",),
    ("_forklock", "_guard", "allowance", "exporter", "options"),
    ("single", "stats", "suites"),
    ("batch", "counter", "dave", "sframe"),
    ("gather", "material"),
    ("info", "live", "reserve", "sealer_facts", "slots"),
    ("opener", "sealer"),
    ("livekit", "many"),
    ("diagnosis",),
    ("__init__",),
)
PYTHON_RANKS = {name: rank for rank, tier in enumerate(PYTHON_TIERS) for name in tier}
APART = ("adapters", "cli", "keys", "__main__")
# Modules that users import beside the package itself.
PUBLIC_MODULES = {"sframe"}
# What users may not have installed, and import fastframe must not ask for.
OPTIONAL = ["cryptography", "numpy", "av", "aiortc", "rich", "pyarrow"]
OPTIONAL += ["prometheus_client", "websockets", "gi"]


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


def test_there_is_something_to_check():
    """A moved folder must not turn these tests into a pass."""
    assert len(C_FILES) >= 60
    assert len(PYTHON_FILES) >= 30
    assert any(path.parent.name == "_native" for path in PYTHON_FILES)
    assert sum(len(functions(path)) for path in C_FILES) >= 250


# -- C --


@pytest.mark.parametrize("path", C_FILES, ids=name_of)
def test_c_file_keeps_to_its_layer(path):
    """OpenSSL behind one door; no Python in the core; formats see no keys."""
    has = includes(path)
    if path.name not in MAY_INCLUDE_OPENSSL:
        assert not {name for name in has if "openssl" in name}
    assert "<Python.h>" not in has
    if path.parent != CSRC:
        allowed = {f'"{name}"' for name in PLUG_INS[path.parent.name]}
        assert has - PLAIN_C <= allowed
        return
    own = {name.strip('"').removesuffix(".h") for name in has if name.endswith('.h"')}
    for name in own - {path.stem}:
        # aead.c hands the suites with HMAC on to ctrhmac.c, which has its types.
        is_pair = {name, path.stem} == {"aead", "ctrhmac"}
        assert C_RANKS[name] < C_RANKS[path.stem] or is_pair, name


def test_core_is_entered_through_one_header():
    """Python may call what the two API headers declare, and nothing else."""
    for name in ("fastframe_api.h", "batch_api.h"):
        assert includes(CSRC / name) == set()
        users = [p.name for p in C_FILES if f'"{name}"' in includes(p)]
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


def place_of(path):
    """Name the module or package right below fastframe that a file is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name_of)
def test_python_file_keeps_to_its_layer(path):
    """Only the fence touches CFFI; adapters and tools use what users use."""
    own = {module.split(".")[1] for module in modules_of(path) if "." in module}
    place = place_of(path)
    if place in APART:
        assert own <= PUBLIC_MODULES | set(APART)
        return
    assert "_ffi" not in own or place == "_native"
    for module in own - {place, "_ffi"}:
        assert PYTHON_RANKS[module] < PYTHON_RANKS[place], module


@pytest.mark.parametrize(
    "path",
    [p for p in PYTHON_FILES if place_of(p) in APART],
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
    allowed = {None, *APART, *PUBLIC_MODULES, *ff.__all__}
    assert used <= allowed


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
        "names = list(sys.modules);"
        "print(*sorted({*names, *(name.split('.')[0] for name in names)}))"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    loaded = done.stdout.split()
    assert "fastframe" in loaded
    assert set(loaded).isdisjoint(OPTIONAL)
    assert set(loaded).isdisjoint({"ssl", "_ssl", "asyncio", "multiprocessing"})
    assert set(loaded).isdisjoint({"fastframe.livekit", "fastframe.diagnosis"})
