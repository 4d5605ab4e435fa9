"""Runs a measuring process on a given tree, and reads what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
# What a compiler, a loader or OpenSSL's build may need of the caller's; all else
# stays outside, for the size of the environment moves the stack.
KEPT = ("PATH", "HOME", "CC", "LD_LIBRARY_PATH", "FASTFRAME_OPENSSL_DIR")
KEPT += ("FASTFRAME_CACHE", "XDG_CACHE_HOME")


def measure(
    module: str, *arguments: object, tree: Path = ROOT, wrapper: tuple[str, ...] = ()
) -> Any:
    """Run bench's module on the fastframe in tree; give the JSON it prints."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["PYTHONPATH"] = f"{tree / 'src'}{os.pathsep}{BENCH}"
    environment["PYTHONHASHSEED"] = "0"
    command = [*wrapper, sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"gate: {module} failed on {tree}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)
