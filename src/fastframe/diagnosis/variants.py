"""The ways a frame may be meant: format, codec, suite and what goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.suites import SFRAME_SUITES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastframe.diagnosis.case import Given, Held

# Unmarked: nothing at the end says that a frame ends there.
MARKED = ("livekit", "jitsi", "stream", "dave")
UNMARKED = ("sframe", "insertable", "insertable-bare", "livekit-data")
FORMATS = (*MARKED, *UNMARKED)

# Codecs that differ in what stays clear, one of each kind, by format.
_OWN = (None, "vp8", "h264", "h265")
_CODECS: dict[str, tuple[str | None, ...]] = {
    "livekit": ("vp8", "h264", "opus", "vp9", None),
    "jitsi": (None, "opus"),
    "stream": (None,),
    "dave": (None,),
    "livekit-data": (None,),
    "sframe": _OWN,
    "insertable": _OWN,
    "insertable-bare": _OWN,
}
_GCM = ("AES-128-GCM", "AES-256-GCM")
_SUITES: dict[str, tuple[str, ...]] = {
    "livekit": _GCM,
    "livekit-data": _GCM,
    "sframe": tuple(SFRAME_SUITES[number] for number in (4, 5, 1, 2, 3, 6, 7, 8)),
}

# How far from what was given. What costs more than CUT is not tried.
CUT = 3.0
OTHER_FORMAT = 1.5
_SISTER_FORMAT = 1.0  # nearer than a stray byte
_OTHER_CODEC = 1.0
_OTHER_CODEC_OF_OTHER_FORMAT = 0.5
_OTHER_SUITE = 1.0
_WITHOUT = 1.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to read a frame, and how far it is from what was given.

    suite None: as the key's length has it. The flags say whether what was
    given of the kind is used.
    """

    format: str
    codec: str | None = None
    suite: str | None = None
    uses_flag: bool = True
    uses_aad: bool = True
    uses_ssrc: bool = True
    window: int = 0
    weight: float = 0.0


def codec_kind(format_: str, codec: str | None) -> str | None:
    """Give the codec that a format treats as it does this one."""
    if format_ == "livekit":
        return "h264" if codec == "h265" else codec
    if format_ == "jitsi":
        return "opus" if codec == "opus" else None
    kinds = _CODECS[format_]
    return codec if codec in kinds else kinds[0]


def variants(given: Given, keys: tuple[Held, ...]) -> list[Variant]:
    """List the ways to try, the given format's first."""
    own = [given.format] if given.format in FORMATS else []
    formats = [*own, *(name for name in FORMATS if name not in own)]
    found = [v for name in formats for v in _of_format(name, given, keys)]
    return [v for v in found if v.weight <= CUT]


def own_variant(given: Given, keys: tuple[Held, ...]) -> Variant | None:
    """Give the way that the caller's Opener reads a frame."""
    if given.format not in FORMATS:
        return None
    return min(_of_format(given.format, given, keys), key=lambda v: v.weight)


def _of_format(format_: str, given: Given, keys: tuple[Held, ...]) -> Iterator[Variant]:
    is_own = format_ == given.format
    base = 0.0 if is_own or given.format is None else OTHER_FORMAT
    if {format_, given.format} == {"insertable", "insertable-bare"}:
        base = _SISTER_FORMAT
    for codec, codec_weight in _codecs(format_, given, is_own=is_own):
        for suite, suite_weight in _suites(format_, given, keys, is_own=is_own):
            for with_flag in _choices(given.key_frame is not None):
                for with_aad in _choices(is_own and given.aad != b""):
                    for with_ssrc in _choices(is_own and given.ssrc is not None):
                        for window, far in _windows(format_, given):
                            without = (with_flag, with_aad, with_ssrc).count(False)
                            yield Variant(
                                format_,
                                codec,
                                suite,
                                uses_flag=with_flag,
                                uses_aad=with_aad,
                                uses_ssrc=with_ssrc,
                                window=window,
                                weight=base
                                + codec_weight
                                + suite_weight
                                + _WITHOUT * without
                                + far,
                            )


def _choices(is_given: bool) -> tuple[bool, ...]:
    return (True, False) if is_given else (True,)


def _windows(format_: str, given: Given) -> list[tuple[int, float]]:
    """Only DAVE's frames say how far the key is; the others' steps are tried."""
    if format_ != "dave":
        return [(0, 0.0)]
    most = _native.RATCHET_MAX
    if given.format != "dave" or given.ratchet_window == most:
        return [(most, 0.0)]
    return [(given.ratchet_window, 0.0), (most, _WITHOUT)]


def _codecs(
    format_: str, given: Given, *, is_own: bool
) -> Iterator[tuple[str | None, float]]:
    kinds = _CODECS[format_]
    kind = codec_kind(format_, given.codec)
    if kind in kinds:
        yield (given.codec if is_own and len(kinds) > 1 else kind), 0.0
    other = _OTHER_CODEC if is_own else _OTHER_CODEC_OF_OTHER_FORMAT
    for codec in kinds:
        if codec != kind:
            yield codec, other if given.codec or is_own else other / 2


def _suites(
    format_: str, given: Given, keys: tuple[Held, ...], *, is_own: bool
) -> Iterator[tuple[str | None, float]]:
    names = _SUITES.get(format_)
    if names is None:
        yield None, 0.0
        return
    expected = given.suite if is_own else None
    if expected is None:
        expected = names[0]
        if format_ == "sframe":
            expected = _by_length(keys) or expected
    for name in names:
        far = _OTHER_SUITE if is_own else _OTHER_SUITE / 2
        yield name, 0.0 if name == expected else far


def _by_length(keys: tuple[Held, ...]) -> str | None:
    """Give the suite that SFrame takes by itself for keys of this length."""
    lengths = {len(held.value) for held in keys}
    fitting = [
        name
        for number, name in SFRAME_SUITES.items()
        if _native.suite_key_len(_native.SUITES.index(name)) in lengths
    ]
    return next((name for name in _native.SUITES.names if name in fitting), None)
