"""Virtual time, and a network that loses, repeats, reorders and delays."""

from __future__ import annotations

import heapq
from dataclasses import dataclass


@dataclass(frozen=True)
class Faults:
    """How often each fault strikes a message, independently of the others."""

    lost: float = 0.1
    repeated: float = 0.1
    reordered: float = 0.1
    delayed: float = 0.1


NO_FAULTS = Faults(0, 0, 0, 0)
LATENCY = (0.02, 0.06)  # seconds, one way
SHUFFLE = 0.3  # long enough to be overtaken by what was sent later
DELAY = (1.0, 6.0)  # longer than the grace period, now and then


class Network:
    """Delivers by calling; everything is ordered by time, then by age."""

    def __init__(self, random, faults, latency=LATENCY):
        """Start at time 0, with nothing on its way."""
        self.random = random
        self.faults = faults
        self.latency = latency
        self.now = 0.0
        self.sent = 0
        self._queue = []
        self._age = 0

    def at(self, time, call, *args):
        """Call something at a time, surely and once."""
        self._age += 1
        heapq.heappush(self._queue, (time, self._age, call, args))

    def send(self, call, *args):
        """Call something after a while: perhaps late, twice, or never."""
        self.sent += 1
        faults, draw = self.faults, self.random.random
        if draw() < faults.lost:
            return
        for _ in range(2 if draw() < faults.repeated else 1):
            time = self.now + self.random.uniform(*self.latency)
            if draw() < faults.reordered:
                time += draw() * SHUFFLE
            if draw() < faults.delayed:
                time += self.random.uniform(*DELAY)
            self.at(time, call, *args)

    def run(self, until):
        """Let time pass."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, call, args = heapq.heappop(self._queue)
            call(*args)
        self.now = until
