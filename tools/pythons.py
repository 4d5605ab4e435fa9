"""Finds the CPythons of a machine and tries wheels on them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import TOOLS, read_project

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = TOOLS.parent
OLDEST = (3, 10)
# Version, as sorted; whether it is free-threaded; "CPython".
ASK = (
    "import platform, sys, sysconfig; print(*sys.version_info[:3], "
    "int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))), "
    "platform.python_implementation())"
)


@dataclass(frozen=True, order=True)
class Python:
    """One interpreter; of several with the same version any will do."""

    version: tuple[int, ...]
    is_free_threaded: bool
    path: Path

    def __str__(self) -> str:
        """Name it as people do: 3.14.2t."""
        dotted = ".".join(map(str, self.version))
        return dotted + "t" * self.is_free_threaded


def candidates() -> Iterator[Path]:
    """List what may be an interpreter: on PATH, and where pyenv and uv put them."""
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    folders = list((pyenv / "versions").glob("*/bin"))
    folders += (home / ".local/share/uv/python").glob("*/bin")
    folders += map(Path, os.environ.get("PATH", "").split(os.pathsep))
    for folder in folders:
        if folder.is_dir():
            files = sorted(folder.glob("python3.*"))
            yield from (f for f in files if re.fullmatch(r"python3\.\d+t?", f.name))


def find_pythons() -> list[Python]:
    """Find every CPython that fastframe supports, oldest first, each once."""
    found: dict[tuple[object, ...], Python] = {}
    for path in candidates():
        done = subprocess.run(
            [path, "-c", ASK], check=False, capture_output=True, text=True
        )
        answer = done.stdout.split()
        if done.returncode != 0 or answer[4:] != ["CPython"]:
            continue
        version = tuple(map(int, answer[:3]))
        python = Python(version, answer[3] == "1", path)
        if version >= OLDEST:
            found.setdefault((version[:2], python.is_free_threaded), python)
    return sorted(found.values())


@dataclass
class Trial:
    """How a wheel did on one Python."""

    wheel: Path
    python: Python
    is_good: bool = False
    text: str = ""


def copy_tests(folder: Path) -> None:
    """Copy what pyproject.toml tells cibuildwheel to copy, and nothing else."""
    for name in read_project()["tool"]["cibuildwheel"]["test-sources"]:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder)


def try_wheel(wheel: Path, python: Python, folder: Path, *, suite: bool) -> Trial:
    """Install a wheel beside nothing but cffi and use it; then run the tests."""
    trial = Trial(wheel, python)
    folder.mkdir()
    binaries = folder / "venv/bin"
    log = folder / "log"
    env = {k: v for k, v in os.environ.items() if not k.startswith("FASTFRAME_")}
    env |= {"FASTFRAME_EXPECT_STATIC": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def run(*args: str | Path) -> str:
        done = subprocess.run(
            args, check=False, capture_output=True, text=True, cwd=folder, env=env
        )
        with log.open("a") as file:
            file.write(f"$ {args}\n{done.stdout}{done.stderr}")
        if done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, args, done.stdout)
        return done.stdout

    pip = [binaries / "python", "-m", "pip", "--quiet"]
    start = time.monotonic()
    try:
        run(python.path, "-m", "venv", "venv")
        run(*pip, "install", wheel)
        told = run(binaries / "fastframe", "selftest").splitlines()[-1]
        trial.text = told.partition(" in ")[0]
        if suite:
            run(*pip, "install", "--upgrade", "pip>=25.1")
            copy_tests(folder)
            run(*pip, "install", "--group", "test")
            told = run(binaries / "python", "-m", "pytest", "-q").splitlines()[-1]
            trial.text = told.strip("= ").partition(" in ")[0]
        trial.text += f", {time.monotonic() - start:.0f} s"
        trial.is_good = True
    except (subprocess.CalledProcessError, IndexError) as error:
        trial.text = f"FAILED ({error}); the log is {log}"
    return trial
