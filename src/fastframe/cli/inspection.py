"""fastframe inspect: what one sealed frame claims, part by part."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastframe as ff
from fastframe.cli.failure import FAILED, OK, USAGE, CommandError, need_rich
from fastframe.cli.hexview import (
    COLOURS,
    ESCAPE,
    Part,
    Run,
    drop_escapes,
    find_escapes,
    runs_of,
    show,
)

if TYPE_CHECKING:
    import argparse

HEX_TEXT = re.compile(rb"\s*(?:[0-9a-fA-F]{2}[\s:]*)+")
_SHOWN_MAX = 8  # parts of one name in the table
_PREFIX_LENS = {"insertable": 4, "insertable-bare": 4, "stream": 8}
_LIVEKIT = ("livekit", "element-call", "jitsi")
_BODY = "as long as what it hides"
_CLEAR = "readable by packetisers and servers, and authenticated"
_TAG = "proves all the rest to whoever has the key"
_TAG_GUESSED = "taken for the longest there is: give --suite"


def run(args: argparse.Namespace) -> int:
    """Show the parts of one frame; exit code 1 if it is no frame of the format."""
    if not args.json:
        need_rich("inspect")
    sealed = as_bytes(read_file(args.file), is_hex=args.hex)
    info = _inspect(args, sealed)
    any_byte = info.format in ("livekit", "element-call")
    escapes: list[int] = []
    if info.escapes:
        end = info.sealed_len - info.extra_len
        escapes = find_escapes(sealed[:end], info.clear_len, any_byte=any_byte)
    is_sure = info.format != "sframe" or args.suite is not None
    parts = _parts_of(info, drop_escapes(sealed, escapes), is_sure=is_sure)
    runs = runs_of(parts, escapes)
    if args.json:
        print(json.dumps(_as_json(info, parts, runs)))
    else:
        _show(sealed, info, parts, runs)
    return OK


def _inspect(args: argparse.Namespace, sealed: bytes) -> ff.FrameInfo:
    options: dict[str, Any] = {}
    if args.packet_trailer:
        options["packet_trailer"] = True
    if args.sif_trailer is not None:
        options["sif_trailer"] = args.sif_trailer
    if args.format == "livekit":
        options["ring"] = 256  # to look at, any key id will do
    try:
        return ff.inspect(
            args.format, sealed, suite=args.suite, codec=args.codec, **options
        )
    except ff.UsageError as error:
        raise CommandError(str(error), USAGE) from None
    except ff.FrameRejected as rejected:
        raise CommandError(
            f"no {args.format} frame: {rejected} ({len(sealed)} bytes)", FAILED
        ) from None


def read_file(name: str) -> bytes:
    """Read a file, or stdin for a dash."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", USAGE) from None


def as_bytes(content: bytes, *, is_hex: bool) -> bytes:
    """Turn hex text into bytes; other content is the frame itself."""
    # A sealed frame of 16 bytes or more that reads as hex by chance is rarer
    # than one in 10 to the power of 16.
    if not is_hex and not HEX_TEXT.fullmatch(content):
        return content
    try:
        return bytes.fromhex(content.decode("ascii").replace(":", " "))
    except ValueError:
        raise CommandError("this is not hex text", USAGE) from None


# -- the parts, in the order of the wire --


def _parts_of(info: ff.FrameInfo, flat: bytes, *, is_sure: bool) -> list[Part]:
    """Lay out a frame whose escapes are gone; is_sure of its tag's length."""
    extra = []
    if info.extra_len:
        is_metadata = flat.endswith(b"LKTS")
        name, value = ("trailer", "put behind the frame by a server")
        if is_metadata:
            name, value = ("metadata", "LiveKit's, not authenticated")
        extra = [Part(name, info.extra_len, value)]
    if info.is_plain:
        size = info.sealed_len - info.extra_len
        return [
            Part("plain frame", size, "not sealed: one that a server sends"),
            *extra,
        ]
    end = len(flat) - info.extra_len
    tail = flat[end - info.trailer_len : end]
    parts = [Part("clear", info.clear_len, _CLEAR)] if info.clear_len else []
    parts += _head(info, flat[info.clear_len : info.clear_len + info.header_len])
    parts += _body(info, tail)
    parts.append(Part("tag", info.tag_len, _TAG if is_sure else _TAG_GUESSED))
    return [*parts, *_tail(info, tail), *extra]


def _head(info: ff.FrameInfo, head: bytes) -> list[Part]:
    if info.format == "sframe":
        return _sframe_head(info, head)
    if info.format == "livekit-data":
        return [Part("IV", len(head), head.hex())]
    parts = []
    if info.format == "insertable":
        parts.append(Part("key id", 1, str(info.key_id)))
    if info.format in ("insertable", "insertable-bare"):
        parts += _iv_parts(info)
    return parts


def _iv_parts(info: ff.FrameInfo) -> list[Part]:
    """Split an IV into its prefix and its counter."""
    nonce = info.nonce or b""
    size = _PREFIX_LENS[info.format]
    prefix = Part("IV prefix", size, f"{nonce[:size].hex()}: the sender's mark")
    return [prefix, Part("counter", len(nonce) - size, str(info.counter))]


