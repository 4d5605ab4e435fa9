"""The page in examples/browser, as a visitor sees it, under a strict policy."""

import re
from functools import partial

import loopback
import pytest
from browser_calls import BROWSER, HEADERS, POLICY, is_pattern, until
from chromium import Chromium
from sites import Site, folder

PAGE = BROWSER / "index.html"
# The middle of each quadrant of what Bob sees.
COLOURS = """() => {
  const video = document.getElementById('shown');
  if (!video.videoWidth) return null;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 320, height: 180 });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 320, 180);
  return [[60, 30], [260, 30], [60, 150], [260, 150]].map(
    ([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3));
}"""
SPOKEN = "(id) => document.getElementById(id).innerText"


def visit(test, name, codec):
    """Run test(page) when a call has been started by the page's own button."""

    async def whole():
        files = folder(BROWSER)
        async with Site(files, HEADERS) as site, Chromium() as browser:
            page = await browser.open(site.url + "/index.html")
            choose = (
                "(name, value) => { document.forms[0].elements[name].value = value; }"
            )
            await page.call(choose, "format", name)
            await page.call(choose, "codec", codec)
            await page.eval("document.getElementById('start').click()")
            await until(lambda: _shows(page), "Bob's picture")
            await test(page)
            assert page.errors == []

    loopback.run(whole())


async def _shows(page):
    return is_pattern(await page.call(COLOURS))


async def _time(page):
    """Give the seconds of video that Bob has been shown."""
    return await page.eval("document.getElementById('shown').currentTime")


@pytest.mark.parametrize("name", ["insertable", "sframe"])
@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264"])
def test_visitor_sees_a_call_in_every_format_and_codec(name, codec):
    """Bob's pictures are Alice's; the overlays count, and nothing breaks the policy."""

    async def test(page):
        for text, where in (("sealed", "sealed"), ("opened", "opened")):

            async def counts(text=text, where=where):
                said = await page.call(SPOKEN, where)
                return (
                    f"video {codec}: " in said
                    and "audio OPUS: " in said
                    and text in said
                )

            await until(counts, f"the overlay of what is {where}")
        shades = set()

        async def is_noise():
            noise = "document.getElementById('noise').getContext('2d')"
            data = await page.eval(f"[...{noise}.getImageData(0, 0, 64, 36).data]")
            shades.update(data[::4])
            return len(shades) == 256

        await until(is_noise, "ciphertext, which has every byte")

    visit(test, name, codec)


def test_visitor_changes_keys_takes_them_away_and_gets_them_back():
    """Carol comes and goes; Bob's overlay says why he sees nothing."""

    async def test(page):
        for _ in range(2):
            said = await page.call(SPOKEN, "said")
            await page.eval("document.getElementById('carol').click()")
            await until(partial(_differs, page, said), "another key")
        before = await _time(page)
        await until(lambda: _after(page, before), "pictures under the new key")
        await page.eval("document.getElementById('forget').click()")

        async def says_why():
            return "UNKNOWN_KEY" in await page.call(SPOKEN, "opened")

        await until(says_why, "the reason")
        await page.eval("document.getElementById('carol').click()")
        before = await _time(page)
        await until(lambda: _after(page, before + 1), "the picture again")

    visit(test, "insertable", "VP8")


async def _differs(page, said):
    now = await page.call(SPOKEN, "said")
    return now != said and "number" in now


async def _after(page, seconds):
    return await _time(page) > seconds + 0.5


def test_policy_is_strict_and_the_page_brings_it():
    """Nothing but our own files, no inline script or style, nothing sent anywhere."""
    brought = re.search(r'content="(default-src [^"]*)"', PAGE.read_text())[1]
    # What a page cannot say of itself, only a server of it (CSP 3, 3.3).
    assert f"{brought}; frame-ancestors 'none'" == POLICY
    sources = dict(part.split(maxsplit=1) for part in POLICY.split("; "))
    assert sources["default-src"] == "'none'"
    assert set(sources.values()) == {"'none'", "'self'"}

    async def test(page):
        await page.eval("fetch('https://example.org/').catch(() => 0)")
        assert any("violates the following" in error for error in page.errors)
        page.errors.clear()

    visit(test, "insertable", "VP8")


def test_page_looks_right_by_day_and_by_night():
    """Nothing overflows, and both colour schemes are legible."""

    async def test(page):
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            await page.ask("Emulation.setEmulatedMedia", features=[feature])
            style = "getComputedStyle(document.body)"
            paper = await page.eval(f"{style}.backgroundColor")
            ink = await page.eval(f"{style}.color")
            assert _contrast(_rgb(paper), _rgb(ink)) > 7  # WCAG 2.2, 1.4.6
        for width in (360, 1280):
            size = {"width": width, "height": 800, "deviceScaleFactor": 1}
            await page.ask("Emulation.setDeviceMetricsOverride", mobile=False, **size)
            assert await page.eval("document.documentElement.scrollWidth") <= width

    visit(test, "insertable", "VP8")


def _rgb(text):
    return [int(part) for part in text[text.index("(") + 1 : -1].split(",")[:3]]


def _contrast(one, other):
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    parts = [part / 255 for part in colour]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
