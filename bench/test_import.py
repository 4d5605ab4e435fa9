"""Import time, each in a fresh interpreter, beside one that imports nothing."""

from __future__ import annotations

import pytest
from startup import import_ms

SECONDS = {"smoke": 0.0, "quick": 3.0, "full": 15.0}


@pytest.mark.parametrize("name", ["fastframe", "cryptography"])
def test_import(figure, scope, name):
    """What starts often (a worker per job) pays this each time."""
    figure(lambda: {f"import {name}, ms": import_ms(name, SECONDS[scope])})
