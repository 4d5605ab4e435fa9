"""The private places of aiortc that are used, and the test that they are there.

aiortc has no public way to a whole encoded frame. A receiver's jitter buffer
gives one out, its decoder queue takes it; an encoder cuts one into payloads.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import fastframe as ff

# Private names of RTCRtpReceiver, as Python mangles them.
JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
DECODER_QUEUE = "_RTCRtpReceiver__decoder_queue"
KNOWN = "1.14 to 1.16"


class MovedHook(ff.FastframeError):
    """Frames are kept elsewhere in this aiortc; none was sent or received."""

    def __init__(self, place: str) -> None:
        """Name the place and the versions that have it."""
        super().__init__(
            f"aiortc {version('aiortc')} has no {place}; fastframe's adapter "
            f"knows aiortc {KNOWN}: install one of those, or a newer fastframe"
        )


def find(owner: object, name: str, method: str) -> Any:
    """Give the attribute of aiortc's object that has a method, or raise MovedHook."""
    found = getattr(owner, name, None)
    if not callable(getattr(found, method, None)):
        place = f"{type(owner).__name__}.{name.rpartition('__')[2]}.{method}()"
        raise MovedHook(place)
    return found
