"""A site of a few files on 127.0.0.1, for pages that a test opens."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

_KINDS = {
    "": "text/html",
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEAD_END = b"\r\n\r\n"


class Site:
    """Serves files by their path, in an async with.

    Attributes:
        url: where it is, without a slash at its end.
        asked: the paths that were asked for, in order.
    """

    def __init__(self, files, headers=None):
        """Take files as {"/page.html": bytes or Path}, headers as {name: value}."""
        self.files = files
        self.url = None
        self.asked = []
        self._headers = headers or {}
        self._server = None

    async def __aenter__(self):
        """Serve."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_exc):
        """Serve no more."""
        self._server.close()

    async def _answer(self, reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(_HEAD_END)).decode()
            path = head.split(" ", 2)[1].partition("?")[0]
            self.asked.append(path)
            writer.write(self._response(path))
            await writer.drain()
        writer.close()

    def _response(self, path):
        # Browsers ask for an icon by themselves: to have none is no error.
        status, body = "204 No Content" if path == "/favicon.ico" else "404 -", b""
        if path in self.files:
            file = self.files[path]
            status, body = (
                "200 OK",
                file.read_bytes() if isinstance(file, Path) else file,
            )
        headers = {
            "Content-Type": _KINDS.get(Path(path).suffix, "application/octet-stream"),
            "Content-Length": len(body),
            "Connection": "close",
            **self._headers,
        }
        lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in headers.items())]
        return "\r\n".join(lines).encode() + _HEAD_END + body


def folder(path, at="/"):
    """Give the files of a folder as Site takes them."""
    return {at + file.name: file for file in path.iterdir() if file.is_file()}
