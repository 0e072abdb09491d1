"""What a person or a script can do with language models: the handlers behind the tab and its endpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from engines.messages import Message, PlaygroundError
from engines.running.events import Answer, Download, Events, Note, Perplexity, Progress, Token
from engines.running.runs import Runs
from engines.running.workers.pool import TEXT, Computer
from engines.text_generation.config import RUN, TextConfig
from engines.text_generation.engine import chat, continue_text, cut_oldest, perplexity
from engines.text_generation.models import Models, warm_up
from tabs.page.gate import Gate
from tabs.page.language import t
from tabs.page.polite import polite
from tabs.page.tokens.view import END_LINE, note_line, token_line
from tabs.text_generation.offer import Offer, suited
from tabs.text_generation.own_runs import OwnRuns

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
    ended: bool = False
    instead: tuple | None = None  # what the handler's outputs are to become, whatever was written

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
            case Note(message, share):
                self._say(message, share)
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

    def end(self, reason: Message | None) -> None:
        """Nothing more will come; `reason` stands there unless it is None."""
        if reason:
            self._say(reason)
        self.lines += END_LINE
        self.ended = True

    def _say(self, message: Message | None, share: float | None = None) -> None:
        self.note = message
        self.lines += note_line(message, share)


@dataclass(eq=False)
class Job:
    """What a panel computes."""

    stopped: bool = False  # the visitor wants it to end
    replaced: bool = False  # the panel computes something else by now
    instead: tuple | None = None  # see TextActions.end


class TextActions:
    """Actions on the language models of this app; each raises gr.Error with one sentence."""

    def __init__(self, models: Models, gate: Gate, computer: Computer, runs: Runs | None = None) -> None:
        """`runs` may have models that visitors trained."""
        self.models, self.gate, self._computer = models, gate, computer
        self._own = OwnRuns(runs)
        self.offer = Offer(models, self._own)
        self._jobs: dict[tuple[str, str], Job] = {}  # by page and panel

    def admit(self, config: TextConfig, request: gr.Request) -> TextConfig:
        """The config as it may run; ConfigError or EngineError if it may not."""
        return self.gate.admit(config, request.session_hash or "", request)

    def events(self, engine: Callable[..., Events], config: TextConfig, *args: Any) -> Events:
        """The events of one of the text engines, computed where texts are."""
        if self.models.serving(config.model):  # elsewhere: here it is only waited for
            return engine(self.models, config, *args)
        return self._computer.events(TEXT, engine, self._models_with(config.model), config, *args)

    def _models_with(self, model_id: str) -> Models:
        """The models, and if it is one the visitor's own of this id, its files written."""
        own = model_id.startswith(RUN)
        return self.models.with_own(self._own.ready(model_id)) if own else self.models

    def prepare(self) -> None:
        """Have the libraries of the default model loaded before somebody asks for it."""
        self._computer.call(TEXT, warm_up)

    def cut_oldest(self, config: TextConfig, messages: list[dict[str, str]], system: str) -> list[dict[str, str]]:
        """See the engine's cut_oldest."""
        if self.models.serving(config.model):
            return cut_oldest(self.models, config, messages, system)
        return self._computer.call(TEXT, cut_oldest, self._models_with(config.model), config, messages, system)

    @contextmanager
    def job(self, request: gr.Request, panel: str) -> Iterator[Job]:
        """What this panel of this page computes from now on, in place of what it computed before."""
        page = request.session_hash
        if before := self._jobs.get((page, panel)):
            before.replaced = True
        job = self._jobs[page, panel] = Job()
        try:
            yield job
        finally:
            if not job.replaced:
                self._jobs.pop((page, panel), None)

    def stopper(self, *panels: str) -> Callable[[gr.Request], None]:
        """A handler that ends what these panels compute, if anything."""

        def stop(request: gr.Request) -> None:
            for panel in panels:
                if job := self._jobs.get((request.session_hash, panel)):
                    job.stopped = True

        return stop

    def end(self, request: gr.Request, panel: str, outputs: tuple) -> tuple:
        """End what the panel computes and give its handler's outputs these values; returns a handler's outputs.

        It is the writing handler itself that gives them, if there is one: nothing it said before can come later.
        """
        job = self._jobs.get((request.session_hash, panel))
        if job is None:
            return outputs
        job.instead = outputs
        return tuple(gr.skip() for _ in outputs)

    def stream(self, events: Events, request: gr.Request, panel: str) -> Iterator[Writing]:
        """Drive an engine and yield the text as it grows, about ten times a second.

        What the same panel of the page wrote before ends, and says no more. An error stands in the last Writing;
        after `end` that has what is to be shown instead.
        """
        writing, shown, stop = Writing(), 0.0, None
        with self.job(request, panel) as job, closing(events):  # also when the page was closed: the computation ends
            try:
                while not job.replaced and not job.instead:
                    writing.take(events.send(stop))
                    stop = job.stopped
                    if time.monotonic() - shown >= PACE:
                        yield writing
                        shown = time.monotonic()
            except StopIteration:
                writing.end(ENDINGS["stopped"] if stop and not writing.answer else None)
                yield writing
            except Exception as problem:
                writing.end(problem.message if isinstance(problem, PlaygroundError) else None)
                yield writing
                raise
            if job.instead:
                writing.instead = job.instead
                yield writing

    def answer(
        self, config: TextConfig, prompt: str, request: gr.Request, panel: str, as_chat: bool = True
    ) -> Iterator[str]:
        """Write what a prompt asks for and yield the token view's value; a base model writes on from the prompt."""
        config = self.admit(config, request)
        if as_chat and self.offer.card(config.model).kind == "chat":
            events = self.events(chat, config, [{"role": "user", "content": prompt}])
        else:
            events = self.events(continue_text, config, prompt)
        for writing in self.stream(events, request, panel):
            yield writing.lines

    # --- for scripts -------------------------------------------------------------------------------------

    def text_chat(
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
            config = self.admit(config_of(settings), request)
            yield from self._texts(self.events(chat, config, messages, system), request)

    def text_continue(
        self, text: str, settings: dict[str, Any] | None = None, request: gr.Request = None
    ) -> Iterator[str]:
        """Write on from a text as a base model does; streams what is added as it grows."""
        with polite(request):
            config = self.admit(config_of(settings), request)
            yield from self._texts(self.events(continue_text, config, text), request)

    def text_perplexity(self, text: str, model: str = TextConfig.model, request: gr.Request = None) -> dict[str, Any]:
        """How likely the model finds a text: {"perplexity", "tokens"}; lower is likelier."""
        with polite(request):
            config = self.admit(TextConfig(model=model), request)
            events = list(self.events(perplexity, config, text))
            result = next(event for event in events if isinstance(event, Perplexity))
            return {"perplexity": result.value, "tokens": len(result.tokens)}

    def _texts(self, events: Events, request: gr.Request) -> Iterator[str]:
        for writing in self.stream(events, request, f"api-{time.monotonic_ns()}"):
            yield writing.text


def config_of(settings: Any) -> TextConfig:
    """The checked config of a script's settings; what they leave out is as it suits the model. Raises ConfigError."""
    given = settings or {}
    return TextConfig.from_dict({**suited(given), **given} if isinstance(given, Mapping) else given)


def start_and_stop(prefix: str, main: Any) -> tuple[gr.Button, gr.Button]:
    """The two buttons of a panel that writes, with the element ids that its keys look for."""
    start = gr.Button(main, variant="primary", elem_id=f"{prefix}-start", min_width=90)
    return start, gr.Button(t("Stop"), elem_id=f"{prefix}-stop", min_width=90)


def describe(answer: Answer) -> Message:
    """Tokens, speed and time to the first token, as shown under an answer."""
    numbers = Message(
        "{count} tokens · {rate} tokens/s · first after {wait} s · seed {seed}",
        count=answer.new_tokens,
        rate=f"{answer.tokens_per_second:.1f}",
        wait=f"{answer.seconds_to_first:.2f}",
        seed=answer.seed,
    )
    for ending in (ENDINGS.get(answer.ended), answer.note):
        if ending:
            numbers = Message("{numbers} · {ending}", numbers=numbers, ending=ending)
    return numbers


def describe_perplexity(result: Perplexity) -> Message:
    """The result of a measurement in words."""
    return Message(
        "Perplexity {value} over {count} tokens: as unsure as a choice among {choices} equally likely words.",
        value=f"{result.value:.1f}",
        count=len(result.tokens),
        choices=f"{result.value:.0f}",
    )
