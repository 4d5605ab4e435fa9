"""What a diagnosis says: causes by name, findings, and the report."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_WIDTH = 78
# What verified by its tag is proven; anything else is a judgement.
CERTAIN = 1.0
_WORDS = ((CERTAIN, "proven"), (0.85, "very likely"), (0.6, "likely"), (0, "possible"))


class Cause(str, Enum):
    """Why frames do not open. The values are stable; match on them."""

    OPENS = "opens"
    NO_FRAMES = "no-frames"
    EMPTY_FRAMES = "empty-frames"
    PLAINTEXT = "plaintext"
    SERVER_INJECTED = "server-injected"
    XOR_DEMO = "xor-demo"
    RTP_PADDING = "rtp-padding"
    STRAY_BYTES_AFTER = "stray-bytes-after"
    STRAY_BYTES_BEFORE = "stray-bytes-before"
    RED = "red"
    FRAME_METADATA = "frame-metadata"
    START_CODES = "start-codes"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    OTHER_FORMAT = "other-format"
    OTHER_VERSION = "other-version"
    ELEMENT_CALL = "element-call"
    WRONG_CODEC = "wrong-codec"
    WRONG_SUITE = "wrong-suite"
    WRONG_KDF = "wrong-kdf"
    WRONG_KDF_SALT = "wrong-kdf-salt"
    KEY_SPELLING = "key-spelling"
    WRONG_KEY_ID = "wrong-key-id"
    RING_TOO_SMALL = "ring-too-small"
    NO_KEY = "no-key"
    NO_KEYS = "no-keys"
    WRONG_KEY = "wrong-key"
    RATCHETED = "ratcheted"
    OTHER_GENERATION = "other-generation"
    KEY_FRAME_FLAG = "key-frame-flag"
    WRONG_AAD = "wrong-aad"
    WRONG_SSRC = "wrong-ssrc"
    LONG_HEADER = "long-header"
    NEEDS_COUNTER = "needs-counter"
    REPLAYED = "replayed"
    TOO_OLD = "too-old"
    COUNTER_REUSED = "counter-reused"
    UNRECOGNISED = "unrecognised"

    def __str__(self) -> str:
        """Give the value, also in Python before 3.11."""
        return self.value


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and what to do about it.

    Attributes:
        cause: a stable identifier.
        message: what is wrong, and which argument to change.
        confidence: 0 to 1; 1 only if a tag verified once it was changed.
        evidence: what speaks for it, in short.
        frames: how many of the frames looked at it explains.
        change: arguments of Opener to change, by name, where that is all.
    """

    cause: Cause
    message: str
    confidence: float
    evidence: str
    frames: int
    change: Mapping[str, Any] = field(default_factory=dict)

    @property
    def likelihood(self) -> str:
        """Put the confidence into words."""
        return next(word for least, word in _WORDS if self.confidence >= least)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why frames do not open: findings, the best first; never empty.

    Attributes:
        findings: what was found.
        num_frames: how many frames were given,
        num_looked: how many of them were looked at,
        num_opened: and how many of those open with what the caller gave.
        call: how to make an Opener by the best finding; empty if it does not
            say.
        is_cut_short: the search came to its bound before its end.
    """

    findings: tuple[Finding, ...]
    num_frames: int
    num_looked: int
    num_opened: int
    call: str = ""
    is_cut_short: bool = False

    @property
    def best(self) -> Finding:
        """The finding to act on first."""
        return self.findings[0]

    @property
    def opens(self) -> bool:
        """Whether nothing is wrong: the frames open with what was given."""
        return self.best.cause is Cause.OPENS

    def __iter__(self) -> Iterator[Finding]:
        """Go through the findings."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Count the findings."""
        return len(self.findings)

    def __str__(self) -> str:
        """Write the report."""
        lines = [self.summary]
        for number, finding in enumerate(self.findings, 1):
            title = f"{number}. {finding.cause} ({finding.likelihood})"
            lines += ["", f"{title}: {finding.evidence}", _indent(finding.message)]
        if self.call:
            lines += ["", f"   {self.call}"]
        if self.is_cut_short:
            lines += ["", "The search was cut short; fewer frames or keys tell more."]
        return "\n".join(lines)

    @property
    def summary(self) -> str:
        """Say in one line how many frames there are and how many open."""
        looked = (
            ""
            if self.num_looked == self.num_frames
            else (f", {self.num_looked} looked at")
        )
        return f"{plural(self.num_frames, 'frame')}{looked}, {self.num_opened} open."


def plural(number: int, noun: str) -> str:
    """Count things in words."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def span(numbers: Collection[int]) -> str:
    """Write the least and the most of several numbers of bytes."""
    least, most = min(numbers), max(numbers)
    return plural(least, "byte") if least == most else f"{least} to {most} bytes"


def _indent(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="   ", subsequent_indent="   ")
