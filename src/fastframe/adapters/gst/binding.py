"""GStreamer as PyGObject gives it: the versions meant, and started."""

from __future__ import annotations

_NEEDED = (
    "fastframe.adapters.gst needs PyGObject and GStreamer for this Python; on "
    "Debian: python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 "
    "gir1.2-gst-plugins-base-1.0"
)

try:
    import gi

    for _name in ("Gst", "GstBase", "GstVideo"):
        gi.require_version(_name, "1.0")
    from gi.repository import GLib, GObject, Gst, GstBase, GstVideo
except (ImportError, ValueError) as error:  # ValueError: a typelib is missing
    raise ImportError(_NEEDED) from error

# Pad templates cannot be made before, and a second call would do nothing.
if not Gst.is_initialized():
    Gst.init(None)

__all__ = ["GLib", "GObject", "Gst", "GstBase", "GstVideo"]
