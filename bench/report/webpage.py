"""The page as one HTML file that needs nothing beside it."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from report.blocks import Heading, Table, Text
from report.blocks import Picture as Shown
from report.look import COLOURS, FONTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from report.blocks import Block
    from report.look import Picture

TITLE = "How fast fastframe is"


def render(blocks: Sequence[Block], drawn: Mapping[str, Picture]) -> str:
    """Render all blocks, with the pictures inside."""
    body = "\n".join(_render(block, drawn) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{TITLE}</title>\n<style>{_style()}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{TITLE}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _render(block: Block, drawn: Mapping[str, Picture]) -> str:
    match block:
        case Heading(text):
            return f"<h2>{_inline(text)}</h2>"
        case Text(text):
            return f"<p>{_inline(text)}</p>"
        case Shown(name, _):
            picture = drawn[name]
            return (
                f'<figure><div class="wide">{picture.wide}</div>'
                f'<div class="narrow">{picture.narrow}</div></figure>'
            )
        case Table(head, rows, is_text):
            kind = "text" if is_text else "numbers"
            cells = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
            lines = "\n".join(map(_row, rows))
            return (
                f'<div class="table"><table class="{kind}">\n'
                f"<thead><tr>{cells}</tr></thead>\n"
                f"<tbody>{lines}</tbody></table></div>"
            )


def _row(cells: list[str]) -> str:
    rest = "".join(f"<td>{_inline(cell)}</td>" for cell in cells[1:])
    return f'<tr><th scope="row">{_inline(cells[0])}</th>{rest}</tr>'


def _inline(text: str) -> str:
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)


def _style() -> str:
    light = "".join(f"--{name}:{pair[0]};" for name, pair in COLOURS.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in COLOURS.items())
    return f""":root{{{light}}}
@media (prefers-color-scheme:dark){{:root{{{dark}}}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.6 {FONTS};-webkit-text-size-adjust:100%}}
main{{max-width:820px;margin:0 auto;padding:24px 20px 64px}}
h1{{font-size:2rem;line-height:1.2;margin:.6em 0 .4em}}
h2{{font-size:1.3rem;line-height:1.3;margin:2.2em 0 .5em}}
p{{margin:.7em 0;max-width:68ch}}
code{{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:color-mix(in srgb,var(--grid) 60%,transparent);
padding:.1em .3em;border-radius:4px}}
figure{{margin:1.2em 0}}
figure svg{{display:block;width:100%;height:auto}}
.narrow{{display:none}}
.table{{overflow-x:auto;margin:1em 0}}
table{{border-collapse:collapse;width:100%;font-size:.82rem;
font-variant-numeric:tabular-nums}}
th,td{{padding:.35em .7em;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--grid)}}
th:first-child{{text-align:left;padding-left:0;position:sticky;left:0;
background:var(--paper)}}
.text th,.text td{{text-align:left;white-space:normal}}
thead th{{color:var(--faint);font-weight:600}}
tbody th{{font-weight:400}}
@media (max-width:600px){{
body{{font-size:16px}}
main{{padding:12px 16px 48px}}
.wide{{display:none}}
th:first-child{{white-space:normal;min-width:8.5em}}
th,td{{padding:.35em .5em}}
.narrow{{display:block}}
}}"""
