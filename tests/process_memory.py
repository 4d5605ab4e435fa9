"""The memory of another process, as malware with its rights would read it."""

from __future__ import annotations

import contextlib
from pathlib import Path


def read_memory(pid: int) -> list[bytes]:
    """Copy all of a process's memory that can be written to, piece by piece."""
    pieces = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            first, last = (int(text, 16) for text in span.split("-"))
            with contextlib.suppress(OSError):  # it may be gone by now
                memory.seek(first)
                pieces.append(memory.read(last - first))
    return pieces
