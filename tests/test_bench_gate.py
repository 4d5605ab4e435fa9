"""The gates of speed that take ratios: their bars, statistics and judgement.

That they catch a loss of speed in the real thing, bench/plants.py shows.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest
from support import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from gates import judge, shares, table

if TYPE_CHECKING:
    from collections.abc import Collection

SIZES = (100, 1200, 8192, 60_000, 150_000)
# What the design promises to measure; the figures stand in bars.toml alone.
PROMISED = (
    [("seal_batch", who, size) for who in ("ceiling", "peer") for size in SIZES]
    + [("open_batch", who, size) for who in ("ceiling", "peer") for size in SIZES]
    + [(f"{way}_batch list", "peer", n) for way in ("seal", "open") for n in SIZES[:2]]
    + [(f"{way}_into", "peer", n) for way in ("seal", "open") for n in SIZES[:3]]
    + [(way, "peer", size) for way in ("seal", "open") for size in SIZES]
    + [("seal_batch on two threads", "one thread", 8192)]
    + [("Python objects made by one seal_batch", "", 0)]
    + [("C allocations per frame", "", 0), ("resident size grown", "", 0)]
    + [("workload A, p99.9 of added latency", "", 0)]
    + [("sframe seal_batch", "Cisco's sframe", 100)]
    + [("seal_batch", "WebCrypto worker in Node", size) for size in (100, 8192)]
)


# -- the table of bars --


@pytest.mark.parametrize("row", PROMISED, ids=str)
def test_every_promise_has_a_bar(row):
    """A promise without a bar is neither measured nor held."""
    assert table.find(*row).bar >= 0


def test_nothing_is_promised_twice():
    """Of two bars for one thing, one would silently win."""
    assert len(table.bars()) == len(table.parse(table.FILE.read_text("utf-8")))


@pytest.mark.parametrize("bar", table.bars().values(), ids=lambda bar: bar.key)
def test_what_does_not_gate_at_the_bar_says_why(bar):
    """A lowered floor without a reason is a bar given up in silence."""
    assert bool(bar.why) == (bar.floor != bar.bar)


@pytest.mark.parametrize("bar", table.bars().values(), ids=lambda bar: bar.key)
def test_every_ratio_to_the_ceiling_gates(bar):
    """They transfer between machines, so no row may only be reported."""
    if bar.against == "ceiling":
        assert bar.floor is not None
        assert 0.5 * bar.bar < bar.floor <= bar.bar


@pytest.mark.parametrize("bar", table.bars().values(), ids=lambda bar: bar.key)
def test_ratios_to_the_peer_gate_small_frames_alone_and_loosely(bar):
    """At large sizes they compare OpenSSL builds, which is not ours to hold."""
    if bar.against == "peer":
        assert (bar.floor is not None) == (bar.size <= 1200)
        assert bar.floor is None or bar.floor <= bar.bar * 0.91


def test_no_time_gates():
    """What a machine takes says nothing about the next one."""
    assert all(bar.floor is None for bar in table.bars().values() if bar.unit == "us")


def test_a_count_gates_above_its_bar():
    """For counts more is worse, for ratios less is."""
    most = table.find("C allocations per frame")
    assert most.is_gated_out_by(1)
    assert not most.is_gated_out_by(0)


def test_rewriting_a_floor_changes_that_row_alone():
    """People keep comments in the file that make bench-baseline edits."""
    text = table.FILE.read_text("utf-8")
    bar = table.find("open_batch", "ceiling", 1200)
    changed = table.rewrite(text, bar, 0.5, "overhead")
    before, after = table.parse(text), table.parse(changed)
    differing = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [(b.key, b.floor) for b in differing] == [(bar.key, 0.5)]
    at_bar = table.rewrite(changed, bar, bar.bar, "")
    assert len(at_bar.splitlines()) == len(text.splitlines())
    assert bar.key in {b.key for b in table.parse(at_bar) if b.floor == b.bar}


def test_rewriting_what_is_not_there_is_refused():
    """A floor that was not written would gate at the old one."""
    with pytest.raises(ValueError, match="0 rows"):
        table.rewrite("rows = []", table.find("seal_batch", "ceiling", 100), 1, "")


# -- from many figures to one --


def series(factor: float, seed: int, *, bad_at: Collection[int] = ()) -> list:
    """Give seven rounds of two sides on a machine whose clock is bimodal."""
    rng = random.Random(seed)
    ours, theirs = [], []
    for turn in range(7):
        pace = rng.choice([1.0, 1.6])
        hit = 3.0 if turn in bad_at else 1.0
        theirs.append({"seal": 100 * pace * rng.uniform(0.97, 1.03)})
        ours.append({"seal": 100 * factor * pace * hit * rng.uniform(0.97, 1.03)})
    return [ours, theirs]


@pytest.mark.parametrize("seed", range(20))
def test_a_machine_that_changes_pace_does_not_change_the_ratio(seed):
    """Both of a pair meet the same pace; a ratio of medians would not."""
    assert judge.pair_ratios(*series(1.0, seed))["seal"] == pytest.approx(1, abs=0.06)


def test_three_disturbed_rounds_of_seven_do_not_matter():
    """A neighbour that wakes up in the middle must not fail the gate."""
    disturbed = judge.pair_ratios(*series(1.0, 1, bad_at=(0, 3, 6)))
    assert disturbed["seal"] < 1.06


@pytest.mark.parametrize("seed", range(20))
def test_a_fifth_slower_is_seen_through_the_noise(seed):
    """The median must not hide what is there in every round."""
    assert judge.pair_ratios(*series(1.25, seed))["seal"] > 1.15


def test_a_case_that_one_side_lacks_is_left_out():
    """The base may be too old for a case."""
    assert judge.pair_ratios([{"a": 2.0, "new": 1.0}], [{"a": 1.0}]) == {"a": 2.0}


class Script:
    """A measurement that gives what it was told, try by try."""

    def __init__(self, *tries: judge.Figures) -> None:
        """Keep the tries and whom they were asked about."""
        self.tries, self.asked = list(tries), []

    def __call__(self, names: Collection[str] | None) -> judge.Figures:
        """Give the next try."""
        self.asked.append(names)
        return self.tries.pop(0)


def is_high(_name: str, figure: float) -> bool:
    """Judge as the gates do."""
    return figure > 1.15


def test_a_failure_that_does_not_come_again_is_none():
    """One bad try is what noise looks like."""
    measure = Script({"a": 1.0, "b": 1.4}, {"b": 1.0})
    _, second = judge.settle(measure, is_high)
    assert measure.asked == [None, ["b"]]
    assert judge.failures(second, is_high) == []


def test_a_failure_that_comes_again_fails():
    """What is slower is slower again."""
    _, second = judge.settle(Script({"a": 1.0, "b": 1.4}, {"b": 1.3}), is_high)
    assert judge.failures(second, is_high) == ["b"]


def test_no_second_try_without_a_suspect():
    """A gate that always ran twice would cost twice."""
    measure = Script({"a": 1.0})
    assert judge.settle(measure, is_high) == ({"a": 1.0}, {})
    assert measure.asked == [None]


@pytest.mark.parametrize(
    ("figure", "floor"), [(1.0, 0.85), (0.88, 0.83), (0.6, 0.57), (0.895, 0.85)]
)
def test_a_floor_is_the_bar_or_the_figure_less_noise(figure, floor):
    """A floor above the bar would ask for more than is promised."""
    assert judge.floor_for(figure, 0.85, 0.05) == pytest.approx(floor)


# -- gate (a) --


def shares_run(monkeypatch, *tries: float) -> list[str]:
    """Run the gate on one bar with the figures given for its tries."""
    bar = table.find("seal_batch", "ceiling", 100)
    figures = Script(*({bar.key: figure * bar.floor} for figure in tries))
    monkeypatch.setattr(shares, "measure", lambda names, _tree: figures(names))
    return shares.run()


def test_a_share_below_its_floor_twice_fails(monkeypatch):
    """The gate holds what is reached today."""
    assert shares_run(monkeypatch, 0.97, 0.98) == ["seal_batch 100 B, ceiling"]


def test_a_share_below_its_floor_once_passes(monkeypatch):
    """The second try must agree."""
    assert shares_run(monkeypatch, 0.97, 1.01) == []


def test_the_figure_of_shares_is_the_median_of_processes(monkeypatch):
    """One process whose memory lies badly must not decide."""
    key = "seal_batch 100 B, ceiling"
    figures = iter([0.1] + [0.8] * (shares.PROCESSES - 1))
    monkeypatch.setattr(
        shares.child, "measure", lambda *_args, **_how: {key: next(figures)}
    )
    assert shares.measure([key]) == {key: 0.8}
