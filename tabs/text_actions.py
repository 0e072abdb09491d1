"""What a person or a script can do with language models: the handlers behind the tab and its endpoints."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from engines.events import Answer, Download, Events, Note, Perplexity, Progress, Token
from engines.messages import Message
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import chat, continue_text, perplexity
from engines.text_generation.models import Models
from tabs.polite import polite
from tabs.tokens import note_line, token_line

# Handlers that write: many at once.
WRITING: dict[str, Any] = {
    "concurrency_limit": 16,
    "concurrency_id": "writing",
    "show_progress": "hidden",
    "api_visibility": "private",
}
PACE = 0.1  # seconds between updates of the page: a reader sees no more
ENDINGS = {
    "length": Message("Max new tokens reached"),
    "context": Message("the context is full"),
    "stopped": Message("stopped"),
}


@dataclass
class Writing:
    """A text as far as it is written: what a view shows."""

    text: str = ""
    lines: str = ""  # the token view's value
    note: Message | None = None
    answer: Answer | None = None
    words: list[str] = field(default_factory=list)

    def take(self, event: Any) -> None:
        """Fold one event in."""
        match event:
            case Token():
                self.words.append(event.text)
                self.text = "".join(self.words)
                self.lines += token_line(event)
            case Answer():
                self.answer, self.text = event, event.text
                self.lines += note_line(describe(event))
            case Perplexity():
                self.lines += "".join(map(token_line, event.tokens))
                self.lines += note_line(describe_perplexity(event))
            case Note(message):
                self._say(message)
            case Download(message, done, total):
                megabytes = Message("{what}: {done} MB", what=message, done=f"{done / 1e6:.0f}")
                if total:
                    megabytes = Message(
                        "{what}: {done} of {total} MB",
                        what=message,
                        done=f"{done / 1e6:.0f}",
                        total=f"{total / 1e6:.0f}",
                    )
                self._say(megabytes, done / total if total else None)
            case Progress(step, total):
                self._say(self.note, step / max(1, total))

    def _say(self, message: Message | None, share: float | None = None) -> None:
        self.note = message
        self.lines += note_line(message, share)


class TextActions:
    """Actions on the language models of this app; each raises gr.Error with one sentence."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self._stops: dict[tuple[str, str], threading.Event] = {}

    def stop(self, owner: str, panel: str) -> None:
        """End what this visitor's panel computes, if anything."""
        flag = self._stops.get((owner, panel))
        if flag:
            flag.set()

    def stream(self, events: Events, owner: str, panel: str) -> Iterator[Writing]:
        """Drive an engine and yield the text as it grows, about ten times a second; a new one stops the old."""
        self.stop(owner, panel)
        flag = self._stops[owner, panel] = threading.Event()
        writing, shown = Writing(), 0.0
        try:
            reply = None
            while True:
                writing.take(events.send(reply))
                reply = flag.is_set()
                if time.monotonic() - shown >= PACE:
                    yield writing
                    shown = time.monotonic()
        except StopIteration:
            yield writing
        finally:
            events.close()  # also when the page was closed: the computation ends with it
            if self._stops.get((owner, panel)) is flag:
                del self._stops[owner, panel]

    # --- for scripts -------------------------------------------------------------------------------------

    def api_chat(
        self,
        messages: list[dict[str, str]],
        system: str = "",
        settings: dict[str, Any] | None = None,
        request: gr.Request = None,
    ) -> Iterator[str]:
        """Answer a chat: messages like [{"role": "user", "content": "Hello"}]; streams the answer as it grows.

        settings are fields of TextConfig, such as {"temperature": 0.3, "seed": 1, "max_new_tokens": 50}.
        """
        with polite(request):
            config = TextConfig.from_dict(settings or {})
            yield from self._texts(chat(self.models, config, messages, system))

    def api_continue(
        self, text: str, settings: dict[str, Any] | None = None, request: gr.Request = None
    ) -> Iterator[str]:
        """Write on from a text as a base model does; streams what is added as it grows."""
        with polite(request):
            yield from self._texts(continue_text(self.models, TextConfig.from_dict(settings or {}), text))

    def api_perplexity(self, text: str, model: str = TextConfig.model, request: gr.Request = None) -> dict[str, Any]:
        """How likely the model finds a text: {"perplexity", "tokens"}; lower is likelier."""
        with polite(request):
            events = list(perplexity(self.models, TextConfig(model=model), text))
            result = next(event for event in events if isinstance(event, Perplexity))
            return {"perplexity": result.value, "tokens": len(result.tokens)}

    def _texts(self, events: Events) -> Iterator[str]:
        for writing in self.stream(events, str(time.monotonic_ns()), "api"):
            yield writing.text


def describe(answer: Answer) -> Message:
    """Tokens, speed and time to the first token, as shown under an answer."""
    numbers = Message(
        "{count} tokens · {rate} tokens/s · first after {wait} s · seed {seed}",
        count=answer.new_tokens,
        rate=f"{answer.tokens_per_second:.1f}",
        wait=f"{answer.seconds_to_first:.2f}",
        seed=answer.seed,
    )
    if answer.ended in ENDINGS:
        return Message("{numbers} · {ending}", numbers=numbers, ending=ENDINGS[answer.ended])
    return numbers


def describe_perplexity(result: Perplexity) -> Message:
    """The result of a measurement in words."""
    return Message(
        "Perplexity {value} over {count} tokens: as unsure as a choice among {choices} equally likely words.",
        value=f"{result.value:.1f}",
        count=len(result.tokens),
        choices=f"{result.value:.0f}",
    )
