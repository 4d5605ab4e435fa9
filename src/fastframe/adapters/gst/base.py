"""What both elements are: a filter of one pad in and one out, whatever the caps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fastframe.adapters.gst.binding import GLib, Gst, GstBase
from fastframe.adapters.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastframe.adapters.tally import Buffer


def _pad(name: str, direction: Any) -> Any:
    caps = Gst.Caps.new_any()
    return Gst.PadTemplate.new(name, direction, Gst.PadPresence.ALWAYS, caps)


class FrameElement(GstBase.BaseTransform):
    """Makes a new buffer of each one, with its times, flags and metas.

    Attributes:
        tally: how many buffers met which status; only those with OK went on.
    """

    __gtype_name__ = "FastframeElement"
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        _pad("sink", Gst.PadDirection.SINK),
        _pad("src", Gst.PadDirection.SRC),
    )

    def __init__(self) -> None:
        """Start with nothing seen."""
        super().__init__()
        # Never in place and never passed through: both would let a buffer on
        # as it came.
        self.set_in_place(False)
        self.set_passthrough(False)
        self.set_gap_aware(True)  # or GAP is taken off the flags
        self.tally = Tally()
        self.is_video = False

    def do_set_caps(self, caps: Any, _out: Any) -> bool:
        """Learn what kind of frames will come; any is right."""
        kind = caps.get_structure(0).get_name()
        self.is_video = kind.startswith(("video/", "image/"))
        return True

    def raise_error(self, code: Any, text: str) -> None:
        """Put an error on the bus."""
        error = GLib.Error.new_literal(Gst.stream_error_quark(), text, code)
        self.post_message(Gst.Message.new_error(self, error, None))


def between(source: Any, target: Any, work: Callable[[Buffer, Buffer], int]) -> None:
    """Have work write into target what it makes of source, and cut it to that.

    Several memories of a buffer are mapped as one. Raises what work raises, and
    MapError if memory cannot be had.
    """
    with (
        source.map(Gst.MapFlags.READ) as read,
        target.map(Gst.MapFlags.WRITE) as written,
    ):
        size = work(read.data, written.data)
    target.set_size(size)
