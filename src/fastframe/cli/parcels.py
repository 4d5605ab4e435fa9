"""What travels through the demo, from demuxer to opener."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """What the courier did with a frame; one fate for each."""

    CARRIED = "carried"
    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    DELAYED = "delayed"
    TAMPERED = "tampered"


class Harm(Enum):
    """Where the courier changed a frame."""

    KEY_ID = "key id"
    IV = "IV"
    CIPHERTEXT = "ciphertext"
    TAG = "tag"
    TRUNCATED = "cut short"
    MARK = "key-frame mark"


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded frame as the demuxer gave it.

    Attributes:
        track: number of its track, from 0.
        index: its place in the track, from 0.
        data: its bytes.
        key_frame: whether the container calls it a key frame.
        pts, dts: its time stamps, in the track's time base.
        at: its time in seconds from the start of the clip.
    """

    track: int
    index: int
    data: bytes
    key_frame: bool
    pts: int | None
    dts: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Parcel:
    """One sealed frame on its way, and whose it is.

    The courier reads sealed, key_frame, track and at. The frame itself rides
    along for the accounting alone: it is what the opened bytes are compared
    with.
    """

    frame: Frame
    sealed: bytes
    key_frame: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the courier hands over: a parcel, and (for the books) its fate.

    Attributes:
        parcel: the parcel as it was sent.
        sealed: the bytes that arrive.
        key_frame: the key-frame mark that arrives.
        fate: what the courier did with it.
        harm: where it was changed, None if it was not.
        is_copy: whether this is the second delivery of a duplicated frame.
    """

    parcel: Parcel
    sealed: bytes
    key_frame: bool
    fate: Fate
    harm: Harm | None = None
    is_copy: bool = False
