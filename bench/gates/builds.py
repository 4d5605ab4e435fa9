"""Builds the fastframe of another revision, to compare with.

build/gate/<commit>/ holds the revision's tree with its extension compiled in
place; it is kept until another one is asked for.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import fastframe as ff
from gates.child import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "build/gate"
MAIN = ("origin/main", "main")


def git(*arguments: str) -> str | None:
    """Ask git; None if it fails."""
    command = ["git", "-C", str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def base_commit(wish: str | None) -> str:
    """Give the commit to compare with.

    That is the one wished for; else where this branch left main; on main itself
    HEAD if there are changes not committed, or HEAD's parent.
    """
    if wish:
        found = git("rev-parse", "--verify", f"{wish}^{{commit}}")
    else:
        head = git("rev-parse", "HEAD")
        forks = (git("merge-base", "HEAD", name) for name in MAIN)
        found = next(filter(None, forks), head)
        if found == head and not git("status", "--porcelain", "csrc", "src"):
            found = git("rev-parse", "--verify", "HEAD^")
    if not found:
        raise SystemExit(f"gate: no commit {wish or 'before this one'} to compare with")
    return found


def base_tree(wish: str | None) -> Path:
    """Give the built tree of the commit to compare with."""
    commit = base_commit(wish)
    tree = FOLDER / commit
    if not (tree / "built").is_file():
        shutil.rmtree(FOLDER, ignore_errors=True)
        tree.mkdir(parents=True)
        archive = ["git", "-C", str(ROOT), "archive", commit]
        packed = subprocess.run(archive, stdout=subprocess.PIPE, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(tree, filter="data")
        compile_in(tree)
        (tree / "built").touch()
    return tree


def compile_in(tree: Path) -> None:
    """Compile a tree's extension in place, linked as the one that is installed."""
    environment = dict(os.environ)
    if (
        ff.build_info().linked == "static"
        and "FASTFRAME_OPENSSL_DIR" not in environment
    ):
        # The tree's own script: a change of openssl.pin is a change, too.
        script = [sys.executable, str(tree / "tools/build-openssl")]
        done = subprocess.run(script, stdout=subprocess.PIPE, text=True, check=True)
        environment["FASTFRAME_OPENSSL_DIR"] = done.stdout.strip()
    for stale in (tree / "src/fastframe").glob("_ffi*.so"):
        stale.unlink()
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"gate: {tree} does not compile\n{done.stderr[-2000:]}")
