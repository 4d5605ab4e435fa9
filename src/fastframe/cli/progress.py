"""Giving out a clip's frames, at full speed or at its own, with a live bar."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastframe.cli.journey import Journey
    from fastframe.cli.media import Source
    from fastframe.cli.parcels import Frame

_REDRAW = 0.1  # seconds


@contextmanager
def follow(
    journey: Journey, source: Source, args: argparse.Namespace, *, is_quiet: bool
) -> Iterator[Iterator[Frame]]:
    """Give the clip's frames, showing on stderr how far the journey is."""
    frames = source.frames(args.seconds)
    if args.realtime:
        frames = _paced(frames)
    if is_quiet:
        yield frames
        return
    from rich.console import Console  # noqa: PLC0415 - not there for --json

    console = Console(stderr=True)
    if not console.is_terminal:
        yield frames
        return
    with _bar(console) as bar:
        lengths = [n for n in (args.seconds, source.seconds) if n is not None]
        task = bar.add_task(
            source.name, total=min(lengths, default=None), fps=0.0, opened=0, rejected=0
        )
        yield _watched(frames, journey, bar, task)


def _bar(console: Any) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:5.1f} s"),
        TextColumn("{task.fields[fps]:7.1f} frames/s"),
        TextColumn("[green]{task.fields[opened]} opened"),
        TextColumn("[red]{task.fields[rejected]} rejected"),
        console=console,
        transient=True,
    )


def _paced(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Hold each frame back until its time has come."""
    start = time.monotonic()
    for frame in frames:
        wait = start + frame.at - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        yield frame


def _watched(
    frames: Iterator[Frame], journey: Journey, bar: Any, task: Any
) -> Iterator[Frame]:
    """Pass frames on and redraw the bar now and then."""
    drawn = start = time.monotonic()
    for count, frame in enumerate(frames, 1):
        yield frame
        now = time.monotonic()
        if now - drawn < _REDRAW:
            continue
        drawn = now
        bar.update(
            task,
            completed=frame.at,
            fps=count / (now - start),
            opened=journey.opened,
            rejected=journey.rejected,
        )
