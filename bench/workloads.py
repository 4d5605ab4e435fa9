"""The frames that real systems send: sizes and rates by name, mixes A to G.

Every mix is seeded: the same name and seconds give the same frames. Each stream
starts at a phase of its own, as the streams of a call do, and frames come in the
order of their times.
"""

from __future__ import annotations

import heapq
import math
import random
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One size each, to draw curves with: from a comfort-noise frame to a 4K key frame.
SWEEP = (
    20,
    64,
    80,
    160,
    512,
    1250,
    2800,
    6250,
    15_000,
    33_000,
    60_000,
    150_000,
    512_000,
)
# Log-normal spread of sizes around their median; estimates, no source gives any.
AUDIO_SIGMA, DELTA_SIGMA, KEY_SIGMA = 0.25, 0.35, 0.4
# WebRTC counts a frame of more than 2.5 times the mean as huge.
HUGE_SHARE, HUGE_LEAST, HUGE_MOST = 0.02, 3.0, 5.0
NATURAL_MOST = 2.4  # times the mean: what is huge is decided by HUGE_SHARE alone
SILENCE_SHARE, SILENCE_MOST = 0.2, 10  # Opus with DTX
KEY_SECONDS = 3  # between key frames, as in LiveKit's load test
KEY_OF_DELTA = 10  # key frames are that many times as large, where no one says


class Kind(NamedTuple):
    """One kind of stream: its frames per second and what they weigh, in bytes.

    A key range of (0, 0) means audio: every frame stands alone.
    """

    rate: int
    median: int
    least: int = 0
    most: int = 1 << 24
    silence: float = 0.0
    key_median: int = 0
    key_range: tuple[int, int] = (0, 0)

    @property
    def is_video(self) -> bool:
        """Whether it has key frames."""
        return self.key_median > 0


def _video(rate: int, median: int, *keys: int) -> Kind:
    """Describe video; keys are median, least and most, else ten deltas' worth."""
    middle, least, most = keys or (
        KEY_OF_DELTA * median,
        KEY_OF_DELTA * median // 2,
        KEY_OF_DELTA * median * 5 // 2,
    )
    return Kind(rate, median, key_median=middle, key_range=(least, most))


KINDS = {
    "opus-20ms": Kind(50, 90, 60, 160, SILENCE_SHARE),
    "opus-32kbps": Kind(50, 80, 40, 160),
    "180p30": _video(30, 1000),
    "360p30": _video(30, 2800),
    "720p30": _video(30, 6000, 60_000, 30_000, 150_000),
    "720p30-simulcast": _video(30, 7100),
    "720p60": _video(60, 6000, 60_000, 30_000, 150_000),
    "1080p60": _video(60, 15_000, 270_000, 150_000, 500_000),
    "screen-1080p15": _video(15, 21_000, 270_000, 150_000, 500_000),
    "2160p30": _video(30, 33_000, 270_000, 150_000, 500_000),
}


class Frame(NamedTuple):
    """One frame of a mix: when it is due, in seconds, from which stream, how big."""

    due: float
    stream: int
    size: int
    is_key: bool


class Mix(NamedTuple):
    """A scenario: what it is, and how many streams of which kind."""

    title: str
    streams: tuple[tuple[int, str], ...]
    seals: bool = False  # the work is the sender's, else the receiver's

    @property
    def kinds(self) -> list[Kind]:
        """Give the kind of each stream, by its number."""
        return [KINDS[name] for count, name in self.streams for _ in range(count)]

    @property
    def rate(self) -> int:
        """Give the frames per second of all streams together."""
        return sum(kind.rate for kind in self.kinds)


_CALL = ((10, "opus-20ms"), (10, "720p30"))
MIXES = {
    "A": Mix("a bot in a ten-person call", _CALL),
    "B": Mix("a transcriber of 500 voices", ((500, "opus-32kbps"),)),
    "C": Mix("a tap in a meeting of 150", ((150, "opus-20ms"), (150, "360p30"))),
    "D": Mix(
        "a sender of three layers",
        ((1, "opus-20ms"), (1, "180p30"), (1, "360p30"), (1, "720p30-simulcast")),
        seals=True,
    ),
    "E": Mix(
        "heavy video",
        ((1, "1080p60"), (1, "screen-1080p15"), (1, "2160p30")),
    ),
    # A with its video at 60 frames a second: what has 16.7 ms for each frame.
    "A60": Mix("the ten-person call at 60 fps", ((10, "opus-20ms"), (10, "720p60"))),
}


def frames_of(name: str, seconds: float, seed: int = 1) -> Iterator[Frame]:
    """Give the frames of a mix in the order in which they are due."""
    streams = [
        _stream(number, kind, seconds, random.Random(f"{name}/{seed}/{number}"))
        for number, kind in enumerate(MIXES[name].kinds)
    ]
    return heapq.merge(*streams)


