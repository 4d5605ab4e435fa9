"""The fastframe command: its commands, options and exit codes.

Each command is a module of its own, imported when it is asked for, so that
`fastframe selftest` needs nothing but the library. Exit codes: 0 fine, 1 the
job failed, 2 the call was wrong, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli import values
from fastframe.cli.failure import FAILED, STOPPED, CommandError
from fastframe.cli.key_input import add_key_options
from fastframe.cli.keys_options import add_keys
from fastframe.cli.recording_options import add_open, add_seal
from fastframe.cli.relay_options import add_relay

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    # argparse has no public name for what add_subparsers() gives.
    _Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

_SELF_FRAMING = ("insertable", "insertable-bare")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    args = _parser().parse_args(argv)
    try:
        command = importlib.import_module(f"fastframe.cli.{_module_of(args)}")
        return int(command.run(args))
    except CommandError as error:
        print(f"fastframe {args.command}: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print(f"fastframe {args.command}: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader (head, less) has gone. Python would complain once more
        # when it flushes stdout at exit, so give it somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _module_of(args: argparse.Namespace) -> str:
    # A file inspect.py would stand in the way of the standard library's for
    # whoever runs Python in this folder.
    command = str(args.command)
    return "inspection" if command == "inspect" else command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastframe",
        description="Seal and open media frames end to end, at C speed.",
        epilog="Exit codes: 0 fine, 1 the job failed, 2 the call was wrong.",
    )
    parser.add_argument("--version", action="version", version=ff.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    add_seal(commands)
    add_open(commands)
    _add_selftest(commands)
    _add_inspect(commands)
    _add_doctor(commands)
    _add_bench(commands)
    _add_info(commands)
    add_keys(commands)
    add_relay(commands)
    return parser


def _add_demo(commands: _Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="send real media through a blind courier and prove what arrives",
        description="Seal every packet of a clip, let a blind courier drop, "
        "repeat, delay and change some, open what arrives, and account for "
        "every single frame.",
    )
    demo.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="anything FFmpeg can read; without it, a Big Buck Bunny clip",
    )
    demo.add_argument(
        "--synthetic",
        action="store_true",
        help="without FILE: a made-up clip, no download",
    )
    demo.add_argument(
        "--transcode", action="store_true", help="re-encode to VP8 and Opus first"
    )
    demo.add_argument(
        "--seconds", type=values.positive, metavar="N", help="stop after N s"
    )
    demo.add_argument("--format", choices=_SELF_FRAMING, default="insertable")
    demo.add_argument("--suite", choices=ff.suites(), default=ff.suites()[0])
    demo.add_argument("--seed", type=int, default=1, help="of the courier's dice [1]")
    for name, share, doing in (
        ("drop", 0.02, "loses"),
        ("duplicate", 0.02, "delivers twice"),
        ("reorder", 0.02, "delivers late"),
        ("tamper", 0.03, "changes"),
    ):
        demo.add_argument(
            f"--{name}",
            type=values.share,
            default=share,
            metavar="SHARE",
            help=f"share of frames the courier {doing}, as 0.02 or 2%% [{share}]",
        )
    demo.add_argument("--realtime", action="store_true", help="at the clip's own pace")
    demo.add_argument("--json", action="store_true", help="one JSON object, no table")
    demo.add_argument(
        "--save-frame",
        metavar="FILE.png",
        help="a picture, what the courier saw of it, what a wrong key gives",
    )
    demo.add_argument("--save-table", metavar="FILE.svg", help="the table as a drawing")


def _add_selftest(commands: _Commands) -> None:
    commands.add_parser(
        "selftest",
        help="known answers, round trips and attacks, within a second",
        description="Check this build against published known answers and "
        "against changed, repeated and misdirected frames.",
    )


def _add_inspect(commands: _Commands) -> None:
    inspect = commands.add_parser(
        "inspect",
        help="show what one sealed frame claims",
        description="Show the parts of one sealed frame. Nothing is verified.",
    )
    inspect.add_argument("file", metavar="FILE", help="a sealed frame, - for stdin")
    inspect.add_argument("--format", choices=ff.formats(), default="insertable")
    _add_wire_options(inspect)
    inspect.add_argument(
        "--hex",
        action="store_true",
        help="FILE is hex text (recognised by itself where it is clear)",
    )
    inspect.add_argument("--json", action="store_true", help="one JSON object")


def _add_wire_options(command: argparse.ArgumentParser) -> None:
    """Add what inspect and doctor are told of a format alike."""
    named = [name for name in ff.codecs() if name is not None]
    command.add_argument("--codec", choices=named, help="as the sender's")
    command.add_argument(
        "--suite", type=values.suite, metavar="NAME", help="sframe: 1 to 8"
    )
    command.add_argument(
        "--sif-trailer",
        type=values.hex_bytes,
        metavar="HEX",
        help="livekit: the server's trailer",
    )
    command.add_argument(
        "--packet-trailer",
        action="store_true",
        default=None,
        help="livekit: frame metadata stands behind the frame",
    )


def _add_doctor(commands: _Commands) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="say why sealed frames do not open, and what to change",
        description="Look at sealed frames, try what may be wrong, and say it in "
        "plain words. FILE is one frame, or hex text with a frame on each line, or "
        "frames with their lengths in front (4 bytes, big-endian).",
        epilog="Exit codes: 0 the frames open, 1 something is wrong, 2 the call was. "
        "Keys come from files, variables or commands, never from arguments: others "
        "read those.",
    )
    doctor.add_argument("files", nargs="+", metavar="FILE", help="- for stdin")
    doctor.add_argument(
        "--as",
        dest="kind",
        choices=("auto", "raw", "hex", "frames"),
        default="auto",
        help="how frames stand in a file [auto: by its looks]",
    )
    doctor.add_argument(
        "--format",
        choices=ff.formats(),
        help="as the Opener's; without it all are tried",
    )
    _add_wire_options(doctor)
    add_key_options(doctor)
    doctor.add_argument("--kdf", help="livekit, jitsi: as the Opener's")
    doctor.add_argument("--ratchet-salt", metavar="TEXT", help="livekit")
    doctor.add_argument(
        "--salt", type=values.hex_bytes, metavar="HEX", help="raw: 12 bytes"
    )
    for name, whose in (
        ("ring", "livekit"),
        ("ratchet-window", ""),
        ("ssrc", "sframe"),
    ):
        doctor.add_argument(f"--{name}", type=values.number, metavar="N", help=whose)
    doctor.add_argument(
        "--replay-window", type=values.number, default=1024, metavar="N"
    )
    doctor.add_argument(
        "--frames-are",
        metavar="WORDS",
        help="audio or video, key or delta (as open() is told), opened (before)",
    )
    doctor.add_argument("--json", action="store_true", help="one JSON object")


def _add_bench(commands: _Commands) -> None:
    bench = commands.add_parser(
        "bench",
        help="time per frame beside the cryptography package, in ten seconds",
        description="Time sealing and opening beside the same wire bytes made "
        "in Python with the cryptography package.",
    )
    bench.add_argument("--json", action="store_true", help="one JSON object, no table")
    bench.add_argument(
        "--rounds",
        type=values.count,
        default=25,
        metavar="N",
        help="rounds per figure [25]",
    )


def _add_info(commands: _Commands) -> None:
    info = commands.add_parser(
        "info",
        help="which libcrypto and CPU features are in use",
        description="Print what build_info() knows.",
    )
    info.add_argument("--json", action="store_true", help="one JSON object")
