"""What a person may set about a generated text, and the limits on what may be asked. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.catalog import DEFAULT_MODEL, MODELS, ModelCard
from engines.knobs import Config, check_whole, knob, seed_knob
from engines.messages import ConfigError, EngineError

MAX_CHARACTERS = 200_000  # of all texts of a request together
MAX_MESSAGES = 500
ROLES = ("system", "user", "assistant")
SERVED = "server:"  # begins the ids of models that a text server has
RUN = "run:"  # of those that visitors trained here; the run's id follows


@dataclass(frozen=True)
class TextConfig(Config):
    """Settings of one generated text."""

    model: str = knob(DEFAULT_MODEL, "Model", "Which language model writes.", max_length=200, more=True)
    temperature: float = knob(
        0.7,
        "Temperature",
        "How much chance has a say: below 1 the likely words win more often, above 1 the unlikely ones do.",
        low=0.05,
        high=2.0,
        step=0.05,
    )
    top_p: float = knob(
        0.9,
        "Top-p",
        "Chooses among the likeliest tokens that together have this probability; 1 is all.",
        low=0.05,
        high=1.0,
        step=0.05,
    )
    max_new_tokens: int = knob(
        256, "Max new tokens", "Ends the answer after so many tokens.", low=1, high=2048, step=1
    )
    greedy: bool = knob(
        False, "Greedy", "Always takes the likeliest token: the same text every time, whatever the seed.", more=True
    )
    top_k: int = knob(
        0, "Top-k", "Chooses among so many of the likeliest tokens; 0 is all.", low=0, high=1000, step=1, more=True
    )
    min_p: float = knob(
        0.0,
        "Min-p",
        "Leaves out tokens less likely than this share of the likeliest one's probability; 0 leaves out none.",
        low=0.0,
        high=1.0,
        step=0.01,
        more=True,
    )
    repetition_penalty: float = knob(
        1.1,
        "Repetition penalty",
        "Makes tokens that are in the text already less likely; 1 does not.",
        low=1.0,
        high=2.0,
        step=0.05,
        more=True,
    )
    seed: int = seed_knob()


class TooLongError(EngineError):
    """The prompt does not fit the model's context; `over` says by how many tokens."""

    def __init__(self, tokens: int, context: int) -> None:
        self.over = tokens - context
        super().__init__(
            "The text has {tokens} tokens, {over} more than this model can read at once ({context}). Shorten it.",
            tokens=tokens,
            over=self.over,
            context=context,
        )


def find_model(model_id: str, allow_any: bool = False) -> ModelCard:
    """The card of a catalog id, or with `allow_any` of a hub id "owner/name"; ConfigError if there is none."""
    if model_id in MODELS:
        return MODELS[model_id]
    parts = model_id.split("/")
    if len(parts) == 2 and all(part and part.strip(".").replace("-", "").replace("_", "") for part in parts):
        if allow_any:
            return ModelCard(model_id, model_id, model_id, 0, "chat", 8192, "see the hub")
        raise ConfigError(
            "This app offers only the models of its catalog: {known}. Its owner can start it with --allow-any-model.",
            known=", ".join(MODELS),
        )
    raise ConfigError(
        "There is no model called {name}; there are {known}.", name=repr(model_id), known=", ".join(MODELS)
    )


def check_text(text: Any) -> str:
    """`text` if it is one, not empty and not longer than MAX_CHARACTERS, else ConfigError."""
    if not isinstance(text, str) or not text.strip():
        raise ConfigError("Write something first.")
    _check_characters(text)
    return text


def check_messages(messages: Any, system: str = "") -> list[dict[str, str]]:
    """The chat as [{"role", "content"}], `system` first unless empty; ConfigError if it is not such a chat.

    A chat alternates between user and assistant and ends with user.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str) or len(messages) > MAX_MESSAGES:
        raise ConfigError("A chat is a list of at most {most} messages.", most=MAX_MESSAGES)
    if not isinstance(system, str):
        raise ConfigError("The system prompt must be a text.")
    chat = [{"role": "system", "content": system}] if system else []
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") not in ROLES:
            raise ConfigError("Each message needs a role: {roles}.", roles=", ".join(ROLES))
        if not isinstance(message.get("content"), str):
            raise ConfigError("Each message needs a text as its content.")
        chat.append({"role": message["role"], "content": message["content"]})
    _check_characters("".join(message["content"] for message in chat))
    if not chat or chat[-1]["role"] != "user" or not chat[-1]["content"].strip():
        raise ConfigError("Write something first.")
    return chat


def _check_characters(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            "The text has {count} characters; at most {most} are allowed.",
            count=len(text),
            most=MAX_CHARACTERS,
        )
    check_whole(text)
