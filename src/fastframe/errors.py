"""What can go wrong, and whose fault it is.

::

    FastframeError
    ├─ UsageError (ValueError)        the caller's mistake
    │  └─ UsageTypeError (TypeError)  … in the type of an argument
    ├─ FrameRejected                  the peer's doing: drop the frame, carry on
    │  ├─ MalformedFrame       MALFORMED, UNSUPPORTED_VERSION
    │  ├─ NotEncrypted         NOT_ENCRYPTED
    │  ├─ UnknownKey           UNKNOWN_KEY
    │  ├─ AuthenticationFailed AUTH_FAILED
    │  ├─ ReplayedFrame        REPLAYED
    │  └─ StaleFrame           TOO_OLD
    ├─ KeyExhausted                   the key's life is over: rotate
    └─ LibraryFailure                 libcrypto or memory failed
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Status(IntEnum):
    """What became of one frame. Numbers are those of the C core.

    1 to 31 are the peer's doing, 32 to 63 the caller's, 64 to 95 the key's,
    96 to 127 the machine's.
    """

    OK = 0
    MALFORMED = 1
    NOT_ENCRYPTED = 2
    UNSUPPORTED_VERSION = 3
    UNKNOWN_KEY = 4
    AUTH_FAILED = 5
    REPLAYED = 6
    TOO_OLD = 7
    NO_ROOM = 32
    KEY_EXHAUSTED = 64
    INTERNAL = 96
    NOT_RUN = 255


class FastframeError(Exception):
    """The root of everything this library raises on purpose."""


class UsageError(FastframeError, ValueError):
    """The call itself is wrong; nothing was touched."""


class UsageTypeError(UsageError, TypeError):
    """An argument has the wrong type, or the object forbids the operation."""


class FrameRejected(FastframeError):
    """One frame did not open. The next one may.

    Attributes:
        status: the frame's Status.
        key_id: the key id that the frame names (unverified), None if none.
        index: the frame's place in its batch, None for a single call.
    """

    def __init__(
        self,
        message: str,
        *,
        status: Status,
        key_id: int | None = None,
        index: int | None = None,
    ) -> None:
        """Keep why the frame was rejected."""
        super().__init__(message)
        self.status = status
        self.key_id = key_id
        self.index = index

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes, as a worker's exception does."""
        state = {"status": self.status, "key_id": self.key_id, "index": self.index}
        return _rebuild, (type(self), str(self), state)


def _rebuild(
    kind: type[FrameRejected], message: str, state: dict[str, Any]
) -> FrameRejected:
    return kind(message, **state)


class MalformedFrame(FrameRejected):
    """Too short, or its fields make no sense, or a version not known here."""


class NotEncrypted(FrameRejected):
    """The frame carries no mark of the wire format."""


class UnknownKey(FrameRejected):
    """No key is held under the key id that the frame names."""


class AuthenticationFailed(FrameRejected):
    """Wrong key, or the frame was changed on its way."""


class ReplayedFrame(FrameRejected):
    """A frame with this counter was accepted before."""


class StaleFrame(FrameRejected):
    """The counter is behind the replay window."""


class KeyExhausted(FastframeError):
    """No counter is left under the key in use: rotate to a new one."""


class LibraryFailure(FastframeError):
    """libcrypto or the memory allocator failed; not the frame's fault."""


REJECTIONS: dict[Status, type[FrameRejected]] = {
    Status.MALFORMED: MalformedFrame,
    Status.NOT_ENCRYPTED: NotEncrypted,
    Status.UNSUPPORTED_VERSION: MalformedFrame,
    Status.UNKNOWN_KEY: UnknownKey,
    Status.AUTH_FAILED: AuthenticationFailed,
    Status.REPLAYED: ReplayedFrame,
    Status.TOO_OLD: StaleFrame,
}
