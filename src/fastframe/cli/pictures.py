"""The picture of --save-frame: the receiver's, the courier's, a stranger's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

import fastframe as ff
from fastframe.cli.failure import CommandError

if TYPE_CHECKING:
    from fastframe.cli.journey import Lane
    from fastframe.cli.media import Source

PANEL = (560, 315)
MARGIN = 28
TITLE_ROOM, CAPTION_ROOM, FOOT_ROOM = 44, 92, 30
SIZE = (
    3 * PANEL[0] + 4 * MARGIN,
    MARGIN + TITLE_ROOM + PANEL[1] + CAPTION_ROOM + FOOT_ROOM,
)
_PAPER, _INK, _FAINT = (250, 250, 248), (24, 26, 30), (104, 108, 116)
_GOOD, _BAD, _DARK = (22, 130, 74), (190, 40, 44), (30, 32, 38)


def panel_box(number: int) -> tuple[int, int, int, int]:
    """Give the rectangle of one of the three panels, from 0."""
    left = MARGIN + number * (PANEL[0] + MARGIN)
    top = MARGIN + TITLE_ROOM
    return left, top, left + PANEL[0], top + PANEL[1]


def save(lane: Lane, source: Source, file: str, credit: str) -> None:
    """Draw the three panels of a lane's snapshot and write them as PNG.

    Raises CommandError if the file cannot be written.
    """
    sealed = lane.player.snapshot.sealed
    canvas = Image.new("RGB", SIZE, _PAPER)
    whole = lane.player.snapshot.picture.to_image()
    _place(canvas, 0, _fit(whole), "What the receiver shows", _GOOD)
    _caption(
        canvas,
        0,
        "Opened with the right key: byte for byte",
        f"the encoder's frame, {len(sealed) - lane.sealer.overhead:,} bytes of "
        f"{lane.track.codec}, {whole.width} by {whole.height}",
    )
    _place(canvas, 1, _noise(sealed), "What the courier saw", _FAINT)
    _caption(
        canvas,
        1,
        f"The sealed frame, {len(sealed):,} bytes, each a shade of grey",
        _decoding_fails(lane, source, sealed),
    )
    status, reason = _refusal(lane, sealed)
    _place(canvas, 2, _nothing(status), "What a wrong key gives", _BAD)
    _caption(canvas, 2, "Nothing: no byte of the frame comes out", reason)
    foot = SIZE[1] - FOOT_ROOM
    ImageDraw.Draw(canvas).text((MARGIN, foot), credit, _FAINT, _font(14))
    try:
        canvas.save(file, "PNG")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None


def _place(
    canvas: Any, number: int, panel: Any, title: str, colour: tuple[int, int, int]
) -> None:
    left, top, right, _ = panel_box(number)
    canvas.paste(panel, (left, top))
    draw = ImageDraw.Draw(canvas)
    draw.text((left, MARGIN - 4), title, _INK, _font(26))
    draw.rectangle((left, top - 6, right - 1, top - 3), fill=colour)


def _caption(canvas: Any, number: int, *lines: str) -> None:
    left, _, _, bottom = panel_box(number)
    draw = ImageDraw.Draw(canvas)
    for row, line in enumerate(lines):
        colour = _INK if row == 0 else _FAINT
        draw.text((left, bottom + 12 + 28 * row), line, colour, _font(19))


def _fit(picture: Any) -> Any:
    """Scale a picture into the panel, with dark bars where it is narrower."""
    panel = Image.new("RGB", PANEL, _DARK)
    scale = min(PANEL[0] / picture.width, PANEL[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.LANCZOS)
    panel.paste(small, ((PANEL[0] - size[0]) // 2, (PANEL[1] - size[1]) // 2))
    return panel


def _noise(sealed: bytes) -> Any:
    """Draw every byte as a grey square, from the top left, row by row."""
    side = max(1, math.isqrt(PANEL[0] * PANEL[1] // max(len(sealed), 1)))
    width = min(PANEL[0] // side, len(sealed)) or 1
    height = min(math.ceil(len(sealed) / width), PANEL[1] // side)
    pixels = sealed[: width * height].ljust(width * height, bytes([_DARK[1]]))
    grey = Image.frombytes("L", (width, height), pixels)
    panel = Image.new("RGB", PANEL, _DARK)
    big = grey.resize((width * side, height * side), Image.Resampling.NEAREST)
    panel.paste(big, ((PANEL[0] - big.width) // 2, (PANEL[1] - big.height) // 2))
    return panel


def _nothing(status: str) -> Any:
    """Draw a closed padlock and the status of the refusal."""
    panel = Image.new("RGB", PANEL, _DARK)
    draw = ImageDraw.Draw(panel)
    middle, top = PANEL[0] // 2, 74
    draw.arc((middle - 34, top, middle + 34, top + 76), 180, 360, _BAD, 12)
    draw.rectangle((middle - 34, top + 36, middle - 23, top + 62), fill=_BAD)
    draw.rectangle((middle + 23, top + 36, middle + 34, top + 62), fill=_BAD)
    draw.rounded_rectangle((middle - 52, top + 58, middle + 52, top + 136), 10, _BAD)
    draw.ellipse((middle - 9, top + 82, middle + 9, top + 100), fill=_DARK)
    draw.rectangle((middle - 4, top + 94, middle + 4, top + 114), fill=_DARK)
    font = _font(30)
    width = draw.textlength(status, font)
    draw.text((middle - width / 2, top + 160), status, (240, 240, 240), font)
    return panel


def _decoding_fails(lane: Lane, source: Source, sealed: bytes) -> str:
    """Hand the sealed frame to a decoder of its codec and say what comes."""
    decoder = source.new_decoder(lane.track)
    frame = lane.sample[0]
    pictures = decoder.feed(sealed, frame) + decoder.finish()
    if pictures:
        return f"a decoder for {lane.track.codec} makes noise of it"
    refused = "refuses it" if decoder.failures else "takes it"
    return f"a decoder for {lane.track.codec} {refused}: {decoder.decoded} pictures"


def _refusal(lane: Lane, sealed: bytes) -> tuple[str, str]:
    """Try the wrong key, and give the status and the reason of the refusal."""
    try:
        lane.stranger.open(sealed)
    except ff.FrameRejected as rejected:
        text = str(rejected).partition(": ")[2].partition(" (")[0]
        return rejected.status.name, f"{type(rejected).__name__}: {text}"
    raise CommandError("a wrong key opened the frame")


def _font(size: int) -> Any:
    return ImageFont.load_default(size)
