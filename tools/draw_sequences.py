#!/usr/bin/env python3
"""Draw the sequence pictures of docs/keys.md: who says what to whom, and when.

Usage: draw_sequences.py; it writes docs/keys-*.svg. No font is named but the
reader's own, and dark pages get light lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH, MARGIN, TOP, ROW = 760, 90, 44, 46
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328; text-anchor: middle }
.who { font-weight: 600 } .small { font-size: 12.5px; fill: #59636e }
line, path { stroke: #59636e; fill: none; stroke-width: 1.3 }
.life { stroke: #afb8c1; stroke-dasharray: 3 4 } .tip { fill: #59636e; stroke: none }
.key line { stroke: #1a7f37; stroke-width: 2 } .key .tip { fill: #1a7f37 }
.bad line { stroke: #cf222e } .bad .tip { fill: #cf222e }
.box { fill: #eef1f4; stroke: #afb8c1 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } line, path { stroke: #9198a1 }
.life { stroke: #4b535d } .tip { fill: #9198a1 }
.key line { stroke: #3fb950 } .key .tip { fill: #3fb950 }
.bad line { stroke: #f85149 } .bad .tip { fill: #f85149 }
.box { fill: #212830; stroke: #4b535d } }
"""


@dataclass(frozen=True)
class Step:
    """One row: an arrow from one to another, or a box over some.

    Attributes:
        start, end: numbers of the columns.
        text: what stands above the arrow, or in the box.
        kind: "" for words, "key" for a wrapped key, "bad" for what is shut out,
            "box" for what somebody does.
    """

    start: int
    end: int
    text: str
    kind: str = ""


PICTURES: dict[str, tuple[str, tuple[str, ...], tuple[Step, ...]]] = {
    "join": (
        "Carol comes in: nobody gives her a key before she has proven who she is",
        ("Alice", "Relay", "Carol"),
        (
            Step(1, 2, "challenge: nonce"),
            Step(2, 1, "hello: room, public key, signed nonce"),
            Step(1, 2, "members: Alice"),
            Step(1, 0, "joined: Carol (a hint, no more)"),
            Step(0, 0, "trusts Carol's key?", "box"),
            Step(0, 2, "offer, wrapped for Carol"),
            Step(2, 0, "offer, wrapped for Alice; state with a MAC"),
            Step(0, 0, "ratchets her key", "box"),
            Step(0, 2, "Alice's next key, wrapped for Carol", "key"),
            Step(2, 0, "Carol's key, wrapped for Alice", "key"),
            Step(0, 2, "frames from here on open; earlier ones do not"),
        ),
    ),
    "leave": (
        "Carol goes: the others change their keys at once",
        ("Alice", "Bob", "Relay", "Carol"),
        (
            Step(3, 2, "bye, or it is lost"),
            Step(2, 1, "left: Carol"),
            Step(2, 0, "left: Carol"),
            Step(0, 1, "both draw new keys and use them at once", "box"),
            Step(0, 1, "Alice's new key, for Bob", "key"),
            Step(1, 0, "Bob's new key, for Alice", "key"),
            Step(0, 1, "frames; early ones wait"),
            Step(0, 3, "the same frames do not open any more", "bad"),
        ),
    ),
    "restart": (
        "The relay dies and comes back: it costs time, and no key",
        ("Alice", "Relay", "Bob"),
        (
            Step(1, 1, "killed: all it knew is gone", "box"),
            Step(0, 2, "media goes on: it never went this way"),
            Step(0, 1, "connect … again, later and later", "bad"),
            Step(1, 1, "starts again, with a new run number", "box"),
            Step(0, 1, "hello, proof"),
            Step(1, 0, "members: none, but it is another run"),
            Step(0, 0, "waits for Bob", "box"),
            Step(2, 1, "hello, proof"),
            Step(1, 0, "joined: Bob"),
            Step(0, 2, "what was not acknowledged, once more", "key"),
        ),
    ),
}


def draw(title: str, columns: tuple[str, ...], steps: tuple[Step, ...]) -> str:
    """Draw one picture as SVG."""
    gap = (WIDTH - 2 * MARGIN) / (len(columns) - 1)
    places = [MARGIN + gap * number for number in range(len(columns))]
    height = TOP + ROW * (len(steps) + 1)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    for place, name in zip(places, columns, strict=True):
        lines += [
            f'<text class="who" x="{place:.0f}" y="24">{escape(name)}</text>',
            (
                f'<line class="life" x1="{place:.0f}" y1="36" x2="{place:.0f}" '
                f'y2="{height - 12}"/>'
            ),
        ]
    for number, step in enumerate(steps):
        y = TOP + ROW * (number + 1) - 8
        shape = _box if step.kind == "box" else _arrow
        lines += shape(step, places[step.start], places[step.end], y)
    return "\n".join([*lines, "</svg>", ""])


def _arrow(step: Step, start: float, end: float, y: int) -> list[str]:
    back = -9 if end > start else 9
    tip = f"M{end:.0f} {y}l{back} -5v10z"
    return [
        (
            f'<g class="{step.kind}"><line x1="{start:.0f}" y1="{y}" '
            f'x2="{end + back:.0f}" y2="{y}"/><path class="tip" d="{tip}"/></g>'
        ),
        f'<text x="{(start + end) / 2:.0f}" y="{y - 8}">{escape(step.text)}</text>',
    ]


def _box(step: Step, start: float, end: float, y: int) -> list[str]:
    # A box reaches beyond its columns by half of what its words need.
    middle = (start + end) / 2
    half = max((end - start) / 2 + 20, 3.9 * len(step.text) + 8)
    left = max(4.0, middle - half)
    return [
        (
            f'<rect class="box" x="{left:.0f}" y="{y - 26}" width="{2 * half:.0f}" '
            f'height="28" rx="5"/>'
        ),
        (
            f'<text class="small" x="{left + half:.0f}" y="{y - 8}">'
            f"{escape(step.text)}</text>"
        ),
    ]


def pictures() -> dict[Path, str]:
    """Give all pictures: where they belong, and what they are."""
    return {DOCS / f"keys-{name}.svg": draw(*PICTURES[name]) for name in PICTURES}


if __name__ == "__main__":
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
        print(path.name)