def _stream(
    number: int, kind: Kind, seconds: float, rng: random.Random
) -> Iterator[Frame]:
    """Give one stream's frames; the first key frame comes when it likes."""
    phase = rng.random() / kind.rate
    period = KEY_SECONDS * kind.rate
    first_key = rng.randrange(period)
    draw = sizes_of(kind, rng)
    for count in range(math.ceil((seconds - phase) * kind.rate)):
        is_key = kind.is_video and count % period == first_key
        yield Frame(phase + count / kind.rate, number, draw(is_key), is_key)


def sizes_of(kind: Kind, rng: random.Random) -> Callable[[bool], int]:
    """Make a function that draws the size of a key frame or of any other."""
    spread = DELTA_SIGMA if kind.is_video else AUDIO_SIGMA
    mean = kind.median * math.exp(spread**2 / 2)

    def draw(is_key: bool) -> int:
        if is_key:
            least, most = kind.key_range
            return min(most, max(least, _around(rng, kind.key_median, KEY_SIGMA)))
        if rng.random() < kind.silence:
            return rng.randint(3, SILENCE_MOST)
        if kind.is_video and rng.random() < HUGE_SHARE:
            return round(mean * rng.uniform(HUGE_LEAST, HUGE_MOST))
        size = _around(rng, kind.median, spread)
        if kind.is_video:
            return min(size, round(NATURAL_MOST * mean))
        return min(kind.most, max(kind.least, size))

    return draw


def _around(rng: random.Random, median: int, sigma: float) -> int:
    return round(rng.lognormvariate(math.log(median), sigma))


# -- F: a column of frames, opened offline as fast as it goes --

COLUMN_FRAMES, COLUMN_SENDERS, COLUMN_KEYS = 1_000_000, 100, 16
COLUMN_AUDIO = 0.85
COLUMN_CORRUPT, COLUMN_UNKNOWN = 0.01, 0.005


class Row(NamedTuple):
    """One row of the column: its sender, its key id, and what was done to it."""

    sender: int
    key_id: int
    size: int
    fate: str  # "ok", "corrupt" or "unknown"


def column(count: int = COLUMN_FRAMES, seed: int = 1) -> Iterator[Row]:
    """Give the rows of workload F: A's sizes, some corrupt, some of unknown keys."""
    rng = random.Random(f"F/{seed}")
    audio = sizes_of(KINDS["opus-20ms"], rng)
    video = sizes_of(KINDS["720p30"], rng)
    key_share = 1 / (KEY_SECONDS * KINDS["720p30"].rate)
    for _ in range(count):
        sender = rng.randrange(COLUMN_SENDERS)
        if rng.random() < COLUMN_AUDIO:
            size = audio(False)
        else:
            size = video(rng.random() < key_share)
        drawn = rng.random()
        fate = "ok"
        if drawn < COLUMN_CORRUPT:
            fate = "corrupt"
        elif drawn < COLUMN_CORRUPT + COLUMN_UNKNOWN:
            fate = "unknown"
        yield Row(sender, sender % COLUMN_KEYS, size, fate)


# -- G: what a hostile or lossy path does to A --

ROTATION_SECONDS, ROTATION_OVERLAP = 30, 0.25
HARM_SHARE = 0.03  # of frames lost, forged, repeated and moved, each
FLOOD_TIMES = 10  # forged frames for each real one, while the flood lasts
FLOOD_SECONDS = 2  # of each rotation's thirty
LATE_BY = 5  # frames that a moved frame falls behind


class Delivery(NamedTuple):
    """A frame as it arrives: under which epoch of keys, and what became of it."""

    frame: Frame
    number: int  # of the frame, as sent: a repeat has its original's
    epoch: int
    fate: str  # "ok", "forged", "replayed"


def hostile(seconds: float, seed: int = 1) -> Iterator[Delivery]:
    """Give workload G: A's frames lost, forged, repeated, late, under rotation.

    The sender rotates every 30 s. For 250 ms after that, half of the streams
    still use the old key: that is the overlap a receiver has to bear.
    """
    rng = random.Random(f"G/{seed}")
    late: list[tuple[int, Delivery]] = []
    for number, frame in enumerate(frames_of("A", seconds, seed)):
        while late and late[0][0] <= number:
            yield heapq.heappop(late)[1]
        epoch = int(frame.due // ROTATION_SECONDS)
        since = frame.due % ROTATION_SECONDS
        if epoch and since < ROTATION_OVERLAP and frame.stream % 2:
            epoch -= 1
        good = Delivery(frame, number, epoch, "ok")
        forged = good._replace(fate="forged")
        is_flood = since >= ROTATION_SECONDS - FLOOD_SECONDS
        for _ in range(FLOOD_TIMES if is_flood else rng.random() < HARM_SHARE):
            yield forged
        harm = rng.random() / HARM_SHARE
        if harm < 1:  # lost
            continue
        if harm < 2:  # late
            heapq.heappush(late, (number + LATE_BY, good))
            continue
        yield good
        if harm < 3:
            yield good._replace(fate="replayed")
    yield from (delivery for _, delivery in sorted(late))


def chunks(frames: Iterator[Frame], count: int) -> Iterator[list[Frame]]:
    """Cut a mix into lists of count frames, the last one shorter."""
    while part := list(islice(frames, count)):
        yield part
