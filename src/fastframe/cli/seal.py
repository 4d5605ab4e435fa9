"""fastframe seal: seal a recording, which stays a container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastframe.cli.failure import OK
from fastframe.cli.key_input import read_keys
from fastframe.cli.recording import (
    check_files,
    check_free,
    only_key,
    progress_bar,
    show,
    told_plainly,
)

if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    """Seal IN into OUT, which appears when it is whole."""
    check_files(args)
    from fastframe.adapters.av import plan_target, seal_recording  # noqa: PLC0415 - av

    key = only_key(read_keys(args))
    with told_plainly(Path(args.source).name):
        target = plan_target(args.source, args.target)
        check_free(target, args)
        with progress_bar("sealing", is_quiet=args.json) as progress:
            report = seal_recording(args.source, target, key, progress=progress)
    show(report, "sealed", args)
    return OK
