"""Log lines of a relay: one JSON object each, no secrets, so many a second."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from typing import TYPE_CHECKING

from fastframe.keys.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

LOGGER = logging.getLogger("fastframe.keys.relay")
# The library's own words on each handshake that fails; whoever can connect can
# cause them, with a traceback, so only what is the relay's own fault is shown.
LIBRARY_LOGGER = logging.getLogger("fastframe.keys.relay.websockets")
LIBRARY_LOGGER.setLevel(logging.CRITICAL)
_NAME_LEN = 8


def say(event: str, level: int = logging.INFO, **fields: object) -> None:
    """Log an event with its facts, which must be neither secret nor long."""
    LOGGER.log(level, event, extra={"facts": fields})


def name_of(data: bytes | str) -> str:
    """Name a room or a public key by a digest: enough to follow one.

    Rooms' names are guessed from meetings' names, and who meets whom is
    nobody's business who reads the log.
    """
    plain = data.encode() if isinstance(data, str) else data
    return hashlib.sha256(plain).hexdigest()[: 2 * _NAME_LEN]


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Put time, level, event and facts into words."""
        line = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # Only the kind: a message may quote what a peer sent.
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line)


class AtMost(logging.Filter):
    """Lets so many lines a second through, and counts the others."""

    def __init__(self, per_second: float, left_out: Callable[[], object]) -> None:
        """Call left_out for each line that is not shown."""
        super().__init__()
        self._bucket = Bucket(per_second, max(1.0, per_second), time.monotonic())
        self._left_out = left_out

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether this line is shown."""
        if record.levelno >= logging.CRITICAL:
            return True
        if self._bucket.take(1, time.monotonic()):
            return True
        self._left_out()
        return False


def log_to(
    stream: TextIO, per_second: float, left_out: Callable[[], object]
) -> logging.Handler:
    """Have the relay's lines written to a stream; the handler can be removed."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(AtMost(per_second, left_out))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    return handler
