"""The books of one track: every frame and every delivery is accounted for.

The books predict what must become of each delivery with a model of their own
(a plain set of counters, the key id, the sizes), and compare.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.courier import IV_LEN, TAG_LEN
from fastframe.cli.parcels import Fate, Harm

if TYPE_CHECKING:
    from fastframe.cli.parcels import Delivery, Frame

UNTOUCHED = 0xAA  # what output memory holds before a frame is opened into it
_PREFIX_LEN = 4  # of the IV: the sender; the rest counts
_PROBLEMS_MOST = 20  # enough to see what is wrong


class Ledger:
    """What was sent on one track, what arrived, and what must come of it.

    Args:
        name: of the track, for problems.
        head_len: bytes in front of the ciphertext.
        window: the opener's replay window.

    Attributes:
        sent, sent_bytes, sealed_bytes: frames sent and their sizes.
        statuses: deliveries by what the opener said.
        reasons: the same by (status, reason in plain words).
        exact: deliveries that opened to the very bytes that were sent.
        problems: what does not add up; empty is what we want.
    """

    def __init__(self, name: str, head_len: int, window: int) -> None:
        """Start with empty books."""
        self._name = name
        self._head_len = head_len
        self._window = window
        self._key_ids: set[bytes] = set()
        self._prefixes: set[bytes] = set()
        self._accepted: set[bytes] = set()
        self._top = -1
        self._open: dict[int, int] = {}
        self.sent = self.sent_bytes = self.sealed_bytes = self.exact = 0
        self.statuses: Counter[ff.Status] = Counter()
        self.reasons: Counter[tuple[ff.Status, str]] = Counter()
        self.problems: list[str] = []

    def send(self, frame: Frame, sealed: bytes) -> None:
        """Book a frame as sent."""
        self.sent += 1
        self.sent_bytes += len(frame.data)
        self.sealed_bytes += len(sealed)
        self._open[frame.index] = 0
        self._key_ids.add(sealed[: self._head_len - IV_LEN])
        self._prefixes.add(self._iv_of(sealed)[:_PREFIX_LEN])
        body = sealed[self._head_len : -TAG_LEN]
        if len(body) != len(frame.data):
            self._complain(f"frame {frame.index} sealed to {len(sealed)} bytes")
        if body == frame.data and len(body) > 2:  # noqa: PLR2004 - chance does it
            self._complain(f"frame {frame.index} was not encrypted")

    def expect(self, delivery: Delivery) -> ff.Status:
        """Predict what the opener must say to a delivery."""
        sealed = delivery.sealed
        if len(sealed) < self._head_len + TAG_LEN:
            return ff.Status.MALFORMED
        if sealed[: self._head_len - IV_LEN] not in self._key_ids:
            return ff.Status.UNKNOWN_KEY
        iv = self._iv_of(sealed)
        is_heard = bool(self._accepted) and iv[:_PREFIX_LEN] in self._prefixes
        if is_heard and self._top - _counter(iv) >= self._window:
            return ff.Status.TOO_OLD
        if iv in self._accepted:
            return ff.Status.REPLAYED
        return ff.Status.AUTH_FAILED if delivery.harm else ff.Status.OK

    def settle(
        self, delivery: Delivery, status: ff.Status, opened: bytes, rest: bytes
    ) -> None:
        """Book what became of a delivery.

        Args:
            delivery: what was delivered.
            status: what the opener said.
            opened: the bytes that it gave, empty if it rejected the frame.
            rest: the output memory after a rejection.
        """
        frame = delivery.parcel.frame
        expected = self.expect(delivery)
        if status != expected:
            self._complain(
                f"frame {frame.index} ({_reason(delivery)}) came out as "
                f"{status.name}, not {expected.name}"
            )
        if status == ff.Status.OK:
            if opened == frame.data:
                self.exact += 1
            else:
                self._complain(f"frame {frame.index} opened to other bytes")
            iv = self._iv_of(delivery.sealed)
            self._accepted.add(iv)
            self._top = max(self._top, _counter(iv))
        elif rest.strip(b"\0") and rest.strip(bytes([UNTOUCHED])):
            self._complain(f"frame {frame.index} was rejected and left bytes behind")
        self.statuses[status] += 1
        self.reasons[status, _reason(delivery)] += 1
        self._open[frame.index] += 1

    def close(
        self,
        fates: Counter[Fate],
        dropped: set[int],
        sealer: ff.SealerStats,
        opener: ff.OpenerStats,
    ) -> None:
        """Check the sums: courier, opener, sealer and books must agree."""
        missing = {index for index, times in self._open.items() if times == 0}
        delivered = self.sent - len(dropped) + fates[Fate.DUPLICATED]
        self._equal("frames that never arrived", missing, dropped)
        self._equal("frames with a fate", fates.total(), self.sent)
        self._equal("frames dropped", len(dropped), fates[Fate.DROPPED])
        self._equal("deliveries judged", self.statuses.total(), delivered)
        self._equal("deliveries explained", self.reasons.total(), delivered)
        self._equal("frames proven", self.exact, self.statuses[ff.Status.OK])
        self._equal("sealer's frames", sealer.frames_sealed, self.sent)
        self._equal("sealer's bytes", sealer.bytes_out, self.sealed_bytes)
        self._equal("opener's frames", opener.frames_opened, self.exact)
        for status in ff.Status:
            if status not in (ff.Status.OK, ff.Status.KEY_EXHAUSTED, ff.Status.NOT_RUN):
                counted = getattr(opener, status.name.lower())
                self._equal(f"opener's {status.name}", counted, self.statuses[status])

    def _iv_of(self, sealed: bytes) -> bytes:
        return sealed[self._head_len - IV_LEN : self._head_len]

    def _equal(self, what: str, got: object, wanted: object) -> None:
        if got != wanted:
            self._complain(f"{what}: {got}, expected {wanted}")

    def _complain(self, text: str) -> None:
        if len(self.problems) < _PROBLEMS_MOST:
            self.problems.append(f"{self._name}: {text}")


def _counter(iv: bytes) -> int:
    return int.from_bytes(iv[_PREFIX_LEN:], "big")


def _reason(delivery: Delivery) -> str:
    """Say in plain words what happened to a delivery on its way."""
    if delivery.harm == Harm.TRUNCATED:
        return "cut short"
    if delivery.harm:
        return f"{delivery.harm.value} changed"
    if delivery.is_copy:
        return "second copy"
    return {
        Fate.CARRIED: "untouched",
        Fate.DUPLICATED: "first of two copies",
        Fate.DELAYED: "late, out of order",
    }[delivery.fate]
