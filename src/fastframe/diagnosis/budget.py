"""How much work one diagnosis may do, whatever the frames are like."""

from __future__ import annotations

TRIALS_MAX = 8_000  # a frame under a key, some 15 microseconds and its bytes
TRIAL_BYTES_MAX = 512 * 1024 * 1024  # through the cipher
READS_MAX = 12_000  # a frame read as a format, some 30 microseconds
SLOW_MAX = 24  # PBKDF2 with 100,000 rounds, some 40 milliseconds each


class Budget:
    """What is left of the bounds above."""

    def __init__(self) -> None:
        """Start with all of it."""
        self.trials = TRIALS_MAX
        self.bytes = TRIAL_BYTES_MAX
        self.reads = READS_MAX
        self.slow = SLOW_MAX
        self.is_spent = False

    def take_trial(self, size: int) -> bool:
        """Ask for one tag check of size bytes."""
        return self._settle(self.trials > 0 and self.bytes >= size) and self._pay(size)

    def take_read(self) -> bool:
        """Ask for one reading of a frame."""
        self.reads -= 1
        return self._settle(self.reads >= 0)

    def take_slow(self) -> bool:
        """Ask for one slow key derivation."""
        self.slow -= 1
        return self._settle(self.slow >= 0)

    def _pay(self, size: int) -> bool:
        self.trials -= 1
        self.bytes -= size
        return True

    def _settle(self, is_granted: bool) -> bool:
        self.is_spent |= not is_granted
        return is_granted
