"""Rotation amid traffic: 10 senders at 60 frames a second, 250 ms of jitter."""

from __future__ import annotations

from simulation.network import NO_FAULTS
from simulation.world import World
from simulation.wrapper import CheapIdentity

SENDERS = 10
FRAMES_PER_SECOND = 60
SECONDS = 5
JITTER = (0.0, 0.25)


def test_rotation_at_60_fps_loses_no_frame():
    """Every frame that comes with its key within the grace period is opened.

    Each sender takes a new key each second, waiting for a key frame; and twice
    somebody leaves, so that all go over at once and frames overtake their keys
    by up to 250 ms.
    """
    people = [CheapIdentity(str(one)) for one in range(SENDERS + 2)]
    world = World(1, people, faults=NO_FAULTS, latency=JITTER)
    for one in people:
        world.join(one.public_key)
    world.network.run(10.0)
    senders = [world.stays[one.public_key] for one in people[:SENDERS]]
    leavers = {FRAMES_PER_SECOND * at: people[SENDERS + at - 2] for at in (2, 3)}
    for number in range(FRAMES_PER_SECOND * SECONDS):
        if number in leavers:
            world.leave(leavers[number].public_key, says_so=True)
        for place, stay in enumerate(senders):
            beat = (number + 6 * place) % FRAMES_PER_SECOND
            if beat == 0:
                world.do(stay, stay.room.rotate(world.network.now))
            world.seal(stay, key_frame=beat == FRAMES_PER_SECOND // 2)
        world.network.run(world.network.now + 1 / FRAMES_PER_SECOND)
    world.network.run(world.network.now + 1.0)
    frames = FRAMES_PER_SECOND * SECONDS
    for stay in senders:
        opened = [one for one in stay.media.stats().opened if one.frames_received]
        assert len(opened) == SENDERS - 1
        assert {one.frames_opened for one in opened} == {frames}
        assert sum(one.frames_opened_late for one in opened) > 0
        assert max(one.total_parked_time for one in opened) < frames * JITTER[1]
        sealed = stay.media.stats().sealed[0]
        assert sealed.key_changes >= SECONDS
    world.check_converged()
