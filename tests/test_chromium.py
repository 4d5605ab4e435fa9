"""The driver of a browser that other tests lean on notices what it must."""

import loopback
import pytest
from chromium import BrowserError, Chromium
from sites import Site

PAGE = b"""<!doctype html><title>page</title><script type="module" src="/m.js"></script>
<body style="background: rgb(0, 128, 255)">"""
MODULE = b"""console.log('hello', 7);
globalThis.double = async (value) => 2 * value;
globalThis.worker = new Worker('/worker.js');
setTimeout(() => { throw new Error('nobody catches this'); });
"""
WORKER = b"""console.log('from a worker'); Promise.reject(new Error('in a worker'));"""
STRICT = {"Content-Security-Policy": "default-src 'none'; script-src 'self'"}
FILES = {"/": PAGE, "/m.js": MODULE, "/worker.js": WORKER}


def visit(test, headers=None):
    """Run test(page, site) with the page opened."""

    async def whole():
        async with Site(FILES, headers) as site, Chromium() as browser:
            await test(await browser.open(site.url + "/"), site)

    loopback.run(whole())


def test_page_answers_and_is_listened_to():
    """Values, exceptions, console lines and what nobody caught, workers' too."""

    async def test(page, _site):
        assert await page.call("double", 21) == 42
        assert await page.eval("document.title") == "page"
        with pytest.raises(BrowserError, match="no such thing"):
            await page.eval("Promise.reject(new Error('no such thing'))")
        await page.until("Boolean(worker)")
        while not {"hello 7", "from a worker"} <= set(page.lines):
            await page.eval("0")
        while len(page.errors) < 2:
            await page.eval("0")
        assert any("nobody catches this" in error for error in page.errors)
        assert any("in a worker" in error for error in page.errors)

    visit(test)


def test_page_that_never_gets_there_says_what_it_said():
    """A wait in vain shows the page's last words."""

    async def test(page, _site):
        with pytest.raises(BrowserError, match=r"never came true.*1 === 2"):
            await page.until("1 === 2", patience=0.2)

    visit(test)


def test_breach_of_the_policy_is_an_error():
    """A test that looks at page.errors sees what a strict policy refused."""

    async def test(page, _site):
        await page.eval("fetch('/m.js').catch(() => 0)")
        assert any("Content Security Policy" in error for error in page.errors)

    visit(test, STRICT)


def test_screenshot_shows_the_page():
    """As a PNG with pixels in it."""

    async def test(page, _site):
        assert (await page.screenshot()).startswith(b"\x89PNG")

    visit(test)


def test_site_has_what_it_was_given_and_nothing_else():
    """No file that was not named can be had."""

    async def test(page, site):
        ask = "(path) => fetch(path).then(({ status }) => status)"
        assert await page.call(ask, "/m.js") == 200
        assert await page.call(ask, "/../conftest.py") == 404
        assert site.asked[:2] == ["/", "/m.js"]

    visit(test)


def test_ended_browser_says_so():
    """A test fails at once, and does not wait for an answer that never comes."""

    async def test():
        async with Chromium() as browser:
            browser._process.kill()
            with pytest.raises(BrowserError, match="has ended"):
                await browser.ask("Browser.getVersion")

    loopback.run(test())
