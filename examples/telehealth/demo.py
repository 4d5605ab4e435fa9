"""A sealed consultation, and a page of what each of them saw: make demo-call.

A doctor and a patient meet in two browsers, with Janus between them; a recorder is
let in by its key; somebody with root on the SFU's machine looks for pictures. All of
it runs on this machine, in a network of its own: needs root, Chromium and Janus.

Usage: demo.py [FOLDER]; the page is FOLDER/index.html (build/demo-call).
"""

from __future__ import annotations

import shutil
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

# A browser, Janus and a network are started as the tests do it.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

import av
import loopback
from consultation import NAMES, Consultation, Outcome, Statuses
from report import Saw, Shot, write_page

if TYPE_CHECKING:
    from PIL.Image import Image

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "build" / "demo-call"
PATIENCE = 240  # seconds that all of it may take
MIDDLE = 60  # a picture that far into a recording


def hold(out: Path) -> Outcome:
    """Hold the consultation, and leave all pictures and their page in out."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    outcome: Outcome = loopback.run(Consultation(HERE, out).hold(), PATIENCE)
    draw(outcome, out)
    return outcome


def draw(outcome: Outcome, out: Path) -> None:
    """Draw what the recorder and the attacker have, and write the page."""
    for name in NAMES:
        _picture(outcome.recordings[name]).save(out / f"recorder-{name}.png")
        loot = outcome.loot[name]
        if loot.picture is not None:
            loot.picture.to_image().save(out / f"attacker-{name}.png")
        loot.noise.to_image().save(out / f"bytes-{name}.png")
    all_saw = [*map(_member, NAMES), _recorder(outcome), _attacker(outcome)]
    write_page(out / "index.html", all_saw)


def main() -> int:
    """Hold it, and say what came of it."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    outcome = hold(out)
    print(f"  recorder, unknown:  {_spell(outcome.stranger)}")
    print(f"  recorder, let in:   {_spell(outcome.member)}")
    for name, loot in outcome.loot.items():
        print(f"  attacker, {name}: {loot.frames} frames, {loot.bytes} bytes of noise")
    print(
        f"  in the SFU's memory: {outcome.plain_in_memory} pieces of opened frames, "
        f"{outcome.sealed_in_memory} of sealed ones"
    )
    print(f"Look at {out / 'index.html'}")
    return 0


def _member(name: str) -> Saw:
    return Saw(
        f"The {name}",
        "sees both, as in any call, and let the recorder in.",
        (Shot(f"{name}.png", f"the {name}'s page"),),
    )


def _recorder(outcome: Outcome) -> Saw:
    told = (
        f"Frames before it was let in: {_spell(outcome.stranger)}. "
        f"All frames of the call: {_spell(outcome.member)}."
    )
    shots = (Shot(f"recorder-{n}.png", f"from its file of the {n}") for n in NAMES)
    return Saw("The recorder", told, tuple(shots))


def _attacker(outcome: Outcome) -> Saw:
    told = (
        "Has root where Janus runs, records every packet and reads its memory: "
        f"{outcome.plain_in_memory} pieces of opened frames there, "
        f"{outcome.sealed_in_memory} of sealed ones."
    )
    shots = []
    for name, loot in outcome.loot.items():
        if loot.picture is not None:
            caption = f"what a decoder makes of the {name}'s frames"
            shots.append(Shot(f"attacker-{name}.png", caption))
        caption = f"the {name}'s recorded bytes, {loot.frames} frames, as grey pixels"
        shots.append(Shot(f"bytes-{name}.png", caption))
    return Saw("The attacker", told, tuple(shots))


def _picture(recording: Path) -> Image:
    """Give a picture out of the middle of a recording."""
    with av.open(str(recording)) as file:
        pictures = list(islice(file.decode(video=0), MIDDLE))
    return pictures[-1].to_image()


def _spell(statuses: Statuses) -> str:
    words = {
        name: ", ".join(f"{status} {number}" for status, number in counts.items())
        for name, counts in statuses.items()
    }
    return "; ".join(f"{name} {counts or 'nothing'}" for name, counts in words.items())


if __name__ == "__main__":
    sys.exit(main())
