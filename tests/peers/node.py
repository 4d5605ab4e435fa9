"""Start a Node driver, talk to it in messages and frames, end it cleanly."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
# A whole batch takes a second; more than this means that the peer hangs.
PATIENCE = 60.0
# The drivers need import.meta.resolve and WebCrypto without flags.
NODE_MIN = 20

Bytes = bytes | bytearray | memoryview


class PeerError(Exception):
    """The driver failed or fell silent; what it wrote to stderr is the text."""


def miss(reason: str) -> NoReturn:
    """Skip for want of a peer, but fail in CI: there it must be installed."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip this", pytrace=False)
    pytest.skip(reason, allow_module_level=True)  # never in CI: see above


@cache
def node_major() -> int:
    """Give Node's major version, 0 without Node."""
    node = shutil.which("node")
    if node is None:
        return 0
    told = subprocess.check_output([node, "--version"], text=True)  # noqa: S603
    return int(told.lstrip("v").split(".")[0])


def need_node() -> None:
    """Miss the test unless Node is here."""
    if node_major() < NODE_MIN:
        miss(f"Node {NODE_MIN} or newer is not installed")


def need_package(name: str) -> None:
    """Miss the test unless Node and this npm package are here."""
    need_node()
    if not (MODULES / name / "package.json").is_file():
        miss(f"npm's {name} is not installed: run tools/setup-peers")


def need_module(name: str) -> None:
    """Miss the test unless this Python module is here."""
    if find_spec(name) is None:
        miss(f"Python's {name} is not installed: run tools/setup-peers")


class Driver:
    """A Node process that runs one of the drivers beside this file.

    One request is under way at a time; the driver answers each.
    """

    def __init__(self, script: str) -> None:
        """Start it; nothing is sent before the first ask()."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            ["node", str(HERE / script)],  # noqa: S607 - whichever Node is meant
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def ask(
        self, op: str, blobs: Sequence[Bytes] = (), **fields: Any
    ) -> tuple[dict[str, Any], list[bytes | None]]:
        """Send a message with frames; give the answer's fields and its frames.

        A frame that the peer dropped is None.
        """
        head = {"op": op, "sizes": [len(blob) for blob in blobs], **fields}
        message = b"".join([json.dumps(head).encode(), b"\n", *blobs])
        # Killing it ends the reads below: a pipe has no time-out of its own.
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        try:
            answer, frames = self._exchange(message)
        except (BrokenPipeError, EOFError) as error:
            self._process.wait(PATIENCE)
            raise PeerError(f"the driver ended in {op}:\n{self._said()}") from error
        finally:
            watchdog.cancel()
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer, frames

    def _exchange(self, message: bytes) -> tuple[dict[str, Any], list[bytes | None]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Node reads all of a request before it answers, so this cannot lock.
        self._process.stdin.write(message)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        answer = json.loads(line)
        return answer, [self._read(size) for size in answer.pop("sizes")]

    def _read(self, size: int) -> bytes | None:
        assert self._process.stdout is not None
        if size < 0:
            return None
        blob = self._process.stdout.read(size)
        if len(blob) != size:
            raise EOFError
        return blob

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        """End the driver: it stops when its stdin does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it may have ended already
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def driven(script: str, package: str | None = None) -> Iterator[Driver]:
    """Yield a driver and end it afterwards; miss the tests without its package."""
    if package is None:
        need_node()
    else:
        need_package(package)
    driver = Driver(script)
    try:
        yield driver
    finally:
        driver.close()
