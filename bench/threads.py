"""Frames per second on several threads, and how long a thread waits for the GIL."""

from __future__ import annotations

import os
import threading
from functools import partial
from statistics import median
from time import perf_counter, perf_counter_ns, sleep
from typing import TYPE_CHECKING

from ceiling import Ceiling
from same_bytes import ceiling_library

import fastframe as ff
from fastframe.cli.peer import PREFIX_LEN, PeerSealer

if TYPE_CHECKING:
    from collections.abc import Callable

    # One turn of work; gives how many frames it was.
    Turn = Callable[[], int]

LENGTH = 64
CREW_LENGTH = 256  # frames of a batch that is large enough to be split
ROUNDS = 16  # of the C loop in one turn, so that its own call costs nothing
KEY_LEN = 16
NAP = 0.0005  # seconds that the waiting thread sleeps, as one waiting for a socket


def batch_turn(size: int) -> Turn:
    """Seal a Batch with a sealer that no other thread has."""
    sealer = ff.Sealer("insertable", os.urandom(KEY_LEN))
    batch = ff.Batch(LENGTH, LENGTH * size)
    for _ in range(LENGTH):
        batch.append(os.urandom(size), False)
    return lambda: sealer.seal_batch(batch).ok


def single_turn(size: int) -> Turn:
    """Seal frame by frame."""
    return _one_by_one(ff.Sealer("insertable", os.urandom(KEY_LEN)).seal, size)


def peer_turn(size: int) -> Turn:
    """Seal frame by frame on the cryptography package, the same bytes."""
    sealer = PeerSealer(os.urandom(KEY_LEN), 0, os.urandom(PREFIX_LEN))
    return _one_by_one(sealer.seal, size)


def ceiling_turn(size: int) -> Turn:
    """Run the C loop, with the GIL let go: all that the machine allows."""
    loop = Ceiling(ceiling_library(), size, LENGTH)

    def turn() -> int:
        loop.seal(ROUNDS)
        return LENGTH * ROUNDS

    return turn


def _one_by_one(seal: Callable[[bytes], bytes], size: int) -> Turn:
    frames = [os.urandom(size) for _ in range(LENGTH)]

    def turn() -> int:
        for frame in frames:
            seal(frame)
        return LENGTH

    return turn


WAYS = {"Batch": batch_turn, "seal": single_turn, "cryptography": peer_turn}
SCALED = {"C loop": ceiling_turn, **WAYS}


def frames_per_second(turns: list[Turn], seconds: float) -> float:
    """Run each turn again and again on a thread of its own; frames of all."""
    counts = [0] * len(turns)
    start = threading.Barrier(len(turns))

    def work(number: int) -> None:
        turn = turns[number]
        start.wait()
        end = perf_counter() + seconds
        while perf_counter() < end:
            counts[number] += turn()

    workers = [
        threading.Thread(target=work, args=(number,)) for number in range(len(turns))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / seconds


def scaling(way: str, size: int, seconds: float, rounds: int = 5) -> dict[int, float]:
    """Give frames per second on 1, 2, 4 … threads: medians of rounds in turn.

    It goes as far as there are cores, and to two at least.
    """
    make = SCALED[way]
    numbers = numbers_to(cores())
    found: dict[int, list[float]] = {number: [] for number in numbers}
    for _ in range(rounds):
        for number in numbers:
            turns = [make(size) for _ in range(number)]
            found[number].append(frames_per_second(turns, seconds))
    return {number: median(samples) for number, samples in found.items()}


def crew(size: int, most: int) -> dict[str, Callable[[], float]]:
    """Give samples of one large batch in one call, split over 1, 2 … workers."""
    sealer = ff.Sealer("insertable", os.urandom(KEY_LEN))
    batch = ff.Batch(CREW_LENGTH, CREW_LENGTH * size)
    for _ in range(CREW_LENGTH):
        batch.append(os.urandom(size), False)

    def sample(workers: int) -> float:
        before = perf_counter_ns()
        sealer.seal_batch(batch, workers=workers)
        return (perf_counter_ns() - before) / CREW_LENGTH

    return {str(number): partial(sample, number) for number in numbers_to(most)}


def numbers_to(most: int) -> list[int]:
    """Give 1, 2, 4 … up to most."""
    return [2**n for n in range(most.bit_length()) if 2**n <= most]


def cores() -> int:
    """Give how many threads are worth trying: the cores, and two at least."""
    return max(2, os.cpu_count() or 1)


def held_ns(rounds: int = 200) -> float:
    """Give how long a seal_batch() holds the GIL: a call with no frame in it.

    CFFI lets the GIL go for all that happens in C, where the frames are; what
    is left is the call itself, whatever it carries.
    """
    sealer = ff.Sealer("insertable", os.urandom(KEY_LEN))
    batch = ff.Batch(1, 1)
    samples = []
    for _ in range(rounds):
        before = perf_counter_ns()
        for _ in range(LENGTH):
            sealer.seal_batch(batch)
        samples.append((perf_counter_ns() - before) / LENGTH)
    return median(samples)


def waits(turn: Turn | None, seconds: float) -> list[int]:
    """Give how late another thread woke, in ns, while this one worked.

    It sleeps, as a thread that waits for a socket does. Then it needs the GIL,
    so it comes back late by what the system takes to wake it and by how long
    the working thread keeps the GIL. With turn None nobody works: that is what
    the system takes.
    """
    late: list[int] = []
    is_over = threading.Event()

    def sleeper() -> None:
        while not is_over.is_set():
            due = perf_counter_ns() + int(NAP * 1e9)
            sleep(NAP)
            late.append(perf_counter_ns() - due)

    thread = threading.Thread(target=sleeper)
    thread.start()
    end = perf_counter() + seconds
    while perf_counter() < end:
        if turn is None:
            sleep(NAP)
        else:
            turn()
    is_over.set()
    thread.join()
    return late
