"""Keys are wiped: another process looks for them in ours, as malware would."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from process_memory import read_memory
from reference import dave, jitsi, kdf, livekit, sframe

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
    frames = [bytes(1 << 20)] * 8  # so that workers get contexts of their own
    frames = [*map(bytes, sealer.seal_batch(frames, workers=3))]
    assert opener.open_batch(frames, workers=3).ok == 8
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
    return sum(piece.count(secret) for piece in read_memory(pid))


def search_twice(program, key, secrets):
    """Count each secret in a child that uses key, and again when it has let go."""
    command = [sys.executable, "-c", program]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, bufsize=0, **pipes) as child:  # noqa: S603 - our own program
        child.stdin.write(key)
        counts = []
        try:
            for _ in range(2):
                assert child.stdout.readline() == b"\n"
                counts.append([count_in_memory(child.pid, one) for one in secrets])
                child.stdin.write(b"\n")
        except PermissionError:
            child.kill()
            pytest.skip("this system does not let us read our child's memory")
    return counts


@pytest.mark.parametrize("way", LET_GO)
def test_no_copy_of_a_key_stays_in_memory(way):
    """Core dumps and swap outlive calls; keys must not."""
    key = os.urandom(16)
    [alive], [gone] = search_twice(CHILD.format(let_go=LET_GO[way]), key, [key])
    # While in use it must be found, or the search itself is blind.
    assert alive >= 2
    assert gone == 0


# -- what is derived from keys --

# Takes steps where there are any, so that keys ahead and behind come and go.
DERIVING = textwrap.dedent("""
    import gc, os
    import fastframe as ff

    def hold():
        print("", flush=True)
        os.read(0, 1)

    key = bytearray(32)
    assert os.readv(0, [key]) == 32
    options = {options}
    key = memoryview(key)[: options.pop("size", 32)]
    name = options.pop("format")
    sealer = ff.Sealer(name, key, **options)
    opener = ff.Opener(name, {{0: key}}, **options)
    frames = []
    for _ in range(3):
        frames.append(sealer.seal(bytes(1000)))
        if name in ("livekit", "jitsi"):
            sealer.ratchet()
    for frame in [*frames, frames[0][:-20] + bytes(20)]:
        opener.open_batch([frame])
    assert opener.stats().frames_opened == 3
    key[:] = bytes(len(key))
    hold()
    sealer.close(); opener.close()
    del sealer, opener; gc.collect()
    hold()
""")


def livekit_secrets(key):
    """Give what a ladder of LiveKit's goes through."""
    found = [key]
    for _ in range(3):
        found += [livekit.derive(found[-1])]
        found += [livekit.ratchet(found[-2])]
    return found


def jitsi_secrets(key):
    """Give what a ladder of Jitsi's goes through."""
    found = [key]
    for _ in range(3):
        found += [jitsi.derive(found[-1])]
        found += [jitsi.ratchet(found[-2])]
    return found


def sframe_secrets(key, suite=5):
    """Give the pseudorandom key and what is expanded from it."""
    secret = kdf.extract(key, salt=b"", algorithm=sframe.SUITES[suite].algorithm)
    return [key, secret, sframe.derive(key, key_id=0, suite=suite)[:-12]]


def stream_secrets(key):
    """Give those of a stream's own key, too."""
    algorithm = sframe.SUITES[5].algorithm
    secret = kdf.extract(key, salt=bytes([0, 0, 0, 7]), algorithm=algorithm)
    return [secret, *sframe_secrets(sframe.ssrc_key(key, 7, suite=5)), key]


def dave_secrets(key):
    """Give the keys and secrets of the first generations."""
    base = key[:16]
    following = dave.step(base, 0)
    return [base, dave.derive(base), following, dave.derive(base, generation=1)]


DERIVED = {
    "livekit": ({"format": "livekit", "kdf": "hkdf", "codec": "opus"}, livekit_secrets),
    "jitsi": ({"format": "jitsi", "codec": "opus"}, jitsi_secrets),
    "sframe": ({"format": "sframe", "suite": 5}, sframe_secrets),
    "sframe, by stream": ({"format": "sframe", "suite": 5, "ssrc": 7}, stream_secrets),
    "dave": ({"format": "dave", "size": 16, "counter": 2**24 - 2}, dave_secrets),
}


@pytest.mark.parametrize("name", DERIVED)
def test_no_copy_of_what_was_derived_stays_in_memory(name):
    """Whoever finds a step's key, or what it comes from, reads what follows."""
    options, secrets_of = DERIVED[name]
    key = os.urandom(32)
    # What may stand in a buffer that is longer than it: look for a half.
    secrets = [one[:16] for one in secrets_of(key)]
    program = DERIVING.format(options=options)
    if name == "dave":
        program = program.replace(
            "**options)\nopener", "**options)\ndel options['counter']\nopener"
        )
    alive, gone = search_twice(program, key, secrets)
    assert sum(alive) >= 2
    assert gone == [0] * len(secrets)
