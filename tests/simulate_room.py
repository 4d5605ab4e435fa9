"""Simulate a room at full size: python tests/simulate_room.py --help."""

from __future__ import annotations

import argparse
import time

from simulation.world import World
from simulation.wrapper import CheapIdentity

from fastframe.keys import Identity


def main():
    """Run one world after the other, and say what went on in each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=50)
    parser.add_argument("--events", type=int, default=1000, help="joins and leaves")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds, mean")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--cheap", action="store_true", help="no HPKE, as in the tests")
    options = parser.parse_args()
    for seed in options.seeds:
        started = time.process_time()
        if options.cheap:
            people = [CheapIdentity(str(one)) for one in range(options.members)]
        else:
            people = [Identity.generate() for _ in range(options.members)]
        world = World(seed, people)
        world.run(options.events, pause=options.pause)
        spent = time.process_time() - started
        line = f"seed {seed}: {world.summary()}; {spent:.0f} s of processor time"
        print(line, flush=True)  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
