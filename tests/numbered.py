"""Pictures that say which they are, and can be read after a lossy codec.

A grid of cells, white for 1: the number, then its complement, so that grey or
noise says nothing. Pages draw the same grid; see cells_of().
"""

from __future__ import annotations

from fractions import Fraction

import av

COLUMNS, ROWS = 6, 4
BITS = COLUMNS * ROWS // 2
WIDTH, HEIGHT = 320, 240
_BLACK, _WHITE, _MIDDLE = 32, 224, 128
_SURE = 48  # how far from the middle a cell is at least


def cells_of(number):
    """Give the cells of a number, row by row."""
    bits = [number >> at & 1 for at in range(BITS)]
    return bits + [1 - bit for bit in bits]


def draw(number, rate=30, width=WIDTH, height=HEIGHT):
    """Draw the picture of a number, as the next of so many a second."""
    picture = av.VideoFrame(width, height, "yuv420p")
    luma, *chroma = picture.planes
    cells = [_WHITE if cell else _BLACK for cell in cells_of(number)]
    rows = []
    for row in range(ROWS):
        line = b"".join(
            bytes([cell]) * (width // COLUMNS + 1)
            for cell in cells[row * COLUMNS : (row + 1) * COLUMNS]
        )
        rows.append(line[:width].ljust(luma.line_size, b"\0") * (height // ROWS))
    luma.update(b"".join(rows))
    for index, plane in enumerate(chroma):
        tint = 128 + (number * (3 + index) % 64) - 32
        plane.update(bytes([tint]) * plane.buffer_size)
    picture.pts, picture.time_base = number, Fraction(1, rate)
    return picture


def read(picture):
    """Read the number of a decoded picture of any size; None if it is unclear."""
    luma = picture.planes[0]
    data = bytes(luma)
    cells = []
    for row in range(ROWS):
        y = (2 * row + 1) * picture.height // (2 * ROWS)
        for column in range(COLUMNS):
            x = (2 * column + 1) * picture.width // (2 * COLUMNS)
            cells.append(data[y * luma.line_size + x])
    return number_of(cells)


def number_of(shades):
    """Read the number of the cells' shades, 0 to 255; None if it is unclear."""
    if any(abs(shade - _MIDDLE) < _SURE for shade in shades):
        return None
    bits = [int(shade > _MIDDLE) for shade in shades]
    number = sum(bit << at for at, bit in enumerate(bits[:BITS]))
    return number if cells_of(number) == bits else None
