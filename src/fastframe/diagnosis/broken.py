"""Frames that are not whole, or like nothing that is known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fastframe.diagnosis.findings import Cause, Finding, plural
from fastframe.diagnosis.variants import MARKED

if TYPE_CHECKING:
    from fastframe.diagnosis.case import Frame, Given

_LEAST = 1 + 4  # the shortest sealed frame of any format
# Frames of these that do not open look like any other bytes.
_SILENT = ("raw", "insertable-bare", "livekit-data")


def broken(frames: list[Frame], given: Given, *, lacks_mark: bool) -> Finding:
    """Judge frames of a stream that opens otherwise: cut short, or changed."""
    num = len(frames)
    short = sum(len(frame.data) < _LEAST for frame in frames)
    size, same = Counter(len(frame.data) for frame in frames).most_common(1)[0]
    is_one_size = same > 1 and 2 * same >= num
    evidence = f"{plural(num, 'frame')} beside others that are fine"
    if is_one_size:
        evidence += f"; {same} have {size} bytes"
    if short or is_one_size or (lacks_mark and given.format in MARKED):
        text = (
            "These frames were cut short: what should stand at their end is missing. "
            "Look for a buffer that is too small, or for lost packets of a frame."
        )
        sure = 0.8 if is_one_size else 0.5
        return Finding(Cause.TRUNCATED, text, sure, evidence, num)
    text = (
        "These frames were changed on their way, or cut short, or are somebody "
        "else's: others under the same key open."
    )
    return Finding(Cause.DAMAGED, text, 0.6, evidence, num)


def unknown(frames: list[Frame], given: Given, *, has_keys: bool) -> Finding:
    """Say that nothing is known of these frames."""
    num = len(frames)
    short = sum(len(frame.data) < _LEAST for frame in frames)
    if 2 * short >= num:
        text = (
            "These are too short to be sealed frames. Look for what cuts them, or for "
            "packets taken for frames."
        )
        evidence = f"{short} of {plural(num, 'frame')} have less than {_LEAST} bytes"
        return Finding(Cause.TRUNCATED, text, 0.8, evidence, num)
    if given.format in _SILENT and not has_keys:
        text = "These bytes have no marks to go by. Give keys to find out more."
        return Finding(Cause.NO_KEYS, text, 0.5, "no keys were given", num)
    if given.format in _SILENT:
        text = (
            "These bytes have no marks to go by, and no tag verifies: the key is not "
            "the sender's, or the format is another."
        )
        return Finding(Cause.WRONG_KEY, text, 0.5, "no key opens any frame", num)
    text = (
        "No format is recognised in these bytes. Check that they are whole frames as "
        "they came from the depacketiser, not packets, and not decrypted twice."
    )
    return Finding(Cause.UNRECOGNISED, text, 0.5, "no mark and no pattern", num)
