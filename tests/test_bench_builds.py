"""The gate of speed that compares builds: which, in what order, and its verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from gates import builds, versus

if TYPE_CHECKING:
    from pathlib import Path

    from gates.judge import Figures

TREES = {side: ROOT / side for side in versus.SIDES}


# -- which commit is the base --


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Give a repository with two commits on main, and a way to run git there."""
    monkeypatch.setattr(builds, "ROOT", tmp_path)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")

    def git(*arguments: str) -> str:
        command = ["git", *who, "-C", str(tmp_path), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - the test's own
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    (tmp_path / "csrc").mkdir()
    for text in ("one", "two"):
        (tmp_path / "csrc/aead.c").write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", text)
    return git


def test_a_branch_is_compared_with_where_it_left_main(clone):
    """What main has gained meanwhile is not the branch's doing."""
    fork = clone("rev-parse", "HEAD")
    clone("checkout", "-q", "-b", "topic")
    clone("commit", "-q", "--allow-empty", "-m", "ours")
    clone("checkout", "-q", "main")
    clone("commit", "-q", "--allow-empty", "-m", "theirs")
    clone("checkout", "-q", "topic")
    assert builds.base_commit(None) == fork


def test_main_is_compared_with_its_parent(clone):
    """After a push there is no other commit to compare with."""
    assert builds.base_commit(None) == clone("rev-parse", "HEAD^")


def test_changes_not_committed_are_compared_with_head(clone, tmp_path):
    """Who tries something out wants to know what that costs."""
    (tmp_path / "csrc/aead.c").write_text("three")
    assert builds.base_commit(None) == clone("rev-parse", "HEAD")


def test_a_commit_may_be_named(clone):
    """To find the commit that made it slow."""
    assert builds.base_commit("HEAD~1") == clone("rev-parse", "HEAD^")


def test_a_commit_that_is_not_there_ends_the_gate(clone):
    """Comparing with another one in silence would prove nothing."""
    with pytest.raises(SystemExit, match="no commit nowhere"):
        builds.base_commit("nowhere")


def test_without_a_history_the_gate_ends(tmp_path, monkeypatch):
    """A source archive has no base."""
    monkeypatch.setattr(builds, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(SystemExit, match="no commit before this one"):
        builds.base_commit(None)


# -- the rounds --


class Machine:
    """Stands in for the measuring processes: a time for each side."""

    def __init__(self, **figures: Figures) -> None:
        """Keep the figures of each side; asked lists who was run, in order."""
        self.figures, self.asked = figures, []

    def __call__(self, _module: str, *names: str, tree: Path) -> Figures:
        """Give the figures of the side whose tree it is."""
        self.asked.append(tree.name)
        figures = self.figures[tree.name]
        return {name: figures[name] for name in names or figures if name in figures}


@pytest.fixture
def run(monkeypatch):
    """Give the gate over a pretended machine."""
    monkeypatch.setattr(builds, "base_tree", lambda _wish: ROOT / "base")
    monkeypatch.setattr(versus, "lay_out", lambda _base: TREES)

    def on(machine: Machine) -> list[str]:
        monkeypatch.setattr(versus.child, "measure", machine)
        return versus.run(None)

    return on


def test_each_side_is_first_as_often(run):
    """Who runs first may meet a cooler processor."""
    machine = Machine(base={"seal": 1.0}, this={"seal": 1.0}, copy={"seal": 1.0})
    assert run(machine) == []
    rounds = [machine.asked[at : at + 3] for at in range(0, len(machine.asked), 3)]
    assert len(rounds) == versus.ROUNDS
    assert all(set(one) == set(versus.SIDES) for one in rounds)
    firsts = [one[0] for one in rounds]
    assert (
        max(map(firsts.count, versus.SIDES)) - min(map(firsts.count, versus.SIDES)) < 2
    )


def test_each_round_has_its_extensions_anew(run, tmp_path, monkeypatch):
    """The luck of where a file lies in memory would outlive both tries."""
    package = tmp_path / "base/src/fastframe"
    package.mkdir(parents=True)
    extension = package / "_ffi.abi3.so"
    extension.write_bytes(b"code")
    seen = []

    class Watch(Machine):
        def __call__(self, *what, **how) -> Figures:
            seen.append(extension.open("rb"))  # held, or its number is used again
            return super().__call__(*what, **how)

    same = {"seal": 1.0}
    monkeypatch.setitem(TREES, "base", tmp_path / "base")
    run(Watch(base=same, this=same, copy=same))
    numbers = [os.fstat(file.fileno()).st_ino for file in seen]
    for file in seen:
        assert file.read() == b"code"
        file.close()
    assert len(set(numbers)) == versus.ROUNDS


def test_a_fifth_slower_in_both_tries_fails(run):
    """Half a limit more than noise ever made of no change."""
    slow = Machine(
        base={"seal": 1.0, "open": 1.0},
        this={"seal": 1.2, "open": 1.1},
        copy={"seal": 1.0, "open": 1.0},
    )
    assert run(slow) == ["seal: 1.20 of the base's time"]
    assert len(slow.asked) == 2 * 3 * versus.ROUNDS


def test_a_case_that_no_longer_runs_fails(run):
    """It would be the quickest of all."""
    both = {"seal": 1.0, "open": 1.0}
    (failed,) = run(Machine(base=both, this={"seal": 1.0}, copy=both))
    assert failed.startswith("open")


def test_a_case_that_the_base_lacks_passes(run):
    """What is new cannot have become slower."""
    both = {"seal": 1.0, "open": 1.0}
    assert run(Machine(base={"seal": 1.0}, this=both, copy={"seal": 1.0})) == []


def test_base_against_base_is_shown(run, capsys):
    """Without the control nobody knows what the machine makes of no change."""
    run(Machine(base={"seal": 1.0}, this={"seal": 1.0}, copy={"seal": 1.04}))
    assert "base against base: at most 4.0% apart" in capsys.readouterr().out
