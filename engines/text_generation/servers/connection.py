"""One request to a text server, answered line by line: it can be left at any time, and no silence lasts for ever."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from engines.messages import ConfigError, EngineError
from engines.running.events import Event, Note

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 180.0  # without a byte: a long prompt on a small machine takes its time
BEAT = 0.25  # seconds without anything new after which a note is yielded, so that a stop is heard
LONGEST_LINE = 2**20  # bytes
LONGEST_ANSWER = 2**26
KEY = re.compile(r"[\x21-\x7e]{0,4096}")  # what a header can carry


@dataclass(frozen=True)
class Address:
    """Where a server's API begins, and the key that it asks for."""

    secure: bool
    host: str
    port: int | None
    path: str  # without a slash at its end
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str, key: str = "") -> Address:
        """From http://localhost:8000 or https://host/api/v1, where a missing path means /v1; ConfigError otherwise."""
        wrong = ConfigError(
            "The text server's address must be like http://localhost:8000/v1; it is {url}.", url=repr(url)[:120]
        )
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname, parts.port
        except ValueError as problem:
            raise wrong from problem
        if parts.username is not None or parts.password is not None:
            raise ConfigError("A text server's key does not belong into its address: set AIGC_TEXT_SERVER_KEY.")
        extra = parts.query or parts.fragment or not re.fullmatch(r"[!-~]*", parts.path)
        if parts.scheme not in ("http", "https") or not host or extra:
            raise wrong
        if not KEY.fullmatch(key):
            raise ConfigError("AIGC_TEXT_SERVER_KEY may have at most 4096 characters, and no blanks.")
        return cls(parts.scheme == "https", host, port, parts.path.rstrip("/") or "/v1", key)

    def open(self) -> HTTPConnection:
        """A connection that is not made yet."""
        if self.secure:
            context = ssl.create_default_context()
            return HTTPSConnection(self.host, self.port, timeout=CONNECT_SECONDS, context=context)
        return HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)


class Exchange:
    """A request on its way: first comes its status, then the lines of the answer as bytes, and b"" at the end."""

    def __init__(
        self, address: Address, path: str, body: Mapping[str, Any] | None = None, silence: float | None = None
    ) -> None:
        """POST `body` as JSON to the address's `path`, GET without; `silence`: seconds, SILENCE_SECONDS if None."""
        self._address, self._path = address, address.path + path
        self._body = None if body is None else json.dumps(body).encode()
        self._silence = SILENCE_SECONDS if silence is None else silence
        self._out: queue.SimpleQueue[int | bytes | EngineError] = queue.SimpleQueue()
        self._heard, self._left = time.monotonic(), False
        self._socket: socket.socket | None = None
        threading.Thread(target=self._work, name="text-server", daemon=True).start()

    def next(self, seconds: float = BEAT) -> int | bytes | None:
        """What comes next, None if nothing does in time; EngineError if it went wrong or the server is silent."""
        try:
            item = self._out.get(timeout=seconds)
        except queue.Empty:
            if time.monotonic() - self._heard > self._silence:
                raise EngineError(
                    "The text server has sent nothing for {seconds} s.", seconds=f"{self._silence:.0f}"
                ) from None
            return None
        self._heard = time.monotonic()
        if isinstance(item, EngineError):
            raise item
        return item

    def wait(self, note: Note) -> Generator[Event, bool, int | bytes | None]:
        """What comes next, yielding `note` until it is there; None if told to stop."""
        while (item := self.next()) is None:
            if (yield note):
                return None
        return item

    def close(self) -> None:
        """Leave: the server notices that nobody listens any more."""
        self._left = True
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    # --- in a thread of its own ------------------------------------------------------------------------------

    def _work(self) -> None:
        connection, begun = self._address.open(), False
        try:
            connection.connect()
            self._socket = connection.sock
            if self._left:
                return
            self._socket.settimeout(self._silence + CONNECT_SECONDS)
            connection.request("POST" if self._body else "GET", self._path, self._body, self._headers())
            with connection.getresponse() as response:
                self._out.put(response.status)
                begun, total = True, 0
                while not self._left and (line := response.readline(LONGEST_LINE)):
                    total += len(line)
                    if total > LONGEST_ANSWER:
                        raise HTTPException("it goes on without end")
                    self._out.put(line)
            self._out.put(b"")
        except Exception as problem:  # of the network, of HTTP, or of a socket that was left while it was read
            self._out.put(self._explained(problem, begun))
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        return {**headers, "Authorization": f"Bearer {self._address.key}"} if self._address.key else headers

    def _explained(self, problem: Exception, begun: bool) -> EngineError:
        if not self._left:
            log.warning("the text server at %s: %r", self._address, problem)
        if begun:
            return broken_off()
        reason = getattr(problem, "strerror", None) or ("timed out" if isinstance(problem, TimeoutError) else "")
        if not reason:
            return EngineError("The text server cannot be reached now, or it is none.")
        return EngineError("The text server cannot be reached now ({reason}).", reason=reason)


def broken_off() -> EngineError:
    """The error of an answer that has no end."""
    return EngineError("The text server broke off in the middle of its answer.")
