"""Seal and open media frames end to end, at C speed.

A sealer stands between encoder and packetiser, an opener between depacketiser
and decoder; whatever carries the frames in between sees only noise.

>>> import fastframe as ff
>>> key = ff.generate_key()
>>> sealer = ff.Sealer("insertable", key, key_id=1)
>>> opener = ff.Opener("insertable", {1: key})
>>> opener.open(sealer.seal(b"one encoded frame"))
b'one encoded frame'
"""

from typing import TYPE_CHECKING

from fastframe import _native
from fastframe.batch import Batch, BatchResult
from fastframe.counter import PersistentCounter
from fastframe.errors import (
    AuthenticationFailed,
    FastframeError,
    FrameRejected,
    KeyExhausted,
    LibraryFailure,
    MalformedFrame,
    NotEncrypted,
    ReplayedFrame,
    StaleFrame,
    Status,
    UnknownKey,
    UsageError,
    UsageTypeError,
)
from fastframe.info import (
    BuildInfo,
    FrameInfo,
    build_info,
    codecs,
    formats,
    inspect,
    suites,
)
from fastframe.many import open_many, seal_many
from fastframe.material import generate_key
from fastframe.opener import Opener
from fastframe.sealer import Sealer
from fastframe.slots import KeySlot
from fastframe.stats import KeyStats, OpenerStats, SealerStats

if TYPE_CHECKING:
    from fastframe.diagnosis import Diagnosis, Finding, diagnose
else:

    def __getattr__(name):  # noqa: ANN001, ANN202 - imported when it is asked for
        """Import what explains failures only once something has failed."""
        if name in {"Diagnosis", "Finding", "diagnose"}:
            from fastframe import diagnosis  # noqa: PLC0415

            return getattr(diagnosis, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = _native.core_version()

__all__ = [
    "AuthenticationFailed",
    "Batch",
    "BatchResult",
    "BuildInfo",
    "Diagnosis",
    "FastframeError",
    "Finding",
    "FrameInfo",
    "FrameRejected",
    "KeyExhausted",
    "KeySlot",
    "KeyStats",
    "LibraryFailure",
    "MalformedFrame",
    "NotEncrypted",
    "Opener",
    "OpenerStats",
    "PersistentCounter",
    "ReplayedFrame",
    "Sealer",
    "SealerStats",
    "StaleFrame",
    "Status",
    "UnknownKey",
    "UsageError",
    "UsageTypeError",
    "__version__",
    "build_info",
    "codecs",
    "diagnose",
    "formats",
    "generate_key",
    "inspect",
    "open_many",
    "seal_many",
    "suites",
]
