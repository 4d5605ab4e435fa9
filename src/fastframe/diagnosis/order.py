"""Frames that open by themselves, one after another: counters and replays."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastframe.diagnosis.findings import CERTAIN, Cause, Finding, plural
from fastframe.errors import FrameRejected, Status, UsageError
from fastframe.info import inspect
from fastframe.opener import Opener

if TYPE_CHECKING:
    from fastframe.diagnosis.case import Case, Frame, Given

_CHECKED = ("insertable", "insertable-bare", "sframe", "stream", "dave")
_IDS_MAX = 64


def judge_order(case: Case, opened: list[Frame]) -> list[Finding]:
    """Open frames as the caller's Opener would, and say what it refuses."""
    given = case.given
    if given.format not in _CHECKED:
        return []
    refused = _replay(case, opened)
    num = len(opened)
    copies = [frame for frame, _, is_copy in refused if is_copy]
    others = [(frame, status) for frame, status, is_copy in refused if not is_copy]
    again = [frame for frame, status in others if status == Status.REPLAYED]
    late = [frame for frame, status in others if status == Status.TOO_OLD]
    found = [
        finding
        for finding in (_replayed(copies, num), _reused(again), _late(late, given))
        if finding
    ]
    if not found and "opened" in given.said and given.replay_window:
        found = [_heard(num)]
    return found


def _replay(case: Case, opened: list[Frame]) -> list[tuple[Frame, Status, bool]]:
    """Give the frames refused, why, and whether each came before."""
    given = case.given
    options: dict[str, Any] = {}
    if given.format == "sframe":
        options["ssrc"] = given.ssrc
    if given.format == "dave":
        options["ratchet_window"] = given.ratchet_window
    named = {_named(frame, given) for frame in opened}
    opener = Opener(
        given.format or "",
        suite=given.suite,
        codec=given.codec,
        replay_window=given.replay_window,
        **options,
    )
    for held in case.keys:
        ids = {held.key_id} if held.key_id is not None else named
        for key_id in sorted(ids)[:_IDS_MAX]:
            with suppress(UsageError):  # not every key held is of this format
                opener.keys[key_id] = held.value
    refused, seen = [], set()
    for frame in opened:
        try:
            opener.open(frame.data, key_frame=given.key_frame, aad=given.aad or None)
        except FrameRejected as rejected:
            refused.append((frame, rejected.status, frame.data in seen))
        seen.add(frame.data)
    opener.close()
    return refused


def _named(frame: Frame, given: Given) -> int:
    try:
        return inspect(given.format or "", frame.data, codec=given.codec).key_id or 0
    except FrameRejected:
        return 0


def _replayed(frames: list[Frame], num: int) -> Finding | None:
    if not frames:
        return None
    text = (
        "These frames came before, byte for byte, so the replay window refuses them. "
        "Look for what hands frames on twice."
    )
    evidence = f"{len(frames)} of {plural(num, 'frame')} are copies that open alone"
    return Finding(Cause.REPLAYED, text, CERTAIN, evidence, len(frames))


def _heard(num: int) -> Finding:
    text = (
        "These frames open, and you say that the Opener had them before: it takes none "
        "twice. Make a new Opener to read a recording again, or give replay_window=0."
    )
    evidence = f"{num} of {plural(num, 'frame')} open in a new Opener"
    return Finding(Cause.REPLAYED, text, CERTAIN, evidence, num, {"replay_window": 0})


def _reused(frames: list[Frame]) -> Finding | None:
    if not frames:
        return None
    text = (
        "The sender used a counter again under the same key, for other bytes. That "
        "breaks the encryption itself: have it keep its counter (PersistentCounter) or "
        "take a new key when it restarts."
    )
    evidence = f"{plural(len(frames), 'frame')} open alone, but their counter was used"
    return Finding(Cause.COUNTER_REUSED, text, CERTAIN, evidence, len(frames))


def _late(frames: list[Frame], given: Given) -> Finding | None:
    if not frames:
        return None
    num = len(frames)
    if given.format == "dave":
        text = (
            "These frames are of a DAVE generation that the Opener has left behind. "
            "They came late, or the sender's ratchet went back."
        )
        evidence = f"{plural(num, 'frame')} open alone"
        return Finding(Cause.OTHER_GENERATION, text, CERTAIN, evidence, num)
    text = (
        f"These frames come more than replay_window={given.replay_window} counters "
        "late. Hand frames on in their order, or give a larger window; a sender that "
        "restarts must not begin its counter anew."
    )
    evidence = f"{plural(num, 'frame')} open alone, but not behind the others"
    return Finding(Cause.TOO_OLD, text, CERTAIN, evidence, num)
