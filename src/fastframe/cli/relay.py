"""fastframe relay: carry what the members of rooms say to each other."""

from __future__ import annotations

import asyncio
import hmac
import signal
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastframe.cli.failure import OK, USAGE, CommandError, need

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from fastframe.keys.relay import Limits, Relay

_STOPPING = (signal.SIGTERM, signal.SIGINT)


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; what is to be read by programs goes to stdout."""
    for module in ("cryptography", "prometheus_client", "websockets"):
        need(module, '"fastframe[keys]"', why="the relay")
    # Needs what was just looked for.
    from fastframe.keys.relay import Limits, Relay, log_to  # noqa: PLC0415

    limits = _limits_of(args, Limits)
    relay = Relay(
        args.host,
        args.port,
        metrics_port=args.metrics_port,
        limits=limits,
        admit=None if args.tokens is None else admission(Path(args.tokens)),
        origins=args.origin,
        tls=_tls_of(args),
    )
    left_out = relay.metrics.lines_left_out.inc
    log_to(sys.stderr, limits.log_lines_per_second, left_out)
    return asyncio.run(_serve(relay, args))


def _limits_of(args: argparse.Namespace, kind: type[Limits]) -> Limits:
    given = {
        "connections": args.connections,
        "rooms": args.rooms,
        "members": args.members,
    }
    return kind(**{name: number for name, number in given.items() if number})


def _tls_of(args: argparse.Namespace) -> ssl.SSLContext | None:
    if args.certificate is None and args.certificate_key is None:
        return None
    if args.certificate is None:
        raise CommandError("--certificate-key goes with --certificate", USAGE)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(args.certificate, args.certificate_key)
    except OSError as error:  # ssl.SSLError is one
        raise CommandError(f"{args.certificate}: {error}") from None
    return context


async def _serve(relay: Relay, args: argparse.Namespace) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop.set)
    try:
        await relay.start()
    except OSError as error:
        where = f"{args.host}:{args.port}"
        raise CommandError(f"{where}: {error.strerror or error}") from None
    scheme = "ws" if args.certificate is None else "wss"
    print(f"relay {scheme}://{_host(args.host)}:{relay.port}")
    if relay.metrics_port is not None:
        print(f"metrics http://{_host(args.host)}:{relay.metrics_port}/metrics")
    # Whoever started it with --port 0 waits for these lines.
    sys.stdout.flush()
    await stop.wait()
    await relay.close()
    return OK


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def admission(path: Path) -> Callable[[str, str | None], bool]:
    """Make a check of tokens out of a file.

    Each line is a token and, behind a space, the one room that it opens;
    without a room it opens all. Empty lines and those with # in front do not
    count. The file is read again when it has changed, so that a token can be
    taken back without a restart. CommandError if it cannot be read.
    """
    tokens = _Tokens(path)
    return tokens.admit


class _Tokens:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._lines: list[tuple[bytes, str]] = []
        try:
            self._read()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: cannot be read: {error}") from None

    def _read(self) -> None:
        facts = self._path.stat()
        seen = (facts.st_mtime_ns, facts.st_size)
        if seen == self._seen:
            return
        lines = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            token, _, room = line.strip().partition(" ")
            if token and not token.startswith("#"):
                lines.append((token.encode(), room.strip()))
        self._lines, self._seen = lines, seen

    def admit(self, room: str, token: str | None) -> bool:
        try:
            self._read()
        except (OSError, UnicodeDecodeError):
            # A file that has gone must not open the door.
            self._lines, self._seen = [], None
        given = (token or "").encode()
        # Every line is compared: the time taken tells nothing of them.
        opens = [
            hmac.compare_digest(given, line) and where in ("", room)
            for line, where in self._lines
        ]
        return any(opens)
