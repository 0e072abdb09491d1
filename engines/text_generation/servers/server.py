"""A text server as models of the text tab: generators of the same events as those of the models on this machine.

It computes elsewhere, so these run in whatever process asks. Only the owner of this program names the server.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

from engines.catalog import ModelCard
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Answer, Events, Note
from engines.text_generation.config import SERVED, TextConfig
from engines.text_generation.servers.connection import Address, Exchange, broken_off
from engines.text_generation.servers.reading import (
    ALTERNATIVES,
    Answering,
    measured,
    reason_of,
    refused,
    untold,
    web_page,
)

LIST_SECONDS = 3.0  # within which a server must say what models it has
LISTED_SECONDS = 30.0  # for which that holds
MODELS_OF_A_SERVER = 50
LONGEST_NAME = 150  # characters
CONTEXT = 2**20  # tokens; only the server knows
USAGE_SECONDS = 2.0  # that a server has to count its tokens, once its text has ended
MOST_ECHOED = 2**24  # bytes of an answer that repeats a text with its probabilities
READING = Note(Message("Reading the text"))
WAITING = Note(Message("Waiting for the text server"))
THINKING = Note(Message("The model is thinking; its answer comes after that"))
NOTE = Message("Computes on the text server that this program's owner named.")
# What an answer says of a server that tells or takes less than others.
SILENT = Message("this server tells no probabilities")
PLAIN = Message("this server takes only Temperature, Top-p and Max new tokens, and tells no probabilities")
ENDS = {"length": "length"}  # why a text ended -> the same in an Answer; anything else the model ended


class TextServer:
    """A server that speaks OpenAI's protocol; for any number of threads."""

    def __init__(self, url: str, key: str = "") -> None:
        """`url` is where its API begins, such as http://localhost:8000/v1; ConfigError if it can be none."""
        self._address = Address.of(url, key)
        self._lock = threading.Lock()
        self._listed: tuple[float, tuple[str, ...] | EngineError] | None = None
        self._plain: set[str] = set()  # paths at which it takes no more than is in the protocol's core

    # --- what it has -----------------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """The names of its models, asked for at most every LISTED_SECONDS; EngineError if it does not tell."""
        with self._lock:
            if self._listed is None or time.monotonic() - self._listed[0] > LISTED_SECONDS:
                try:
                    found: tuple[str, ...] | EngineError = self._ask()
                except EngineError as problem:
                    found = problem
                self._listed = time.monotonic(), found
            names = self._listed[1]
        if isinstance(names, EngineError):
            raise EngineError(names.message.template, **names.message.values)
        return names

    def card(self, model_id: str) -> ModelCard:
        """The card of its model; ConfigError if it has none of that name, EngineError if it does not tell."""
        name = model_id.removeprefix(SERVED)
        if name not in (names := self.names()):
            raise ConfigError(
                "There is no model called {name}; there are {known}.", name=repr(name), known=", ".join(names)
            )
        return ModelCard(model_id, name, "", 0, "chat", CONTEXT, "", note=NOTE)

    def _ask(self) -> tuple[str, ...]:
        exchange, body, end = Exchange(self._address, "/models", silence=LIST_SECONDS), b"", None
        until = time.monotonic() + LIST_SECONDS
        try:
            status = None
            while end != b"" and time.monotonic() < until:
                if (end := exchange.next()) is None:
                    continue
                if status is None:
                    status = end
                else:
                    body += end
        finally:
            exchange.close()
        if end != b"":
            raise EngineError("The text server does not say in time what models it has.")
        if status != 200:
            raise refusal(status, body)
        return _names(body)

    # --- what it writes --------------------------------------------------------------------------------------

    def chat(self, config: TextConfig, turns: Sequence[dict[str, str]], begun: str = "") -> Events:
        """As engine.chat, of turns that are checked."""
        prompt: dict[str, Any] = {"messages": [*turns]}
        more: dict[str, Any] = {"logprobs": True, "top_logprobs": ALTERNATIVES}
        if begun:
            prompt["messages"].append({"role": "assistant", "content": begun})
            more |= {"continue_final_message": True, "add_generation_prompt": False}
        return self._write(config.with_seed(), "/chat/completions", prompt, more)

    def continue_text(self, config: TextConfig, text: str) -> Events:
        """As engine.continue_text, of a text that is checked."""
        return self._write(config.with_seed(), "/completions", {"prompt": text}, {"logprobs": ALTERNATIVES})

    def perplexity(self, config: TextConfig, text: str) -> Events:
        """As engine.perplexity, of a text that is checked: of servers that repeat a text with its probabilities.

        EngineError where this one does not.
        """
        self.card(config.model)
        body = {**_core(config), "prompt": text, "stream": False, "max_tokens": 1, "temperature": 0.0}
        asked = {**body, "echo": True, "logprobs": ALTERNATIVES}
        exchange = Exchange(self._address, "/completions", asked)
        try:
            status = yield from exchange.wait(READING)
            if status is None:
                return
            answer = yield from _body(exchange, MOST_ECHOED)
        finally:
            exchange.close()
        if status in (400, 422):
            raise untold()
        if status != 200:
            raise refusal(status, answer, "/completions")
        yield measured(answer, text)

    def _write(self, config: TextConfig, path: str, prompt: dict[str, Any], more: dict[str, Any]) -> Events:
        self.card(config.model)
        plain = {**prompt, **_core(config)}
        tries = [plain] if path in self._plain else [{**plain, **_beyond(config), **more}, plain]
        asked = time.monotonic()
        for body in tries:
            exchange = Exchange(self._address, path, body)
            try:
                status = yield from exchange.wait(WAITING)
                if status == 200:
                    yield from self._stream(exchange, config, asked, remark=body is plain)
                    return
                if status is None:
                    yield Answer("", 0, 0, time.monotonic() - asked, 0.0, "stopped", config.seed)
                    return
                problem = refusal(status, (yield from _body(exchange)), path)
            finally:
                exchange.close()
            if status not in (400, 422):
                raise problem
            self._plain.add(path)
        self._plain.discard(path)  # it was not that
        raise problem

    def _stream(self, exchange: Exchange, config: TextConfig, asked: float, remark: bool) -> Events:
        """The Tokens of an answer that has begun, and the Answer."""
        answering, texts, ended = Answering(), [], ""
        first = last = 0.0
        while not (answering.over or ended):
            line = yield from exchange.wait(THINKING if answering.thinking else WAITING)
            if line is None:
                ended = "stopped"
                break
            for token in answering.take(line):
                last = time.monotonic()
                first = first or last
                texts.append(token.text)
                if (yield token):
                    ended = "stopped"
            if answering.finish:
                _count(exchange, answering)
                ended = ended or ENDS.get(answering.finish, "end")
        exchange.close()
        if not ended:
            raise broken_off()
        for token in answering.end():
            texts.append(token.text)
            yield token
        count = answering.new_tokens or len(texts)
        pace = (count - 1) / (last - first) if count > 1 and last > first else 0.0
        wait = (first or time.monotonic()) - asked
        note = PLAIN if remark else SILENT if texts and not answering.told else None
        yield Answer("".join(texts), answering.prompt_tokens, count, wait, pace, ended, config.seed, note)


