"""Measure and write the page: python -m report, with bench/ on the path."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

from report import content, markdown, pictures, webpage
from report.collect import collect

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build/bench-report"
DOCS = ROOT / "docs/performance"


def main() -> int:
    """Write build/bench-report/, and with --docs what is committed."""
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("--docs", action="store_true", help="also docs/performance.md")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual time")
    parser.add_argument("--figures", type=Path, help="draw these, measure nothing")
    args = parser.parse_args()
    begin = perf_counter()
    if args.figures:
        figures = json.loads(args.figures.read_text(encoding="utf-8"))
    else:
        print("Measuring; this takes about two minutes.", file=sys.stderr)
        figures = collect(args.share)
    write(figures, to_docs=args.docs)
    page = (OUT / "index.html").relative_to(ROOT)
    print(f"{page}: written after {perf_counter() - begin:.0f} s")
    return 0


def write(figures: dict, *, to_docs: bool) -> None:
    """Write the figures, the pictures, and the page in both its forms."""
    blocks = content.build(figures)
    OUT.mkdir(parents=True, exist_ok=True)
    drawn = pictures.draw(figures)
    page = webpage.render(blocks, drawn)
    (OUT / "index.html").write_text(page, encoding="utf-8")
    (OUT / "performance.md").write_text(markdown.render(blocks), encoding="utf-8")
    _write_parts(OUT, figures, drawn)
    if to_docs:
        DOCS.mkdir(exist_ok=True)
        _write_parts(DOCS, figures, drawn)
        markdown.replace_generated(DOCS.with_suffix(".md"), blocks)


def _write_parts(folder: Path, figures: dict, drawn: dict) -> None:
    text = json.dumps(figures, indent=1) + "\n"
    (folder / "figures.json").write_text(text, encoding="utf-8")
    for name, picture in drawn.items():
        (folder / f"{name}.svg").write_text(picture.wide, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
