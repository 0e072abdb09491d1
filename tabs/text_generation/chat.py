"""The Chat panel: a conversation that streams, can be retried, edited and undone, and survives a reload."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from engines.catalog import DEFAULT_MODEL, MODELS, ModelCard
from engines.messages import Message
from engines.text_generation.config import ROLES, TooLongError
from engines.text_generation.engine import chat
from tabs.page.component import component
from tabs.page.forms import Form
from tabs.page.language import ENGLISH, language_of, t, translate
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK
from tabs.page.tokens.view import token_view
from tabs.text_generation.actions import WRITING, TextActions, Writing, describe, start_and_stop
from tabs.text_generation.offer import CONTINUES

HERE = Path(__file__).parent
Turns = list[dict[str, Any]]  # role, content; of an answer "about", its numbers, and whether it was "cut"
# The chat that this tab of the browser keeps, see chat.js.
RECALL = "(_, model) => [sessionStorage.getItem('aigc-playground-chat') ?? '', model]"
EXAMPLES = (
    Message("Write a haiku about the sea."),
    Message("Explain what a neural network is."),
    Message("Give me three names for a cat."),
)


class ChatPanel:
    """Its components, and the handlers that update them. The page holds the chat and hands it over as a `scene`."""

    def __init__(self, actions: TextActions) -> None:
        self.actions = actions
        self.chatbot = component("text-chat", HERE / "chat", value=scene([], **invitation(MODELS[DEFAULT_MODEL])))
        self.message = gr.Textbox(
            label=t("Your message"), placeholder=t("Your message: Enter sends it, Shift+Enter begins a line"),
            show_label=False, lines=1, max_lines=8, elem_id="text-message",
        )  # fmt: skip
        self.hint = gr.Markdown(visible=False, elem_id="text-chat-hint", elem_classes="hint")
        with gr.Row(elem_classes="controls"):
            self.send, self.stop = start_and_stop("text-chat", t("Send"))
            self.clear = gr.Button(t("New chat"), elem_id="text-clear", min_width=90)
            self.cut = gr.Button(t("Cut the oldest turns and send"), elem_id="text-cut", min_width=260)
        controls = {"start": "text-chat-start", "stop": "text-chat-stop"}
        self.inside = token_view("text-inside", controls, Message("Look inside: the answer token by token"))

    def wire(self, form: Form, system: gr.Textbox, arrived: gr.events.Dependency) -> None:
        """Connect events to handlers; `form` and `system` are the settings beside the panel."""
        self.form = form
        outputs = [self.chatbot, self.inside, self.message]
        inputs = [self.chatbot, system, self.message, *form.widgets]
        gr.on([self.send.click, self.message.submit], self.answer, inputs, outputs, **WRITING)
        self.cut.click(self.answer_cut, inputs, outputs, **WRITING)
        for event, handler in (("retry", self.retry), ("edit", self.edit), ("submit", self.go_on)):
            getattr(self.chatbot, event)(handler, inputs, outputs, **WRITING)
        self.chatbot.example_select(self.example, inputs, outputs, **WRITING)
        self.stop.click(self.actions.stopper("chat"), None, None, **QUICK)
        self.chatbot.undo(self.undo, self.chatbot, outputs, **QUICK)
        self.clear.click(self.new_chat, self.chatbot, outputs, **QUICK)
        settled = [self.chatbot, form["model"]]
        arrived.then(self.show_kept, settled, [self.chatbot, self.message], js=RECALL, **QUICK)
        form["model"].input(self.invite, settled, self.chatbot, **QUICK)
        typed = [form["model"], self.message]
        self.message.change(self.show_hint, typed, self.hint, **FOLLOW)
        form["model"].input(self.show_hint, typed, self.hint, **QUICK)

    # --- what the visitor sees ------------------------------------------------------------------------------

    def invite(self, value: str, model: str, request: gr.Request) -> str:
        """The chat, and what stands there while it is empty, in the visitor's language."""
        return scene(turns_of(value), **self._invitation(model, request))

    def show_kept(self, value: str, model: str, request: gr.Request) -> tuple[str, Any]:
        """The chat that this tab kept; a message without an answer goes back into the box."""
        turns, message = turns_of(value), gr.skip()
        if turns and turns[-1]["role"] == "user":
            turns, message = turns[:-1], turns[-1]["content"]
        return scene(turns, **self._invitation(model, request)), message

    def _invitation(self, model: str, request: gr.Request) -> dict[str, Any]:
        card = self.actions.offer.known(model)
        return invitation(card, language_of(request)) if card else {}

    def show_hint(self, model: str, message: str, request: gr.Request) -> dict[str, Any]:
        """What to know before the message is sent."""
        return self.actions.offer.hint(model, message, request, chat=True)

    def undo(self, value: str, data: gr.UndoData, request: gr.Request) -> tuple:
        """Take the message back into the box."""
        turns = turns_of(value)
        left, message = turns[: data.index], turns[data.index]["content"]
        return self.actions.end(request, "chat", (scene(left), "", message))

    def new_chat(self, value: str, request: gr.Request) -> tuple:
        """Begin anew; the page can bring back what was said before."""
        new = scene([], before=turns_of(value))
        return self.actions.end(request, "chat", (new, "", gr.skip()))

    def answer(self, value: str, system: str, message: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Send a message."""
        turns = turns_of(value)
        yield from self._talk(turns, [*turns, user(message)], system, request, values)

    def retry(
        self, value: str, system: str, _: str, data: gr.RetryData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer the same message anew."""
        turns = turns_of(value)
        yield from self._talk(turns, turns[: data.index + 1], system, request, values)

    def edit(
        self, value: str, system: str, _: str, data: gr.EditData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer an edited message; what came after it is dropped."""
        turns = turns_of(value)
        yield from self._talk(turns, [*turns[: data.index], user(data.value)], system, request, values)

    def go_on(
        self, value: str, system: str, _: str, data: gr.EventData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Write on an answer that Max new tokens cut."""
        turns = turns_of(value)
        asked, begun = turns[: data.index], turns[data.index]["content"]
        yield from self._talk(turns, asked, system, request, values, begun)

    def example(
        self, value: str, system: str, _: str, data: gr.SelectData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send an example."""
        turns = turns_of(value)
        yield from self._talk(turns, [*turns, user(data.value["text"])], system, request, values)

    def answer_cut(self, value: str, system: str, message: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Send a message after dropping as many of the oldest turns as the context asks for."""
        turns = turns_of(value)
        try:
            with polite(request):
                asked = [*plain(turns), user(message)]
                rest = self.actions.cut_oldest(self.form.read(values), asked, system)
        except gr.Error as problem:
            yield scene(turns, trouble=problem.message), *[gr.skip()] * 2
            return
        left = turns[len(turns) + 1 - len(rest) :]
        yield from self._talk(turns, [*left, user(message)], system, request, values)

    def _talk(
        self, turns: Turns, asked: Turns, system: str, request: gr.Request, values: tuple[Any, ...], begun: str = ""
    ) -> Iterator[tuple]:
        """(chat, tokens, message box) as the answer to `asked` grows, from what is `begun` of it.

        Without an answer all is as before: the chat is `turns`, and a new message is back in its box. What went
        wrong stands below the chat.
        """
        said, rest, over = turns, [gr.skip()] * 2, []
        try:
            with polite(request):
                for said, *rest in self._write(turns, asked, system, request, values, begun, over):
                    yield said if isinstance(said, str) else scene(said), *rest
        except gr.Error as problem:
            # the rest once more, since a page passes over what comes too fast
            yield scene(said, trouble=problem.message, over=bool(over and turns)), *rest

    def _write(
        self, turns: Turns, asked: Turns, system: str, request: gr.Request, values: tuple[Any, ...], begun: str,
        over: list[Exception],
    ) -> Iterator[tuple]:  # fmt: skip
        """As `_talk`, with turns in place of scenes; `over` gets the error of a new message that makes it too long.

        The box is emptied only once: a person types on meanwhile.
        """
        new = all(asked[-1] is not turn for turn in turns)
        box = "" if new else gr.skip()
        config = self.actions.admit(self.form.read(values), request)
        events = self.actions.events(chat, config, plain(asked), system, begun)
        try:
            for writing in self.actions.stream(events, request, "chat"):
                if writing.instead:
                    yield writing.instead
                    return
                nothing = not writing.text and (not writing.answer or writing.answer.ended == "stopped")
                said = asked if nothing and not begun else [*asked, reply(writing, request, begun)]
                if writing.ended and nothing:
                    said, box = turns, asked[-1]["content"] if new else gr.skip()
                yield said, writing.lines, box
                box = gr.skip()
        except TooLongError as problem:
            over += [problem] if new else []
            raise


def invitation(card: ModelCard, language: str = ENGLISH) -> dict[str, Any]:
    """Placeholder and examples of an empty chat; where the model knows English only, they are sent in English."""
    if card.kind != "chat":
        return {"placeholder": translate(Message(CONTINUES, model=card.title), language), "examples": []}
    hello = translate(Message("Say hello, or try one of these."), language)
    if language != ENGLISH and card.english_only:
        hint = "{model} knows English only, so these are sent in English. For a chat in Chinese choose a Qwen model."
        hello += "\n\n" + translate(Message(hint, model=card.title), language)
    examples = [
        {
            "text": translate(text, ENGLISH if card.english_only else language),
            "display_text": translate(text, language),
        }
        for text in EXAMPLES
    ]
    return {"placeholder": hello, "examples": examples}


def scene(turns: Turns, **more: Any) -> str:
    """What the page shows: the turns, and of "trouble", "over" (the oldest turns can be cut), "before",
    "placeholder" and "examples" what there is."""
    return json.dumps({"turns": turns, **more}).replace("<", "\\u003c")  # Gradio looks for tags in it


def turns_of(value: str | None) -> Turns:
    """The turns of a scene that the page hands over; none if it is damaged."""
    try:
        turns = json.loads(value or "{}").get("turns", [])
        return turns if all(turn["role"] in ROLES and isinstance(turn["content"], str) for turn in turns) else []
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def user(text: str) -> dict[str, str]:
    """A message of the person."""
    return {"role": "user", "content": text}


def reply(writing: Writing, request: gr.Request, begun: str = "") -> dict[str, Any]:
    """A message of the model, with its numbers once it is finished."""
    answer = writing.answer
    about = translate(describe(answer), language_of(request)) if answer else ""
    cut = bool(answer and answer.ended == "length")
    return {"role": "assistant", "content": begun + writing.text, "about": about, "cut": cut}


def plain(turns: Turns) -> Turns:
    """The turns as the engine takes them."""
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
