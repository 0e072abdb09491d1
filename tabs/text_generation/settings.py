"""The settings of a text as widgets: a choice of models, the three knobs that matter, the rest folded away."""

from __future__ import annotations

from typing import Any

import gradio as gr

from engines.text_generation.config import TextConfig
from tabs.page.forms import ChoiceList, Form
from tabs.page.language import t
from tabs.page.shared import QUICK
from tabs.text_generation.offer import SUITED, Offer, catalog_choices, suit


def text_form(prefix: str, offer: Offer) -> Form:
    """Every knob of TextConfig; those that suit a model follow it."""
    form = Form(TextConfig, prefix)
    form.adopt("model", model_choice(f"{prefix}-model", offer))
    form.add([name for name, knob in TextConfig.knobs().items() if not knob.more])
    with gr.Accordion(t("More settings"), open=False):
        form.add_rest()
    following = [form[name] for name in SUITED]

    def follow(model: str, *values: Any) -> list[Any]:
        changed = suit(offer.known(model), dict(zip(SUITED, values, strict=True)))
        return [changed.get(name, gr.skip()) for name in SUITED]

    form["model"].input(follow, [form["model"], *following], following, **QUICK)
    return form


def model_choice(elem_id: str, offer: Offer) -> gr.Dropdown:
    """The models of the catalog, to which a visitor's arrival adds; tells what the chosen one needs."""
    knob = TextConfig.knobs()["model"]
    chosen = ChoiceList(
        catalog_choices(), value=knob.default, label=t(knob.label), info=offer.about(knob.default), elem_id=elem_id
    )
    chosen.input(offer.describe, chosen, chosen, **QUICK)
    return chosen
