"""What the OpenSSL tools share: the pin, the cache folder, progress lines."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOOLS = Path(__file__).resolve().parent
PIN_FILE = TOOLS / "openssl.pin"

# Exit code for "no source can be had": setup then uses the system's libcrypto.
NO_SOURCE = 3


class UnavailableError(Exception):
    """One way of getting the source is closed; the next one may be open."""


def read_pin() -> dict[str, str]:
    """Read the KEY="value" lines of openssl.pin."""
    words = shlex.split(PIN_FILE.read_text(), comments=True)
    return dict(word.split("=", 1) for word in words)


def read_project() -> dict[str, Any]:
    """Read pyproject.toml."""
    # Here, because build images run the other tools with a Python that has neither.
    try:
        import tomllib  # noqa: PLC0415 - see above
    except ImportError:  # Python 3.10
        from pip._vendor import tomli as tomllib  # noqa: PLC0415 - see above

    with (TOOLS.parent / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)


def cache_folder() -> Path:
    """Return where builds are kept: outside the clone, shared by all clones."""
    own = os.environ.get("FASTFRAME_CACHE")
    if own:
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fastframe"


def configure_target() -> str:
    """Give the Configure target of a cross build; empty means this machine."""
    return os.environ.get("FASTFRAME_OPENSSL_TARGET", "")


def prefix_name() -> str:
    """Name the build by everything that decides its bytes.

    "pin" is in the name because a Debian source may hold another patch level;
    build.json inside tells what was built.
    """
    decides = [PIN_FILE.read_text(), platform.system(), platform.machine()]
    decides += [os.environ.get(name, "") for name in ("CC", "CFLAGS", "LDFLAGS")]
    decides += [target] if (target := configure_target()) else []
    digest = hashlib.sha256("\0".join(decides).encode()).hexdigest()
    return f"openssl-pin-{read_pin()['VERSION']}-{digest[:12]}"


def sha256_of(path: Path) -> str:
    """Hash a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def say(text: str) -> None:
    """Print for the reader; stdout is kept for the one result line."""
    print(f"  {text}", file=sys.stderr, flush=True)


def run_logged(args: Sequence[str | Path], log: Path, cwd: Path | None = None) -> int:
    """Run a command in the C locale, its output appended to log.

    OpenSSL finds out what the assembler can do by reading its banner, which a
    translated one defeats.
    """
    env = dict(os.environ, LC_ALL="C")
    # These come from a make that called us and would reach OpenSSL's make.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
        env.pop(name, None)
    with log.open("ab") as out:
        out.write(f"$ {shlex.join(map(str, args))}\n".encode())
        out.flush()
        return subprocess.run(
            args,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=cwd,
            env=env,
        ).returncode


@dataclass
class Outcome:
    """How a step ended, if there is more to say than how long it took."""

    text: str = ""


@contextmanager
def step(title: str) -> Iterator[Outcome]:
    """Print one progress line: what is being done, how it ended, how long."""
    outcome = Outcome()
    start = time.monotonic()
    print(f"  {title} ... ", end="", file=sys.stderr, flush=True)
    try:
        yield outcome
    except UnavailableError as error:
        outcome.text = f"no: {error}"
        raise
    except BaseException:
        outcome.text = "failed"
        raise
    finally:
        seconds = f"{time.monotonic() - start:.0f} s"
        parts = [part for part in (outcome.text, seconds) if part]
        print(", ".join(parts), file=sys.stderr, flush=True)
