"""What a page is made of, whether it becomes HTML or Markdown.

Texts may hold `code` and **bold**, nothing else.
"""

from __future__ import annotations

from typing import NamedTuple


class Heading(NamedTuple):
    """A heading below the page's own."""

    text: str


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Table(NamedTuple):
    """A table whose first column names the rows; the others are numbers, or text."""

    head: list[str]
    rows: list[list[str]]
    is_text: bool = False


class Picture(NamedTuple):
    """One of the pictures, by name, and in words for who cannot see it."""

    name: str
    alt: str


Block = Heading | Text | Table | Picture
