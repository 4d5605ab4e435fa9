"""Emulation prevention (7.4.1 of H.264 and H.265) and the two ways to undo it.

`zeros` is the seed: how many zero bytes (at most 2) stand right before the
run. LiveKit always begins with 0, GetStream and fastframe's own supersets with
the clear prefix's trailing zeros, so that no start code forms across the seam.
"""

from __future__ import annotations


def trailing_zeros(clear: bytes) -> int:
    """Count the zeros that end a clear prefix, at most 2: the seed."""
    return min(2, len(clear) - len(clear.rstrip(b"\0")))


def escape(run: bytes, zeros: int) -> bytes:
    """Put 03 before each byte <= 03 that follows two zeros."""
    out = bytearray()
    for byte in run:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def unescape_any(run: bytes, zeros: int = 0) -> bytes:
    """Take out each 03 behind two zeros, whatever follows it (LiveKit)."""
    out = bytearray()
    for byte in run:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def unescape_strict(run: bytes, zeros: int) -> bytes:
    """Take out each 03 behind two zeros and before a byte <= 03 (GetStream)."""
    out = bytearray()
    for at, byte in enumerate(run):
        follower = run[at + 1] if at + 1 < len(run) else 0xFF
        if zeros >= 2 and byte == 3 and follower <= 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
