"""How the options of commands are read: text in, value or a clear refusal out."""

from __future__ import annotations

import argparse

PORT_MAX = 65535


def share(text: str) -> float:
    """Read 0.02 or 2%."""
    try:
        part = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        part = -1.0
    if not 0 <= part <= 1:
        raise argparse.ArgumentTypeError(f"expected 0 to 1, or 0% to 100%, got {text}")
    return part


def positive(text: str) -> float:
    """Read a number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return number


def count(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return int(text)


def number(text: str) -> int:
    """Read a whole number, in hex with 0x before it."""
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text}")
    return number


def hex_bytes(text: str) -> bytes:
    """Read bytes written as hex."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected hex digits in pairs") from None


def suite(text: str) -> str | int:
    """Read the name of a suite, or SFrame's number."""
    return int(text) if text.isdecimal() else text


def port(text: str) -> int:
    """Read a TCP port."""
    if not text.isdecimal() or int(text) > PORT_MAX:
        raise argparse.ArgumentTypeError(f"expected 0 to {PORT_MAX}, got {text}")
    return int(text)
