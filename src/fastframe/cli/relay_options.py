"""The options of fastframe relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastframe.cli import values

if TYPE_CHECKING:
    import argparse


def add_relay(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the others."""
    relay = commands.add_parser(
        "relay",
        help="carry keys between the members of rooms, blindly",
        description="A WebSocket service that carries what members of a room say to "
        "each other about keys, and can read none of it. It prints where it listens, "
        "and ends in good order on SIGTERM and Ctrl-C.",
        epilog="Without a certificate put a proxy with TLS in front. A token goes into "
        "the file behind --tokens, one on a line, with a room behind a space if it "
        "opens that one alone. The log, one JSON object a line, goes to stderr.",
    )
    relay.add_argument("--host", default="127.0.0.1", help="address [127.0.0.1]")
    relay.add_argument(
        "--port", type=values.port, default=0, metavar="N", help="[0: any free one]"
    )
    relay.add_argument(
        "--metrics-port",
        type=values.port,
        metavar="N",
        help="/metrics for Prometheus, /stats as JSON, /healthz; without it, none",
    )
    relay.add_argument("--tokens", metavar="FILE", help="who may join [everybody]")
    relay.add_argument(
        "--origin",
        action="append",
        metavar="URL",
        help="a web origin whose pages may join [any]",
    )
    relay.add_argument("--certificate", metavar="FILE.pem", help="serve wss://")
    relay.add_argument(
        "--certificate-key", metavar="FILE.pem", help="unless in the same file"
    )
    for name, what in (
        ("connections", "at once [1000]"),
        ("rooms", "at once [1000]"),
        ("members", "in one room [256]"),
    ):
        relay.add_argument(f"--{name}", type=values.count, metavar="N", help=what)
