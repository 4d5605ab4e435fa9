"""A Janus of our own on loopback, for tests of calls through a real SFU."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from loopback import ADDRESS, TIED
from peers.node import miss

PLUGINS = {"echotest", "videoroom"}
TRANSPORTS = {"websockets"}  # 1.1.2's pfunix may find itself not ready and leave
_PATIENCE = 20.0  # seconds to start in, and to stop in
_GLANCE = 0.02
_CONFIG = """general: {{
  configs_folder = "{folder}"
  plugins_folder = "{library}/plugins"
  transports_folder = "{library}/transports"
  events_folder = "{library}/events"
  loggers_folder = "{library}/loggers"
  admin_secret = "not used"
  debug_level = 4
  protected_folders = []
}}
media: {{ rtp_port_range = "20000-20400" }}
nat: {{ ice_enforce_list = "{address}" }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
loggers: {{ disable = "{other_loggers}" }}
events: {{ broadcast = false }}
"""
_WEBSOCKETS = """general: {{ ws = true, ws_port = {port}, ws_ip = "127.0.0.1" }}
admin: {{ admin_ws = false }}
"""


def need_janus():
    """Miss the test unless Janus is here; give its path."""
    return shutil.which("janus") or miss("Janus is not installed")


class JanusServer:
    """Janus with the VideoRoom and EchoTest, on a port of its own.

    It is a context manager, for within loopback.run().

    Args:
        folder: where its configuration, log and recordings go.

    Attributes:
        url: where its websockets are.
        recordings: the folder for what it is told to record.
    """

    def __init__(self, folder):
        """Write its configuration; see __enter__() for the rest."""
        self._program = need_janus()
        self._folder = folder / "janus"
        self._process = None
        self._port = _free_port()
        self.url = f"ws://127.0.0.1:{self._port}/"
        self.recordings = self._folder / "recordings"
        self.recordings.mkdir(parents=True)
        self._write_config()

    def __enter__(self):
        """Start it, and wait until it answers."""
        config = self._folder / "janus.jcfg"
        command = [*TIED, self._program]
        command += ["-F", str(self._folder), "-C", str(config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"Janus did not start:\n{self.log[-2000:]}")
            time.sleep(_GLANCE)
        return self

    def __exit__(self, *_exc):
        """Stop it."""
        self.stop()

    def stop(self):
        """Stop it; no matter if it is gone already."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self):
        """The number of its process."""
        return self._process.pid

    @property
    def log(self):
        """What it has said so far."""
        return self._log.read_text(errors="replace")

    # -- inside --

    @property
    def _log(self):
        return self._folder / "log"

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _write_config(self):
        library = _library_of(self._program)
        text = _CONFIG.format(
            folder=self._folder,
            library=library,
            address=ADDRESS,
            other_plugins=_others(library / "plugins", PLUGINS),
            other_transports=_others(library / "transports", TRANSPORTS),
            other_loggers=_others(library / "loggers", set()),
        )
        (self._folder / "janus.jcfg").write_text(text)
        transport = self._folder / "janus.transport.websockets.jcfg"
        transport.write_text(_WEBSOCKETS.format(port=self._port))
        for plugin in PLUGINS:
            (self._folder / f"janus.plugin.{plugin}.jcfg").touch()


def _library_of(program):
    """Find the folder of its modules; Debian names it after the machine."""
    root = Path(program).resolve().parent.parent
    found = sorted(root.glob("lib/*/janus/plugins")) + sorted(
        root.glob("lib/janus/plugins")
    )
    assert found, f"no modules of {program} under {root}/lib"
    return found[0].parent


def _others(folder, wanted):
    """Name all modules of a folder but the wanted ones, as Janus's config does."""
    names = {path.name for path in folder.glob("libjanus_*.so")}
    return ",".join(sorted(names - {f"libjanus_{name}.so" for name in wanted}))


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
