"""The settings of a text as widgets: a choice of models, the three knobs that matter, the rest folded away."""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

from engines.catalog import MODELS, fitting_models
from engines.messages import Message
from engines.text_generation.config import TextConfig
from tabs.page.forms import Form
from tabs.page.language import ENGLISH, language_of, t, translate
from tabs.page.shared import QUICK


def text_form(prefix: str) -> Form:
    """Every knob of TextConfig."""
    form = Form(TextConfig, prefix)
    form.adopt("model", model_choice(f"{prefix}-model"))
    form.add([name for name, knob in TextConfig.knobs().items() if not knob.more])
    with gr.Accordion(t("More settings"), open=False):
        form.add_rest()
    return form


def model_choice(elem_id: str) -> gr.Dropdown:
    """Every model of the catalog, those that fit this machine's memory first; tells what the chosen one needs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * 10**9
    choices = [(card.title, card.id) for card in fitting_models(memory)]
    knob = TextConfig.knobs()["model"]
    chosen = gr.Dropdown(
        choices, value=knob.default, label=t(knob.label), info=about_model(knob.default), elem_id=elem_id
    )
    chosen.input(describe_model, chosen, chosen, **QUICK)
    return chosen


def about_model(name: str, request: gr.Request | None = None) -> str:
    """What a model of the catalog is good for; its parameters, memory and licence."""
    card = MODELS[name]
    needs = Message(
        "{parameters} million parameters, {memory} GB of memory, licence {licence}",
        parameters=f"{card.parameters / 1e6:,.0f}",
        memory=f"{card.memory() / 1e9:.1f}",
        licence=card.licence,
    )
    return translate(Message("{before} {next}", before=Message(card.note), next=needs), language_of(request))


def describe_model(name: str, request: gr.Request) -> dict[str, Any]:
    """The dropdown's help for the chosen model, in the visitor's language."""
    return gr.update(info=about_model(name, request))


def language_for(model: str, request: gr.Request) -> str:
    """The language in which to write to this model: the visitor's, where the model knows more than English."""
    return ENGLISH if MODELS[model].english_only else language_of(request)
