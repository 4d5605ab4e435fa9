"""Rooms of many members over a bad network: whatever happens, they converge.

Of all messages, and of all frames, a tenth is lost, a tenth repeated, a tenth
overtaken and a tenth delayed for seconds; half of the leavers say nothing. A
judge in tests/simulation/world.py looks at every frame: see World.judge(),
check_allowed() and settle_accounts(). The size of the bar, 50 members and
1 000 joins and leaves, with real HPKE: python tests/simulate_room.py
"""

from __future__ import annotations

import pytest
from simulation.network import NO_FAULTS
from simulation.world import World
from simulation.wrapper import CheapIdentity

from fastframe.keys import Fate, Identity


def cheap(count):
    """Make members whose wraps cost little."""
    return [CheapIdentity(str(one)) for one in range(count)]


def check_busy(world):
    """Refuse a simulation in which nothing happened: it proves nothing."""
    assert world.fates[Fate.OPENED] > 500
    assert world.fates[Fate.DROPPED] > 0
    assert world.late > 0
    assert world.attempts > 1000


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_small_room_converges(seed):
    """Small rooms are empty at times, and full: the corners."""
    world = World(seed, cheap(8))
    world.run(200, pause=0.5)
    check_busy(world)


def test_large_room_converges():
    """50 members, and as many joins and leaves as there is time for here."""
    world = World(5, cheap(50))
    world.run(60, pause=0.5)
    check_busy(world)


def test_room_with_real_keys_converges():
    """HPKE and signatures in the place of the stand-in."""
    world = World(6, [Identity.generate() for _ in range(8)])
    world.run(100, pause=0.5)
    check_busy(world)


@pytest.mark.parametrize("format_", ["sframe", "jitsi"])
def test_room_converges_in_formats_with_ratchets(format_):
    """Steps in the KID, and steps in place."""
    world = World(7, cheap(8), room_options={"format": format_})
    world.run(100, pause=0.5)
    check_busy(world)


def test_room_that_does_not_ratchet_converges():
    """Newcomers may read what was sealed before, and leavers still not."""
    world = World(8, cheap(8), room_options={"ratchet_on_join": False})
    world.may_read_the_past = True
    world.run(100, pause=0.5)
    assert world.fates[Fate.OPENED] > 500


def test_good_network_loses_nothing_once_all_are_in():
    """What is dropped above is the network's doing, and the newcomers'."""
    world = World(9, cheap(12), faults=NO_FAULTS)
    for public_key in world.identities:
        world.join(public_key)
    world.pass_time(10.0)
    world.fates.clear()
    for public_key in list(world.identities)[:4]:
        world.leave(public_key, says_so=True)
        world.pass_time(2.0)
    assert set(world.fates) <= {Fate.OPENED, Fate.PARKED}
    world.check_converged()
