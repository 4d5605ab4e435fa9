"""What a courier may do to a sealed frame, and what is to become of it."""

from __future__ import annotations

import random
from collections import deque

import fastframe as ff

STEP = 8  # frames from one trick to the next
WINDOW = 64  # frames that the receivers' replay window is wide
_Status = ff.Status
_OK = {_Status.OK}
_FORGED = {_Status.AUTH_FAILED}
# Where a bit tells what the others mean, any refusal will do.
_REFUSED = {_Status.AUTH_FAILED, _Status.UNKNOWN_KEY, _Status.MALFORMED}


class Meddler:
    """Plays its tricks on one kind of frame in turn; most frames go on untouched.

    Args:
        clear: length of the frame's clear start, from its bytes.
        plain: a frame of this kind that nobody sealed.

    Attributes:
        expected: for each frame that went on, the statuses it may meet.
        taken: how many frames came.
        round: how many frames it takes to play every trick.
        is_honest: set it, and no more tricks are played.
    """

    def __init__(self, clear, plain):
        """Start with the first trick."""
        self.expected = []
        self.taken = 0
        self.is_honest = False
        self._clear = clear
        self._random = random.Random(1)
        self._held = None
        self._past = deque(maxlen=WINDOW + 2 * STEP)
        foreign = ff.Sealer("insertable", ff.generate_key(), key_id=1)
        self._foreign = foreign.seal(plain)
        self._plain = plain
        self._tricks = deque(
            [
                self._flip_body,
                self._flip_iv,
                self._flip_key_id,
                self._flip_start,
                self._repeat,
                self._delay,
                self._halve,
                self._leave_nine_bytes,
                self._append,
                self._drop,
                self._inject_noise,
                self._inject_unsealed,
                self._inject_own,
                self._repeat_from_long_ago,
            ]
        )
        self.round = STEP * len(self._tricks)

    def __call__(self, frame):
        """Take a frame; give what goes on."""
        self.taken += 1
        if self.taken % STEP or self.is_honest:
            going = [(frame, _OK)]
        else:
            going = self._tricks[0](frame)
            self._tricks.rotate(-1)
        if self._held is not None and self.taken % STEP:
            going.append((self._held, _OK))
            self._held = None
        self._past.append(frame)
        self.expected += [statuses for _, statuses in going]
        return [data for data, _ in going]

    # -- the tricks --

    def _flip_body(self, frame):
        at = self._random.randrange(self._clear(frame) + 13, len(frame))
        return [(_flipped(frame, at), _FORGED)]

    def _flip_iv(self, frame):
        return [(_flipped(frame, self._clear(frame) + 5), _FORGED)]

    def _flip_key_id(self, frame):
        return [(_flipped(frame, self._clear(frame)), {_Status.UNKNOWN_KEY})]

    def _flip_start(self, frame):
        return [(_flipped(frame, 0), _REFUSED)]

    def _repeat(self, frame):
        return [(frame, _OK), (frame, {_Status.REPLAYED})]

    def _delay(self, frame):
        self._held = frame
        return []

    def _repeat_from_long_ago(self, frame):
        assert len(self._past) > WINDOW + STEP
        return [(frame, _OK), (self._past[0], {_Status.TOO_OLD})]

    def _halve(self, frame):
        return [(frame[: len(frame) // 2], _REFUSED)]

    def _leave_nine_bytes(self, frame):
        return [(frame[:9], {_Status.MALFORMED})]

    def _append(self, frame):
        return [(frame + b"\0", _FORGED)]

    def _drop(self, _frame):
        return []

    def _inject_noise(self, frame):
        return [(self._random.randbytes(200), _REFUSED), (frame, _OK)]

    def _inject_unsealed(self, frame):
        return [(self._plain, _REFUSED), (frame, _OK)]

    def _inject_own(self, frame):
        return [(self._foreign, _REFUSED), (frame, _OK)]


def _flipped(frame, at):
    """Change one bit of a byte; the lowest, which in VP8 tells key frames."""
    changed = bytearray(frame)
    changed[at] ^= 1
    return bytes(changed)
