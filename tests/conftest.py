"""Hypothesis profiles and the fixtures that most tests take."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings
from support import LAYOUTS, ROOT, ROWS, Link, Row

import fastframe as ff

# These look at the clone: sources, tools, benchmarks, documents, workflows. Where
# the tests were copied beside an installed wheel there is nothing to see.
CLONE_ONLY = ["test_api_files.py", "test_core_c.py", "test_layers.py", "test_wheel*.py"]
CLONE_ONLY += ["test_bench*.py", "test_docs_*.py", "test_readme_*.py"]
CLONE_ONLY += ["test_keys_browser*.py", "test_keys_webcrypto.py"]
CLONE_ONLY += ["test_browser*.py", "test_chromium.py", "test_loopback.py"]
CLONE_ONLY += ["test_livekit_*.py", "test_janus_chromium.py", "test_demo_call.py"]
collect_ignore_glob = [] if (ROOT / "csrc").is_dir() else CLONE_ONLY

# Timing is the machine's business: a slow one must not fail a property.
settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "ci",
    settings.get_profile("quick"),
    max_examples=1000,
    derandomize=False,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(params=ROWS, ids=str)
def row(request) -> Row:
    """Give each line of the table in turn."""
    return request.param


@pytest.fixture
def link(row) -> Link:
    """Give a sealer and an opener on one new key, for each row."""
    return Link(row)


@pytest.fixture(params=LAYOUTS, ids=str)
def layout(request) -> Row:
    """Give each layout once: for what no cipher suite could change."""
    return request.param


@pytest.fixture
def layout_link(layout) -> Link:
    """Give a sealer and an opener on one new key, for each layout."""
    return Link(layout)


@pytest.fixture
def pair() -> tuple[ff.Sealer, ff.Opener]:
    """Give a sealer and an opener of one format, where any will do."""
    key = ff.generate_key()
    return ff.Sealer("insertable", key, key_id=1), ff.Opener("insertable", {1: key})


@pytest.fixture
def swift_switching():
    """Let threads take turns often, so that a race shows within a second."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)
