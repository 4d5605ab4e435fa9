"""Writing a file that appears when it is whole, and not before."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

import fastframe as ff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def new_container(target: Path, options: Mapping[str, str]) -> Iterator[Any]:
    """Give a container to mux into; nothing is left if that fails.

    Raises UsageError if the ending names no container.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=target.suffix)
    os.close(handle)
    part = Path(name)
    try:
        try:
            container: Any = av.open(str(part), "w", options=dict(options))
        except ValueError as error:
            raise ff.UsageError(f"{target.name}: {error}") from None
        with container:
            yield container
        # Temporary files are for their owner alone; the result is as any file.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