def refusal(status: int, body: bytes, path: str = "") -> EngineError:
    """Why a server gives no answer, by its status and what it says."""
    if 300 <= status < 400:
        return EngineError("The text server sends elsewhere; the program is to be given that address itself.")
    if status in (401, 403):
        return EngineError("The text server asks for a key: its owner sets AIGC_TEXT_SERVER_KEY.")
    try:
        reason = reason_of(json.loads(body))
    except ValueError:
        reason = ""
    if status == 404 and not reason:
        return web_page() if body.lstrip().startswith(b"<") else _unknown(path)
    if status in (404, 405, 501) and path == "/completions":
        return _unknown(path)
    return refused(f"{reason} ({status})".strip())


def _unknown(path: str) -> EngineError:
    if path == "/completions":
        return EngineError("This text server can only chat, not write on from a text.")
    return EngineError("There is no such API at the text server's address, which must end where it begins, as in /v1.")


def _core(config: TextConfig) -> dict[str, Any]:
    """What every server takes."""
    return {
        "model": config.model.removeprefix(SERVED),
        "stream": True,
        "temperature": 0.0 if config.greedy else config.temperature,
        "top_p": 1.0 if config.greedy else config.top_p,
        "max_tokens": config.max_new_tokens,
    }


def _beyond(config: TextConfig) -> dict[str, Any]:
    """What most servers take, under the names that they have for it."""
    penalty = config.repetition_penalty
    beyond = {"seed": config.seed, "stream_options": {"include_usage": True}}
    if config.top_k:
        beyond["top_k"] = config.top_k
    if config.min_p:
        beyond["min_p"] = config.min_p
    return beyond if penalty == 1 else {**beyond, "repetition_penalty": penalty, "repeat_penalty": penalty}


def _names(body: bytes) -> tuple[str, ...]:
    """The models in a server's list; EngineError if it is none."""
    try:
        names = [entry["id"] for entry in json.loads(body)["data"]]
    except (ValueError, TypeError, KeyError) as problem:
        raise (web_page() if body.lstrip().startswith(b"<") else _unknown("")) from problem
    usable = [name for name in names if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()]
    if not usable:
        raise EngineError("The text server has no model.")
    return tuple(dict.fromkeys(usable))[:MODELS_OF_A_SERVER]


def _body(exchange: Exchange, most: int = 2**16) -> Events:
    """Returns the rest of an answer that is no stream, as far as it comes, about `most` bytes of it."""
    lines, size = [], 0
    while (line := (yield from exchange.wait(WAITING))) and size < most:
        lines.append(line)
        size += len(line)
    return b"".join(lines)


def _count(exchange: Exchange, answering: Answering) -> None:
    """Wait a moment for the number of tokens, which a server tells after the last of them."""
    until = time.monotonic() + USAGE_SECONDS
    try:
        while not answering.over and time.monotonic() < until:
            if (line := exchange.next()) is not None:
                answering.take(line)
    except EngineError:
        answering.over = True
