"""The pictures of the page, each drawn for wide and for narrow pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from report import curves, marks
from report.look import NARROW, WIDE, Picture, settings, to_svg

if TYPE_CHECKING:
    from collections.abc import Callable

PAINTERS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sizes": ("Time per frame against its size", curves.sizes),
    "batches": ("Frames per second against batch length", curves.batches),
    "threads": ("Frames per second against threads", marks.threads),
    "latency": ("Added latency against the budget of a frame", curves.latency),
    "gil": ("How late another Python thread wakes", marks.gil),
    "overhead": ("What each format adds to a frame", marks.overhead),
}


def draw(figures: dict[str, Any]) -> dict[str, Picture]:
    """Draw all pictures."""
    drawn = {}
    for name, (title, paint) in PAINTERS.items():
        forms = []
        for form, width in (("wide", WIDE), ("narrow", NARROW)):
            with mpl.rc_context(settings()):
                figure = paint(figures, width, is_narrow=form == "narrow")
                forms.append(to_svg(figure, f"{name}-{form}", title))
                plt.close(figure)
        drawn[name] = Picture(*forms)
    return drawn