def _sframe_head(info: ff.FrameInfo, head: bytes) -> list[Part]:
    config = head[0]
    key_len = (config >> 4 & 7) + 1 if config & 0x80 else 0
    held = [
        f"{name} {value}"
        for name, value, is_long in (
            ("key id", info.key_id, key_len),
            ("counter", info.counter, config & 8),
        )
        if not is_long
    ]
    value = f"{config:08b}: holds {' and '.join(held)}" if held else f"{config:08b}"
    parts = [Part("config", 1, value)]
    if key_len:
        parts.append(Part("key id", key_len, str(info.key_id)))
    if config & 8:
        parts.append(Part("counter", len(head) - 1 - key_len, str(info.counter)))
    return parts


def _body(info: ff.FrameInfo, tail: bytes) -> list[Part]:
    if not info.clear_ranges or info.format != "dave":
        return [Part("ciphertext", info.body_len, _BODY)]
    parts, done = [], 0
    numbers = _ulebs(tail[:-3])[1:]
    for (start, _), (size, _) in zip(numbers[::2], numbers[1::2], strict=False):
        parts.append(Part("ciphertext", start - done, ""))
        where = f"bytes {start} to {start + size - 1}" if size > 1 else f"byte {start}"
        parts.append(Part("clear", size, where))
        done = start + size
    parts.append(Part("ciphertext", info.body_len - done, ""))
    return [part for part in parts if part.size]


def _tail(info: ff.FrameInfo, tail: bytes) -> list[Part]:
    if info.format in _LIVEKIT:
        iv = Part("IV", len(tail) - 2, tail[:-2].hex())
        return [iv, Part("IV length", 1, "12"), Part("key id", 1, str(info.key_id))]
    if info.format == "stream":
        prefix, counter = _iv_parts(info)
        flag = ", escaped behind them" if tail[13] & 0x80 else ""
        return [
            counter,
            prefix,
            Part("key id", 1, str(info.key_id)),
            Part("clear length", 2, f"{info.clear_len} bytes{flag}"),
            Part("version", 1, str(tail[15])),
            Part("mark", 4, tail[16:].hex()),
        ]
    if info.format == "dave":
        nonce_len = _ulebs(tail[:-3])[0][1]
        generation = f"{info.counter}, of generation {(info.counter or 0) >> 24}"
        ranges = Part("clear ranges", len(tail) - 3 - nonce_len, str(info.clear_ranges))
        return [
            Part("nonce", nonce_len, generation),
            *([ranges] if ranges.size else []),
            Part("size", 1, f"{tail[-3]} bytes from the tag on"),
            Part("mark", 2, tail[-2:].hex()),
        ]
    return []


def _ulebs(data: bytes) -> list[tuple[int, int]]:
    """Read numbers of seven bits a byte, each with the bytes it takes."""
    found, value, size = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << 7 * size
        size += 1
        if not byte & 0x80:
            found.append((value, size))
            value = size = 0
    return found


# -- showing them --


def _as_json(
    info: ff.FrameInfo, parts: list[Part], runs: list[Run]
) -> dict[str, object]:
    facts = asdict(info)
    facts["nonce"] = None if info.nonce is None else info.nonce.hex()
    facts["verified"] = False
    facts["parts"] = [
        {"name": part.name, "start": start, "size": part.size, "value": part.value}
        for part, start in zip(parts, _starts(parts, runs), strict=True)
    ]
    facts["escaped_at"] = [run.start for run in runs if run.name == ESCAPE]
    return facts


def _starts(parts: list[Part], runs: list[Run]) -> list[int]:
    """Give where each part begins on the frame as it came."""
    escapes = [run.start for run in runs if run.name == ESCAPE]
    starts, flat = [], 0
    for part in parts:
        at = flat
        for escape in escapes:
            at += escape <= at
        starts.append(at)
        flat += part.size
    return starts


def _show(
    sealed: bytes, info: ff.FrameInfo, parts: list[Part], runs: list[Run]
) -> None:
    from rich.table import Table  # noqa: PLC0415 - not there for --json
    from rich.text import Text  # noqa: PLC0415

    from fastframe.cli.page import new_page  # noqa: PLC0415

    page = new_page()
    page.print(f"[bold]{info.format}[/] frame, {info.sealed_len} bytes")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right", style="dim")
    table.add_column()
    num_seen: dict[str, int] = {}
    for part, start in zip(parts, _starts(parts, runs), strict=True):
        num_seen[part.name] = num_seen.get(part.name, 0) + 1
        if num_seen[part.name] <= _SHOWN_MAX:
            name = Text(f"■ {part.name}", style=COLOURS[part.name])
            table.add_row(name, f"at {start}, {part.size} B", part.value)
    if info.escapes:
        name = Text(f"■ {ESCAPE}", style=COLOURS[ESCAPE])
        value = "put in so that no start code comes of ciphertext"
        table.add_row(name, f"{info.escapes} B", value)
    page.print(table)
    page.print()
    show(page, sealed, runs)
    page.print(
        "\n[yellow]Nothing here is verified.[/] It is what the bytes claim; only an "
        "Opener with the key can tell whether it is true."
    )
