"""Frames that are no sealed frames, whatever the key: empty, or a server's."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fastframe.diagnosis.case import RINGED
from fastframe.diagnosis.findings import Cause, Finding, plural
from fastframe.diagnosis.marks import STREAM_MAGIC, STREAM_VERSION, XOR_MAGIC
from fastframe.diagnosis.plain import OPUS_SILENCE, blank

if TYPE_CHECKING:
    from fastframe.diagnosis.case import Case, Frame, Given


def is_searched(frame: Frame) -> bool:
    """Tell whether keys are worth trying on a frame."""
    data = frame.data
    if data.endswith(STREAM_MAGIC):
        return data[-len(STREAM_MAGIC) - 1 :][:1] == bytes([STREAM_VERSION])
    return not data.endswith(XOR_MAGIC)


def sort_out(case: Case) -> tuple[list[Finding], list[Frame], list[Frame]]:
    """Give findings about unsealed frames, the others, and those let through."""
    given = case.given
    empty = [frame for frame in case.frames if not frame.data]
    injected = {f.index: t for f in case.frames if (t := _trailer(f.data, given))}
    fine = [frame for frame in case.frames if _is_fine(frame.data, given)]
    known = {frame.index for frame in [*empty, *fine]} | injected.keys()
    sealed = [frame for frame in case.frames if frame.index not in known]
    found = []
    if empty and (given.format not in RINGED or len(empty) == len(case.frames)):
        found.append(_empty(len(empty), len(case.frames)))
    if injected:
        found.append(_injected(list(injected.values()), len(case.frames), given))
    if sealed or not found:
        fine += [frame for frame in empty if given.format in RINGED]
    return found, sealed, fine


def _is_fine(data: bytes, given: Given) -> bool:
    """Tell whether the caller's Opener lets this through as a known blank."""
    if given.format == "dave":
        return data == OPUS_SILENCE and given.codec in (None, "opus")
    if given.format != "livekit" or not given.sif_trailer:
        return False
    known = blank(data)
    return known is not None and known[1] == given.sif_trailer


def _trailer(data: bytes, given: Given) -> bytes | None:
    """Give what makes a frame a server's own, unless the Opener knows it."""
    known = blank(data)
    if given.sif_trailer and data.endswith(given.sif_trailer):
        return None if known and known[1] == given.sif_trailer else given.sif_trailer
    is_livekit = given.format in (None, "livekit")
    return known[1] if known and known[1] and is_livekit else None


def _empty(num: int, num_all: int) -> Finding:
    text = (
        "These frames are empty: nothing was sealed. Senders skip audio when nobody "
        "speaks; else look for what swallows the bytes before they come here."
    )
    evidence = f"{num} of {plural(num_all, 'frame')} have no bytes"
    return Finding(Cause.EMPTY_FRAMES, text, 0.95, evidence, num)


def _injected(trailers: list[bytes], num_all: int, given: Given) -> Finding:
    num = len(trailers)
    trailer, same = Counter(trailers).most_common(1)[0]
    evidence = f"{num} of {plural(num_all, 'frame')}"
    if trailer == given.sif_trailer:
        text = (
            "These frames end in the server's trailer, yet what stands before it is "
            "none of its known blank frames. They are dropped, as they should be."
        )
        return Finding(Cause.SERVER_INJECTED, text, 0.9, evidence, num)
    text = (
        "These are blank frames that LiveKit's server puts in for a silent publisher, "
        "not encrypted. Give sif_trailer= from the join response, and they pass."
    )
    evidence += f" are a known blank frame and {plural(len(trailer), 'byte')} behind it"
    change = {"sif_trailer": trailer} if same == num else {}
    return Finding(Cause.SERVER_INJECTED, text, 0.95, evidence, num, change)
