"""What builds the wheels on hosted machines: workflows and configuration."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

TOOLS = ROOT / "tools"
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
if not WORKFLOWS:
    pytest.skip("no workflows beside these tests", allow_module_level=True)
# actions/checkout@<40 hex digits> # v7.0.1
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
yaml = pytest.importorskip("yaml")


def name_of(path):
    """Name a workflow in test reports."""
    return path.stem


each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)


def load(path):
    """Read a workflow; YAML 1.1 reads its key "on" as a truth value."""
    content = yaml.safe_load(path.read_text())
    content["on"] = content.pop(True)
    return content


def wheels():
    """Read the workflow that makes and publishes wheels."""
    return load(FOLDER / "wheels.yml")


def steps_of(job):
    """List a job's steps; a job may also call another workflow."""
    return job.get("steps", [])


def load_tool(name, monkeypatch):
    """Import one of tools/, which have no .py in their names."""
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader(name, str(TOOLS / name))
    spec = importlib.util.spec_from_loader(name, loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


# -- least power --


@each_workflow
def test_actions_are_pinned_by_hash(path):
    """A tag can be moved to other code by whoever takes over its account."""
    used = re.findall(r"uses: +(.+)", path.read_text())
    assert used
    assert [text for text in used if not PINNED.fullmatch(text.strip())] == []


@each_workflow
def test_jobs_may_do_nothing_unless_they_say_so(path):
    """What a compromised step may do is what its job may do."""
    workflow = load(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job.get("permissions", {}).items()) <= {
            ("contents", "read"),
            ("id-token", "write"),
        }


@each_workflow
def test_only_publishing_can_speak_for_the_project(path):
    """The identity token is what the index trusts in place of a password."""
    for name, job in load(path)["jobs"].items():
        has_token = "id-token" in job.get("permissions", {})
        assert has_token == ((path.stem, name) == ("wheels", "publish"))


@each_workflow
def test_checkouts_leave_no_credentials(path):
    """Later steps run code that a pull request may have changed."""
    for job in load(path)["jobs"].values():
        for step in steps_of(job):
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


@each_workflow
def test_no_text_from_outside_reaches_a_shell(path):
    """A branch may be named like a command."""
    for job in load(path)["jobs"].values():
        for step in steps_of(job):
            shown = re.findall(r"\$\{\{ *([\w.]+)", step.get("run", ""))
            # all-good of ci.yml asks how the other jobs ended.
            assert set(shown) <= {"contains"}


@each_workflow
def test_auditor_finds_nothing(path):
    """Zizmor knows more ways of being robbed than we do."""
    tool = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    if not tool:
        pytest.skip("zizmor needs Python 3.11")
    done = subprocess.run(  # noqa: S603 - found above
        [tool, "--offline", "--no-progress", str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# -- the release --


def test_publishing_waits_for_everything_and_a_tag():
    """No wheel goes out without the others, with an old OpenSSL, or from a branch."""
    jobs = wheels()["jobs"]
    publish = jobs["publish"]
    assert set(publish["needs"]) == set(jobs) - {"publish"}
    assert publish["environment"] == "pypi"
    assert "github.event_name == 'push'" in publish["if"]
    assert "startsWith(github.ref, 'refs/tags/v')" in publish["if"]
    (upload,) = [s for s in publish["steps"] if "pypi-publish" in s.get("uses", "")]
    assert upload["with"] == {"attestations": True}
    assert "secrets." not in (FOLDER / "wheels.yml").read_text()


def test_nothing_that_is_published_was_cached():
    """A cache can be filled by a pull request's run and read by a release."""
    text = (FOLDER / "wheels.yml").read_text()
    assert "actions/cache" not in text
    assert not re.search(r"^\s*cache:", text, re.MULTILINE)


def test_pin_is_checked_every_week():
    """OpenSSL fixes holes between our releases."""
    workflow = wheels()
    assert len(workflow["on"]["schedule"]) == 1
    assert workflow["on"]["schedule"][0]["cron"].endswith(" * * 1")
    (command,) = [s["run"] for s in workflow["jobs"]["pin"]["steps"] if "run" in s]
    assert command == "tools/check-pin"
    assert (TOOLS / "check-pin").exists()


def test_each_platform_has_a_runner_of_its_own():
    """Emulation is slow and finds other faults than the processor would."""
    matrix = wheels()["jobs"]["wheels"]["strategy"]["matrix"]["include"]
    assert {row["name"] for row in matrix} == {
        "linux-x86_64",
        "linux-aarch64",
        "macos-arm64",
        "macos-x86_64",
        "windows-amd64",
    }
    assert len({row["os"] for row in matrix}) == len(matrix)


def test_local_and_hosted_cibuildwheel_are_one():
    """A check by another version says nothing of what the release does."""
    text = (FOLDER / "wheels.yml").read_text()
    (hosted,) = re.findall(r"pypa/cibuildwheel@\w+ # v([\d.]+)", text)
    (local,) = re.findall(
        r'"cibuildwheel==([\d.]+);', (ROOT / "pyproject.toml").read_text()
    )
    assert hosted == local


# -- the configuration --


def test_every_platform_gets_every_python():
    """A pattern that matches nothing builds nothing, without a word."""
    pytest.importorskip("cibuildwheel", reason="needs Python 3.11")
    command = [sys.executable, str(TOOLS / "check-wheel-config")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool
    assert done.returncode == 0, done.stderr
    assert "on 7 platforms" in done.stdout


@pytest.mark.parametrize(
    "call",
    [
        ["cibuildwheel", "--print-build-identifiers", "--platform", "linux", "."],
        ["validate_pyproject", "pyproject.toml"],
    ],
    ids=["cibuildwheel", "validate-pyproject"],
)
def test_misspelt_option_is_noticed(tmp_path, call):
    """Else a wheel would go out untested."""
    pytest.importorskip("cibuildwheel", reason="needs Python 3.11")
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(
        text.replace("test-command", "test-comand")
    )
    command = [sys.executable, "-m", *call]
    done = subprocess.run(  # noqa: S603 - modules named above
        command, check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode != 0
    assert "test-comand" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("platform", "build"),
    [
        ("linux", "cp310-manylinux_x86_64"),
        ("linux", "cp314t-musllinux_aarch64"),
        ("macos", "cp310-macosx_arm64"),
        ("windows", "cp310-win_amd64"),
    ],
)
def test_every_build_must_link_an_openssl_of_its_own(platform, build, monkeypatch):
    """Cibuildwheel's own CIBUILDWHEEL is not seen in its containers."""
    options = pytest.importorskip("cibuildwheel.options", reason="needs Python 3.11")
    monkeypatch.chdir(ROOT)
    arguments = options.CommandLineArguments.defaults()
    chosen = options.Options(platform, arguments, env={}).build_options(build)
    variables = chosen.environment.as_dictionary({})
    assert variables["CIBUILDWHEEL"] == "1"
    assert variables["FASTFRAME_EXPECT_STATIC"] == "1"
    assert variables["FASTFRAME_OPENSSL_DIR"].endswith("/fastframe-openssl")
    assert "before-wheels" in chosen.before_all
    assert "repair-wheel" in chosen.repair_command
    assert "pytest" in chosen.test_command


def test_a_wheel_with_the_systems_openssl_is_refused():
    """Its repair would put Debian's libcrypto of the day into the wheel."""
    env = {k: v for k, v in os.environ.items() if k != "FASTFRAME_OPENSSL_DIR"}
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / "csrc" / "ffi_build.py")],
        check=False,
        capture_output=True,
        text=True,
        env=env | {"CIBUILDWHEEL": "1"},
    )
    assert done.returncode != 0
    assert "a wheel must carry its own libcrypto" in done.stderr


@pytest.mark.parametrize(
    ("source", "is_usable"), [("upstream", True), ("debian", False)]
)
def test_a_release_takes_the_pinned_source_only(
    tmp_path, monkeypatch, source, is_usable
):
    """Debian's may lack the newest fixes; for developing it will do."""
    monkeypatch.delenv("FASTFRAME_OPENSSL_TARBALL", raising=False)
    tool = load_tool("build-openssl", monkeypatch)
    (tmp_path / "build.json").write_text(f'{{"source": "{source}"}}')
    assert tool.is_usable(tmp_path, release=True) == is_usable
    assert tool.is_usable(tmp_path, release=False)


def test_newer_patch_releases_are_found(monkeypatch):
    """Betas, and other series, are no reason to change the pin."""
    tags = "".join(
        f"0123abcd\trefs/tags/openssl-{name}\n"
        for name in (
            "3.5.0",
            "3.5.0-beta1",
            "3.5.9",
            "3.5.10",
            "3.5.11-alpha1",
            "3.50.1",
        )
    )
    levels = load_tool("check-pin", monkeypatch).patch_levels(tags, "3.5")
    assert levels == [0, 9, 10]
