"""Keys are wiped: another process looks for them in ours, as malware would."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/mem").exists(), reason="no /proc/<pid>/mem here"
)

# Reads a key unbuffered, uses it, wipes its own copy, then lets go of ours.
CHILD = textwrap.dedent("""
    import gc, os
    import fastframe as ff

    def hold():
        print("", flush=True)
        os.read(0, 1)

    key = bytearray(16)
    assert os.readv(0, [key]) == 16
    sealer = ff.Sealer("insertable", key, key_id=1)
    opener = ff.Opener("insertable", {{1: key}})
    sealed = sealer.seal(bytes(1000))
    assert opener.open(sealed) == bytes(1000)
    key[:] = bytes(16)
    hold()
    {let_go}
    hold()
""")
LET_GO = {
    "closed": "sealer.close(); opener.close()",
    "with": "sealer.__exit__(None, None, None); opener.__exit__(None, None, None)",
    "collected": "del sealer, opener; gc.collect()",
    "rotated and deleted": "sealer.rotate(os.urandom(16), 2); del opener.keys[1]",
    "rotated and replaced": (
        "sealer.rotate(os.urandom(32), 2); opener.keys[1] = os.urandom(16)"
    ),
    "cleared": "sealer.close(); opener.keys.clear()",
}


def count_in_memory(pid, secret):
    """Count where a secret stands in another process's writable memory."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            first, last = (int(text, 16) for text in span.split("-"))
            memory.seek(first)
            found += memory.read(last - first).count(secret)
    return found


@pytest.mark.parametrize("way", LET_GO)
def test_no_copy_of_a_key_stays_in_memory(way):
    """Core dumps and swap outlive calls; keys must not."""
    key = os.urandom(16)
    command = [sys.executable, "-c", CHILD.format(let_go=LET_GO[way])]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, bufsize=0, **pipes) as child:  # noqa: S603 - our own program
        child.stdin.write(key)
        assert child.stdout.readline() == b"\n"
        try:
            alive = count_in_memory(child.pid, key)
        except PermissionError:
            child.kill()
            pytest.skip("this system does not let us read our child's memory")
        child.stdin.write(b"\n")
        assert child.stdout.readline() == b"\n"
        gone = count_in_memory(child.pid, key)
        child.stdin.write(b"\n")
    # While in use it must be found, or the search itself is blind.
    assert alive >= 2
    assert gone == 0
