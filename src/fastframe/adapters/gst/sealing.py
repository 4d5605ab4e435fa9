"""SealElement: every buffer that leaves it is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.adapters.gst.base import FrameElement, between
from fastframe.adapters.gst.binding import Gst
from fastframe.adapters.tally import status_of

if TYPE_CHECKING:
    from fastframe.adapters.tally import Buffer


class SealElement(FrameElement):
    """Seals each buffer; for behind an encoder or parser, before a muxer.

    The key flag is read off video buffers (DELTA_UNIT). A buffer that cannot be
    sealed, for whatever reason, ends the stream: an error on the bus, and
    GST_FLOW_ERROR to whoever pushed it.

    Args:
        sealer: rotate() it at any time. Without one, nothing passes.

    Attributes:
        sealer: the same; set it before the pipeline plays.
        tally: how many buffers met which status; only those with OK went on.
        error: what ended the stream, None if nothing did.
    """

    __gtype_name__ = "FastframeSealElement"
    __gstmetadata__ = (
        "Frame sealer",
        "Filter/Encryptor",
        "Seals encoded frames end to end",
        "fastframe",
    )

    def __init__(self, sealer: ff.Sealer | None = None) -> None:
        """Take what seals; nothing flows before the pipeline plays."""
        super().__init__()
        self.sealer = sealer
        self.error: BaseException | None = None

    def do_transform_size(
        self, _direction: Any, _caps: Any, size: int, _out: Any
    ) -> tuple[bool, int]:
        """Give room for a sealed frame; without a sealer none is written."""
        return True, size + getattr(self.sealer, "overhead", 0)

    def do_transform(self, source: Any, target: Any) -> Any:
        """Seal one buffer into another."""
        try:
            self._seal(source, target)
        # PyGObject returns GST_FLOW_OK for a method that raised: the buffer
        # would go on with whatever its memory held.
        except BaseException as error:  # noqa: BLE001
            self._fail(error)
            return Gst.FlowReturn.ERROR
        self.tally.add(ff.Status.OK)
        return Gst.FlowReturn.OK

    # -- inside --

    def _seal(self, source: Any, target: Any) -> None:
        sealer = self.sealer
        if sealer is None:
            raise ff.UsageError("no sealer is set")
        # Sound has no deltas: there the codec's bytes tell, if anything does.
        is_key = not source.has_flags(Gst.BufferFlags.DELTA_UNIT)
        key_frame = is_key if self.is_video else None

        def work(frame: Buffer, out: Buffer) -> int:
            return sealer.seal_into(frame, out, key_frame=key_frame)

        between(source, target, work)

    def _fail(self, error: BaseException) -> None:
        self.tally.add(status_of(error))
        self.error = error
        self.raise_error(Gst.StreamError.ENCRYPT, f"not sealed: {error}")
