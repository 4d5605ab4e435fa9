"""The page of pictures: what each of them saw."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What each of them saw</title>
<style>
:root {{ color-scheme: light dark; --paper: light-dark(#f4f6fa, #12161f);
  --card: light-dark(#fff, #1c2330); --ink: light-dark(#1c2330, #e6e9f0);
  --quiet: light-dark(#5b6577, #9aa5b8); }}
body {{ margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }}
main {{ display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }}
section {{ background: var(--card); border-radius: .75rem; padding: 1rem; }}
section:has(figure + figure) {{ grid-column: 1 / -1; }}
div {{ display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }}
h2 {{ margin: 0; font-size: 1.1rem; }}
p, figcaption {{ color: var(--quiet); }}
figure {{ margin: .75rem 0 0; }}
img {{ display: block; width: 100%; border-radius: .4rem; }}
</style>
<h1>What each of them saw</h1>
<p>A doctor and a patient in two browsers, Janus between them, a recorder that was let
in by its key, and somebody with root on the machine that Janus runs on.</p>
<main>
{sections}
</main>
</html>
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file, beside the page, and what it shows."""

    file: str
    caption: str


@dataclass(frozen=True, slots=True)
class Saw:
    """What somebody saw."""

    who: str
    told: str
    shots: tuple[Shot, ...]


def write_page(path: Path, all_saw: Iterable[Saw]) -> None:
    """Write the page to path; the pictures are beside it already."""
    sections = "\n".join(map(_section, all_saw))
    path.write_text(_PAGE.format(sections=sections), encoding="utf-8")


def _section(saw: Saw) -> str:
    figures = "".join(map(_figure, saw.shots))
    who, told = html.escape(saw.who), html.escape(saw.told)
    return f"<section><h2>{who}</h2><p>{told}</p><div>{figures}</div></section>"


def _figure(shot: Shot) -> str:
    file, caption = html.escape(shot.file), html.escape(shot.caption)
    image = f'<img src="{file}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
