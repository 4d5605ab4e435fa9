"""How much work frames may cause: ratchet steps derived per second.

A frame that does not open may come from a sender that has ratcheted, so the
opener derives a key further on and tries again. Whoever can send rubbish could
make it do nothing else: the core derives no more steps than it is allowed, and
keeps those it has. The clock stays out here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastframe import _native

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD = 1.0  # seconds
FAST_STEPS = 1000  # HKDF: some microseconds each
SLOW_STEPS = 4  # PBKDF2: some 50 milliseconds each


class Allowance:
    """The ratchet steps that an opener may derive, renewed each second."""

    __slots__ = ("_clock", "_handle", "_memory", "_since", "_steps")

    def __init__(
        self,
        core: tuple[_native.Handle, _native.Handle],
        steps: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow the first steps; core is an opener's handle and memory."""
        self._handle, self._memory = core
        self._steps = steps
        self._clock = clock
        self._since = clock()
        _native.allow_steps(self._handle, steps)

    def renew(self) -> None:
        """Allow as many steps again, if a second has gone by."""
        now = self._clock()
        if now - self._since >= PERIOD:
            self._since = now
            _native.allow_steps(self._handle, self._steps)
