"""Sealing: by size, suite, format, batch length, and way of handing frames over."""

from __future__ import annotations

import pytest
from grid import by_format, by_length, by_size, by_suite, format_of
from stations import Station

WAYS = ("seal_batch", "seal_list", "seal", "seal_into")


@by_size
@pytest.mark.parametrize("way", WAYS)
def test_size(record, size, way):
    """From a comfort-noise frame to the largest key frame."""
    record(getattr(Station(size), way), size)


@by_length
@pytest.mark.parametrize("way", WAYS[:2])
def test_batch_length(record, length, size, way):
    """What a call costs, shared by more and more frames; arena or list."""
    record(getattr(Station(size, length), way), size)


@by_suite
def test_suite(record, suite, size):
    """Every cipher suite."""
    record(Station(size, format_=format_of(suite), suite=suite).seal_batch, size)


@by_format
def test_format(record, format_, size):
    """Every wire format, without bytes that stay clear."""
    record(Station(size, format_=format_).seal_batch, size)
