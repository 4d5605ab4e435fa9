"""The benchmarks work, compare like with like, and send what real systems send.

No time is judged here: bench/README.md says how to measure.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median

import pytest
from support import ROOT

BENCH = ROOT / "bench"
LIMIT = 120  # seconds: a benchmark that hangs; the smallest few take five


def load_workloads():
    """Load the generators by their path: benchmarks are no package."""
    place = importlib.util.spec_from_file_location("workloads", BENCH / "workloads.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


workloads = load_workloads()


@pytest.fixture(scope="module")
def outcome():
    """Run the smallest benchmarks once, without a clock: outcome per test."""
    command = [sys.executable, "-m", "pytest", "bench", "--scope=smoke", "-rA"]
    command += ["--benchmark-disable", "-p", "no:cacheprovider", "--color=no"]
    done = subprocess.run(  # noqa: S603 - our own benchmarks
        command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    lines = re.findall(r"^(PASSED|SKIPPED) (.*)", done.stdout, re.MULTILINE)
    return {what: verdict for verdict, what in lines}


def test_every_benchmark_file_runs(outcome):
    """A benchmark that only breaks when somebody needs it is no benchmark."""
    files = {path.name for path in BENCH.glob("test_*.py")}
    ran = {re.split(r"[/:]", what)[1] for what in outcome if what.startswith("bench/")}
    assert len(files) >= 10
    assert files <= ran


def test_peers_write_the_same_bytes(outcome):
    """Who does less work is no peer; each is asserted against our bytes."""
    passed = {what for what, verdict in outcome.items() if verdict == "PASSED"}
    for name in ("cryptography", "cryptography_into", "cryptodome", "ceiling"):
        for size in (0, 1, 100, 8192):
            assert f"bench/test_peers.py::test_same_bytes[{name}-{size}]" in passed


# -- the generators: the table of workloads, figure by figure --


def frames_of(name, seconds):
    """List a mix's frames, audio and video apart, and check their order."""
    frames = list(workloads.frames_of(name, seconds))
    assert frames == sorted(frames)
    assert frames[-1].due < seconds
    kinds = workloads.MIXES[name].kinds
    video = [frame for frame in frames if kinds[frame.stream].is_video]
    return [frame for frame in frames if not kinds[frame.stream].is_video], video


@pytest.mark.parametrize(
    ("name", "streams", "rate"),
    [
        ("A", 20, 800),
        ("B", 500, 25_000),
        ("C", 300, 12_000),
        ("D", 4, 140),
        ("E", 3, 105),
        ("A60", 20, 1100),
    ],
)
def test_rates(name, streams, rate):
    """Frames per second are what makes a call easy or hard to serve."""
    audio, video = frames_of(name, 3)
    assert workloads.MIXES[name].rate == rate
    assert len(audio) + len(video) == 3 * rate
    assert len({frame.stream for frame in audio + video}) == streams


def test_audio_of_a_call():
    """Opus at 20 ms: median 90 bytes, 60 to 160, a fifth of it silence."""
    audio, _ = frames_of("A", 60)
    silent = [frame.size for frame in audio if frame.size <= 10]
    spoken = [frame.size for frame in audio if frame.size > 10]
    assert len(silent) / len(audio) == pytest.approx(0.2, abs=0.02)
    assert median(spoken) == pytest.approx(90, abs=2)
    assert 60 <= min(spoken) < 70
    assert 140 < max(spoken) <= 160


def test_video_of_a_call():
    """720p: deltas of 6 kB, a key frame of 30 to 150 kB each 3 s."""
    _, video = frames_of("A", 60)
    keys = [frame for frame in video if frame.is_key]
    assert median(frame.size for frame in video) == pytest.approx(6000, rel=0.05)
    assert Counter(frame.stream for frame in keys) == dict.fromkeys(range(10, 20), 20)
    assert median(frame.size for frame in keys) == pytest.approx(60_000, rel=0.15)
    assert all(30_000 <= frame.size <= 150_000 for frame in keys)


