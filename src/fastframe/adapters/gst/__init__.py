"""GStreamer: elements that seal and open encoded frames inside a pipeline.

Needs PyGObject and GStreamer's typelibs, on Debian: python3-gi python3-gst-1.0
gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0. Importing this starts GStreamer
(Gst.init) unless it runs already, and registers no element.

>>> from fastframe.adapters.gst import OpenElement, SealElement, register
"""

from fastframe.adapters.gst.binding import Gst
from fastframe.adapters.gst.opening import OpenElement
from fastframe.adapters.gst.sealing import SealElement

__all__ = ["OpenElement", "SealElement", "register"]

_NAMES = {"fastframeseal": SealElement, "fastframeopen": OpenElement}


def register() -> None:
    """Let Gst.parse_launch() and Gst.ElementFactory know both elements by name.

    They are fastframeseal and fastframeopen, in this process alone, and pass
    nothing until .sealer or .opener of the element is set. Calling it again
    does nothing. Raises RuntimeError if GStreamer refuses.
    """
    for name, element in _NAMES.items():
        # Rank none: autoplugging (decodebin) must never pick them.
        if not Gst.Element.register(None, name, Gst.Rank.NONE, element):
            raise RuntimeError(f"GStreamer did not register {name}")
