"""The network of a test's own: calls connect in it, and nothing gets out."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import loopback
import pytest

NETWORK = Path("/proc/thread-self/ns/net")
NOT_LINUX = not sys.platform.startswith("linux")
pytestmark = pytest.mark.skipif(NOT_LINUX, reason="networks are Linux's here")


def own_network():
    """Name the network that this thread is in."""
    return os.fspath(NETWORK.readlink())


async def _seen_by(*command):
    program = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await program.communicate()
    return said.decode()


def test_nothing_gets_out():
    """Neither this thread, nor its helpers, nor programs have a way out."""
    before = own_network()

    def reach(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect((address, 9))

    async def test():
        network = own_network()
        assert network != before
        with pytest.raises(OSError, match="unreachable"):
            reach("192.0.2.1")
        with pytest.raises(OSError, match="unreachable"):
            await asyncio.to_thread(reach, "192.0.2.1")
        assert await _seen_by("readlink", "/proc/self/ns/net") == network + "\n"
        assert await _seen_by("ip", "-4", "route", "show", "default") == ""

    loopback.run(test())
    assert own_network() == before


def test_calls_connect_by_an_address_that_is_no_loopback():
    """ADDRESS is there, on an interface that aioice, Janus and browsers use."""

    async def test():
        link = await _seen_by("ip", "address", "show", "up", "to", loopback.ADDRESS)
        assert loopback.ADDRESS in link
        assert "LOOPBACK" not in link
        with (
            socket.create_server((loopback.ADDRESS, 0)) as server,
            socket.create_connection(server.getsockname()),
        ):
            pass

    loopback.run(test())


def test_result_and_failure_come_back():
    """What a test asserts in there fails out here."""

    async def give():
        return 7

    async def fail():
        pytest.fail("as it should")

    assert loopback.run(give()) == 7
    with pytest.raises(pytest.fail.Exception, match="as it should"):
        loopback.run(fail())


def test_hanging_test_fails():
    """Nothing waits for ever."""
    with pytest.raises(asyncio.TimeoutError):
        loopback.run(asyncio.sleep(60), patience=0.05)


def test_tied_program_ends_with_the_test():
    """Even where the test does not end it."""

    async def leave_one():
        command = [*loopback.TIED, "sh", "-c", "echo; exec sleep 600"]
        program = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220, S603
        program.stdout.readline()  # it runs, so that it is tied by now
        return program

    program = loopback.run(leave_one())
    assert program.wait(20) == -signal.SIGKILL
    program.stdout.close()


def test_no_root_is_a_miss_and_in_ci_a_failure(monkeypatch):
    """A test that cannot run says why, and CI must be able to run it."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="only root"):
        loopback.run(asyncio.sleep(0))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="only root"):
        loopback.run(asyncio.sleep(0))
