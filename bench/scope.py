"""Which benchmarks run: the smallest few, a default of minutes, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SMOKE, QUICK, FULL = range(3)
SCOPES = {"smoke": SMOKE, "quick": QUICK, "full": FULL}


def graded(
    values: Iterable[Any], quick: Collection[Any], smoke: Collection[Any] = ()
) -> list[Any]:
    """Mark parameters: smoke ones always run, quick ones by default, all in full."""
    return [
        pytest.param(value, marks=pytest.mark.scope(_scope_of(value, quick, smoke)))
        for value in values
    ]


def _scope_of(value: Any, quick: Collection[Any], smoke: Collection[Any]) -> int:
    if value in smoke:
        return SMOKE
    return QUICK if value in quick else FULL


def scope_of(item: pytest.Item) -> int:
    """Give the widest scope among an item's marks; without one it always runs."""
    return max((mark.args[0] for mark in item.iter_markers("scope")), default=SMOKE)
