"""Run a test in a network of its own: calls connect there, and nothing gets out.

Programs that the test starts are in it too. There is lo, with 127.0.0.1, and one
interface that is no loopback with ADDRESS: aioice skips 127.0.0.1, and Janus and
Chromium skip loopback interfaces. Packets to ADDRESS never leave the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from peers.node import miss

ADDRESS = "127.78.0.1"
# In front of a program's command: then it ends with the thread that started it,
# which is the test, whatever becomes of that.
TIED = ("setpriv", "--pdeathsig", "KILL", "--")
PATIENCE = 120  # seconds until a test counts as hanging

_CLONE_NEWNET = 0x40000000  # <linux/sched.h>; os.unshare() is Python 3.12's
_INTERFACES = (  # the first kind that the kernel has
    ["dummy"],
    ["veth", "peer", "name", "test1"],
    ["bridge"],
)


def run(coroutine, patience=PATIENCE):
    """Run a test's coroutine in a new network; give its result.

    A network belongs to a thread, and what that starts inherits it, so that the
    rest of this process notices nothing.
    """
    # Closing it spares the warning that it never ran.
    with contextlib.closing(coroutine), ThreadPoolExecutor(1) as threads:
        return threads.submit(_run, coroutine, patience).result()


def _run(coroutine, patience):
    _enter()
    return asyncio.run(asyncio.wait_for(coroutine, patience))


def _enter():
    """Put this thread into a new network, or miss the test."""
    for program in ("ip", TIED[0]):
        if shutil.which(program) is None:
            miss(f"{program} is not installed")
    if os.geteuid() != 0:
        miss("only root can make a network")
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        miss(f"no network of our own: {os.strerror(ctypes.get_errno())}")
    _ip("link", "set", "lo", "up")
    for kind in _INTERFACES:
        if _ip("link", "add", "test0", "type", *kind, check=False):
            break
    else:
        miss("the kernel makes no interface: neither dummy, veth nor bridge")
    _ip("address", "add", f"{ADDRESS}/32", "dev", "test0")
    _ip("link", "set", "test0", "up")
    if "peer" in kind:  # a pair carries nothing until both ends are up
        _ip("link", "set", "test1", "up")


def _ip(*words, check=True):
    done = subprocess.run(["ip", *words], check=check, stderr=subprocess.DEVNULL)  # noqa: S603, S607 - our own words
    return done.returncode == 0