@pytest.mark.parametrize("name", ["A", "C", "D", "E"])
def test_two_percent_of_deltas_are_huge(name):
    """Huge as WebRTC counts it: above 2.5 times the mean of the stream."""
    _, video = frames_of(name, 5 if name == "C" else 60)
    streams = defaultdict(list)
    for frame in video:
        if not frame.is_key:
            streams[frame.stream].append(frame.size)
    huge = 0
    for sizes in streams.values():
        mean = sum(sizes) / len(sizes)
        huge += sum(size > 2.5 * mean for size in sizes)
    share = huge / sum(map(len, streams.values()))
    assert share == pytest.approx(0.02, abs=0.006)


@pytest.mark.parametrize(
    ("name", "medians"),
    [
        ("B", {"opus-32kbps": 80}),
        ("C", {"360p30": 2800}),
        ("D", {"180p30": 1000, "360p30": 2800, "720p30-simulcast": 7100}),
        ("E", {"1080p60": 15_000, "screen-1080p15": 21_000, "2160p30": 33_000}),
    ],
)
def test_medians_of_the_other_mixes(name, medians):
    """Small and large frames cost differently, so each mix has its own."""
    frames = list(workloads.frames_of(name, 30 if name in "DE" else 2))
    names = [
        kind for count, kind in workloads.MIXES[name].streams for _ in range(count)
    ]
    for kind, wanted in medians.items():
        sizes = [f.size for f in frames if names[f.stream] == kind and not f.is_key]
        assert median(sizes) == pytest.approx(wanted, rel=0.07)


def test_key_frames_of_heavy_video():
    """A 4K key frame is half a megabyte."""
    _, video = frames_of("E", 30)
    keys = [frame.size for frame in video if frame.is_key]
    assert len(keys) == 30
    assert all(150_000 <= size <= 500_000 for size in keys)


def test_column():
    """F: a hundred senders, 16 keys, 85 % audio, 1 % corrupt, 0.5 % unknown."""
    rows = list(workloads.column(50_000))
    fates = Counter(row.fate for row in rows)
    assert fates["corrupt"] / len(rows) == pytest.approx(0.01, abs=0.002)
    assert fates["unknown"] / len(rows) == pytest.approx(0.005, abs=0.0015)
    assert len({row.sender for row in rows}) == 100
    assert len({row.key_id for row in rows}) == 16
    audio = sum(row.size <= 160 for row in rows)
    assert audio / len(rows) == pytest.approx(0.85, abs=0.01)
    assert workloads.COLUMN_FRAMES == 1_000_000


def test_hostile_path():
    """G: A under rotation, 1 to 5 % lost, forged, repeated, late, and a flood."""
    deliveries = list(workloads.hostile(60))
    real = {d.number for d in deliveries if d.fate == "ok"}
    sent = workloads.MIXES["A"].rate * 60
    fates = Counter(d.fate for d in deliveries)
    assert 0.01 < 1 - len(real) / sent < 0.05
    assert 0.01 < fates["replayed"] / sent < 0.05
    numbers = [d.number for d in deliveries if d.fate == "ok"]
    late = sum(after < before for before, after in pairwise(numbers))
    assert 0.01 < late / sent < 0.05
    flood = [d for d in deliveries if 28 <= d.frame.due < 30]
    forged = sum(d.fate == "forged" for d in flood)
    assert forged / (workloads.MIXES["A"].rate * 2) == pytest.approx(10, rel=0.01)
    calm = [d for d in deliveries if d.frame.due < 28]
    assert 0.01 < sum(d.fate == "forged" for d in calm) / (800 * 28) < 0.05


def test_rotation_overlaps():
    """Streams do not rotate at one moment: for 250 ms both keys are in use."""
    deliveries = [d for d in workloads.hostile(31) if d.frame.due >= 30]
    overlap = {d.epoch for d in deliveries if d.frame.due < 30.25}
    later = {d.epoch for d in deliveries if d.frame.due >= 30.25}
    assert overlap == {0, 1}
    assert later == {1}


def test_generators_are_seeded():
    """Two runs must measure the same frames, or they cannot be compared."""
    for make in (workloads.column, workloads.hostile):
        assert list(make(20)) == list(make(20))
        assert list(make(20)) != list(make(20, seed=2))
    assert list(workloads.frames_of("A", 2)) == list(workloads.frames_of("A", 2))
