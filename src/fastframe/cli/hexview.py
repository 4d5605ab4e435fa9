"""A sealed frame as hex: each part in its colour, or by name without colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

_ROW = 16
_HALF = _ROW // 2
_HEAD_ROWS = 4  # of a long run that are shown at its start,
_TAIL_ROWS = 2  # and at its end
_GAP = "…"
ESCAPE = "escape"

COLOURS = {
    "clear": "green",
    "config": "bright_magenta",
    "key id": "bold magenta",
    "IV": "bold blue",
    "IV prefix": "bold blue",
    "IV length": "blue",
    "counter": "bold cyan",
    "nonce": "bold cyan",
    "ciphertext": "white",
    "tag": "bold yellow",
    "clear ranges": "bright_green",
    "clear length": "bright_green",
    "size": "bright_blue",
    "version": "bright_blue",
    "mark": "bold red",
    "metadata": "black on bright_black",
    "trailer": "bold red",
    "plain frame": "green",
    ESCAPE: "black on red",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sealed frame: its bytes without escapes, and what they say."""

    name: str
    size: int
    value: str


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes from start to end that belong to one part."""

    start: int
    end: int
    name: str


def find_escapes(sealed: bytes, clear_len: int, *, any_byte: bool) -> list[int]:
    """Find the bytes that keep start codes out of the sealed part.

    any_byte: as LiveKit has it, every 03 behind two zeros is one; else only
    with a byte of 0 to 3 behind it, and zeros of the clear bytes count.
    """
    pattern = rb"\0\0\x03" if any_byte else rb"\0\0\x03(?=[\0-\x03])"
    start = clear_len
    while not any_byte and start > max(clear_len - 2, 0) and sealed[start - 1] == 0:
        start -= 1
    found = [start + m.end() - 1 for m in re.finditer(pattern, sealed[start:])]
    return [at for at in found if at >= clear_len]


def drop_escapes(sealed: bytes, escapes: Sequence[int]) -> bytes:
    """Give a frame without its escapes."""
    pieces, done = [], 0
    for at in escapes:
        pieces.append(sealed[done:at])
        done = at + 1
    return b"".join([*pieces, sealed[done:]])


def runs_of(parts: Sequence[Part], escapes: Sequence[int]) -> list[Run]:
    """Lay parts out on the frame as it came, around its escapes."""
    runs: list[Run] = []
    at, waiting = 0, list(escapes)
    for part in parts:
        left = part.size
        while left:
            end = min(at + left, waiting[0]) if waiting else at + left
            if end > at:
                runs.append(Run(at, end, part.name))
            left -= end - at
            at = end
            if waiting and waiting[0] == at:
                runs.append(Run(at, at + 1, ESCAPE))
                at += 1
                waiting.pop(0)
    return runs


def show(page: Console, sealed: bytes, runs: Sequence[Run]) -> None:
    """Print a frame as hex, in colours where the page has them."""
    if page.is_terminal and not page.no_color:
        for line in _coloured(sealed, runs):
            page.print(line, no_wrap=True, crop=False, overflow="ignore")
        return
    for text in named_lines(sealed, runs):
        page.out(text, highlight=False)


# -- by name --


def named_lines(sealed: bytes, runs: Sequence[Run]) -> Iterator[str]:
    """Write rows that end where a part does, and name it."""
    for run in runs:
        starts = range(run.start, run.end, _ROW)
        for start in starts:
            row = (start - run.start) // _ROW
            if _is_hidden(row, len(starts)):
                if row == _HEAD_ROWS:
                    yield _gap(run, len(starts))
                continue
            data = sealed[start : min(start + _ROW, run.end)]
            cells = _cells(data)
            yield f"{start:>8}  {cells:<48}  {_ascii(data):<16}  {run.name}"


def _is_hidden(row: int, num_rows: int) -> bool:
    is_long = num_rows > _HEAD_ROWS + _TAIL_ROWS + 1
    return is_long and _HEAD_ROWS <= row < num_rows - _TAIL_ROWS


def _gap(run: Run, num_rows: int) -> str:
    first = run.start + _HEAD_ROWS * _ROW
    hidden = run.start + (num_rows - _TAIL_ROWS) * _ROW - first
    return f"{_GAP:>8}  {hidden} more bytes of {run.name}"


def _cells(data: bytes) -> str:
    halves = (data[:_HALF].hex(" "), data[_HALF:].hex(" "))
    return "  ".join(half for half in halves if half)


def _ascii(data: bytes) -> str:
    return "".join(map(_letter, data))


def _letter(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "."  # noqa: PLR2004 - printable ASCII


# -- in colours --


def _coloured(sealed: bytes, runs: Sequence[Run]) -> Iterator[Text]:
    from rich.text import Text  # noqa: PLC0415 - not there for --json

    hidden = _hidden_rows(runs)
    for start in range(0, len(sealed), _ROW):
        if start in hidden:
            run, size = hidden[start]
            if run is not None:
                yield Text(f"{_GAP:>8}  {size} more bytes of {run.name}", style="dim")
            continue
        line = Text()
        line.append(f"{start:>8}  ", style="dim")
        letters = Text()
        end = min(start + _ROW, len(sealed))
        for at in range(start, end):
            style = COLOURS.get(_name_at(runs, at), "white")
            if at == start + _HALF:
                line.append(" ")
            line.append(f"{sealed[at]:02x}", style=style)
            line.append(" ")
            letters.append(_letter(sealed[at]), style=style)
        short = start + _ROW - end
        line.append("   " * short + " " * (short >= _HALF) + " ")
        line.append_text(letters)
        yield line


def _hidden_rows(runs: Sequence[Run]) -> dict[int, tuple[Run | None, int]]:
    """Give the rows in the midst of a long run; the first says how much it is."""
    hidden: dict[int, tuple[Run | None, int]] = {}
    for run in runs:
        first = -(-run.start // _ROW) + _HEAD_ROWS - 1
        last = run.end // _ROW - _TAIL_ROWS
        rows = range(first, last + 1)
        if len(rows) > 1:
            size = len(rows) * _ROW
            hidden |= {row * _ROW: (None, 0) for row in rows}
            hidden[first * _ROW] = (run, size)
    return hidden


def _name_at(runs: Sequence[Run], at: int) -> str:
    """Name the part that a byte belongs to, by halving."""
    low, high = 0, len(runs)
    while low < high:
        middle = (low + high) // 2
        if runs[middle].end <= at:
            low = middle + 1
        else:
            high = middle
    return runs[low].name if low < len(runs) else ""
