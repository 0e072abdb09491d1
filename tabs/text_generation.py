"""The Text generation tab: chat, continue, side by side, templates and scores; layout and wiring."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import gradio as gr

from engines.catalog import MODELS, fitting_models
from engines.messages import Message
from engines.prompt_templates import load_templates
from engines.text_generation.config import TextConfig, find_model
from engines.text_generation.engine import chat, continue_text, perplexity
from tabs.forms import Form
from tabs.language import is_chinese, t, translate
from tabs.polite import polite
from tabs.shared import QUICK, Shared
from tabs.text_actions import WRITING, TextActions
from tabs.text_chat import ChatPanel, start_and_stop, user
from tabs.text_scoring import ScorePanel
from tabs.tokens import token_view

INTRO = (
    "Type something and press **Send**: a language model on this machine answers word by word. The first time its"
    " files are fetched once (about 93 MB); after that it starts within seconds."
)
MAX_FIELDS = 5  # of a prompt template


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    tab = TextTab(TextActions(shared.models), shared.owner, shared.turns)
    tab.build_layout()
    tab.wire(shared.arrived)
    tab.add_endpoints()


def model_choice(elem_id: str) -> gr.Dropdown:
    """Every model of the catalog, those that fit this machine's memory first; tells what the chosen one needs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * 10**9
    choices = [(card.title, card.id) for card in fitting_models(memory)]
    knob = TextConfig.knobs()["model"]
    chosen = gr.Dropdown(
        choices, value=knob.default, label=t(knob.label), info=about_model(knob.default), elem_id=elem_id
    )
    chosen.input(_describe_model, chosen, chosen, **QUICK)
    return chosen


def about_model(name: str, request: gr.Request | None = None) -> str:
    """Parameters, memory and licence of a model of the catalog."""
    card = MODELS[name]
    needs = Message(
        "{parameters} million parameters, {memory} GB of memory, licence {licence}",
        parameters=f"{card.parameters / 1e6:,.0f}",
        memory=f"{card.memory() / 1e9:.1f}",
        licence=card.licence,
    )
    return translate(needs, is_chinese(request))


def _describe_model(name: str, request: gr.Request) -> dict[str, Any]:
    return gr.update(info=about_model(name, request))


