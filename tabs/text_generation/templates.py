"""The Templates panel: fields to fill make a prompt, which can be seen, edited and written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from engines.data.prompt_templates import PromptTemplate, load_templates
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after
from tabs.page.tokens.view import token_view
from tabs.text_generation.actions import WRITING, TextActions, start_and_stop

MAX_FIELDS = 5


class TemplatePanel:
    """Its components, and the handlers that update them.

    A reader gets prompts in their own language where the model knows it, else English ones.
    """

    def __init__(self, actions: TextActions) -> None:
        self.actions, self.templates = actions, load_templates()
        choices = [(t(template.title["en"]), name) for name, template in self.templates.items()]
        first = next(iter(self.templates))
        self.template = gr.Dropdown(choices, value=first, label=t("Template"), elem_id="text-template")
        self.fields = [gr.Textbox(visible=False, elem_id=f"text-field-{i}", lines=1) for i in range(MAX_FIELDS)]
        self.prompt = gr.Textbox(label=t("The full prompt, which you may edit"), lines=6, elem_id="text-prompt")
        with gr.Row(elem_classes="controls"):
            self.start, self.stop = start_and_stop("text-template", t("Write"))
        self.tokens = token_view("text-filled", {"start": "text-template-start", "stop": "text-template-stop"})

    def wire(self, form: Form, arrived: gr.events.Dependency) -> None:
        """Connect events to handlers."""
        self.form, model = form, form["model"]
        chosen = {"fn": self.choose, "inputs": [self.template, model]}
        chosen["outputs"] = [self.template, *self.fields, self.prompt]
        arrived.then(**chosen, **QUICK)
        self.template.input(**chosen, **QUICK)
        filled = [self.template, model, *self.fields]
        changes = after(*(field.change for field in self.fields))
        changes.then(self.render, filled, self.prompt, **FOLLOW)
        model.input(self.change_model, filled, [*self.fields, self.prompt], **QUICK)
        self.start.click(self.write, [self.template, self.prompt, *form.widgets], self.tokens, **WRITING)
        self.stop.click(self.actions.stopper("template"), None, None, **QUICK)

    def choose(self, name: str, model: str, request: gr.Request) -> list[Any]:
        """The template's fields with their examples, and the prompt that they make."""
        template, language = self._template(name, model, request)
        fields = [
            gr.update(visible=True, label=t(field.label["en"]), value=field.example[language], lines=field.lines)
            for field in template.fields
        ]
        hidden = [gr.update(visible=False, value="")] * (MAX_FIELDS - len(fields))
        help_text = gr.update(info=t(template.help["en"]))
        return [help_text, *fields, *hidden, template.render(language=language)]

    def change_model(self, name: str, model: str, request: gr.Request, *values: str) -> list[Any]:
        """The examples among the fields, and the prompt, in a language that the model knows."""
        template, language = self._template(name, model, request)
        changed = [
            field.example[language] if value in field.example.values() else value
            for field, value in zip(template.fields, values, strict=False)
        ]
        rest = [gr.skip()] * (MAX_FIELDS - len(changed))
        return [*changed, *rest, self.render(name, model, request, *changed)]

    def render(self, name: str, model: str, request: gr.Request, *values: str) -> str:
        """The prompt from the fields as they are; an empty one gets its example."""
        template, language = self._template(name, model, request)
        filled = {f.name: value for f, value in zip(template.fields, values, strict=False) if (value or "").strip()}
        with polite(request):
            return template.render(filled, language)

    def _template(self, name: str, model: str, request: gr.Request) -> tuple[PromptTemplate, str]:
        return self.templates[name], self.actions.offer.language_for(model, request)

    def write(self, name: str, prompt: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Write what a template's prompt asks for, the way the template says."""
        chat = self.templates[name].mode == "chat"
        with polite(request):
            yield from self.actions.answer(self.form.read(values), prompt, request, "template", chat)
