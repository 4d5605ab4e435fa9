"""Memory: what a frame allocates, and what millions of them leave behind.

--frames=N says how many; pytest bench/test_memory.py --scope=full runs ten
million.
"""

from __future__ import annotations

from memory import left_behind, made_by_batch


def test_allocations(figure):
    """A Batch's frames make no object; only the call makes its result."""
    found = figure(made_by_batch)
    assert found["Python objects per frame"] < 0.1


def test_left_behind(figure, frame_total):
    """A server runs for months: nothing may grow with the frames."""
    found = figure(lambda: left_behind(frame_total))
    assert found["Python objects"] < 500