class TextTab:
    """The tab's components and the handlers that update them."""

    def __init__(self, actions: TextActions, owner: gr.BrowserState, turns: gr.BrowserState) -> None:
        self.actions, self.owner, self.turns = actions, owner, turns
        self.models = actions.models
        self.templates = load_templates()

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self) -> None:
        """Make the components."""
        gr.Markdown(t(INTRO))
        with gr.Row():
            with gr.Column(scale=7, min_width=320), gr.Tabs():
                with gr.Tab(t("Chat")):
                    self.chat = ChatPanel(self.actions, self.owner, self.turns)
                with gr.Tab(t("Continue")):
                    self._build_continue()
                with gr.Tab(t("Side by side")):
                    self._build_side_by_side()
                with gr.Tab(t("Templates")):
                    self._build_templates()
                with gr.Tab(t("Score")):
                    self.score = ScorePanel(self.actions)
            with gr.Column(scale=3, min_width=300):
                self.form = self._build_form("text")
                self.system = gr.Textbox(
                    label=t("System prompt"), info=t("What the model should be; for chats."), lines=2, max_length=4000,
                    elem_id="text-system",
                )  # fmt: skip

    @staticmethod
    def _build_form(prefix: str) -> Form:
        form = Form(TextConfig, prefix)
        form.adopt("model", model_choice(f"{prefix}-model"))
        form.add([name for name, knob in TextConfig.knobs().items() if not knob.more])
        with gr.Accordion(t("More settings"), open=False):
            form.add_rest()
        return form

    def _build_continue(self) -> None:
        self.text = gr.Textbox(
            "Once upon a time, in a small town by the sea,", label=t("Text to continue or to measure"), lines=6,
            max_lines=14, elem_id="text-text",
        )  # fmt: skip
        with gr.Row():
            self.go_on, self.stop_text = start_and_stop("text-continue", t("Continue"))
            self.measure = gr.Button(t("How likely is this text?"), elem_id="text-measure", min_width=90)
            self.undo = gr.Button(t("Undo"), elem_id="text-undo", min_width=90)
        self.before = gr.State("")
        self.tokens = token_view("text-tokens", {"start": "text-continue-start", "stop": "text-continue-stop"})

    def _build_side_by_side(self) -> None:
        self.both_prompt = gr.Textbox(
            "Describe a rainy day in two sentences.", label=t("One prompt for both"), lines=2, elem_id="text-both"
        )
        with gr.Row():
            self.both, self.stop_both = start_and_stop("text-both", t("Write both"))
        controls = {"start": "text-both-start", "stop": "text-both-stop"}
        with gr.Row():
            with gr.Column(min_width=280):
                gr.Markdown(t("**Left**: the settings beside"))
                self.left = token_view("text-left", controls)
            with gr.Column(min_width=280):
                gr.Markdown(t("**Right**: the settings below"))
                self.right = token_view("text-right", {})
                self.right_form = self._build_form("right")

    def _build_templates(self) -> None:
        choices = [(t(template.title["en"]), name) for name, template in self.templates.items()]
        first = next(iter(self.templates))
        self.template = gr.Dropdown(choices, value=first, label=t("Template"), elem_id="text-template")
        self.fields = [gr.Textbox(visible=False, elem_id=f"text-field-{i}", lines=1) for i in range(MAX_FIELDS)]
        self.prompt = gr.Textbox(label=t("The full prompt, which you may edit"), lines=6, elem_id="text-prompt")
        with gr.Row():
            self.fill, self.stop_template = start_and_stop("text-template", t("Write"))
        controls = {"start": "text-template-start", "stop": "text-template-stop"}
        self.filled = token_view("text-filled", controls)

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, arrived: gr.events.Dependency) -> None:
        """Connect events to handlers."""
        knobs, owner = self.form.widgets, self.owner
        self.chat.wire(self.form, self.system, arrived)
        for form in (self.form, self.right_form):  # now that the visitor's language is known
            arrived.then(_describe_model, form["model"], form["model"], **QUICK)
        self._wire_texts(owner, knobs)
        self.template.input(self.choose_template, self.template, [self.template, *self.fields, self.prompt], **QUICK)
        arrived.then(self.choose_template, self.template, [self.template, *self.fields, self.prompt], **QUICK)
        for field in self.fields:
            field.change(self.render, [self.template, *self.fields], self.prompt, trigger_mode="always_last", **QUICK)

    def _wire_texts(self, owner: gr.BrowserState, knobs: list[Any]) -> None:
        quiet = WRITING
        self.go_on.click(
            self.continue_text, [self.text, owner, *knobs], [self.text, self.tokens, self.before], **quiet
        )
        self.measure.click(self.perplexity, [self.text, owner, *knobs], self.tokens, **quiet)
        self.undo.click(lambda before: before or gr.skip(), self.before, self.text, **QUICK)
        for panel, view, form in (("left", self.left, self.form), ("right", self.right, self.right_form)):
            self.both.click(self._prompter(panel, form), [self.both_prompt, owner, *form.widgets], view, **quiet)
        self.fill.click(self.write_template, [self.template, self.prompt, owner, *knobs], self.filled, **quiet)
        for button, panels in (
            (self.stop_text, ["continue"]),
            (self.stop_both, ["left", "right"]),
            (self.stop_template, ["template"]),
        ):
            button.click(self._stopper(panels), owner, None, **QUICK)

    def add_endpoints(self) -> None:
        """What a script can do."""
        shared = {"concurrency_limit": 16, "concurrency_id": "writing"}
        gr.api(self.actions.api_chat, api_name="text_chat", **shared)
        gr.api(self.actions.api_continue, api_name="text_continue", **shared)
        gr.api(self.actions.api_perplexity, api_name="text_perplexity", **shared)

    # --- texts -----------------------------------------------------------------------------------------------

    def continue_text(self, text: str, owner: str, request: gr.Request, *values: Any) -> Iterator[tuple]:
        """Write on from the text, in the same box."""
        with polite(request):
            config = self.form.read(values)
            for writing in self.actions.stream(continue_text(self.models, config, text), owner, "continue"):
                yield text + writing.text, writing.lines, text

    def perplexity(self, text: str, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Tint the text by how likely the model finds each token."""
        with polite(request):
            config = self.form.read(values)
            for writing in self.actions.stream(perplexity(self.models, config, text), owner, "continue"):
                yield writing.lines

    def _prompter(self, panel: str, form: Form) -> Any:
        def write(prompt: str, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
            yield from self._write(panel, form, prompt, "chat", owner, request, values)

        return write

    def write_template(self, name: str, prompt: str, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Write what a template's prompt asks for, the way the template says."""
        mode = self.templates[name].mode
        yield from self._write("template", self.form, prompt, mode, owner, request, values)

    def _write(
        self, panel: str, form: Form, prompt: str, mode: str, owner: str, request: gr.Request, values: Any
    ) -> Iterator[str]:
        with polite(request):
            config = form.read(values)
            if mode == "chat" and find_model(config.model, self.models.allow_any_model).kind == "chat":
                events = chat(self.models, config, [user(prompt)])
            else:
                events = continue_text(self.models, config, prompt)
            for writing in self.actions.stream(events, owner, panel):
                yield writing.lines

    def _stopper(self, panels: list[str]) -> Any:
        def stop(owner: str) -> None:
            for panel in panels:
                self.actions.stop(owner, panel)

        return stop

    def choose_template(self, name: str, request: gr.Request) -> list[Any]:
        """The template's fields with their examples, and the prompt that they make."""
        template, language = self.templates[name], "zh" if is_chinese(request) else "en"
        fields = [
            gr.update(visible=True, label=t(field.label["en"]), value=field.example[language], lines=field.lines)
            for field in template.fields
        ]
        hidden = [gr.update(visible=False, value="")] * (MAX_FIELDS - len(fields))
        help_text = gr.update(info=t(template.help["en"]))
        return [help_text, *fields, *hidden, template.render(language=language)]

    def render(self, name: str, request: gr.Request, *values: str) -> str:
        """The prompt from the fields as they are; an empty one gets its example."""
        template, language = self.templates[name], "zh" if is_chinese(request) else "en"
        filled = {f.name: value for f, value in zip(template.fields, values, strict=False) if (value or "").strip()}
        with polite(request):
            return template.render(filled, language)
