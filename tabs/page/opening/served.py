"""Puts scripts before all others of the page: Gradio chooses its language before any `head` of ours is there.

And sends the page compressed: with its settings of a thousand components it has 4.3 MB, of 4.9 MB that a visit takes.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabs.page.language import COOKIE, locales

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST = Path(__file__).parent / "first.js"
LASTING = Path(__file__).parents[1] / "connection" / "lasting.js"


def script() -> bytes:
    """first.js with what it needs to know, and lasting.js, as a <script>."""
    known = f"const LOCALES = {json.dumps(locales())}, COOKIE = {json.dumps(COOKIE)};"
    return f"<script>{{\n{known}\n{FIRST.read_text('utf-8')}}}\n{LASTING.read_text('utf-8')}</script>".encode()


LEVEL = 4  # of gzip: 45 ms for what is a fifth then; 6 takes twice that for a twentieth less


class FirstScript:
    """ASGI middleware: `<head>` of the page itself begins with the script, and the page is compressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.script, self.zipped = app, script(), Zipped()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; all but the page goes through as it is."""
        is_page = scope["type"] == "http" and scope["method"] == "GET" and _path(scope) in ("", "/")
        zipped = self.zipped if is_page and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"") else None
        await self.app(scope, receive, _Page(self.script, send, zipped) if is_page else send)


class Zipped:
    """Compresses the page once for all who get the same, as nearly all do."""

    def __init__(self) -> None:
        self._last = (b"", b"")

    def of(self, body: bytes) -> bytes:
        """The compressed body."""
        known, zipped = self._last
        if body != known:
            zipped = gzip.compress(body, LEVEL, mtime=0)
            self._last = (body, zipped)
        return zipped


def _path(scope: Scope) -> str:
    return scope["path"].removeprefix(scope.get("root_path", ""))


class _Page:
    """Gathers one answer, and sends it on with the script in it, compressed if `zipped` is there."""

    def __init__(self, script: bytes, send: Send, zipped: Zipped | None) -> None:
        self.script, self.send, self.zipped = script, send, zipped
        self.start: dict[str, Any] = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = dict(message)
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish()
        else:
            await self.send(message)

    async def _finish(self) -> None:
        body = self.body.replace(b"<head>", b"<head>" + self.script, 1)
        headers = [pair for pair in self.start["headers"] if pair[0].lower() != b"content-length"]
        headers.append((b"vary", b"Accept-Encoding"))
        if self.zipped:
            body = self.zipped.of(body)
            headers.append((b"content-encoding", b"gzip"))
        length = (b"content-length", str(len(body)).encode())
        await self.send({**self.start, "headers": [*headers, length]})
        await self.send({"type": "http.response.body", "body": body})
