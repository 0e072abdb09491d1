"""Puts scripts before all others of the page: Gradio chooses its language before any `head` of ours is there.

And keeps the page, compressed: it is the same for all who come by one address, and Gradio takes 0.3 s of a core
to write it. With its settings of a thousand components it has 4.3 MB; 0.25 MB travel, of 0.8 MB that a visit takes.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import brotli
from starlette.datastructures import Headers
from starlette.responses import Response

from tabs.page.language import COOKIE, locales

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST = Path(__file__).parent / "first.js"
LASTING = Path(__file__).parents[1] / "connection" / "lasting.js"
QUALITY = 5  # of Brotli, which sees that the scripts of a hundred components are alike: 80 ms for an eighteenth
LEVEL = 4  # of gzip, which does not: 50 ms for a fifth
ADDRESSES = 4  # whose pages are kept: that of the machine, of the network, of a share link, and one more
OWN = (b"deep_link", b"all_endpoints")  # of a query: the page of one who asks so is nobody else's
NAMING = ("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server")  # the page's address, which is in it


def script() -> bytes:
    """first.js with what it needs to know, and lasting.js, as a <script>."""
    known = f"const LOCALES = {json.dumps(locales())}, COOKIE = {json.dumps(COOKIE)};"
    return f"<script>{{\n{known}\n{FIRST.read_text('utf-8')}}}\n{LASTING.read_text('utf-8')}</script>".encode()


@dataclass
class Page:
    """An answer of Gradio's with the script in it."""

    status: int
    headers: list[tuple[bytes, bytes]]  # but the length
    packed: bytes  # by Brotli

    @cached_property
    def gzipped(self) -> bytes:
        """For a browser that came without encryption from another machine: it takes no Brotli."""
        return gzip.compress(self.plain, LEVEL, mtime=0)

    @property
    def plain(self) -> bytes:
        """As Gradio wrote it."""
        return brotli.decompress(self.packed)

    def answer(self, accepted: str) -> Response:
        """As it is sent to one who takes these codings."""
        if "br" in accepted:
            return self._response(self.packed, "br")
        if "gzip" in accepted:
            return self._response(self.gzipped, "gzip")
        return self._response(self.plain)

    def is_for_all(self) -> bool:
        """Whether another visitor may get it too."""
        return self.status == 200 and all(name.lower() != b"set-cookie" for name, _ in self.headers)

    def _response(self, body: bytes, coding: str = "") -> Response:
        response = Response(body, self.status)
        response.raw_headers += self.headers
        response.headers["vary"] = "Accept-Encoding"
        if coding:
            response.headers["content-encoding"] = coding
        return response


class FirstScript:
    """ASGI middleware: `<head>` of the page itself begins with the script; the page is kept, and compressed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.script = app, script()
        self._kept: dict[tuple[object, ...], Page] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; all but the page goes through as it is."""
        if scope["type"] != "http" or scope["method"] != "GET" or _path(scope) not in ("", "/"):
            return await self.app(scope, receive, send)
        address = _address(scope)
        is_own = any(word in scope["query_string"] for word in OWN)
        page = None if is_own else self._kept.get(address)
        if page is None:
            page = await self._made(scope, receive)
            if page.is_for_all() and not is_own:
                self._kept = dict([*self._kept.items(), (address, page)][-ADDRESSES:])
        accepted = Headers(scope=scope).get("accept-encoding", "")
        await page.answer(accepted)(scope, receive, send)

    async def _made(self, scope: Scope, receive: Receive) -> Page:
        """What Gradio answers, gathered."""
        start: Message = {}
        body = bytearray()

        async def gather(message: Message) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))

        await self.app(scope, receive, gather)
        headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        whole = bytes(body).replace(b"<head>", b"<head>" + self.script, 1)
        return Page(start["status"], headers, brotli.compress(whole, quality=QUALITY))


def _path(scope: Scope) -> str:
    return scope["path"].removeprefix(scope.get("root_path", ""))


def _address(scope: Scope) -> tuple[object, ...]:
    """All that the page's own address is read from, by Gradio as well."""
    headers = Headers(scope=scope)
    return (scope["scheme"], scope["path"], scope.get("root_path", ""), *(headers.get(name) for name in NAMING))
