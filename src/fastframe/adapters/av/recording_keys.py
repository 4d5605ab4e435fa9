"""How a recording is keyed: SFrame, with a KID of its own for every track.

    KID, 8 bytes   [ drawn at random for the file, 7 ][ track 1 ]

RFC 9605 section 4.4.2 derives cipher key and salt from the base key and the
KID, so every track of every recording has a cipher key of its own, and counts
from 0 under it. Two recordings under one base key share nonces only if both
drew the same 56 bits. The counters tell, too, how many frames are missing.
"""

from __future__ import annotations

import os

import fastframe as ff
from fastframe.adapters.tally import Buffer, try_open

FORMAT = "sframe"
TRACKS_MAX = 256
_TRACK_BITS = 8
_FILE_LEN = 7  # bytes


# By the base key's length. RFC 9605's other suites have short tags, for packets
# that are worth it.
_SUITES = {16: "AES-128-GCM", 32: "AES-256-GCM"}


def suite_of(key: Buffer) -> str:
    """Name the suite that a recording's key is for; UsageError if none."""
    length = len(memoryview(key).cast("B"))
    if length not in _SUITES:
        raise ff.UsageError(f"key must be 16 or 32 bytes, got {length}")
    return _SUITES[length]


def new_sealers(key: Buffer, count: int) -> list[ff.Sealer]:
    """Make one sealer for each track of a new recording."""
    if not 1 <= count <= TRACKS_MAX:
        raise ff.UsageError(f"a recording has 1 to {TRACKS_MAX} tracks, got {count}")
    suite = suite_of(key)
    file = int.from_bytes(os.urandom(_FILE_LEN), "big") << _TRACK_BITS
    ids = [file | track for track in range(count)]
    return [ff.Sealer(FORMAT, key, key_id=one, suite=suite) for one in ids]


class Family:
    """The tracks of one file: which KIDs they may have.

    The first frame that opens says which recording this is; from then on
    frames of another one, spliced in under the same key, stay closed.
    """

    def __init__(self, key: Buffer) -> None:
        """Keep the base key, 16 or 32 bytes, for the tracks to come; wipe() it."""
        self.suite = suite_of(key)
        self.key = bytearray(key)
        self._file: int | None = None
        self._taken: set[int] = set()

    def may_have(self, key_id: int) -> bool:
        """Tell whether a track without a KID may take this one."""
        is_ours = self._file is None or key_id >> _TRACK_BITS == self._file
        return is_ours and key_id not in self._taken

    def adopt(self, key_id: int) -> None:
        """Learn from a good tag whose KID this is."""
        self._file = key_id >> _TRACK_BITS
        self._taken.add(key_id)

    def wipe(self) -> None:
        """Forget the base key."""
        self.key[:] = bytes(len(self.key))


class TrackOpener:
    """Opens the frames of one track, whose KID it learns from the first."""

    def __init__(self, family: Family) -> None:
        """Start without a KID, and without a key."""
        self._family = family
        self._key_id: int | None = None
        self._opener = self._new_opener()

    def open(self, sealed: Buffer) -> tuple[ff.Status, bytes, int | None]:
        """Give a frame's status, its bytes, and its counter if it opened."""
        result = self._opener.open_batch([sealed])
        if not result.ok and self._key_id is None:
            claimed = result.key_ids[0]
            if result.status[0] == ff.Status.UNKNOWN_KEY and self._try(claimed):
                result = self._opener.open_batch([sealed])
                self._keep(claimed, is_right=bool(result.ok))
        if not result.ok:
            return ff.Status(result.status[0]), b"", None
        return ff.Status.OK, bytes(result[0]), result.counters[0]

    def _try(self, key_id: int) -> bool:
        if not self._family.may_have(key_id):
            return False
        self._opener.keys[key_id] = self._family.key
        return True

    def _keep(self, key_id: int, *, is_right: bool) -> None:
        if is_right:
            self._key_id = key_id
            self._family.adopt(key_id)
        else:  # it may be anything: no key is kept for it
            del self._opener.keys[key_id]

    def rewind(self) -> None:
        """Let frames open that have been opened before."""
        self._opener.close()
        self._opener = self._new_opener()
        if self._key_id is not None:
            self._opener.keys[self._key_id] = self._family.key

    def close(self) -> None:
        """Wipe the track's key."""
        self._opener.close()

    def _new_opener(self) -> ff.Opener:
        return ff.Opener(FORMAT, suite=self._family.suite)


class CallOpener:
    """Opens the frames of a sealed call that somebody else recorded."""

    def __init__(self, opener: ff.Opener) -> None:
        """Take an opener of the call's format, codec and keys."""
        self._opener = opener

    def open(self, sealed: Buffer) -> tuple[ff.Status, bytes, int | None]:
        """Give a frame's status and bytes; its counter says nothing here."""
        status, opened = try_open(self._opener, sealed)
        return status, opened, None

    def rewind(self) -> None:
        """Leave replay protection as the caller has set it."""

    def close(self) -> None:
        """Leave the caller's opener to the caller."""
