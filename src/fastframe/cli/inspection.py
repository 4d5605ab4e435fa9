"""fastframe inspect: what one sealed frame claims, part by part."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import fastframe as ff
from fastframe.cli.failure import FAILED, OK, USAGE, CommandError, need_rich

if TYPE_CHECKING:
    import argparse

_PREFIX_LEN = 4  # of an IV: whose counter it is
_ROW = 16
_ROWS_MOST = 8  # of one part, before its middle is left out
_HEX_TEXT = re.compile(rb"\s*(?:[0-9a-fA-F]{2}[\s:]*)+")
_COLOURS = {
    "key id": "bold magenta",
    "IV prefix": "bold blue",
    "counter": "bold cyan",
    "ciphertext": "white",
    "tag": "bold yellow",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sealed frame: where it stands and what it says."""

    name: str
    start: int
    size: int
    value: str


def run(args: argparse.Namespace) -> int:
    """Show the parts of one frame; exit code 1 if it is too short for any."""
    if not args.json:
        need_rich("inspect")
    sealed = _as_bytes(_read(args.file), is_hex=args.hex)
    try:
        info = ff.inspect(args.format, sealed)
    except ff.FrameRejected as rejected:
        raise CommandError(
            f"no {args.format} frame: {rejected} ({len(sealed)} bytes)", FAILED
        ) from None
    parts = _parts_of(info)
    if args.json:
        print(json.dumps(_as_json(info, parts)))
    else:
        _show(sealed, info, parts)
    return OK


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", USAGE) from None


def _as_bytes(content: bytes, *, is_hex: bool) -> bytes:
    """Turn hex text into bytes; other content is the frame itself."""
    # A sealed frame of 16 bytes or more that reads as hex by chance is rarer
    # than one in 10 to the power of 16.
    if not is_hex and not _HEX_TEXT.fullmatch(content):
        return content
    try:
        return bytes.fromhex(content.decode("ascii").replace(":", " "))
    except ValueError:
        raise CommandError("this is not hex text", USAGE) from None


def _parts_of(info: ff.FrameInfo) -> list[Part]:
    """Lay the parts out in the order of the wire."""
    sizes: list[tuple[str, int, str]] = []
    iv_len = 0 if info.nonce is None else len(info.nonce)
    if info.key_id is not None:
        sizes.append(("key id", info.header_len - iv_len, str(info.key_id)))
    if info.nonce is not None:
        prefix = info.nonce[:_PREFIX_LEN].hex()
        sizes.append(("IV prefix", _PREFIX_LEN, f"{prefix}: the sender's mark"))
        sizes.append(("counter", iv_len - _PREFIX_LEN, f"{info.counter}"))
    body = f"as long as the frame: {info.body_len} bytes"
    sizes.append(("ciphertext", info.body_len, body))
    sizes.append(("tag", info.tag_len, "proves all the rest to whoever has the key"))
    parts, start = [], 0
    for name, size, value in sizes:
        parts.append(Part(name, start, size, value))
        start += size
    return parts


def _as_json(info: ff.FrameInfo, parts: list[Part]) -> dict[str, object]:
    facts = asdict(info)
    facts["nonce"] = None if info.nonce is None else info.nonce.hex()
    facts["verified"] = False
    facts["parts"] = [
        {"name": part.name, "start": part.start, "size": part.size} for part in parts
    ]
    return facts


def _show(sealed: bytes, info: ff.FrameInfo, parts: list[Part]) -> None:
    from rich.table import Table  # noqa: PLC0415 - not there for --json
    from rich.text import Text  # noqa: PLC0415

    from fastframe.cli.page import new_page  # noqa: PLC0415

    page = new_page()
    page.print(f"[bold]{info.format}[/] frame, {info.sealed_len} bytes")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="dim")
    table.add_column()
    for part in parts:
        name = Text(f"■ {part.name}", style=_COLOURS[part.name])
        table.add_row(name, f"at {part.start}, {part.size} B", part.value)
    page.print(table)
    page.print()
    for part in parts:
        for line in _hex_lines(sealed, part):
            page.print(line, style=_COLOURS[part.name], no_wrap=True, crop=False)
    page.print(
        "\n[yellow]Nothing here is verified.[/] It is what the bytes claim; only an "
        "Opener with the key can tell whether it is true."
    )


def _hex_lines(sealed: bytes, part: Part) -> list[str]:
    """Write a part as rows of hex, its middle left out if it is long."""
    end = part.start + part.size
    starts = list(range(part.start, end, _ROW))
    lines = [f"{at:>8}  {sealed[at : min(at + _ROW, end)].hex(' ')}" for at in starts]
    if len(lines) <= _ROWS_MOST:
        return lines
    half = _ROWS_MOST // 2
    hidden = starts[-half] - starts[half]
    return [*lines[:half], f"{'…':>8}  {hidden} more bytes", *lines[-half:]]
