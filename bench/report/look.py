"""How the pictures look: colours by light and by dark, sizes, clean SVG."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# By name: what is drawn on a light page, and what stands in for it on a dark one.
COLOURS = {
    "ink": ("#1f2328", "#e6edf3"),
    "faint": ("#5b636b", "#9aa4ae"),
    "grid": ("#dde2e7", "#2b3139"),
    "paper": ("#ffffff", "#0f141a"),
    "ours": ("#0a5bd3", "#5aa9ff"),
    "ours-2": ("#0e8a9a", "#45c8d6"),
    "ours-3": ("#6a4fd8", "#a893ff"),
    "peer": ("#c4500a", "#ff9a52"),
    "slow": ("#8a6d00", "#d9b83c"),
    "node": ("#2f7d32", "#6cc870"),
    "limit": ("#c0182b", "#ff6b78"),
}
LIGHT = {name: light for name, (light, _) in COLOURS.items()}
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
)
# Inches: for a page's column, and for a telephone held upright.
WIDE, NARROW = 7.6, 4.3
BASE = 10.0  # points


class Picture(NamedTuple):
    """One picture as SVG, drawn for wide and for narrow pages."""

    wide: str
    narrow: str


def settings() -> dict[Any, Any]:
    """Give matplotlib's settings: few lines, no frame, the reader's own fonts."""
    return {
        "svg.fonttype": "none",
        "font.size": BASE,
        "font.family": "DejaVu Sans",
        "text.color": LIGHT["ink"],
        "axes.labelcolor": LIGHT["faint"],
        "axes.edgecolor": LIGHT["faint"],
        "axes.facecolor": LIGHT["paper"],
        "figure.facecolor": LIGHT["paper"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.titlesize": BASE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlecolor": LIGHT["ink"],
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.linewidth": 0.8,
        "grid.color": LIGHT["grid"],
        "grid.linewidth": 0.8,
        "xtick.color": LIGHT["faint"],
        "ytick.color": LIGHT["faint"],
        "xtick.labelsize": BASE - 1,
        "ytick.labelsize": BASE - 1,
        "xtick.major.size": 3,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "legend.frameon": False,
        "legend.fontsize": BASE - 1,
        "lines.linewidth": 1.8,
        "lines.markersize": 3.5,
        "lines.solid_capstyle": "round",
    }


def to_svg(figure: Figure, name: str, title: str) -> str:
    """Draw a figure as SVG that follows the reader's choice of light or dark."""
    canvas = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    # The salt makes ids the same in every run, and different in each picture.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(canvas, format="svg", metadata=nothing)
    svg = canvas.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r" id=\"[A-Za-z0-9]+_\d+\"", "", svg)  # nothing refers to these
    svg = re.sub(r"'DejaVu Sans'(, [^;\"]*?sans-serif)?", FONTS.replace("\\", ""), svg)
    head, rest = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    label = title.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'{head} role="img" aria-label="{label}">\n<title>{label}</title>\n'
        f"<style>{_dark_rules()}</style>{rest}"
    )


def _dark_rules() -> str:
    """Give the rules that change every colour where the reader prefers dark."""
    rules = [
        f'[style*="{what}: {light}"]{{{what}:{dark}!important}}'
        for light, dark in COLOURS.values()
        for what in ("fill", "stroke")
    ]
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"
