"""What fastframe seal and fastframe open have in common."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli.failure import FAILED, USAGE, CommandError, need

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from fastframe.adapters.av import Report, TrackReport

_LOSSES_SHOWN = 10


def check_files(args: argparse.Namespace) -> None:
    """Refuse what would lose a file, before anything is read."""
    need("av", '"fastframe[av]"', why=f"fastframe {args.command}")
    source, target = Path(args.source), Path(args.target)
    if not source.is_file():
        raise CommandError(f"no such file: {source}", USAGE)
    if not target.resolve().parent.is_dir():
        raise CommandError(f"no such folder: {target.parent}", USAGE)
    if target.exists() and source.samefile(target):
        raise CommandError("IN and OUT are the same file", USAGE)
    check_free(target, args)


def check_free(target: Path, args: argparse.Namespace) -> None:
    """Refuse to overwrite a file unless that was asked for."""
    if target.exists() and not args.force:
        raise CommandError(f"{target} exists; --force overwrites it", USAGE)


@contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Say in one line what the library or FFmpeg refuses."""
    import av  # noqa: PLC0415 - not everywhere

    from fastframe.adapters.av import NothingOpened  # noqa: PLC0415

    try:
        yield
    except NothingOpened as error:
        raise CommandError(f"{name}: {error}", FAILED) from None
    except ff.FastframeError as error:
        raise CommandError(str(error), USAGE) from None
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CommandError(f"{name}: {reason}", FAILED) from None


@contextmanager
def progress_bar(title: str, *, is_quiet: bool) -> Iterator[Callable[..., object]]:
    """Give a function that draws how far the work is, if somebody can see it."""
    if is_quiet or not sys.stderr.isatty():
        yield _ignore
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - not everywhere
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        yield _ignore
        return
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:7.1f} s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def draw(done: float, total: float | None) -> None:
            bar.update(task, completed=done, total=total)

        yield draw


def _ignore(_done: float, _total: float | None) -> None:
    """Draw nothing."""


def show(report: Report, verb: str, args: argparse.Namespace) -> None:
    """Print what became of the recording."""
    if args.json:
        print(json.dumps(_as_json(report)))
        return
    whole = "" if report.is_whole else ", but not all of it"
    print(f"{verb} {report.path}{whole}")
    for track in report.tracks:
        print(f"  track {track.number}, {track.codec}: {_describe(track)}")
        for loss in track.losses[:_LOSSES_SHOWN]:
            span = f"between {loss.after:.2f} s and {loss.before:.2f} s"
            print(f"    {loss.frames} frames missing {span}")
        if len(track.losses) > _LOSSES_SHOWN:
            print(f"    … and at {len(track.losses) - _LOSSES_SHOWN} places more")
    for stream in report.left_out:
        print(f"  {stream} was left out: neither picture nor sound")
    if report.seconds_missing:
        print(f"  the recording ends {report.seconds_missing:.1f} s early")
    if report.trouble:
        print(f"  damage: {report.trouble}")


def _describe(track: TrackReport) -> str:
    bad = {s.name: n for s, n in track.statuses.items() if s != ff.Status.OK}
    parts = [f"{track.opened} of {track.packets} packets"]
    parts += [f"{count} {name}" for name, count in bad.items()]
    if track.incomplete:
        parts.append(f"{track.incomplete} incomplete before they were recorded")
    if track.lost:
        parts.append(f"{track.lost} frames lost")
    return ", ".join(parts)


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "path": str(report.path),
        "is_whole": report.is_whole,
        "left_out": list(report.left_out),
        "seconds_missing": report.seconds_missing,
        "trouble": report.trouble,
        "tracks": [
            {
                "number": track.number,
                "codec": track.codec,
                "packets": track.packets,
                "statuses": {s.name: n for s, n in track.statuses.items()},
                "lost": track.lost,
                "incomplete": track.incomplete,
                "losses": [
                    {"after": one.after, "before": one.before, "frames": one.frames}
                    for one in track.losses
                ],
            }
            for track in report.tracks
        ],
    }


def only_key(keys: list[bytes | str]) -> bytes:
    """Give the one key of a recording as bytes."""
    if len(keys) != 1:
        raise CommandError(
            f"one key is needed, got {len(keys)}: "
            "--key-file, --key-env or --key-command",
            USAGE,
        )
    key = keys[0]
    return key.encode() if isinstance(key, str) else key
