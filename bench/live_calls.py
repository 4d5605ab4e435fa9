"""Sealed calls between Chromium and Python through a live Janus, both ways.

Usage: live_calls.py [--seconds 30] [--rates 30 60] [--sheets FOLDER]. As root,
for a network of its own; wants janus, chromium and iproute2. Prints what became
of each frame, what sealing and opening took, and the longest time without a
new picture; keys change in the middle. With --sheets, pictures as they came.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

from PIL import Image

import fastframe as ff
from fastframe.cli.timing import spread_of

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from browser_members import PagePublisher, PageSubscriber, page_of_a_member
from janus_calls import JanusCall
from keyed import Keyed
from live_peers import Publisher, Subscriber
from loopback import run

WIDTH, HEIGHT = 640, 480
COLUMNS, ROWS = 4, 4  # of a sheet
KINDS = ("video", "audio")


def show_counts(title: str, sent: int, counts: dict[str, int]) -> None:
    """Print what became of the frames of one kind."""
    came = sum(counts.values())
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    print(
        f"  {title:6} sent {sent}, delivered {came} ({told}), on the way {sent - came}"
    )


def show_times(title: str, taken) -> None:
    """Print microseconds per frame."""
    spread = spread_of(taken)
    line = f"p50 {spread.p50:.0f}, p99 {spread.p99:.0f}, p99.9 {spread.p999:.0f} us"
    print(f"  {title:14} {line}, most {max(taken) / 1000:.0f} us")


def show_pictures(numbers, seconds) -> None:
    """Print whether pictures are right, and the longest time without one."""
    unclear = numbers.count(None)
    known = [number for number in numbers if number is not None]
    backwards = sum(b <= a for a, b in pairwise(known))
    stall = max(b - a for a, b in pairwise(seconds))
    print(
        f"  pictures {len(numbers)}, unclear {unclear}, out of order {backwards}, "
        f"longest stall {1000 * stall:.0f} ms"
    )


def by_name(counts) -> dict[str, int]:
    """Spell the statuses of an adapter's tally."""
    return {status.name: count for status, count in counts.items()}


class Sheet:
    """A picture of pictures, taken at even times of a call."""

    def __init__(self, path: Path | None, seconds: float) -> None:
        """Take where it goes, None for nowhere, and how long the call is."""
        self._path = path
        self._pause = seconds / (COLUMNS * ROWS)
        self._due = 0.0
        self._pictures: list[Image.Image] = []

    def wants(self) -> bool:
        """Tell whether it is time for another."""
        now = asyncio.get_running_loop().time()
        is_due = self._path is not None and now >= self._due
        if is_due:
            self._due = now + self._pause
        return is_due

    def add(self, picture: Image.Image) -> None:
        """Take a picture."""
        self._pictures.append(picture.convert("RGB").resize((WIDTH // 4, HEIGHT // 4)))

    def save(self) -> None:
        """Write it."""
        if self._path is None or not self._pictures:
            return
        width, height = self._pictures[0].size
        sheet = Image.new("RGB", (COLUMNS * width, ROWS * height))
        for at, picture in enumerate(self._pictures[: COLUMNS * ROWS]):
            sheet.paste(picture, (at % COLUMNS * width, at // COLUMNS * height))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(self._path)


async def chromium_to_python(args: SimpleNamespace) -> None:
    """Have a page publish, and Python open and decode."""
    keyed, sheet = Keyed("vp8"), Sheet(args.sheet, args.seconds)
    async with page_of_a_member() as page, JanusCall(args.folder) as call:
        await page.call("call.use", 1, list(keyed.key))
        options = {"rate": args.rate, "width": WIDTH, "height": HEIGHT, "codec": "vp8"}
        subscriber = Subscriber(keyed.openers)
        subscriber.show = lambda picture, _: (
            sheet.wants() and sheet.add(picture.to_image())
        )
        await call.publish(PagePublisher(page, **options))
        await call.subscribe(subscriber)
        await asyncio.sleep(args.seconds / 2)
        new = ff.generate_key()
        for opener in keyed.openers.values():
            opener.opener.keys[2] = new
        await page.call("call.use", 2, list(new))
        await asyncio.sleep(args.seconds / 2)
        tally = (await page.call("call.figures"))["tally"]
        for kind in KINDS:
            counts = by_name(subscriber.opened[kind].tally.counts())
            # What was sealed before the subscriber came is in the difference.
            show_counts(kind, tally[kind]["OK"], counts)
            show_times(f"open {kind}", keyed.openers[kind].taken)
            keys = keyed.openers[kind].opener.stats().keys
            old, late = keys[1].frames_opened, keys[2].frames_opened
            print(f"  {kind:6} opened with the old key {old}, with the new one {late}")
        show_pictures(subscriber.numbers, subscriber.times)
    sheet.save()


async def python_to_chromium(args: SimpleNamespace) -> None:
    """Have Python publish, and a page open and show."""
    keyed, sheet = Keyed("vp8"), Sheet(args.sheet, args.seconds)
    async with page_of_a_member() as page, JanusCall(args.folder) as call:
        await page.call("call.add", 1, list(keyed.key))
        await call.publish(Publisher(keyed.tracks(args.rate, (WIDTH, HEIGHT))))
        await call.subscribe(PageSubscriber(page))
        loop = asyncio.get_running_loop()
        middle, end = (loop.time() + args.seconds / part for part in (2, 1))
        while loop.time() < end:
            await asyncio.sleep(0.2)
            if loop.time() > middle:
                new, middle = ff.generate_key(), end + 1
                await page.call("call.add", 2, list(new))
                for sealer in keyed.sealers.values():
                    sealer.sealer.rotate(new, key_id=2)
            if sheet.wants():
                png = base64.b64decode(await page.call("call.grab"))
                if png:
                    sheet.add(Image.open(io.BytesIO(png)))
        told = await page.call("call.figures")
        sent = {kind: len(keyed.sealers[kind].taken) for kind in KINDS}
        for kind in KINDS:
            show_counts(kind, sent[kind], told["tally"][kind])
            show_times(f"seal {kind}", keyed.sealers[kind].taken)
        decoded = told["counts"]["video"]["framesDecoded"]
        print(f"  video  decoded by Chromium {decoded}")
        numbers, times = zip(*told["shown"], strict=True)
        show_pictures(list(numbers), [time / 1000 for time in times])
    sheet.save()


def main() -> None:
    """Run the calls that were asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rates", type=int, nargs="+", default=[30, 60])
    parser.add_argument("--sheets", type=Path)
    args = parser.parse_args()
    for way in (chromium_to_python, python_to_chromium):
        for rate in args.rates:
            print(f"{way.__name__}, {WIDTH}x{HEIGHT}, {rate} fps, {args.seconds:g} s")
            sheet = args.sheets and args.sheets / f"{way.__name__}_{rate}.png"
            with tempfile.TemporaryDirectory() as folder:
                call = {"folder": Path(folder), "rate": rate, "sheet": sheet}
                asked = SimpleNamespace(**call, seconds=args.seconds)
                run(way(asked), patience=3 * args.seconds + 60)


if __name__ == "__main__":
    main()
