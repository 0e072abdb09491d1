"""Puts scripts before all others of the page: Gradio chooses its language before any `head` of ours is there."""

from __future__ import annotations

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


class FirstScript:
    """ASGI middleware: `<head>` of the page itself begins with the script."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.script = app, script()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; all but the page goes through as it is."""
        is_page = scope["type"] == "http" and scope["method"] == "GET" and _path(scope) in ("", "/")
        await self.app(scope, receive, _Page(self.script, send) if is_page else send)


def _path(scope: Scope) -> str:
    return scope["path"].removeprefix(scope.get("root_path", ""))


class _Page:
    """Gathers one answer, and sends it on with the script in it."""

    def __init__(self, script: bytes, send: Send) -> None:
        self.script, self.send = script, send
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
        length = (b"content-length", str(len(body)).encode())
        await self.send({**self.start, "headers": [*headers, length]})
        await self.send({"type": "http.response.body", "body": body})
