"""GetStream's format, version 1: frames, replay window, what a receiver does.

    clear || ciphertext || tag 16 || trailer 20                     AAD = clear

    trailer: counter 4 | IV prefix 8 | key index 1 | flag 1 bit, clear's length
             15 bits | version 01 | E2EEFEED                 IV = prefix || counter

H.264 with a clear prefix: the flag is set and all behind clear, trailer
included, is escaped as one run seeded with clear's trailing zeros. The flag
makes the seventh byte from the end >= 80, so the last seven bytes survive
escaping and can be read first. The opener needs no codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference.aead import IV_LEN, TAG_LEN, gcm_open, gcm_seal, pick
from reference.clear import stream_clear
from reference.errors import Refused, Rejected
from reference.escape import escape, trailing_zeros, unescape_strict

if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = bytes.fromhex("e2eefeed")
VERSION = 1
PREFIX_LEN = 8
TRAILER_LEN = 20
SUFFIX_LEN = 5  # version and magic: their place is the same in every version
FLAG = 0x8000
CLEAR_MAX = 0x7FFF
WINDOW = 1024
EPOCHS = 3
TOLERANCE = 10


def make_iv(prefix: bytes, counter: int) -> bytes:
    """Give the IV of one frame."""
    return prefix + counter.to_bytes(4, "big")


def seal(
    frame: bytes,
    *,
    key: bytes,
    key_id: int,
    iv: bytes,
    codec: str | None,
    key_frame: bool | None = None,
) -> bytes:
    """Seal one frame; an empty one too, though a peer's sender lets it pass as it is.

    A prefix that the trailer cannot say is rejected: its length would run
    into the flag.
    """
    if len(iv) != IV_LEN:
        raise Refused(f"IV must be {IV_LEN} bytes, got {len(iv)}")
    length, escaped = stream_clear(codec, frame, key_frame=key_frame)
    if length > CLEAR_MAX:
        raise Rejected("MALFORMED", "the clear prefix is too long for the trailer")
    clear = frame[:length]
    trailer = iv[PREFIX_LEN:] + iv[:PREFIX_LEN] + bytes([key_id])
    trailer += (length | FLAG if escaped else length).to_bytes(2, "big")
    trailer += bytes([VERSION]) + MAGIC
    run = gcm_seal(key, iv, frame[length:], clear) + trailer
    return clear + (escape(run, trailing_zeros(clear)) if escaped else run)


class Claim(NamedTuple):
    """What a sealed frame says of itself, unverified."""

    clear: bytes
    body: bytes
    key_id: int
    prefix: bytes
    counter: int


def version_of(sealed: bytes) -> int | None:
    """Read the version of a frame in this format; None: it is in no version of it."""
    if len(sealed) < SUFFIX_LEN or not sealed.endswith(MAGIC):
        return None
    return sealed[-SUFFIX_LEN]


def read(sealed: bytes) -> Claim:
    """Take a frame apart."""
    version = version_of(sealed)
    if version is None:
        raise Rejected("NOT_ENCRYPTED", "no magic")
    if version != VERSION:
        raise Rejected("UNSUPPORTED_VERSION", str(version))
    if len(sealed) < TRAILER_LEN:
        raise Rejected("MALFORMED", "no room for the trailer")
    told = int.from_bytes(sealed[-7:-5], "big")
    length = told & CLEAR_MAX
    if length > len(sealed) - TRAILER_LEN:
        raise Rejected("MALFORMED", "the clear prefix reaches into the trailer")
    clear, run = sealed[:length], sealed[length:]
    if told & FLAG:
        run = unescape_strict(run, trailing_zeros(clear))
    if len(run) < TRAILER_LEN + TAG_LEN:
        raise Rejected("MALFORMED", "no room for the tag")
    body, trailer = run[:-TRAILER_LEN], run[-TRAILER_LEN:]
    counter = int.from_bytes(trailer[:4], "big")
    return Claim(clear, body, trailer[12], trailer[4:12], counter)


def open_(
    sealed: bytes,
    *,
    keys: Mapping[int, bytes],
    codec: str | None = None,
    key_frame: bool | None = None,
) -> bytes:
    """Open one frame; codec and frame type are not asked."""
    return _decrypt(read(sealed), keys)


def _decrypt(claim: Claim, keys: Mapping[int, bytes]) -> bytes:
    """Verify and decrypt what read() found."""
    key = pick(keys, claim.key_id)
    iv = make_iv(claim.prefix, claim.counter)
    return claim.clear + gcm_open(key, iv, claim.body, claim.clear)


# -- replay --


class Window:
    """One track's replay guard: 1024 counters for each of the last three prefixes."""

    def __init__(self) -> None:
        """Begin with no prefix known."""
        self.epochs: list[tuple[bytes, set[int]]] = []

    def check(self, prefix: bytes, counter: int) -> None:
        """Reject what was seen, or is 1024 or more behind; change nothing."""
        for known, seen in self.epochs:
            if known == prefix and counter <= max(seen) - WINDOW:
                raise Rejected("TOO_OLD", str(counter))
            if known == prefix and counter in seen:
                raise Rejected("REPLAYED", str(counter))

    def commit(self, prefix: bytes, counter: int) -> None:
        """Record a frame that authenticated. A fourth prefix drives out the first."""
        for known, seen in self.epochs:
            if known == prefix:
                seen.add(counter)
                return
        self.epochs.insert(0, (prefix, {counter}))
        del self.epochs[EPOCHS:]


