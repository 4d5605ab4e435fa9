"""Findings that a mark alone is enough for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.diagnosis.findings import Cause, Finding, plural, span
from fastframe.diagnosis.marks import STREAM_VERSION

if TYPE_CHECKING:
    from fastframe.diagnosis.case import Case, Frame
    from fastframe.diagnosis.marks import Mark

_USUAL_RING = 16


def sureness(kind: str, marks: list[Mark]) -> float:
    """Say how sure a mark is that stands at the end of these frames."""
    if kind != "tail":
        return 0.95
    ids = {mark.key_id or 0 for mark in marks}
    if len(marks) == 1:
        return 0.75 if max(ids) < _USUAL_RING else 0.5
    return 0.8 if len(ids) > 1 + len(marks) // 2 else 0.9


def xor_demo(marks: list[Mark], num_all: int) -> Finding:
    """Recognise the samples that XOR bytes with a word."""
    text = (
        "These are frames of a WebRTC sample that XORs bytes with a word: no "
        "encryption, and no format of fastframe. Use a real one at the sender."
    )
    evidence = f"DE AD BE EF ends {len(marks)} of {plural(num_all, 'frame')}"
    return Finding(Cause.XOR_DEMO, text, 0.95, evidence, len(marks))


def is_other_version(mark: Mark) -> bool:
    """Tell whether a mark is of a version that is not known here."""
    return mark.version not in (None, STREAM_VERSION)


def other_version(marks: list[Mark], num_all: int) -> Finding:
    """Name the versions of GetStream's trailer that were seen."""
    versions = ", ".join(sorted({str(mark.version) for mark in marks}))
    text = (
        f"These are GetStream frames of version {versions}; fastframe knows version "
        "1. Look for a newer fastframe, or have the sender use version 1."
    )
    evidence = f"GetStream's mark ends {len(marks)} of {plural(num_all, 'frame')}"
    return Finding(Cause.OTHER_VERSION, text, 0.95, evidence, len(marks))


def something_behind(frames: list[Frame], marks: list[Mark], case: Case) -> Finding:
    """Say that something stands behind the mark that should end a frame."""
    behind = [mark.behind for mark in marks if mark.behind]
    is_padding = all(
        mark.behind == frame.data[-1]
        for frame, mark in zip(frames, marks, strict=True)
        if mark.behind
    )
    of_frames = plural(len(behind), "frame")
    evidence = f"trailer found {span(behind)} before the end of {of_frames}"
    if is_padding:
        text = (
            "RTP padding was left on the frames: the last byte counts it. Cut it off "
            "before opening, where the RTP header's P bit is set."
        )
    else:
        text = "Something stands behind the sealed frames. Cut it off before opening."
    if case.keys:
        text += " None of your keys opens them even so."
    cause = Cause.RTP_PADDING if is_padding else Cause.STRAY_BYTES_AFTER
    return Finding(cause, text, 0.85, evidence, len(behind))
