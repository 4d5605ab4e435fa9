"""What the caller asks about: frames to look at, keys held, options in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastframe import _native
from fastframe.errors import UsageError, UsageTypeError
from fastframe.livekit import read_metadata
from fastframe.material import choose_suite
from fastframe.options import Wire, read_salt, read_wire, text_bytes

LOOKED_MAX = 256  # frames
LOOKED_BYTES_MAX = 8 * 1024 * 1024  # of all of them together
_ROW = LOOKED_MAX // 2  # of them in a row, the others spread over the rest
KEY_MAX = 256  # bytes of key material that any schedule takes

RINGED = ("livekit", "livekit-data")

# What frames_are= may say; more than one, with spaces between.
WORDS = ("audio", "video", "key", "delta", "opened")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame looked at: its place among those given, and its bytes."""

    index: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """A key of the caller's; key_id None: under whichever id is named."""

    key_id: int | None
    is_text: bool
    value: bytearray = field(repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of the caller's Opener, and of its open() calls.

    name is the format as the caller wrote it, format as the core knows it;
    both None if it is not known. ring is 0 where the format has none.
    """

    name: str | None = None
    format: str | None = None
    codec: str | None = None
    suite: str | None = None
    kdf: str = ""
    kdf_salt: bytes = b""
    ring: int = 0
    ratchet_window: int = 0
    sif_trailer: bytes = b""
    strips_metadata: bool = False
    ssrc: int | None = None
    salt: bytes | None = None
    replay_window: int = 1024
    key_frame: bool | None = None
    aad: bytes = b""
    counter: Sequence[int] | None = None
    said: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """All that diagnose() goes by."""

    given: Given
    keys: tuple[Held, ...]
    frames: tuple[Frame, ...]
    num_frames: int


def read_case(
    frames: object,
    keys: object,
    *,
    format_: object,
    codec: str | None,
    suite: str | int | None,
    frames_are: str | None,
    beside: dict[str, Any],
    options: dict[str, Any],
) -> Case:
    """Check the arguments; UsageError for what no Opener would take.

    beside: salt, aad, counter and replay_window.
    """
    said = _read_words(frames_are)
    given = _read_given(format_, codec, suite, options, beside, said)
    looked, total = _read_frames(frames, given)
    return Case(given, _read_keys(keys), looked, total)


def _read_words(frames_are: str | None) -> frozenset[str]:
    if frames_are is None:
        return frozenset()
    if not isinstance(frames_are, str):
        kind = type(frames_are).__name__
        raise UsageTypeError(f"frames_are must be words in a str, got {kind}")
    words = frozenset(frames_are.replace(",", " ").split())
    if words - set(WORDS):
        raise UsageError(f"frames_are takes {', '.join(WORDS)}, got {frames_are!r}")
    if {"key", "delta"} <= words:
        raise UsageError("frames_are says key or delta, not both")
    return words


# -- options --


def _read_given(
    format_: object,
    codec: str | None,
    suite: str | int | None,
    options: dict[str, Any],
    beside: dict[str, Any],
    said: frozenset[str],
) -> Given:
    kind = True if "key" in said else False if "delta" in said else None
    rest = {
        "codec": codec,
        "key_frame": kind,
        "said": said,
        "aad": _native.copy_bytes(beside["aad"] or b"", "aad"),
        "counter": beside["counter"],
        "replay_window": _native.check_int(
            beside["replay_window"], "replay_window", 0, _native.WINDOW_MAX
        ),
    }
    if codec is not None:
        _native.CODECS.index(codec)
    if format_ is None:
        if options or suite is not None or beside["salt"] is not None:
            raise UsageError("say which format= the options are for")
        return Given(**rest)
    wire = read_wire(format_, codec, options, for_opening=True)
    return Given(
        name=wire.name,
        format=wire.facts.name,
        suite=_read_suite(wire, suite),
        kdf=_native.SCHEDULES.names[wire.schedule],
        kdf_salt=wire.kdf_salt,
        ring=wire.key_id_max + 1 if wire.facts.name in RINGED else 0,
        ratchet_window=wire.values["ratchet_window"],
        sif_trailer=wire.values["sif"],
        strips_metadata=wire.values["strips_metadata"],
        ssrc=wire.ssrc_step,
        salt=read_salt(wire.facts, beside["salt"]) if beside["salt"] else None,
        **rest,
    )


def _read_suite(wire: Wire, suite: str | int | None) -> str | None:
    if suite is None:
        return None
    return _native.SUITES.names[choose_suite(wire, suite, 0)]


# -- frames --


def _read_frames(frames: object, given: Given) -> tuple[tuple[Frame, ...], int]:
    """Copy the frames to look at: a row of them, and a spread of the others."""
    sealed = [frames] if _is_buffer(frames) else frames
    if isinstance(sealed, str) or not isinstance(sealed, Sequence):
        kind = type(frames).__name__
        raise UsageTypeError(
            f"frames must be a frame or a sequence of them, got {kind}"
        )
    total, room = len(sealed), LOOKED_BYTES_MAX
    if given.counter is not None and len(given.counter) != total:
        raise UsageError("counter must have one number for each frame")
    looked: list[Frame] = []
    for index in _places(total):
        data = sealed[index]
        if given.counter is not None:
            _native.check_int(given.counter[index], "counter", 0, _native.COUNTER_MAX)
        size = len(_native.pin_to_read(data, f"frame {index}"))
        if size > room and looked:
            continue
        room -= size
        copied = _native.copy_bytes(data, "frame")
        if given.strips_metadata:
            copied = read_metadata(copied)[0]
        looked.append(Frame(index, copied))
    return tuple(looked), total


def _is_buffer(value: object) -> bool:
    try:
        memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _places(total: int) -> list[int]:
    """Choose at most LOOKED_MAX places of total, in order."""
    if total <= LOOKED_MAX:
        return list(range(total))
    num = LOOKED_MAX - _ROW
    rest = total - _ROW
    return [*range(_ROW), *(_ROW + rest * i // num for i in range(num))]


# -- keys --


def _read_keys(keys: object) -> tuple[Held, ...]:
    if keys is None:
        return ()
    if not isinstance(keys, Mapping):
        return (_held(None, keys),)
    return tuple(
        _held(_native.check_int(key_id, "key id", 0, _native.COUNTER_MAX), key)
        for key_id, key in keys.items()
    )


def _held(key_id: int | None, key: object) -> Held:
    is_text = isinstance(key, str)
    value = text_bytes(key, "key") if isinstance(key, str) else key
    size = len(_native.pin_to_read(value, "key"))
    if not 1 <= size <= KEY_MAX:
        raise UsageError(f"a key must be 1 to {KEY_MAX} bytes, got {size}")
    return Held(key_id, is_text, bytearray(_native.copy_bytes(value, "key")))
