"""The demo's table, drawn with rich from the demo's facts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fastframe.cli.failure import CommandError
from fastframe.cli.info import describe_build
from fastframe.cli.page import new_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

_SVG_WIDTH = 110
_NAME_WIDTH = 18
_CELL_WIDTH = 18
_Facts = dict[str, Any]


def show(report: _Facts, *, is_silent: bool, save_as: str | None) -> None:
    """Print the table to stdout, and draw it as SVG if asked."""
    page = _page(report)
    if not is_silent:
        new_page().print(page)
    if save_as:
        canvas = Console(record=True, width=_SVG_WIDTH, file=StringIO())
        canvas.print(page)
        try:
            Path(save_as).write_text(_own_font(canvas), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{save_as}: {error.strerror}") from None


def _own_font(canvas: Console) -> str:
    """Draw as SVG in the reader's own fixed-width font.

    Rich's drawing loads a font from a web site, which would tell that site of
    everyone who looks at the picture.
    """
    drawn = canvas.export_svg(title="fastframe demo")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return drawn.replace("Fira Code", "DejaVu Sans Mono")


def _page(report: _Facts) -> RenderableType:
    return Group(
        _heading(report),
        _tables(report),
        Text(),
        _courier_panel(report),
        _verdict(report),
        Text(describe_build(), style="dim"),
    )


def _heading(report: _Facts) -> RenderableType:
    courier = report["courier"]
    head = Text(report["clip"], style="bold")
    if report["transcoded"]:
        head.append(", re-encoded", style="not bold")
    head.append(
        f"\n{report['format']} format, {report['suite']}, a key for each track\n"
        f"courier: drops {courier['drop']:.1%}, repeats {courier['duplicate']:.1%}, "
        f"delays {courier['reorder']:.1%}, changes {courier['tamper']:.1%} "
        f"(seed {courier['seed']})",
        style="not bold",
    )
    if report["credit"]:
        head.append(f"\n{report['credit']}", style="not bold italic dim")
    for note in (report["trouble"], "stopped early" if report["stopped"] else None):
        if note:
            head.append(f"\n{note}", style="not bold yellow")
    return head


class _Sheet:
    """Rows under headings: a name, a cell for each track, and what it means.

    Each heading starts a table of its own, because rich's tables know no cell
    across columns; fixed widths keep them in line.
    """

    def __init__(self, tracks: list[_Facts]) -> None:
        self._tracks = tracks
        self.parts: list[RenderableType] = []

    def part(self, name: str) -> None:
        """Start a new part under a heading."""
        self.parts.append(Text(f"\n{name}", style="bold cyan"))
        self._table = Table.grid(padding=(0, 2, 0, 0))
        self._table.add_column(width=_NAME_WIDTH)
        for _ in self._tracks:
            self._table.add_column(width=_CELL_WIDTH, justify="right", no_wrap=True)
        self._table.add_column(style="dim")
        self.parts.append(self._table)

    def row(self, name: str, cell: Callable[[_Facts], str], note: str = "") -> None:
        """Add a row to the newest part."""
        cells = [cell(track) for track in self._tracks]
        self._table.add_row(name, *cells, note)


def _tables(report: _Facts) -> Group:
    sheet = _Sheet(report["tracks"])
    sheet.part("sent")
    sheet.row("track", lambda t: f"[bold]{t['kind']} · {t['codec']}")
    sheet.row("", lambda t: f"[dim]{t['about']}")
    sheet.row("frames", lambda t: _whole(t["frames"]))
    sheet.row("bytes", lambda t: _whole(t["bytes"]))
    sheet.row(
        "overhead",
        lambda t: f"{_whole(t['overhead_bytes'])} ({t['overhead_percent']:.2f} %)",
        f"{report['tracks'][0]['overhead_per_frame']} bytes a frame",
    )
    _arrivals(sheet, report["tracks"])
    _times(sheet, report)
    sheet.part("decoded from what was opened")
    sheet.row("out of the decoder", _decoded, "lost frames leave holes")
    sheet.row("decoder complaints", lambda t: _whole(t["decoded"]["failures"]))
    return Group(*sheet.parts)


def _arrivals(sheet: _Sheet, tracks: list[_Facts]) -> None:
    """Add one row for each status, and why."""
    sheet.part("arrived")
    late = sum(track["fates"].get("delayed", 0) for track in tracks)
    sheet.row(
        "[green]OK",
        lambda t: f"[green]{_whole(t['bit_exact'])}",
        "opened, every byte as it was sent" + (f"; {late} came late" if late else ""),
    )
    whys: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for track in tracks:
        for reason in track["reasons"]:
            if reason["status"] != "OK":
                whys[reason["status"]][reason["why"]] += reason["count"]
    for status, reasons in whys.items():
        told = ", ".join(f"{count} {why}" for why, count in reasons.items())
        sheet.row(
            f"[red]{status}",
            lambda t, s=status: _whole(t["statuses"].get(s, 0)),  # type: ignore[misc]
            f"refused: {told}",
        )
    sheet.row("never", lambda t: _whole(t["dropped"]), "lost by the courier")


def _times(sheet: _Sheet, report: _Facts) -> None:
    calls = " and ".join(_whole(t["seal_us"]["samples"]) for t in report["tracks"])
    pace = ", at the clip's pace" if report["realtime"] else ""
    sheet.part(f"time of one call in µs: p50 · p99 · p99.9 of {calls} calls{pace}")
    for name, key in (("seal_into", "seal_us"), ("open_into", "open_us")):
        sheet.row(
            name,
            lambda t, key=key: _spread(t[key]),  # type: ignore[misc]
            _budget_note(report, key),
        )
    sheet.part("frames per second and core")
    fills = " and ".join(
        f"{t['frames_per_second']['append_us']:.1f}" for t in report["tracks"]
    )
    for name, key, note in (
        ("seal_into", "seal", "one call a frame"),
        ("open_into", "open", ""),
        ("seal_batch", "seal_batch", "32 frames a call, standing in a Batch"),
        ("open_batch", "open_batch", f"(append() before it: {fills} µs a frame)"),
    ):
        sheet.row(
            name,
            lambda t, key=key: _whole(t["frames_per_second"][key]),  # type: ignore[misc]
            note,
        )


def _courier_panel(report: _Facts) -> Panel:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold")
    grid.add_column()
    for track in report["tracks"]:
        view = track["courier_view"]
        chance = view["start_codes_by_chance"]
        named = ", ".join(map(str, view["key_ids"])) or "none"
        grid.add_row(track["kind"], _attempt(track))
        grid.add_row(
            "",
            f"entropy {view['bits_per_byte']:.4f} bits a byte (noise: 8); "
            f"zlib saves {view['deflate_saves']:.1%}; {view['start_codes']} start "
            f"codes (noise: {chance:.1f}); {view['repeated_ivs']} IVs repeated",
        )
        grid.add_row(
            "",
            f"[yellow]it does learn[/] sizes ({_whole(view['smallest'])} to "
            f"{_whole(view['largest'])} bytes), times, which frames are key "
            f"frames ({view['key_frames']}), key ids ({named})",
        )
    return Panel(
        grid,
        title="what the courier reads, with a decoder but no key",
        title_align="left",
        box=box.ROUNDED,
        expand=False,
    )


def _attempt(track: _Facts) -> str:
    view, unit = track["courier_view"], track["decoded"]["unit"]
    if not view["decoded"]:
        return f"[green]0 {unit}[/] out of {_whole(view['tried'])} sealed frames"
    colour = "red" if view["true_pictures"] else "green"
    return (
        f"{_whole(view['decoded'])} {unit} of noise out of {_whole(view['tried'])} "
        f"sealed frames, [{colour}]{view['true_pictures']} as in the original[/]"
    )


def _verdict(report: _Facts) -> Text:
    tracks, proof = report["tracks"], report["proof"]
    if not proof["ok"]:
        text = Text("✘ the books do not close:", style="bold red")
        for problem in proof["problems"]:
            text.append(f"\n  {problem}", style="not bold red")
        return text
    sent = sum(track["frames"] for track in tracks)
    exact = sum(track["bit_exact"] for track in tracks)
    arrived = sum(track["deliveries"] for track in tracks)
    lost = sum(track["dropped"] for track in tracks)
    return Text.assemble(
        ("✔ every frame is accounted for: ", "bold green"),
        f"{_whole(sent)} sent, {_whole(lost)} lost, {_whole(arrived)} deliveries, "
        f"{_whole(exact)} opened and bit-exact, {_whole(arrived - exact)} refused with "
        "the status predicted for each; a wrong key opened 0",
    )


def _budget_note(report: _Facts, key: str) -> str:
    worst = max(track[key]["p999"] for track in report["tracks"])
    budget = report["budget_us"]
    return f"p99.9: {worst / budget:.2%} of the {budget / 1000:.1f} ms of 60 fps"


def _spread(spread: _Facts) -> str:
    return " · ".join(_short(spread[key]) for key in ("p50", "p99", "p999"))


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}"  # noqa: PLR2004


def _decoded(track: _Facts) -> str:
    return f"{_whole(track['decoded']['count'])} {track['decoded']['unit']}"


def _whole(number: float) -> str:
    # A space between thousands reads the same in every language; this one
    # does not break.
    return f"{number:,.0f}".replace(",", "\u00a0")
