"""seal_many and open_many: one batch for several sealers or openers."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from fastframe import _native
from fastframe.batch import Batch, BatchResult, run_batch
from fastframe.errors import UsageError, UsageTypeError
from fastframe.opener import Opener
from fastframe.reserve import reserving
from fastframe.sealer import Sealer

if TYPE_CHECKING:
    from collections.abc import Sequence


def seal_many(
    sealers: Sequence[Sealer],
    batch: Batch,
    *,
    in_place: bool = False,
    workers: int = 1,
) -> BatchResult:
    """Seal a batch in one call, each frame by the sealer its source names.

    batch.append(frame, source=i) chooses sealers[i]; at most 1024 of them,
    and one may stand in the list more than once. workers= splits a large batch
    over so many threads at most.
    """
    members = _check(sealers, Sealer, batch)
    handles = [sealer.handle for sealer in members]
    call = partial(_native.seal_many, handles, _native.check_workers(workers))

    def needs() -> dict[Any, int]:
        sources = batch.tables.view("source", "H")[: len(batch)]
        return Counter(members[source] for source in sources)

    return run_batch(partial(reserving, needs, call), batch.tables, in_place)


def open_many(
    openers: Sequence[Opener],
    batch: Batch,
    *,
    in_place: bool = False,
    workers: int = 1,
) -> BatchResult:
    """Open a batch in one call, each frame by the opener its source names.

    workers= splits a large batch over so many threads at most, unless in_place.
    """
    members = _check(openers, Opener, batch)
    for opener in members:
        opener.renew()
    handles = [opener.handle for opener in members]
    call = partial(_native.open_many, handles, _native.check_workers(workers))
    return run_batch(call, batch.tables, in_place)


def _check(members: Any, kind: type, batch: Any) -> list[Any]:
    try:
        items = list(members)
    except TypeError:
        raise UsageTypeError(
            f"expected {kind.__name__} objects, got {type(members).__name__}"
        ) from None
    for item in items:
        if not isinstance(item, kind):
            raise UsageTypeError(
                f"expected {kind.__name__} objects, got {type(item).__name__}"
            )
    if not isinstance(batch, Batch):
        raise UsageTypeError(f"expected a Batch, got {type(batch).__name__}")
    if not 1 <= len(items) <= _native.SOURCES_MAX:
        raise UsageError(f"expected 1 to {_native.SOURCES_MAX}, got {len(items)}")
    return items
