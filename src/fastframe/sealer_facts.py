"""What may be read of a sealer: never its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe import _native
from fastframe._guard import Closable
from fastframe.material import fingerprint_of
from fastframe.stats import SealerStats

if TYPE_CHECKING:
    from fastframe.options import Wire


class SealerFacts(Closable):
    """The facts of a sealer, which its constructor fills in."""

    __slots__ = ("_facts", "_growth", "_wire", "handle")

    _facts: _native.FormatFacts
    _growth: int
    _wire: Wire
    handle: _native.Handle

    @property
    def format(self) -> str:
        """The wire format's name."""
        return self._wire.name

    @property
    def overhead(self) -> int:
        """Bytes that sealing adds to a frame, at most."""
        return self._growth

    @property
    def key_id(self) -> int:
        """The key id of the next frame."""
        return int(_native.read_sealer(self.handle).key_id)

    @property
    def counter(self) -> int:
        """The counter of the next frame; one past the last when none is left."""
        facts = _native.read_sealer(self.handle)
        return self._facts.counter_max + 1 if facts.exhausted else int(facts.next)

    @property
    def fingerprint(self) -> str:
        """The first 8 bytes of SHA-256 of the key as it was imported, in hex."""
        return fingerprint_of(_native.read_sealer(self.handle).mark)

    def stats(self) -> SealerStats:
        """Read the counters of what this sealer did."""
        return SealerStats.read(_native.read_sealer(self.handle))

    def __repr__(self) -> str:
        """Show format, key id and fingerprint, never the key."""
        return (
            f"<Sealer {self.format} key_id={self.key_id} "
            f"key={self.fingerprint} counter={self.counter}>"
        )
