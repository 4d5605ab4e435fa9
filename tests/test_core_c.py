"""The C core under its own tests: tests/c, built and run by tools/test-core."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LACKING = 3  # test-core's exit code for "this machine cannot do that"


def run_core(mode: str) -> None:
    """Run one mode of tools/test-core; skip with its reason if it cannot run."""
    done = subprocess.run(  # noqa: S603 - our own script, by its full path
        [sys.executable, ROOT / "tools" / "test-core", mode],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == LACKING:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_core_as_shipped() -> None:
    """Laws of counters, windows, bounds and forks are kept below Python."""
    run_core("plain")


def test_core_under_address_sanitizer() -> None:
    """Nothing a peer or caller says makes the core touch foreign memory or leak."""
    run_core("asan")


def test_core_under_thread_sanitizer() -> None:
    """Shared sealers, openers and batches never race."""
    run_core("tsan")


def test_every_line_that_peers_reach_is_run() -> None:
    """A line of the open path without a test could do anything."""
    run_core("coverage")
