"""PersistentCounter: a counter that survives a restart and never goes back."""

from __future__ import annotations

import json
import os
import weakref
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; sealers there take a number
    fcntl = None  # type: ignore[assignment]

from fastframe import _native
from fastframe._forklock import ForkLock
from fastframe._guard import Closable
from fastframe.errors import KeyExhausted, LibraryFailure, UsageError, UsageTypeError

_VERSION = 1
_COUNTER_MAX = 2**64 - 1


class PersistentCounter(Closable):
    """Counters reserved ahead in a file, before the first one is used.

    A sealer that takes its counters from here skips numbers after a crash and
    never repeats one. The file holds, per key fingerprint, the first counter
    that no run has reserved; it never holds a key. One process at a time may
    use a file (a lock file stands beside it), one sealer at a time a counter.

    Deleting the file, or bringing an old copy back, repeats nonces: keep it
    with the key, and change the key if the file is lost.

    Args:
        path: the file; it is made with its first reservation.
        ahead: how many counters each reservation takes: one write and fsync
            per that many frames, and at most as many skipped by a restart.
    """

    def __init__(self, path: str | os.PathLike[str], *, ahead: int = 65536) -> None:
        """Lock the file and read it; UsageError if it is in use or damaged."""
        # The real path: a later chdir() or another link must mean this file.
        try:
            self._path = Path(os.path.realpath(os.fsdecode(path)))
        except TypeError:
            raise UsageTypeError(
                f"path must be a path, got {type(path).__name__}"
            ) from None
        except ValueError as error:
            raise UsageError(f"path: {error}") from None
        self._ahead = _native.check_int(ahead, "ahead", 1, 2**48)
        self._lock = ForkLock()
        self._pid = os.getpid()
        self._owner: weakref.ref[object] | None = None
        self._lock_fd = self._lock_file()
        try:
            self._reserved = self._read()
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        """Show the path; the numbers are in the file."""
        return f"PersistentCounter({str(self._path)!r}, ahead={self._ahead})"

    def attach(self, owner: object) -> None:
        """Bind the counter to the one sealer that uses it."""
        with self._lock.raw:
            current = self._owner() if self._owner else None
            if current is not None and current is not owner:
                raise UsageError(f"{self!r} is in use by another sealer")
            self._owner = weakref.ref(owner)

    def detach(self, owner: object) -> None:
        """Let another sealer use the counter."""
        with self._lock.raw:
            if self._owner and self._owner() is owner:
                self._owner = None

    def reserve(
        self, fingerprint: str, count: int, most: int = _COUNTER_MAX
    ) -> tuple[int, int]:
        """Reserve at least count counters on disk, none above most.

        Returns the first and the last of them. Raises KeyExhausted when all up
        to most are used up, UsageError when closed or used after fork,
        LibraryFailure when the file cannot be written.
        """
        with self._lock.raw:
            if self._lock_fd is None:
                raise UsageError(f"{self!r} is closed")
            if self._pid != os.getpid():
                raise UsageError(f"{self!r} was opened before os.fork()")
            first = self._reserved.get(fingerprint, 0)
            if first > most:
                raise KeyExhausted(f"{self!r}: all counters are reserved")
            end = min(first + max(count, self._ahead), most + 1)
            reserved = {**self._reserved, fingerprint: end}
            try:
                self._write(reserved)
            except OSError as error:
                raise LibraryFailure(f"{self!r}: cannot reserve: {error}") from error
            self._reserved = reserved
            return first, end - 1

    def close(self) -> None:
        """Unlock the file. The counters reserved so far stay reserved."""
        with self._lock.raw:  # not amid a reservation
            fd, self._lock_fd = self._lock_fd, None
            if fd is None:
                return
            if self._pid == os.getpid():
                # Closing alone does not unlock while a forked child has it open.
                fcntl.flock(fd, fcntl.LOCK_UN)
            os.close(fd)

    def __del__(self) -> None:
        """Close what was never closed."""
        if getattr(self, "_lock_fd", None) is not None:
            self.close()

    def _lock_file(self) -> int | None:
        if fcntl is None:
            raise UsageError("a PersistentCounter needs file locks, which are missing")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            fd = os.open(f"{self._path}.lock", flags, 0o600)
        except OSError as error:
            raise UsageError(f"{self._path} cannot be locked: {error}") from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise UsageError(
                f"{self._path} is in use by another counter (it is locked)"
            ) from None
        return fd

    def _read(self) -> dict[str, int]:
        try:
            stored = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            content = json.loads(stored)
            reserved = content["reserved"]
            known = content["version"] == _VERSION and all(
                type(end) is int and 0 <= end <= _COUNTER_MAX + 1
                for end in reserved.values()
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            known = False
        if not known:
            # Starting over at 0 would repeat nonces, so this is an error.
            raise UsageError(
                f"{self._path} is damaged or no counter file; "
                "use a new key and a new file"
            )
        return dict(reserved)

    def _write(self, reserved: dict[str, int]) -> None:
        """Replace the file so that a crash leaves the old or the new one."""
        scratch = self._path.with_name(self._path.name + ".new")
        text = json.dumps({"version": _VERSION, "reserved": reserved}, indent=1)
        with scratch.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the rename itself may be lost
        finally:
            os.close(folder)
