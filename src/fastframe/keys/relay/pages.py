"""What a relay answers to plain HTTP: health for all, figures on their own port."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastframe.keys.relay.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request, Response

    from fastframe.keys.relay.metrics import Metrics

HEALTH = "/healthz"


class Pages:
    """The two sets of pages of one relay.

    Figures stand on a port of their own, for they are the operator's: how many
    rooms there are, and how busy, is nothing to show to whoever may join.
    """

    def __init__(self, metrics: Metrics, is_full: Callable[[], bool]) -> None:
        """Show metrics; let nobody in while is_full()."""
        self._metrics = metrics
        self._is_full = is_full

    def public(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer a request on the members' port; None lets a WebSocket through."""
        if _path(request) == HEALTH:
            return _respond(connection, HTTPStatus.OK, "ok\n")
        if self._is_full():
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return _respond(connection, status, "too many connections\n")
        return None

    def private(self, connection: ServerConnection, request: Request) -> Response:
        """Answer a request on the operator's port."""
        path = _path(request)
        if path == HEALTH:
            return _respond(connection, HTTPStatus.OK, "ok\n")
        if path == "/metrics":
            text = self._metrics.text().decode()
            return _respond(connection, HTTPStatus.OK, text, CONTENT_TYPE)
        if path == "/stats":
            text = json.dumps(self._metrics.snapshot())
            return _respond(connection, HTTPStatus.OK, text, "application/json")
        return _respond(connection, HTTPStatus.NOT_FOUND, "no such page\n")


def _path(request: Request) -> str:
    return request.path.partition("?")[0]


def _respond(
    connection: ServerConnection,
    status: HTTPStatus,
    text: str,
    content_type: str = "text/plain; charset=utf-8",
) -> Response:
    response = connection.respond(status, text)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = "no-store"
    return response
