"""Debian's PyGObject for the Python that runs the tests, where the two fit.

Who imports this is left out where they do not. Debian's folder
may not stay on sys.path: what else Debian has there would be found by tests
that are to be left out, and in front it would shadow the environment.
"""

from __future__ import annotations

import platform
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from peers.node import miss

DEBIAN = Path("/usr/lib/python3/dist-packages")
# The Python that a Debian's gi is built for: with it, CI must have gi.
BUILT_FOR = {"12": (3, 11), "13": (3, 13)}
ELEMENTS = ("vp8enc", "vp8dec", "opusenc", "matroskamux", "webmmux", "rtpgstpay")


@contextmanager
def debian_last():
    """Have Debian's modules found, after all others."""
    sys.path.append(str(DEBIAN))
    try:
        yield
    finally:
        sys.path.remove(str(DEBIAN))


def _load():
    """Import the adapter; leave out the module that asks where it cannot be."""
    with debian_last(), warnings.catch_warnings():
        # gi's importer is of an old kind.
        warnings.simplefilter("ignore", ImportWarning)
        try:
            adapter = import_module("fastframe.adapters.gst")
            import_module("gi").require_version("GstAudio", "1.0")
            audio = import_module("gi.repository.GstAudio")
        except ImportError as error:
            _miss(f"{error} ({error.__cause__})")
    missing = [n for n in ELEMENTS if not adapter.binding.Gst.ElementFactory.find(n)]
    if missing:
        _miss(f"GStreamer's plugins lack {', '.join(missing)}")
    return adapter, audio


def _miss(reason):
    is_debian = sys.platform == "linux" and Path("/etc/debian_version").is_file()
    release = platform.freedesktop_os_release() if is_debian else {}
    fits = BUILT_FOR.get(release.get("VERSION_ID", "")) == sys.version_info[:2]
    if release.get("ID") == "debian" and fits:
        miss(reason)
    pytest.skip(reason, allow_module_level=True)  # no gi fits this interpreter


# The elements are registered for all tests of this process.
adapter, GstAudio = _load()
adapter.register()
Gst = adapter.binding.Gst
GstVideo = adapter.binding.GstVideo
