"""Where frames are sealed and opened inside other people's programs.

``aiortc`` (calls), ``av`` (PyAV: packets and recordings) and ``gst`` (GStreamer)
are imported by whoever needs them; ``janus`` reads Janus's recordings and needs
nothing.
"""
