"""Where frames are sealed and opened inside other people's programs.

``aiortc`` (calls) and ``av`` (PyAV: packets and recordings) are imported by
whoever needs them; ``janus`` reads Janus's recordings and needs nothing.
"""
