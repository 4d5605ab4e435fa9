"""What objects with keys or pinned memory share: no copies, a clean end."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NoReturn, SupportsIndex

from fastframe.errors import UsageTypeError

if TYPE_CHECKING:
    from typing_extensions import Self  # in typing only from Python 3.11 on


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


class Closable(Unclonable):
    """A context manager that closes what it is."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Wipe or release what is held."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close."""
        self.close()
