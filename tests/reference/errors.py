"""What the reference raises: one error for peers' bytes, one for wrong calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# The names are those of fastframe's Status, so that tests compare like with like.
REASONS = (
    "MALFORMED",
    "NOT_ENCRYPTED",
    "UNSUPPORTED_VERSION",
    "UNKNOWN_KEY",
    "AUTH_FAILED",
    "REPLAYED",
    "TOO_OLD",
    "NO_ROOM",
    "KEY_EXHAUSTED",
    "NOT_RUN",
    "INTERNAL",
)


class Rejected(Exception):
    """One frame cannot be opened (or sealed); reason is a Status name."""

    def __init__(self, reason: str, text: str = "") -> None:
        """Keep why."""
        if reason not in REASONS:
            raise ValueError(f"no such Status: {reason}")
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason


class Refused(ValueError):
    """The call itself has no answer: a codec without a rule, a wrong length."""


def first_to_open(tries: Iterable[Callable[[], bytes]]) -> bytes:
    """Give the first result; if none opens, the reason of the first try counts."""
    failures = []
    for one in tries:
        outcome = _attempt(one)
        if isinstance(outcome, bytes):
            return outcome
        failures.append(outcome)
    raise failures[0]


def _attempt(one: Callable[[], bytes]) -> bytes | Rejected:
    """Give what came out: bytes, or why not."""
    try:
        return one()
    except Rejected as rejected:
        return rejected


def reason_of(call: Callable[..., object], *args: object, **named: object) -> str:
    """Give why a call was rejected, "OK" if it was not."""
    try:
        call(*args, **named)
    except Rejected as rejected:
        return rejected.reason
    return "OK"
