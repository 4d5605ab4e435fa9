"""The page as Markdown: the generated part of docs/performance.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.blocks import Heading, Picture, Table, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from report.blocks import Block

BEGIN = "<!-- made by `make bench-report DOCS=1`; do not edit below -->"
END = "<!-- made by `make bench-report DOCS=1`; do not edit above -->"
FOLDER = "performance"  # beside the page
COLUMNS = 92


def render(blocks: Sequence[Block]) -> str:
    """Render all blocks."""
    return "\n\n".join(map(_render, blocks)) + "\n"


def _render(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case Text(text):
            return _wrap(text)
        case Picture(name, alt):
            return f"![{alt}]({FOLDER}/{name}.svg)"
        case Table(head, rows, is_text):
            rule = ["---", *["---" if is_text else "---:"] * (len(head) - 1)]
            return "\n".join(
                "| " + " | ".join(row) + " |" for row in (head, rule, *rows)
            )


def _wrap(text: str) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > COLUMNS:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def with_generated(page: str, blocks: Sequence[Block]) -> str:
    """Put the blocks between the page's markers; the rest is written by hand."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{render(blocks)}\n{END}{after}"
