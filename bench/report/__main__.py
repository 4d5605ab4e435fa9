"""Measure and write the page: python -m report, with bench/ on the path."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

from report import content, markdown
from report.collect import collect

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build/bench-report"
PAGE = ROOT / "docs/performance.md"
DOCS = ROOT / "docs" / markdown.FOLDER
FIGURES = "figures.json"


def main() -> int:
    """Write build/bench-report/, and with --docs what is committed."""
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("--docs", action="store_true", help=f"also {PAGE.name}")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual time")
    parser.add_argument("--figures", type=Path, help="draw these, measure nothing")
    parser.add_argument(
        "--check", action="store_true", help=f"say whether {PAGE.name} is as made"
    )
    args = parser.parse_args()
    if args.check:
        return check()
    begin = perf_counter()
    if args.figures:
        figures = json.loads(args.figures.read_text(encoding="utf-8"))
    else:
        print("Measuring; this takes two to three minutes.", file=sys.stderr)
        figures = collect(args.share)
    write(figures, to_docs=args.docs)
    page = (OUT / "index.html").relative_to(ROOT)
    print(f"{page}: written after {perf_counter() - begin:.0f} s")
    return 0


def write(figures: dict, *, to_docs: bool) -> None:
    """Write the figures, the pictures, and the page in both its forms."""
    # Only here: whoever checks the page need not have what draws.
    from report import pictures, webpage  # noqa: PLC0415

    blocks = content.build(figures)
    drawn = pictures.draw(figures)
    OUT.mkdir(parents=True, exist_ok=True)
    page = webpage.render(blocks, drawn)
    (OUT / "index.html").write_text(page, encoding="utf-8")
    (OUT / PAGE.name).write_text(markdown.render(blocks), encoding="utf-8")
    _write_parts(OUT, figures, drawn)
    if to_docs:
        DOCS.mkdir(exist_ok=True)
        _write_parts(DOCS, figures, drawn)
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(markdown.with_generated(text, blocks), encoding="utf-8")


def _write_parts(folder: Path, figures: dict, drawn: dict) -> None:
    text = json.dumps(figures, separators=(",", ":")).replace('},"', '},\n"') + "\n"
    (folder / FIGURES).write_text(text, encoding="utf-8")
    for name, picture in drawn.items():
        (folder / f"{name}.svg").write_text(picture.wide, encoding="utf-8")


def check() -> int:
    """Say whether the page is what its figures make; 1 if it is not."""
    figures = json.loads((DOCS / FIGURES).read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    if text == markdown.with_generated(text, content.build(figures)):
        return 0
    print(f"{PAGE.relative_to(ROOT)} is not what {FIGURES} makes", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
