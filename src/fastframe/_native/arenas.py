"""Memory for the results of lists, kept for the next call.

malloc gives large blocks back to the system, which hands them out again page by
page, at a page fault each: several times what opening the frames in them takes.
So blocks whose results are gone wait here, a few of them, for the next list.
"""

from __future__ import annotations

LEAST = 1 << 16  # below, malloc keeps blocks by itself
MOST = 1 << 24  # bytes that wait here at the most
COUNT = 4

_waiting: list[bytearray] = []


def take(size: int) -> bytearray:
    """Give at least size bytes that nobody else sees; they are not cleared."""
    for _ in range(COUNT):
        try:
            memory = _waiting.pop(0)
        except IndexError:
            break
        if not _is_free(memory):
            continue  # a view of a result is still alive, and now keeps it alone
        if size <= len(memory) <= 4 * size:
            return memory
        _waiting.append(memory)
    memory = bytearray((1 << (size - 1).bit_length()) + 1)
    memory.pop()  # room for what _is_free does
    return memory


def give(memory: bytearray) -> None:
    """Take back what take() gave, though views of it may live on."""
    if LEAST <= len(memory) <= MOST - sum(map(len, _waiting)):
        _waiting.append(memory)
        del _waiting[:-COUNT]


def _is_free(memory: bytearray) -> bool:
    """Tell whether no view is left: only then may a bytearray change its size."""
    try:
        memory.append(0)
    except BufferError:
        return False
    memory.pop()
    return True
