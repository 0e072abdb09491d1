"""The Chat panel: a conversation that streams, can be retried, edited and undone, and survives a reload."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from engines.catalog import DEFAULT_MODEL, MODELS
from engines.messages import Message
from engines.text_generation.config import TooLongError
from engines.text_generation.engine import chat, cut_oldest
from tabs.page.forms import Form
from tabs.page.language import ENGLISH, language_of, t, translate
from tabs.page.polite import polite
from tabs.page.shared import QUICK
from tabs.page.tokens.view import token_view
from tabs.text_generation.actions import WRITING, TextActions, Writing, describe, start_and_stop

Turns = list[dict[str, str]]  # role, content, and for an answer "about": its numbers in words
SAVE_SECONDS = 1.0  # between two savings of an answer that grows
EXAMPLES = (
    Message("Write a haiku about the sea."),
    Message("Explain what a neural network is."),
    Message("Give me three names for a cat."),
)


class ChatPanel:
    """Its components, and the handlers that update them. `turns` is what the visitor's browser keeps."""

    def __init__(self, actions: TextActions, turns: gr.BrowserState) -> None:
        self.actions, self.turns = actions, turns
        self.chatbot = gr.Chatbot(
            height=400, editable="user", show_label=False, buttons=["copy"], layout="bubble", elem_id="text-chat",
            feedback_options=None, **invitation(DEFAULT_MODEL),
        )  # fmt: skip
        self.message = gr.Textbox(
            label=t("Your message"), placeholder=t("Your message"), show_label=False, lines=1, max_lines=8,
            elem_id="text-message",
        )  # fmt: skip
        with gr.Row(elem_classes="controls"):
            self.send, self.stop = start_and_stop("text-chat", t("Send"))
            self.clear = gr.Button(t("New chat"), elem_id="text-clear", min_width=90)
            self.cut = gr.Button(t("Cut the oldest turns and send"), visible=False, elem_id="text-cut", min_width=260)
        self.inside = token_view("text-inside", {"start": "text-chat-start", "stop": "text-chat-stop"})

    def wire(self, form: Form, system: gr.Textbox, arrived: gr.events.Dependency) -> None:
        """Connect events to handlers; `form` and `system` are the settings beside the panel."""
        self.form = form
        outputs = [self.chatbot, self.inside, self.message, self.turns, self.cut]
        inputs = [self.turns, system, self.message, *form.widgets]
        gr.on([self.send.click, self.message.submit], self.answer, inputs, outputs, **WRITING)
        self.cut.click(self.answer_cut, inputs, outputs, **WRITING)
        self.chatbot.retry(self.retry, inputs, outputs, **WRITING)
        self.chatbot.edit(self.edit, inputs, outputs, **WRITING)
        self.chatbot.example_select(self.example, inputs, outputs, **WRITING)
        self.stop.click(self.actions.stopper("chat"), None, None, **QUICK)
        self.chatbot.undo(self.undo, self.turns, outputs, **QUICK)
        gr.on([self.clear.click, self.chatbot.clear], self.new_chat, None, outputs, **QUICK)
        arrived.then(self.show_kept, self.turns, [self.chatbot, self.message, self.turns], **QUICK)
        arrived.then(self.invite, form["model"], self.chatbot, **QUICK)
        form["model"].input(self.invite, form["model"], self.chatbot, **QUICK)

    # --- what the visitor sees ------------------------------------------------------------------------------

    def invite(self, model: str, request: gr.Request) -> dict[str, Any]:
        """The empty chat in the visitor's language."""
        return gr.update(**invitation(model, language_of(request)))

    def show_kept(self, turns: Turns) -> tuple[Turns, Any, Any]:
        """The chat that this browser kept; a message without an answer goes back into the box."""
        if turns and turns[-1]["role"] == "user":
            return shown(turns[:-1]), turns[-1]["content"], turns[:-1]
        return shown(turns), gr.skip(), gr.skip()

    def undo(self, turns: Turns, data: gr.UndoData, request: gr.Request) -> tuple:
        """Take the message back into the box."""
        left, message = turns[: data.index], turns[data.index]["content"]
        return self.actions.end(request, "chat", (shown(left), "", message, left, gr.update(visible=False)))

    def new_chat(self, request: gr.Request) -> tuple:
        """Forget the chat."""
        return self.actions.end(request, "chat", ([], "", gr.skip(), [], gr.update(visible=False)))

    # --- answering -------------------------------------------------------------------------------------------

    def answer(self, turns: Turns, system: str, message: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Send a message and stream the answer."""
        yield from self._talk(turns, [*turns, user(message)], system, request, values)

    def retry(
        self, turns: Turns, system: str, _: str, data: gr.RetryData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer the same message anew."""
        yield from self._talk(turns, turns[: data.index + 1], system, request, values)

    def edit(
        self, turns: Turns, system: str, _: str, data: gr.EditData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer an edited message; what came after it is dropped."""
        yield from self._talk(turns, [*turns[: data.index], user(data.value)], system, request, values)

    def example(
        self, turns: Turns, system: str, _: str, data: gr.SelectData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send an example."""
        yield from self._talk(turns, [*turns, user(data.value["text"])], system, request, values)

    def answer_cut(
        self, turns: Turns, system: str, message: str, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send a message after dropping as many of the oldest turns as the context asks for."""
        with polite(request):
            rest = cut_oldest(self.actions.models, self.form.read(values), [*plain(turns), user(message)], system)
        left = turns[len(turns) + 1 - len(rest) :]
        yield from self._talk(turns, [*left, user(message)], system, request, values)

    def _talk(
        self, turns: Turns, asked: Turns, system: str, request: gr.Request, values: tuple[Any, ...]
    ) -> Iterator[tuple]:
        """(chatbot, tokens, message box, turns, cut button) as the answer to `asked` grows.

        Without an answer all is as before: the chat is `turns`, and a new message is back in its box. The box is
        emptied only once, since a person types on meanwhile.
        """
        new = all(asked[-1] is not turn for turn in turns)
        box, saved = "", 0.0
        with polite(request):
            config = self.actions.admit(self.form.read(values), request)
            events = chat(self.actions.models, config, plain(asked), system)
            try:
                for writing in self.actions.stream(events, request, "chat"):
                    if writing.instead:
                        yield writing.instead
                        return
                    answered = [*asked, reply(writing, request)] if writing.text else asked
                    if writing.ended and not writing.text:
                        answered, box = turns, asked[-1]["content"] if new else gr.skip()
                    kept = gr.skip()
                    if writing.ended or time.monotonic() - saved >= SAVE_SECONDS:
                        kept, saved = answered, time.monotonic()
                    yield shown(answered), writing.lines, box, kept, gr.update(visible=False)
                    box = gr.skip()
            except TooLongError:
                yield *[gr.skip()] * 4, gr.update(visible=new and bool(turns))


def invitation(model: str, language: str = ENGLISH) -> dict[str, Any]:
    """Placeholder and examples of an empty chat; where the model knows English only, they are sent in English."""
    card = MODELS[model]
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


def shown(turns: Turns) -> Turns:
    """The chat as the Chatbot shows it: each answer with its numbers below."""
    return [
        {
            "role": turn["role"],
            "content": turn["content"] + (f"\n\n<sub>{turn['about']}</sub>" if turn.get("about") else ""),
        }
        for turn in turns
    ]


def user(text: str) -> dict[str, str]:
    """A message of the person."""
    return {"role": "user", "content": text}


def reply(writing: Writing, request: gr.Request) -> dict[str, str]:
    """A message of the model, with its numbers once it is finished."""
    about = translate(describe(writing.answer), language_of(request)) if writing.answer else ""
    return {"role": "assistant", "content": writing.text, "about": about}


def plain(turns: Turns) -> Turns:
    """The turns as the engine takes them."""
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
