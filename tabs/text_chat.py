"""The Chat panel: a conversation that streams, can be retried, edited and undone, and survives a reload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from engines.text_generation.config import TooLongError
from engines.text_generation.engine import chat, cut_oldest
from tabs.forms import Form
from tabs.language import is_chinese, t, translate
from tabs.polite import polite
from tabs.shared import QUICK
from tabs.text_actions import WRITING, TextActions, Writing, describe
from tabs.tokens import note_line, token_view

Turns = list[dict[str, str]]  # role, content, and for an answer "about": its numbers in words


class ChatPanel:
    """Its components, and the handlers that update them. `turns` is what the visitor's browser keeps."""

    def __init__(self, actions: TextActions, owner: gr.BrowserState, turns: gr.BrowserState) -> None:
        self.actions, self.owner, self.turns = actions, owner, turns
        self.chatbot = gr.Chatbot(
            height=400, editable="user", show_label=False, buttons=["copy"], layout="bubble", elem_id="text-chat",
            feedback_options=None, placeholder=t("Say hello, or try one of these."),
            examples=[{"text": "Write a haiku about the sea."}, {"text": "Explain what a neural network is."},
                      {"text": "Give me three names for a cat."}],
        )  # fmt: skip
        self.message = gr.Textbox(
            placeholder=t("Your message"), show_label=False, lines=1, max_lines=8, elem_id="text-message"
        )
        with gr.Row():
            self.send, self.stop = start_and_stop("text-chat", t("Send"))
            self.cut = gr.Button(t("Cut the oldest turns and send"), visible=False, elem_id="text-cut", min_width=90)
            self.clear = gr.Button(t("New chat"), elem_id="text-clear", min_width=90)
        self.inside = token_view("text-inside", {"start": "text-chat-start", "stop": "text-chat-stop"})

    def wire(self, form: Form, system: gr.Textbox, arrived: gr.events.Dependency) -> None:
        """Connect events to handlers; `form` and `system` are the settings beside the panel."""
        self.form = form
        arrived.then(self.show_turns, self.turns, self.chatbot, **QUICK)
        inputs = [self.turns, system, self.owner, self.message, *form.widgets]
        outputs = [self.chatbot, self.inside, self.message, self.turns, self.cut]
        gr.on([self.send.click, self.message.submit], self.answer, inputs, outputs, **WRITING)
        self.cut.click(self.answer_cut, inputs, outputs, **WRITING)
        self.chatbot.retry(self.retry, inputs, outputs, **WRITING)
        self.chatbot.edit(self.edit, inputs, outputs, **WRITING)
        self.chatbot.example_select(self.example, inputs, outputs, **WRITING)
        self.chatbot.undo(self.undo_turn, self.turns, [self.chatbot, self.message, self.turns], **QUICK)
        emptied = [self.chatbot, self.turns, self.inside]
        gr.on([self.clear.click, self.chatbot.clear], self.new_chat, self.owner, emptied, **QUICK)
        self.stop.click(lambda owner: self.actions.stop(owner, "chat"), self.owner, None, **QUICK)

    @staticmethod
    def show_turns(turns: Turns) -> Turns:
        """The chat as the Chatbot shows it: each answer with its numbers below."""
        return [
            {
                "role": turn["role"],
                "content": turn["content"] + (f"\n\n<sub>{turn['about']}</sub>" if turn.get("about") else ""),
            }
            for turn in turns
        ]

    def answer(
        self, turns: Turns, system: str, owner: str, message: str, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send a message and stream the answer."""
        yield from self._talk([*turns, user(message)], system, owner, request, values)

    def retry(
        self, turns: Turns, system: str, owner: str, _: str, data: gr.RetryData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer the same message anew."""
        yield from self._talk(turns[: data.index + 1], system, owner, request, values)

    def edit(
        self, turns: Turns, system: str, owner: str, _: str, data: gr.EditData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Answer an edited message; what came after it is dropped."""
        yield from self._talk([*turns[: data.index], user(data.value)], system, owner, request, values)

    def example(
        self, turns: Turns, system: str, owner: str, _: str, data: gr.SelectData, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send an example."""
        yield from self._talk([*turns, user(data.value["text"])], system, owner, request, values)

    def answer_cut(
        self, turns: Turns, system: str, owner: str, message: str, request: gr.Request, *values: Any
    ) -> Iterator[tuple]:
        """Send a message after dropping as many of the oldest turns as the context asks for."""
        with polite(request):
            kept = cut_oldest(self.actions.models, self.form.read(values), [*plain(turns), user(message)], system)
        yield from self._talk(kept, system, owner, request, values)

    def _talk(
        self, turns: Turns, system: str, owner: str, request: gr.Request, values: tuple[Any, ...]
    ) -> Iterator[tuple]:
        """(chatbot, tokens, message box, turns, cut button) as the answer grows."""
        hidden = gr.update(visible=False)
        with polite(request):
            config = self.form.read(values)
            try:
                for writing in self.actions.stream(
                    chat(self.actions.models, config, plain(turns), system), owner, "chat"
                ):
                    shown = [*turns, reply(writing, request)] if writing.text else turns
                    kept = shown if writing.answer else gr.skip()
                    yield self.show_turns(shown), writing.lines, "", kept, hidden
            except TooLongError as problem:
                message = turns[-1]["content"]
                note = note_line(problem.message)
                yield self.show_turns(turns[:-1]), note, message, gr.skip(), gr.update(visible=len(turns) > 1)

    def undo_turn(self, turns: Turns, data: gr.UndoData) -> tuple[Turns, str, Turns]:
        """Take the message back into the box."""
        return self.show_turns(turns[: data.index]), turns[data.index]["content"], turns[: data.index]

    def new_chat(self, owner: str) -> tuple[Turns, Turns, str]:
        """Forget the chat."""
        self.actions.stop(owner, "chat")
        return [], [], ""


def start_and_stop(prefix: str, main: Any) -> tuple[gr.Button, gr.Button]:
    """The two buttons of a panel that writes, with the element ids that its keys look for."""
    start = gr.Button(main, variant="primary", elem_id=f"{prefix}-start", min_width=90)
    return start, gr.Button(t("Stop"), elem_id=f"{prefix}-stop", min_width=90)


def user(text: str) -> dict[str, str]:
    """A message of the person."""
    return {"role": "user", "content": text}


def reply(writing: Writing, request: gr.Request) -> dict[str, str]:
    """A message of the model, with its numbers once it is finished."""
    about = translate(describe(writing.answer), is_chinese(request)) if writing.answer else ""
    return {"role": "assistant", "content": writing.text, "about": about}


def plain(turns: Turns) -> Turns:
    """The turns as the engine takes them."""
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
