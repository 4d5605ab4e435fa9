"""Result memory of lists is used again, but never while anybody looks at it."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from support import pattern, together

import fastframe as ff
from fastframe._native import arenas

SIZE = 20_000
COUNT = 10


@pytest.fixture(autouse=True)
def nothing_waits():
    """Start and end with no memory that waits."""
    arenas._waiting.clear()
    yield
    arenas._waiting.clear()


def sealed_lists(opener_key, count):
    """Seal lists of frames, each list of another pattern."""
    sealer = ff.Sealer("insertable", opener_key)
    return [
        [sealer.seal(pattern(SIZE, seed=n * COUNT + i)) for i in range(COUNT)]
        for n in range(count)
    ]


def test_next_list_gets_the_memory_of_a_result_that_is_gone():
    """Else each list would cost a page fault for each 4 kB."""
    key = ff.generate_key()
    opener = ff.Opener("insertable", {0: key})
    assert opener.open_batch(sealed_lists(key, 1)[0]).ok == COUNT
    assert len(arenas._waiting) == 1
    kept = arenas._waiting[0]
    key = ff.generate_key()
    opener.keys[0] = key
    result = opener.open_batch(sealed_lists(key, 1)[0])
    assert result[0].obj is kept
    assert not arenas._waiting


def test_view_of_a_result_outlives_it_untouched():
    """A frame on its way to a decoder is not written over by the next list."""
    key = ff.generate_key()
    opener = ff.Opener("insertable", {0: key})
    views, expected = [], []
    for number, sealed in enumerate(sealed_lists(key, 8)):
        result = opener.open_batch(sealed)
        views.append([result[3][5:], *result[7:8]])
        expected.append(pattern(SIZE, seed=number * COUNT + 3)[5:])
        del result
    for number, (part, whole) in enumerate(views):
        assert part == expected[number]
        assert whole == pattern(SIZE, seed=number * COUNT + 7)


def test_waiting_memory_is_bounded():
    """A burst of large lists is not paid for ever."""
    key = ff.generate_key()
    sealer = ff.Sealer("insertable", key)
    results = [sealer.seal_batch([bytes(300_000)] * 4) for _ in range(40)]
    results.append(sealer.seal_batch([bytes(1 << 24)] * 2))
    results.append(sealer.seal_batch([b"small"]))
    assert not arenas._waiting
    results.clear()
    assert 1 <= len(arenas._waiting) <= arenas.COUNT
    assert sum(map(len, arenas._waiting)) <= arenas.MOST


def test_small_list_takes_no_large_memory():
    """Memory of another size class waits for its like."""
    large = arenas.take(arenas.MOST // 2)
    arenas.give(large)
    assert arenas.take(arenas.LEAST) is not large
    assert arenas._waiting == [large]


@pytest.mark.usefixtures("swift_switching")
def test_threads_never_share_result_memory():
    """Two lists at once have two memories, whatever waits."""
    key = ff.generate_key()
    lists = sealed_lists(key, 8)
    opener = ff.Opener("insertable", {0: key}, replay_window=0)

    def work(number):
        for _ in range(30):
            result = opener.open_batch(lists[number])
            for i in range(COUNT):
                assert result[i] == pattern(SIZE, seed=number * COUNT + i)

    together(*(lambda n=n: work(n) for n in range(8)))
    assert threading.active_count() < 20


def test_interpreter_ends_quietly_with_results_alive():
    """What is collected last must not complain of modules that are gone."""
    code = (
        "import fastframe as ff\n"
        "sealer = ff.Sealer('insertable', ff.generate_key())\n"
        "result = sealer.seal_batch([bytes(50_000)] * 4)\n"
        "view = result[0]\n"
        "class Late:\n"
        "    def __init__(self, it): self.it = it\n"
        "    def __del__(self): self.it = None\n"
        "import sys; sys.late = Late(result)\n"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, check=True, capture_output=True, text=True)  # noqa: S603
    assert done.stderr == ""