# -- a peer's receiver --


class Outcome(NamedTuple):
    """What became of one frame: what goes to the decoder, and what the host hears."""

    frame: bytes | None
    events: list[str]


EVENTS = {
    "UNSUPPORTED_VERSION": "unsupported_version",
    "UNKNOWN_KEY": "missing_key",
    "AUTH_FAILED": "decryption_failed",
}


class Receiver:
    """GetStream's receiver for one track.

    It lets frames without its trailer through as clear, which fastframe does
    not. Of each lasting condition the host hears once a second; the tests run
    within one, so here: once.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Begin with nothing received."""
        self.keys = keys
        self.window = Window()
        self.failures: dict[int, int] = {}
        self.told: set[str] = set()
        self.is_failing = False

    def receive(self, sealed: bytes) -> Outcome:
        """Take one frame."""
        if not sealed:
            return Outcome(b"", [])
        try:
            claim = read(sealed)
        except Rejected as rejected:
            return self._unread(sealed, rejected)
        try:
            pick(self.keys, claim.key_id)
            self.window.check(claim.prefix, claim.counter)
            frame = _decrypt(claim, self.keys)
        except Rejected as rejected:
            return Outcome(None, self._failed(rejected.reason, claim.key_id))
        self.window.commit(claim.prefix, claim.counter)
        self.failures.pop(claim.key_id, None)
        events = ["decryption_resumed"] if self.is_failing else []
        self.is_failing = False
        return Outcome(frame, events)

    def _unread(self, sealed: bytes, rejected: Rejected) -> Outcome:
        """Forward what is not in the format; drop what is, in another version.

        A trailer whose numbers cannot be true makes it a stranger's frame.
        What only un-escaping showed to be too short is dropped in silence.
        """
        if rejected.reason == "UNSUPPORTED_VERSION":
            return Outcome(None, self._tell(EVENTS[rejected.reason]))
        told = int.from_bytes(sealed[-7:-5], "big") & CLEAR_MAX
        is_trailer = version_of(sealed) == VERSION and len(sealed) >= TRAILER_LEN
        if is_trailer and told <= len(sealed) - TRAILER_LEN:
            return Outcome(None, [])
        return Outcome(sealed, self._tell("unencrypted_frame"))

    def _failed(self, reason: str, key_id: int) -> list[str]:
        """Count failed tags; the eleventh in a row is told apart.

        Replays are dropped in silence.
        """
        if reason != "AUTH_FAILED":
            return self._tell(EVENTS[reason]) if reason in EVENTS else []
        self.failures[key_id] = self.failures.get(key_id, 0) + 1
        events = self._tell(EVENTS[reason])
        self.is_failing = self.is_failing or bool(events)
        if self.failures[key_id] == TOLERANCE + 1:
            events.append("decryption_stalled")
        return events

    def _tell(self, event: str) -> list[str]:
        """Report a lasting condition once."""
        if event in self.told:
            return []
        self.told.add(event)
        return [event]
