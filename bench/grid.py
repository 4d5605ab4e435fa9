"""What sealing and opening are both measured by: sizes, lengths, suites, formats."""

from __future__ import annotations

import pytest
from scope import graded
from workloads import SWEEP

import fastframe as ff

SMALL = (80, 1250)
LENGTHS = (1, 8, 32, 256)
_few_sizes = pytest.mark.parametrize("size", graded((*SMALL, 60_000), SMALL, {80}))

by_size = pytest.mark.parametrize(
    "size", graded(SWEEP, {*SMALL, 6250, 60_000}, smoke={80})
)


def by_length(test: object) -> object:
    """Run a test for each batch length, at sizes where calls cost something."""
    lengths = pytest.mark.parametrize("length", graded(LENGTHS, LENGTHS, {8}))
    sizes = pytest.mark.parametrize("size", graded((*SMALL, 6250), SMALL, {80}))
    return lengths(sizes(test))


def by_suite(test: object) -> object:
    """Run a test for each cipher suite."""
    names = graded(ff.suites(), ff.suites(), {"AES-128-GCM"})
    return pytest.mark.parametrize("suite", names)(_few_sizes(test))


def by_format(test: object) -> object:
    """Run a test for each wire format."""
    names = graded(ff.formats(), ff.formats(), {"insertable", "raw", "dave"})
    return pytest.mark.parametrize("format_", names)(_few_sizes(test))


def format_of(suite: str) -> str:
    """Name a format with this suite: SFrame has all but the one that is DAVE's."""
    return "dave" if suite == "AES-128-GCM-8" else "sframe"
