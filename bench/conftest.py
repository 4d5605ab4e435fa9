"""What all benchmarks share: their scope, the clock, facts beside each figure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import machine
import pytest
from measure import in_turns, ratio, timed
from scope import SCOPES, scope_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Prepare

# Seconds that the rounds of one benchmark may take, by scope.
SECONDS = {"smoke": 0.0, "quick": 0.25, "full": 1.0}
ROUNDS_LEAST, ROUNDS_MOST = 7, 400
TABLE = pytest.StashKey[list[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of these benchmarks."""
    group = parser.getgroup("fastframe")
    group.addoption("--scope", choices=list(SCOPES), default="quick")
    group.addoption(
        "--frames",
        type=int,
        default=0,
        help="frames of the memory test; 10 million with --scope=full",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known and the table empty."""
    config.addinivalue_line("markers", "scope(number): see scope.py")
    config.stash[TABLE] = []


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is beyond the scope asked for."""
    most = SCOPES[config.getoption("--scope")]
    left = [item for item in items if scope_of(item) > most]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if scope_of(item) <= most]


def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """Keep the machine's name out of what is saved."""
    del config  # the hook's signature
    machine_info["node"] = ""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print one line per figure, in units that mean something."""
    rows = config.stash[TABLE]
    if not rows:
        return
    terminalreporter.section("fastframe")
    for name, value in machine.facts().items():
        terminalreporter.write_line(f"{name}: {value}")
    width = max(len(what) for what, _ in rows)
    for what, figure in rows:
        terminalreporter.write_line(f"{what:{width}s}  {figure}")


def _speed(ns: float, size: int) -> str:
    return f"{ns:>12,.0f} ns a frame {size / ns * 1000:>8,.0f} MB/s"


@pytest.fixture
def scope(request: pytest.FixtureRequest) -> str:
    """Name the scope that was asked for."""
    return str(request.config.getoption("--scope"))


@pytest.fixture(autouse=True)
def _facts(request: pytest.FixtureRequest) -> None:
    """Put beside each figure what it was measured on."""
    if "benchmark" in request.fixturenames:
        request.getfixturevalue("benchmark").extra_info.update(machine.facts())


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Add a line to the table under this test's name."""
    name = request.node.nodeid.partition("bench/")[2] or request.node.nodeid
    rows = request.config.stash[TABLE]
    return lambda figure: rows.append((name.removeprefix("test_"), figure))


@pytest.fixture
def record(
    benchmark: Any, scope: str, say: Callable[[str], None]
) -> Callable[..., None]:
    """Make a function that times prepared work, and says ns and MB/s per frame.

    pytest-benchmark keeps the times of whole stretches, for comparing runs; how
    many frames each was is in its extra_info, with what they come to.
    """

    def run(prepare: Prepare, size: int) -> None:
        work, count = prepare()
        once = timed(work) / 1e9
        rounds = min(ROUNDS_MOST, max(ROUNDS_LEAST, int(SECONDS[scope] / once)))

        def setup() -> tuple[tuple[Callable[[], object]], dict[str, Any]]:
            return (prepare()[0],), {}

        benchmark.pedantic(lambda work: work(), setup=setup, rounds=rounds)
        if benchmark.disabled:
            return
        ns = benchmark.stats.stats.median * 1e9 / count
        benchmark.extra_info.update(
            frames=count,
            size=size,
            ns_per_frame=round(ns, 1),
            bytes_per_second=round(size / ns * 1e9),
        )
        say(_speed(ns, size))

    return run


@pytest.fixture
def beside(
    benchmark: Any, scope: str, say: Callable[[str], None]
) -> Callable[..., dict[str, float]]:
    """Make a function that times ways in turn and says each one's ratio to a base.

    The figure above 1 means that the base takes that many times as long.
    """

    def run(
        ways: dict[str, Callable[[], float]], base: str, size: int
    ) -> dict[str, float]:
        samples: dict[str, list[float]] = {}

        def work() -> None:
            samples.update(in_turns(ways, 4 * SECONDS[scope]))

        benchmark.pedantic(work, rounds=1)
        ratios = {name: ratio(samples, name, base) for name in ways}
        if not benchmark.disabled:
            benchmark.extra_info["times as fast as " + base] = ratios
            benchmark.extra_info["size"] = size
            for name, times in ratios.items():
                ns = median(samples[name])
                say(f"{_speed(ns, size)} {times:>8.2f} times {base!r}: {name}")
        return ratios

    return run


@pytest.fixture
def figure(
    benchmark: Any, say: Callable[[str], None]
) -> Callable[[Callable[[], dict[str, Any]]], dict[str, Any]]:
    """Make a function that runs a measurement once and says what it found."""

    def run(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = benchmark.pedantic(measure, rounds=1)
        if not benchmark.disabled:
            benchmark.extra_info.update(found)
            for name, value in found.items():
                say(
                    f"{name}: {value:,.4g}"
                    if isinstance(value, float)
                    else f"{name}: {value}"
                )
        return found

    return run


@pytest.fixture(scope="session")
def frame_total(request: pytest.FixtureRequest) -> int:
    """Give how many frames the memory test runs."""
    by_scope = {"smoke": 20_000, "quick": 300_000, "full": 10_000_000}
    given = int(request.config.getoption("--frames"))
    return given or by_scope[request.config.getoption("--scope")]
