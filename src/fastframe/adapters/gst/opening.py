"""OpenElement: only buffers that open leave it, opened."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import fastframe as ff
from fastframe.adapters.gst.base import FrameElement
from fastframe.adapters.gst.binding import GObject, Gst, GstVideo
from fastframe.adapters.pace import Pace
from fastframe.adapters.tally import try_open

# GST_BASE_TRANSFORM_FLOW_DROPPED is a macro, so PyGObject does not know its name.
FLOW_DROPPED = Gst.FlowReturn.CUSTOM_SUCCESS
DROPPED = "fastframe-dropped"  # the name of the message's structure


class OpenElement(FrameElement):
    """Opens each buffer; for behind a demuxer or depayloader, before a decoder.

    A buffer that does not open is dropped and counted, and the next that opens
    is marked DISCONT. For video a key frame is asked for (an upstream
    force-key-unit event), every half second at most, and less often while
    nothing opens. A message of this element on the bus, "fastframe-dropped",
    has the "status" by name and the "count" of it so far: for each status at
    once, then at the same pace.

    Args:
        opener: openers may be shared between elements. Without one, nothing
            passes: each buffer counts as NOT_RUN.

    Attributes:
        opener: the same; it may be set at any time.
        tally: how many buffers met which status; only those with OK went on.
    """

    __gtype_name__ = "FastframeOpenElement"
    __gstmetadata__ = (
        "Frame opener",
        "Filter/Decryptor",
        "Opens sealed frames, drops those that do not open",
        "fastframe",
    )

    def __init__(self, opener: ff.Opener | None = None) -> None:
        """Take what opens; nothing flows before the pipeline plays."""
        super().__init__()
        self.opener = opener
        self._requests = Pace()
        self._messages: defaultdict[ff.Status, Pace] = defaultdict(Pace)

    @property
    def requests(self) -> int:
        """Count the key frames asked for because a frame did not open."""
        return self._requests.granted

    def do_transform_size(
        self, _direction: Any, _caps: Any, size: int, _out: Any
    ) -> tuple[bool, int]:
        """Give room for an opened frame: it is never longer than the sealed one."""
        return True, size

    def do_transform_meta(self, _target: Any, _meta: Any, _source: Any) -> bool:
        """Keep every meta; by itself GStreamer loses those of sound and pictures.

        How much of the first and last sound not to play is one of them.
        """
        return True

    def convert(self, frame: bytes, is_key: bool) -> tuple[Any, bytes]:  # noqa: ARG002
        """Open one frame, or have it dropped."""
        status, opened = self._open(frame)
        self.tally.add(status)
        if status == ff.Status.OK:
            self._requests.relax()
        else:
            self._tell(status)
        self._ask_for_key_frame(status)
        if status == ff.Status.OK:
            return Gst.FlowReturn.OK, opened
        return FLOW_DROPPED, b""

    # -- inside --

    def _open(self, frame: bytes) -> tuple[ff.Status, bytes]:
        if self.opener is None:
            return ff.Status.NOT_RUN, b""
        # Not every container and payload keeps the key flag: the opener finds
        # out by itself.
        return try_open(self.opener, frame)

    def _tell(self, status: ff.Status) -> None:
        """Say on the bus what was lost; a message for each frame would flood it."""
        pace = self._messages[status]
        pace.want()
        if not pace.grant(time.monotonic()):
            return
        told = Gst.Structure.new_empty(DROPPED)
        told.set_value("status", status.name)
        count = GObject.Value(GObject.TYPE_UINT64, self.tally[status])
        told.set_value("count", count)
        self.post_message(Gst.Message.new_element(self, told))

    def _ask_for_key_frame(self, status: ff.Status) -> None:
        # A second copy spoils no picture.
        if status not in (ff.Status.OK, ff.Status.REPLAYED):
            self._requests.want()
        if self.is_video and self._requests.grant(time.monotonic()):
            all_headers = True
            event = GstVideo.video_event_new_upstream_force_key_unit(
                Gst.CLOCK_TIME_NONE, all_headers, self.requests
            )
            self.sinkpad.push_event(event)
