"""Writes text with a language model: generators from a TextConfig and a prompt to events.

`models` holds what is loaded and is shared by everyone; each call may run in a thread of its own. Many
generations are computed together, step by step (batcher.py).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engines.events import Answer, Events, Note, Perplexity, Token
from engines.messages import Message
from engines.text_generation.config import TextConfig, check_messages, check_text
from engines.text_generation.models import Models

if TYPE_CHECKING:
    from engines.text_generation.model import LanguageModel

PATIENCE = 0.25  # seconds without an event after which one is yielded, so that a stop is heard


def chat(models: Models, config: TextConfig, messages: Any, system: str = "") -> Events:
    """Answer the last message of a chat [{"role", "content"}].

    Yields Note and Download while loading, then Tokens, and an Answer at the end; told to stop, it ends the
    computation and still yields the Answer. Raises ConfigError for settings or messages that are not allowed,
    TooLongError (with `.over`) when the chat does not fit the model's context, else EngineError.
    """
    turns = check_messages(messages, system)
    yield from _generate(models, config, lambda model: model.encode_chat(turns))


def continue_text(models: Models, config: TextConfig, text: str) -> Events:
    """Write on from `text` as a base model does, without a chat template; else like `chat`."""
    check_text(text)
    yield from _generate(models, config, lambda model: model.encode(text))


def perplexity(models: Models, config: TextConfig, text: str) -> Events:
    """How likely the model finds `text`: yields Notes and one Perplexity."""


def cut_oldest(models: Models, config: TextConfig, messages: Any, system: str = "") -> list[dict[str, str]]:
    """`messages` without the oldest turns, so that they and Max new tokens fit the context; blocks."""
