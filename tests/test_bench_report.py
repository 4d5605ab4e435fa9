"""The page of figures: measured by code that works, told as the figures are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from support import ROOT

PAGE = ROOT / "docs/performance.md"
PARTS = ROOT / "docs/performance"
LIMIT = 120  # seconds
# Measures everything once, as briefly as it can be, and tells it.
SMALLEST = """
import json, sys
from report import collect, content, markdown
figures = json.loads(json.dumps(collect.collect(0.001)))
print(markdown.render(content.build(figures)))
"""
# Tells where the peer is as good, of figures that come in.
TELL = """
import json, sys
from report import words
print("\\n".join(words.as_good(json.load(sys.stdin))))
"""


def run(program, given=""):
    """Run a program that sees the report's modules; give what it prints."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        input=given,
        env={**os.environ, "PYTHONPATH": str(ROOT / "bench")},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def figures():
    """Give the committed figures."""
    return json.loads((PARTS / "figures.json").read_text())


def test_everything_on_the_page_can_be_measured():
    """A report that fails after two minutes is found out here in seconds."""
    page = run(SMALLEST)
    for heading in ("In short", "Where plain cryptography is as good", "Measured on"):
        assert f"## {heading}\n" in page


def test_page_is_what_its_figures_make():
    """Nobody mends a figure by hand."""
    run("import sys; from report.__main__ import check; sys.exit(check())")


def test_page_leaves_room_for_what_is_written_by_hand():
    """What is left above the ceiling is explained, not measured."""
    text = PAGE.read_text()
    assert text.count("make bench-report DOCS=1`; do not edit") == 2
    by_hand = text.partition("<!--")[0]
    assert "## What is left above the ceiling" in by_hand


def test_every_picture_is_there_and_says_what_it_shows():
    """Who cannot see a picture reads its title; who reads at night is not blinded."""
    names = re.findall(r"\]\(performance/(\w+\.svg)\)", PAGE.read_text())
    assert len(names) == 6
    assert {path.name for path in PARTS.glob("*.svg")} == set(names)
    for name in names:
        drawn = (PARTS / name).read_text()
        assert "<title>" in drawn
        assert "prefers-color-scheme:dark" in drawn
        assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", drawn)


def test_figures_name_no_machine(figures):
    """What the machine is made of may be known; its name is nobody's business."""
    facts = ("CPU", "CPU features", "AES-GCM on AVX-512 VAES", "system", "Python")
    facts += ("OpenSSL", "fastframe", "load at the start")
    assert tuple(figures["machine"]) == facts


def test_peer_is_praised_where_it_is_as_good(figures):
    """The page must not hide a size at which plain cryptography wins."""
    for way in figures["sizes"]["open"]["60000"].values():
        way["x peer"] = 2.0
    figures["sizes"]["open"]["60000"]["open"]["x peer"] = 0.91
    told = run(TELL, json.dumps(figures))
    assert re.search(r"opening, `open`: [^;]*60 kB \(0\.91\)", told)


def test_peer_is_not_praised_without_reason(figures):
    """Nor may it claim a weakness that the figures do not show."""
    for table in figures["sizes"].values():
        for ways in table.values():
            for way in ways.values():
                way["x peer"] = 1.5
    assert "as good nowhere" in run(TELL, json.dumps(figures))
