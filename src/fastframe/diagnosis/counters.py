"""The format "raw": its frames carry no counter, so it has to be right."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from fastframe import _native
from fastframe.diagnosis.findings import CERTAIN, Cause, Finding, plural
from fastframe.diagnosis.keyring import AS_GIVEN, spellings
from fastframe.errors import FrameRejected, UsageError
from fastframe.opener import Opener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from fastframe.diagnosis.case import Case, Frame, Given

    _Openers: TypeAlias = list[tuple[str, Opener]]

_COUNTERS_MAX = 1024  # from 0 on, and as many around the one given
_KEYS_MAX = 8
_PROBES = 3
_TRIALS_MAX = 8000  # of all of them together
_PROBE_BYTES_MAX = 64 * 1024


class Sorted(NamedTuple):
    """What is wrong with raw frames, those that open as given, and the rest."""

    findings: list[Finding]
    opened: list[Frame]
    left: list[Frame]


def judge_counters(case: Case, frames: list[Frame]) -> Sorted:
    """Open raw frames with the counters given, or look for others."""
    given = case.given
    if given.salt is None:
        text = (
            'The format "raw" sends neither nonce nor counter. Give salt= as the '
            "sender has it, and counter= with every frame."
        )
        finding = Finding(
            Cause.NEEDS_COUNTER, text, 0.9, "no salt was given", len(frames)
        )
        return Sorted([finding], [], frames)
    openers = list(_openers(case))
    try:
        return _sort(openers, frames, given)
    finally:
        for _, opener in openers:
            opener.close()


def _sort(openers: _Openers, frames: list[Frame], given: Given) -> Sorted:
    own = [opener for spelling, opener in openers if spelling == AS_GIVEN]
    opened = [frame for frame in frames if _opens_any(own, frame, given)]
    done = {frame.index for frame in opened}
    left = [frame for frame in frames if frame.index not in done]
    for spelling, opener in openers if left else []:
        if _opens(opener, left[0], _said(left[0], given), given):
            text = f"Your key {spelling} is the sender's: give that to the Opener."
            evidence = f"frame {left[0].index} opened so"
            cause = Cause.KEY_SPELLING
            finding = Finding(cause, text, CERTAIN, evidence, len(left))
            return Sorted([finding], opened, [])
    found = _find(own, left, given) if left else None
    return Sorted([found], opened, []) if found else Sorted([], opened, left)


def _openers(case: Case) -> Iterator[tuple[str, Opener]]:
    given = case.given
    for held in case.keys[:_KEYS_MAX]:
        for spelling, value in spellings(held):
            with suppress(UsageError):  # of a length that is no key's
                yield (
                    spelling,
                    Opener(
                        "raw",
                        {0: value},
                        suite=given.suite,
                        salt=given.salt,
                        replay_window=0,
                    ),
                )


def _opens_any(openers: list[Opener], frame: Frame, given: Given) -> bool:
    return any(_opens(one, frame, _said(frame, given), given) for one in openers)


def _said(frame: Frame, given: Given) -> int:
    return 0 if given.counter is None else given.counter[frame.index]


def _opens(opener: Opener, frame: Frame, counter: int, given: Given) -> bool:
    try:
        opener.open(frame.data, aad=given.aad or None, counter=counter)
    except FrameRejected:
        return False
    return True


def _find(openers: list[Opener], left: list[Frame], given: Given) -> Finding | None:
    """Look for the counter of a few frames."""
    left_over = _TRIALS_MAX
    for frame in sorted(left, key=lambda frame: len(frame.data))[:_PROBES]:
        if len(frame.data) > _PROBE_BYTES_MAX:
            break
        said = _said(frame, given)
        most = min(said + _COUNTERS_MAX // 2, _native.COUNTER_MAX + 1)
        near = range(max(said - _COUNTERS_MAX // 2, 0), most)
        for counter in dict.fromkeys((*range(_COUNTERS_MAX), *near)):
            left_over -= len(openers)
            if left_over < 0:
                return None
            if any(_opens(one, frame, counter, given) for one in openers):
                return _needs(frame, counter, left, given)
    return None


def _needs(frame: Frame, counter: int, left: list[Frame], given: Given) -> Finding:
    what = f"its counter is {counter}"
    if given.counter is not None:
        what += f", where you gave {_said(frame, given)}"
    text = (
        "Raw frames do not carry their counter: give open() the sender's, counter= for "
        f"each frame. Frame {frame.index} opens if {what}."
    )
    evidence = f"1 of {plural(len(left), 'frame')} was tried until it opened"
    return Finding(Cause.NEEDS_COUNTER, text, CERTAIN, evidence, len(left))
