"""What a rotation costs, with real HPKE.

For rooms of 10, 50 and 200 members, in milliseconds of processor time, medians:

rotate    a sender draws a key, wraps it for all others and writes the messages
step      it ratchets instead, as when somebody joins: no key is wrapped
acks      it reads the acknowledgements of all others
receive   a member reads one key and writes its acknowledgement
all       what one member does when somebody leaves and all others rotate:
          its own rotation, and the keys and acknowledgements of all others
"""

from __future__ import annotations

import argparse
import statistics
import time

from fastframe.keys import Identity, Room, Send

ROUNDS = 7


def linked(count, kem):
    """Make a room with so many members, each linked with the first alone."""
    people = [Identity.generate(kem=kem) for _ in range(count)]
    first = Room(people[0], "bench", trust={one.public_key for one in people})
    others = {
        one.public_key: Room(one, "bench", trust={people[0].public_key})
        for one in people[1:]
    }
    first.join(0.0)
    for other in others.values():
        other.join(0.0)
    now = 0.0
    for public_key, other in others.items():
        now += 1.0  # a greeting a second: as many as one likes are allowed
        exchange(first, {public_key: other}, first.member_joined(public_key, now), now)
    assert len(first.members) == count - 1
    return first, others, now


def exchange(first, others, actions, now):
    """Deliver until nobody has anything to say; give the time spent by whom."""
    spent = {"acks": 0.0, "receive": 0.0}
    queue = [(one.to, one.message) for one in actions if isinstance(one, Send)]
    while queue:
        answers = []
        for to, message in queue:
            if to not in others:
                continue
            started = time.process_time()
            done = others[to].receive(first.public_key, message, now)
            spent["receive"] += time.process_time() - started
            answers += [(to, one.message) for one in done if isinstance(one, Send)]
        queue = []
        for sender, message in answers:
            started = time.process_time()
            done = first.receive(sender, message, now)
            spent["acks"] += time.process_time() - started
            queue += [(one.to, one.message) for one in done if isinstance(one, Send)]
    return spent


def measure(count, kem):
    """Give the medians of a room of so many members, in milliseconds."""
    first, others, now = linked(count, kem)
    samples = {"rotate": [], "step": [], "acks": [], "receive": []}
    for _ in range(ROUNDS):
        now += 10.0
        started = time.process_time()
        actions = first.rotate(now)
        samples["rotate"].append(time.process_time() - started)
        spent = exchange(first, others, actions, now)
        samples["acks"].append(spent["acks"])
        samples["receive"].append(spent["receive"] / len(others))
        now += 10.0
        sending = first._session.sending  # noqa: SLF001 - a step alone
        members = first._session.admitted()  # noqa: SLF001
        started = time.process_time()
        sending._advance(members, now)  # noqa: SLF001
        samples["step"].append(time.process_time() - started)
        exchange(first, others, first.tick(now), now)
    medians = {name: 1000 * statistics.median(each) for name, each in samples.items()}
    medians["all"] = medians["rotate"] + medians["acks"]
    medians["all"] += len(others) * medians["receive"]
    return medians


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--kem", default="P-256", help="or hybrid")
    options = parser.parse_args()
    names = ["rotate", "step", "acks", "receive", "all"]
    print(f"{'members':>8}" + "".join(f"{name:>10}" for name in names) + "   ms")
    for count in options.members:
        medians = measure(count, options.kem)
        print(f"{count:>8}" + "".join(f"{medians[name]:>10.2f}" for name in names))


if __name__ == "__main__":
    main()
