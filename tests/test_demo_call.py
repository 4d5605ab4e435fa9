"""The demonstration of a sealed call, as make demo-call holds it."""

from __future__ import annotations

import re
import sys
import zlib

import pytest
from chromium import need_chromium
from janus_server import need_janus
from support import ROOT

pytest.importorskip("aiortc")
pytest.importorskip("PIL")
pytest.importorskip("prometheus_client")
pytest.importorskip("websockets")

import av

TELEHEALTH = ROOT / "examples" / "telehealth"
NAMES = ("doctor", "patient")
# Of what is drawn behind each: see camera.js; and the codec's part in it.
WALLS = {"doctor": (191, 227, 217), "patient": (246, 217, 168)}
TOLERANCE = 45
CORNER = (20, 120)
NOISE_MIN = 0.98  # of its size stays when it is compressed


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Hold the call once; give what came of it, and the folder of pictures."""
    need_chromium()
    need_janus()
    out = tmp_path_factory.mktemp("demo") / "call"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TELEHEALTH))
        demo = __import__("demo")
        yield demo.hold(out), out
    for module in ("demo", "consultation", "recorder", "attacker", "report"):
        sys.modules.pop(module, None)


def is_wall(colour, name):
    """Tell whether somebody stands before this wall."""
    return all(
        abs(one - other) < TOLERANCE
        for one, other in zip(colour, WALLS[name], strict=True)
    )


def corners(recording):
    """Give the colour at one place of each picture of a file."""
    with av.open(str(recording)) as file:
        images = (picture.to_image() for picture in file.decode(video=0))
        return [image.getpixel(CORNER) for image in images]


def test_recorder_opens_nothing_until_it_is_let_in(call):
    """Being in the room, and in the call, is no key."""
    outcome, _ = call
    for name in NAMES:
        assert set(outcome.stranger[name]) == {"UNKNOWN_KEY"}
        assert outcome.stranger[name]["UNKNOWN_KEY"] > 20
        assert outcome.member[name]["OK"] > 60
        lost = set(outcome.member[name]) - {"OK", "UNKNOWN_KEY"}
        # The frame that was under way when it came in may have been cut off.
        assert sum(outcome.member[name][status] for status in lost) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_recorder_has_the_pictures_and_the_sound(call, name):
    """A file that plays, of the right person."""
    outcome, _ = call
    colours = corners(outcome.recordings[name])
    assert len(colours) > 30
    assert all(is_wall(colour, name) for colour in colours)
    with av.open(str(outcome.recordings[name])) as file:
        assert sum(1 for _ in file.decode(audio=0)) > 50


@pytest.mark.parametrize("name", NAMES)
def test_root_on_the_sfu_finds_noise(call, name):
    """Every packet is recorded, and none shows anything."""
    outcome, out = call
    loot = outcome.loot[name]
    assert loot.frames > 30
    if loot.picture is not None:
        assert not is_wall(loot.picture.to_image().getpixel(CORNER), name)
    noise = bytes(loot.noise.planes[0])
    assert len(zlib.compress(noise)) > NOISE_MIN * len(noise)
    assert (out / f"bytes-{name}.png").stat().st_size > 0


def test_memory_of_the_sfu_holds_sealed_frames_only(call):
    """The same search finds those, so it would find the others."""
    outcome, _ = call
    assert outcome.sealed_in_memory > 0
    assert outcome.plain_in_memory == 0


def test_page_shows_all_its_pictures(call):
    """One for each that was there, none missing."""
    _, out = call
    shown = re.findall(r'<img src="([^"]+)"', (out / "index.html").read_text())
    assert {"doctor.png", "patient.png", "recorder-doctor.png"} <= set(shown)
    assert all((out / file).stat().st_size > 1000 for file in shown)
