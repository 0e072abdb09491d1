"""Writes text with a language model: generators from a TextConfig and a prompt to events.

`models` holds what is loaded and is shared by everyone; each call may run in a thread of its own. All texts
of a model are written together, step by step (batcher.py).
"""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from engines.knobs import MAX_SEED
from engines.messages import ConfigError, Message
from engines.running.events import Answer, Events, Note, Perplexity, Progress
from engines.running.workers.zero_gpu import WRITING, on_gpu
from engines.text_generation.config import TextConfig, check_messages, check_text
from engines.text_generation.models import Loaded, Models

if TYPE_CHECKING:
    from engines.text_generation.model import LanguageModel
    from engines.text_generation.requests import Job, Request

BEAT = 0.25  # seconds without an event after which a note is yielded, so that a stop is heard


def chat(models: Models, config: TextConfig, messages: Any, system: str = "", begun: str = "") -> Events:
    """Answer the last message of a chat [{"role", "content"}]; the answer may be `begun`, and is then written on.

    Yields Note and Download until the model is loaded, then Tokens and one Answer. Told to stop, it ends the
    computation and still yields the Answer; so does closing it, without one. Raises ConfigError for settings
    or messages that are not allowed, TooLongError (see `cut_oldest`) when the chat does not fit the model's
    context, else EngineError.
    """
    turns = check_messages(messages, system)
    if server := models.serving(config.model):
        yield from server.chat(config, turns, begun)
        return
    yield from _generate(models, config, methodcaller("encode_chat", turns, begun))


def continue_text(models: Models, config: TextConfig, text: str) -> Events:
    """Write on from `text` as a base model does, without a chat template; else like `chat`."""
    check_text(text)
    if server := models.serving(config.model):
        yield from server.continue_text(config, text)
        return
    config = config.with_seed()
    yield from _generate(models, config, methodcaller("encode", text, config.seed))


def perplexity(models: Models, config: TextConfig, text: str) -> Events:
    """How likely the model finds `text`: yields Note, Progress and one Perplexity, unless told to stop.

    Errors are those of `continue_text`.
    """
    check_text(text)
    if server := models.serving(config.model):
        yield from server.perplexity(config, text)
        return
    yield from _measure(models, config, text)


def _fetch(models: Models, config: TextConfig, *_: Any) -> Events:
    return (yield from models.fetch(config.model))


@on_gpu(WRITING, ready=_fetch)
def _measure(models: Models, config: TextConfig, text: str) -> Events:
    loaded = yield from models.open(config.model)
    if loaded is None:
        return
    try:
        ids, unseen = loaded.model.encode_whole(text)
        if len(ids) < 2:
            raise ConfigError("The text is too short: a perplexity needs at least two tokens.")
        scores = yield from _score(loaded, ids)
        if scores is not None:
            yield _perplexity(loaded.model, ids, scores, unseen)
    finally:
        loaded.release()


def _score(loaded: Loaded, ids: list[int]) -> Events:
    """Returns what LanguageModel.score does, or None if told to stop."""
    job = loaded.batcher.work(loaded.model.score(ids))
    stop = yield Note(Message("Reading the text"))
    try:
        while not stop:
            result = _next(job)
            if isinstance(result, Exception):
                raise result
            if result is not None:
                return result
            stop = yield Progress(job.done, len(ids))
    finally:
        loaded.batcher.stop(job)
    return None


def _perplexity(model: LanguageModel, ids: list[int], scores: list[tuple], unseen: int) -> Perplexity:
    """The event from what LanguageModel.score returns, of the tokens after the `unseen` first ones."""
    speller, scores = model.speller(), scores[max(0, unseen - 1) :]
    tokens = [] if unseen else [speller.spell(ids[0], 1.0, ())]
    for token_id, (log_share, best, logs) in zip(ids[unseen or 1 :], scores, strict=True):
        alternatives = zip(best, map(math.exp, logs), strict=True)
        tokens.append(speller.spell(token_id, math.exp(log_share), alternatives))
    mean = sum(log_share for log_share, _, _ in scores) / len(scores)
    return Perplexity(math.exp(-mean), tuple(tokens))


def cut_oldest(models: Models, config: TextConfig, messages: Any, system: str = "") -> list[dict[str, str]]:
    """`messages` without the oldest turns, so that they and Max new tokens fit the context. Blocks.

    What is left begins with a message of the user. TooLongError if the last message alone is too long.
    """
    check_messages(messages, system)
    if models.serving(config.model):
        return [dict(message) for message in messages]  # only the server knows what fits
    loaded = _drain(models.open(config.model))
    try:
        model = loaded.model
        most = model.context - min(config.max_new_tokens, model.context // 2)
        starts = [i for i, message in enumerate(messages) if message["role"] == "user"]
        for start in starts[:-1]:
            if model.count_chat(check_messages(messages[start:], system)) <= most:
                break
        else:
            start = starts[-1]
            model.encode_chat(check_messages(messages[start:], system))  # may raise TooLongError
        return [dict(message) for message in messages[start:]]
    finally:
        loaded.release()


def _drain(events: Events) -> Any:
    """Run a generator to its end; its result."""

    def collect() -> Events:
        collected.append((yield from events))

    collected: list[Any] = []
    for _ in collect():
        pass
    return collected[0]


@on_gpu(WRITING, ready=_fetch)
def _generate(models: Models, config: TextConfig, encode: Callable[[LanguageModel], list[int]]) -> Events:
    loaded = yield from models.open(config.model)
    if loaded is None:
        return
    try:
        yield from _stream(loaded, config.with_seed(), encode(loaded.model))
    finally:
        loaded.release()


def _stream(loaded: Loaded, config: TextConfig, ids: list[int]) -> Events:
    """The Tokens and the Answer of one text."""
    batcher, model, speller = loaded.batcher, loaded.model, loaded.model.speller()
    request = batcher.submit(model.window(ids), config)
    asked, texts, written = request.asked, [], []
    first = last = 0.0
    try:
        while True:
            result = _next(request)
            if result is None:
                if (yield _waiting_note(loaded, request)):
                    batcher.stop(request)
                continue
            if isinstance(result, Exception):
                raise result
            if isinstance(result, str):
                left = config.max_new_tokens - len(written)
                if not (result == "context" and model.slides and left) or request.stopped:
                    break
                request = batcher.submit(model.window([*ids, *written]), _further(config, left))
                continue
            last = time.monotonic()
            first = first or last
            token = speller.spell(result.token_id, result.probability, result.alternatives)
            texts.append(token.text)
            written.append(result.token_id)
            if (yield token):
                batcher.stop(request)
    finally:
        batcher.stop(request)
    pace = (len(texts) - 1) / (last - first) if len(texts) > 1 else 0.0
    wait = (first or time.monotonic()) - asked
    yield Answer("".join(texts), len(ids), len(texts), wait, pace, result, config.seed)


def _further(config: TextConfig, left: int) -> TextConfig:
    """The settings of the rest of a text, whose chance is another than that of what is written."""
    return replace(config, max_new_tokens=left, seed=(config.seed + left) % MAX_SEED)


def _next(asked: Request | Job) -> Any:
    """The next result, or None if there is none within a beat."""
    try:
        return asked.out.get(timeout=BEAT)
    except queue.Empty:
        return None


def _waiting_note(loaded: Loaded, request: Request) -> Note:
    position = loaded.batcher.position(request)
    if position:
        return Note(Message("In line: place {position}", position=position))
    return Note(Message("Reading the prompt"))
