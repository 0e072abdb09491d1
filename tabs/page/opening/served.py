"""Puts scripts before all others of the page: Gradio chooses its language before any `head` of ours is there.

And keeps the page, compressed: it is the same for all who come by one address, Gradio takes 0.3 s of processor time to
write it, and with its settings of a thousand components it has 4.3 MB, of 4.9 MB that a visit takes.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from tabs.page.language import COOKIE, locales

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FIRST = Path(__file__).parent / "first.js"
LASTING = Path(__file__).parents[1] / "connection" / "lasting.js"
LEVEL = 4  # of gzip: 45 ms for what is a fifth then; 6 takes twice that for a twentieth less
ADDRESSES = 4  # whose pages are kept: that of the machine, of the network, of a share link, and one more
OWN = (b"deep_link", b"all_endpoints")  # of a query: the page of one who asks so is nobody else's
NAMING = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")  # the page's address, which is in it


def script() -> bytes:
    """first.js with what it needs to know, and lasting.js, as a <script>."""
    known = f"const LOCALES = {json.dumps(locales())}, COOKIE = {json.dumps(COOKIE)};"
    return f"<script>{{\n{known}\n{FIRST.read_text('utf-8')}}}\n{LASTING.read_text('utf-8')}</script>".encode()


class Page(NamedTuple):
    """An answer of Gradio's with the script in it."""

    status: int
    headers: dict[str, str]  # but the length
    zipped: bytes

    def answer(self, may_be_zipped: bool) -> Response:
        """As it is sent."""
        headers = {**self.headers, "vary": "Accept-Encoding"}
        if may_be_zipped:
            return Response(self.zipped, self.status, {**headers, "content-encoding": "gzip"})
        return Response(gzip.decompress(self.zipped), self.status, headers)

    def is_for_all(self) -> bool:
        """Whether another visitor may get it too."""
        return self.status == 200 and "set-cookie" not in self.headers


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
        may_be_zipped = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        await page.answer(may_be_zipped)(scope, receive, send)

    async def _made(self, scope: Scope, receive: Receive) -> Page:
        """What Gradio answers, gathered."""
        start: Message = {}
        body = bytearray()

        async def gather(message: Message) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))

        await self.app(scope, receive, gather)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        headers.pop("content-length", None)
        whole = bytes(body).replace(b"<head>", b"<head>" + self.script, 1)
        return Page(start["status"], headers, gzip.compress(whole, LEVEL, mtime=0))


def _path(scope: Scope) -> str:
    return scope["path"].removeprefix(scope.get("root_path", ""))


def _address(scope: Scope) -> tuple[object, ...]:
    """All that the page's own address is read from, by Gradio as well."""
    headers = dict(scope["headers"])
    return (scope["scheme"], scope["path"], scope.get("root_path", ""), *(headers.get(name) for name in NAMING))
