"""Peers side by side, in turns, in one run; all of them write the same bytes."""

from __future__ import annotations

import os
from statistics import median

import pytest
from lineup import BATCHED, CEILING, LISTED, PEER, PEER_INTO, dave_lineup, lineup
from same_bytes import IV, KEY, KEY_ID, SEALS, has_davey, is_here, webcrypto_ns
from scope import graded
from workloads import SWEEP

import fastframe as ff

QUICK_SIZES = {80, 1250, 6250, 60_000}
by_size = pytest.mark.parametrize("size", graded(SWEEP, QUICK_SIZES, smoke={80}))


def miss(name):
    """Skip for want of a peer, but fail in CI: there it must be installed."""
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not here, and CI must not skip this", pytrace=False)
    pytest.skip(f"{name} is not here")


@pytest.mark.parametrize("size", [0, 1, 100, 8192])
@pytest.mark.parametrize("name", SEALS)
def test_same_bytes(name, size):
    """Who is compared does the same work: its frame is ours, byte for byte."""
    if not is_here(name):
        miss(name)
    frame = bytes(n * 7 & 0xFF for n in range(size))
    with ff.Sealer("insertable", KEY, key_id=KEY_ID, ssrc=0, counter=1) as sealer:
        wanted = sealer.seal(frame)
    assert wanted[1:13] == IV
    assert SEALS[name](IV, frame) == wanted


def test_davey_writes_the_same_bytes():
    """DAVE has a peer of its own, whose frames are compared in its own format."""
    if not has_davey():
        miss("davey")
    _, seals = dave_lineup(100)
    for size in (3, 100, 1200):
        frame = bytes(n * 7 & 0xFF for n in range(size))
        assert seals["seal"](frame) == seals["davey"](frame)


@pytest.mark.parametrize("direction", ["seal", "open"])
@by_size
def test_peers(beside, size, direction):
    """Everybody in turn; above 1: so many times as fast as framing in Python."""
    ratios = beside(lineup(direction, size), PEER, size)
    assert {CEILING, BATCHED, LISTED, PEER_INTO} <= set(ratios)


@by_size
def test_webcrypto(benchmark, say, size):
    """The article's worker is a process of its own: three turns of both."""
    if not is_here("webcrypto"):
        miss("Node")
    ours = lineup("seal", size)[BATCHED]
    ratios: list[float] = []

    def work() -> None:
        ratios.extend(webcrypto_ns(size) / ours() for _ in range(3))

    benchmark.pedantic(work, rounds=1)
    benchmark.extra_info["times as fast"] = median(ratios)
    say(f"Batch is {median(ratios):.0f} times as fast as the worker in Node")


@by_size
def test_davey(beside, size):
    """Opus frames for Discord, one call each; both seal the same bytes."""
    if not has_davey():
        miss("davey")
    samples, _ = dave_lineup(size)
    beside(samples, "davey", size)
