"""A text server on this machine that answers as a test says: right, wrong, half, or never."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

Answer = Callable[["Handler", dict[str, Any]], None]
NAME = "tiny"


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps what was asked, and lets the server's `answer` answer."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {}, dict(self.headers)))
        self.server.lists(self, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, dict(self.headers)))
        self.server.answer(self, body)

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """An answer in one piece."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, chunks: Sequence[Any] = (), done: bool = True) -> None:
        """Server-sent events: `chunks` as JSON, bytes as they are; without `done` the connection is cut after them."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.send(chunk)
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def send(self, chunk: Any) -> None:
        """One event."""
        data = chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode()
        self.wfile.write(b"data: " + data + b"\n\n")
        self.wfile.flush()


class Server(http.server.ThreadingHTTPServer):
    """`asked` is (path, body, headers) of each request."""

    daemon_threads = True

    def __init__(self, answer: Answer, lists: Answer | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.lists, self.asked = answer, lists or listing(NAME), []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """A client may leave at any time."""

    def posts(self) -> list[dict[str, Any]]:
        """The bodies of what was asked to be written."""
        return [body for _, body, _ in self.asked if body]


@contextmanager
def text_server(answer: Answer, lists: Answer | None = None) -> Iterator[Server]:
    """A server that answers so, for as long as the block lasts."""
    server = Server(answer, lists)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def listing(*names: str) -> Answer:
    """Tells what models there are."""
    body = json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode()
    return lambda handler, _: handler.reply(200, body)


def said(text: str | None, end: str | None = None, logprobs: Any = None) -> dict[str, Any]:
    """A chunk of a chat's answer."""
    return {"choices": [{"delta": {"content": text}, "finish_reason": end, "logprobs": logprobs}]}


def written(text: str, end: str | None = None, logprobs: Any = None) -> dict[str, Any]:
    """A chunk of a text that is written on."""
    return {"choices": [{"text": text, "finish_reason": end, "logprobs": logprobs}]}


def told(token: str, logprob: float, *others: tuple[str, float], data: bytes | None = None) -> dict[str, Any]:
    """A token with its probabilities, in the form of chats."""
    best = [{"token": name, "logprob": log} for name, log in others]
    return {"token": token, "logprob": logprob, "bytes": list(data or token.encode()), "top_logprobs": best}
