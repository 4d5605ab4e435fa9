"""Small helpers for asyncio that leave nothing running behind them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

Result = TypeVar("Result")


class Bell:
    """Wakes all who wait now, and nobody who comes later.

    Whoever looks at something and then waits misses nothing, as long as there
    is no await between the two.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake them."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        """Wait for the next ring."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


async def run_together(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run coroutines until the first one ends, then end the others.

    What the first one raised is raised; when this is cancelled, so are they.
    asyncio.TaskGroup does the like, but from Python 3.11 on.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def run_within(seconds: float, coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Give what a coroutine gives, or end it and raise asyncio.TimeoutError.

    Until Python 3.12 asyncio.wait_for() forgets that it was cancelled if the
    coroutine ends at that very moment, and whoever cancelled waits for ever.
    """
    task = asyncio.ensure_future(coroutine)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not done:
        raise asyncio.TimeoutError
    return task.result()
