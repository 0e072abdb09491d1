"""Answers that outlive the connection over which they are read; lasting.js is the page's side.

What a page asks Gradio to do is answered over one long response, `/queue/data`. Gradio ends the work when that
connection ends, as it does on a train, after a phone's sleep or behind a proxy that cuts long answers. Here the
response is kept apart from the connection: the program writes into it at its own pace, and the page comes back and
reads on where it was. A request that the page repeats, not knowing whether it arrived, is answered as the first time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse, Response, StreamingResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

STREAM, AFTER, ONCE = b"x-lasting-stream", b"x-lasting-after", b"x-lasting-once"  # headers, see lasting.js
LEAVE = "/lasting/leave"  # where a page says that it is closed
AWAY = 600.0  # seconds for which an answer waits for its page
BEAT = 5.0  # seconds of silence after which a sign of life is sent
REREAD = 4_000_000  # bytes kept of what was sent, since the page may not have got it
UNREAD = 32_000_000  # bytes that may wait for a page
WAITING = 200  # answers that may wait for their pages, and
WAITING_BYTES = 256_000_000  # their bytes
REPLIES = 2000  # requests remembered, so that none is carried out twice


class Answer:
    """One response of the program, in numbered parts; whoever reads it says from which part on."""

    def __init__(self, session: str) -> None:
        self.session = session
        self.parts: deque[bytes] = deque()
        self.first = 0  # the number of the first part that is kept
        self.read = 0  # parts before this one were sent
        self.size = 0  # bytes kept
        self.readers = 0
        self.left = 0.0  # when the last reader went
        self.ended = False
        self.task: asyncio.Task | None = None
        self._news = asyncio.Event()

    def begin(self, app: ASGIApp, scope: Scope) -> None:
        """Let the program write, in a task of its own."""
        self.task = asyncio.create_task(self._write(app, scope))

    async def _write(self, app: ASGIApp, scope: Scope) -> None:
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.Event().wait()  # it never hears of a cut
            raise AssertionError

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body" and message.get("body"):
                self._add(message["body"])

        try:
            await app(scope, receive, send)
        except Exception:
            log.info("an answer ended early", exc_info=True)  # the page has been told in the answer itself
        finally:
            self.ended = True
            self._tell()

    def _add(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)
        while self.size > REREAD and self.first < self.read:
            self._drop()
        if self.size > UNREAD:
            self.end()
        self._tell()

    def _drop(self) -> None:
        self.size -= len(self.parts.popleft())
        self.first += 1

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def end(self) -> None:
        """End the work that is answered here, and forget what is left."""
        if self.task and not self.ended:
            self.task.cancel()
        self.parts.clear()
        self.first, self.size = -1, 0

    def has(self, after: int) -> bool:
        """Whether there is, or will be, something to read for a page that has `after` parts."""
        written = self.first + len(self.parts)
        return 0 <= self.first <= after <= written and not (self.ended and after == written)

    async def follow(self, at: int) -> AsyncIterator[bytes]:
        """Yield the parts from number `at` on as they come, and signs of life."""
        self.readers += 1
        try:
            while self.has(at):
                news = self._news
                if at < self.first + len(self.parts):
                    yield self.parts[at - self.first]
                    at += 1
                    self.read = max(self.read, at)
                else:
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(news.wait(), BEAT)
                        continue
                    yield b": alive\n\n"
        finally:
            self.readers -= 1
            self.left = time.monotonic()


class Lasting:
    """ASGI middleware; all that has none of its headers goes through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.answers: dict[str, Answer] = {}  # by the name that the page gave, the oldest first
        self.replies: dict[str, asyncio.Future[list[Message]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        if scope["type"] == "http" and scope["path"].endswith(LEAVE):
            await _ended(self._leave(parse_qs(scope["query_string"].decode()).get("stream", [])))
            await Response()(scope, receive, send)
        elif STREAM in headers:
            await self._stream(headers, scope, receive, send)
        elif ONCE in headers:
            await self._once(headers[ONCE].decode(), scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _stream(self, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        name, after = headers[STREAM].decode(), int(headers.get(AFTER, b"0"))
        session = scope["query_string"].decode()
        answer = self.answers.get(name)
        if answer is None and after == 0:
            await self._replace(session)
            answer = self.answers[name] = Answer(session)
            answer.begin(self.app, scope)
        if answer is None or answer.session != session or not answer.has(after):
            await PlainTextResponse("gone", 410)(scope, receive, send)
            return
        try:
            unbuffered = {"cache-control": "no-store", "x-accel-buffering": "no"}
            reading = StreamingResponse(answer.follow(after), media_type="text/event-stream", headers=unbuffered)
            await reading(scope, receive, send)
        finally:
            asyncio.get_running_loop().call_later(AWAY, self._forget, name)
            self._make_room()

    async def _replace(self, session: str) -> None:
        """A page asks for a new answer only when it has the old one whole, or has given it up."""
        for name in [name for name, answer in self.answers.items() if answer.session == session]:
            old = self.answers.pop(name)
            await _ended([old])
            old.end()

    def _leave(self, names: Iterable[str]) -> list[Answer]:
        left = [answer for name in names if (answer := self.answers.pop(name, None))]
        for answer in left:
            answer.end()
        return left

    def _forget(self, name: str) -> None:
        answer = self.answers.get(name)
        if answer and not answer.readers and time.monotonic() - answer.left > AWAY - 1:
            self._leave([name])

    def _make_room(self) -> None:
        waiting = [name for name, answer in self.answers.items() if not answer.readers]
        while waiting and (len(waiting) > WAITING or sum(self.answers[name].size for name in waiting) > WAITING_BYTES):
            self._leave([waiting.pop(0)])

    async def _once(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry a request out when it has arrived whole, and only the first time."""
        body = await _whole(receive)
        if body is None:
            return
        reply = self.replies.get(key)
        if reply is None:
            reply = self.replies[key] = asyncio.ensure_future(_ask(self.app, scope, body))
        try:
            messages = await asyncio.shield(reply)
        except BaseException:
            self.replies.pop(key, None)
            raise
        if messages[0]["status"] != 200:
            self.replies.pop(key, None)
        while len(self.replies) > REPLIES:
            del self.replies[next(iter(self.replies))]
        for message in messages:
            await send(message)


async def _ended(answers: Iterable[Answer]) -> None:
    """Wait until the work that they answered has ended; what is asked for next must not be ended with it."""
    if tasks := [answer.task for answer in answers if answer.task and not answer.ended]:
        await asyncio.wait(tasks, timeout=1.0)


async def _whole(receive: Receive) -> bytes | None:
    """The body of a request; None if it was cut."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def _ask(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    """What the program answers to a request."""
    asked, messages = [{"type": "http.request", "body": body, "more_body": False}], []

    async def receive() -> Message:
        if asked:
            return asked.pop()
        await asyncio.Event().wait()
        raise AssertionError

    def send(message: Message) -> Awaitable[None]:
        messages.append(message)
        return asyncio.sleep(0)

    await app(scope, receive, send)
    return messages
