"""Checks in a forked child."""

from __future__ import annotations

import os
import traceback
import warnings

import pytest

fork_only = pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork here")


def in_child(check):
    """Run check() in a forked child; fail with its traceback if it fails."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # 3.12+ warns when threads exist; this child only calls the library.
        warnings.filterwarnings(
            "ignore", r"This process .* is multi-threaded", DeprecationWarning
        )
        child = os.fork()
    if child == 0:
        try:
            check()
            answer = "fine"
        except BaseException:  # noqa: BLE001 - must not return into pytest
            answer = traceback.format_exc()
        os.write(writer, answer.encode()[:4096])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert answer == "fine", answer
