"""What both elements are: a filter of one pad in and one out, whatever the caps."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from typing import Any, ClassVar

import fastframe as ff
from fastframe.adapters.gst.binding import Gst, GstBase
from fastframe.adapters.tally import Tally

_log = logging.getLogger(__name__)
_alive: weakref.WeakSet[FrameElement] = weakref.WeakSet()


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
        _alive.add(self)

    def do_set_caps(self, caps: Any, _out: Any) -> bool:
        """Learn what kind of frames will come; any is right."""
        kind = caps.get_structure(0).get_name()
        self.is_video = kind.startswith(("video/", "image/"))
        return True

    def do_transform(self, source: Any, target: Any) -> Any:
        """Write what a frame becomes into its new buffer, or say why there is none.

        By copies: a map costs more (10 us a buffer, copies 2 to 3 for a frame of
        up to 10 KB), and a traceback that holds on to one cannot be unmapped.
        """
        # PyGObject returns GST_FLOW_OK for a method that raised: the new buffer
        # would go on with whatever its memory held.
        try:
            is_key = not source.has_flags(Gst.BufferFlags.DELTA_UNIT)
            flow, made = self.convert(source.extract_dup(0, source.get_size()), is_key)
            if flow == Gst.FlowReturn.OK:
                _put(target, made)
        except BaseException:  # noqa: BLE001
            _log.exception("%s: no buffer goes on", self.get_name())
            return Gst.FlowReturn.ERROR
        return flow

    def convert(self, frame: bytes, is_key: bool) -> tuple[Any, bytes]:
        """Give GST_FLOW_OK and what a frame becomes, or another flow and nothing."""
        raise NotImplementedError


def _put(target: Any, made: bytes) -> None:
    """Fill a buffer; it may be larger, and smaller only if a pool's are."""
    if target.fill(0, made) != len(made):
        raise ff.UsageError(f"a buffer of {target.get_size()} bytes is too small")
    target.set_size(len(made))


def _stop_all() -> None:
    """Have no buffer come any more once Python is gone.

    PyGObject then leaves a method's result as it finds it: a size that ends the
    process, or GST_FLOW_OK for a buffer that nobody has written. A pad that
    flushes refuses by itself, and what waits downstream is let go, so that the
    buffer under way comes to its end.
    """
    elements = list(_alive)
    for element in elements:
        element.sinkpad.send_event(Gst.Event.new_flush_start())
    for element in elements:
        element.sinkpad.set_active(False)


atexit.register(_stop_all)
# A child has no streaming threads, and would wait for the locks that they held.
os.register_at_fork(after_in_child=_alive.clear)
