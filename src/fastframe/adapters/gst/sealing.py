"""SealElement: every buffer that leaves it is sealed."""

from __future__ import annotations

from typing import Any

import fastframe as ff
from fastframe.adapters.gst.base import FrameElement
from fastframe.adapters.gst.binding import GLib, Gst
from fastframe.adapters.tally import status_of

# Metas that say how to play a frame. All others are left behind: captions, alpha
# planes, sound levels and what nobody here knows would travel in the clear.
_HARMLESS = {
    "GstAudioClippingMetaAPI",
    "GstReferenceTimestampMetaAPI",
    "GstVideoMetaAPI",
}


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
        self.error: Exception | None = None

    def do_transform_size(
        self, _direction: Any, _caps: Any, size: int, _out: Any
    ) -> tuple[bool, int]:
        """Give room for a sealed frame; without a sealer none is written."""
        return True, size + getattr(self.sealer, "overhead", 0)

    def do_transform_meta(self, _target: Any, meta: Any, _source: Any) -> bool:
        """Keep a meta that holds no content, which a muxer may write."""
        return meta.info.api.name in _HARMLESS

    def convert(self, frame: bytes, is_key: bool) -> tuple[Any, bytes]:
        """Seal one frame; the stream ends if that fails."""
        try:
            sealed = self._seal(frame, is_key)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            self._fail(error)
            return Gst.FlowReturn.ERROR, b""
        self.tally.add(ff.Status.OK)
        return Gst.FlowReturn.OK, sealed

    # -- inside --

    def _seal(self, frame: bytes, is_key: bool) -> bytes:
        if self.sealer is None:
            raise ff.UsageError("no sealer is set")
        # Sound has no deltas: there the codec's bytes tell, if anything does.
        return self.sealer.seal(frame, key_frame=is_key if self.is_video else None)

    def _fail(self, error: Exception) -> None:
        self.tally.add(status_of(error))
        self.error = error
        text = f"not sealed: {error}"
        told = GLib.Error.new_literal(
            Gst.stream_error_quark(), text, Gst.StreamError.FAILED
        )
        self.post_message(Gst.Message.new_error(self, told, text))
