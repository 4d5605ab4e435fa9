"""What every object with keys or pinned memory refuses: copy and pickle."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex

from fastframe.errors import UsageTypeError


class Unclonable:
    """Base of objects of which there must be one.

    A copied counter would repeat nonces, a copied replay window would let old
    frames in, and a pickle would carry keys.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse copy.copy, copy.deepcopy and pickle."""
        raise UsageTypeError(
            f"a {type(self).__name__} cannot be copied or pickled; "
            "make one from its key where it is needed"
        )
