"""The Text generation tab: chat, continue, side by side, templates and scores; layout and wiring."""

from __future__ import annotations

import gradio as gr

from tabs.language import t
from tabs.learn import learn_panel
from tabs.shared import QUICK, Shared
from tabs.text_actions import TextActions
from tabs.text_chat import ChatPanel
from tabs.text_continue import ContinuePanel
from tabs.text_pair import PairPanel
from tabs.text_scoring import ScorePanel
from tabs.text_settings import describe_model, text_form
from tabs.text_templates import TemplatePanel

INTRO = (
    "Type something and press **Send**: a language model on this machine answers word by word. The first time its"
    " files are fetched once (about 93 MB); after that it starts within seconds."
)


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    actions = TextActions(shared.models, shared.gate)
    gr.Markdown(t(INTRO))
    with gr.Row():
        with gr.Column(scale=7, min_width=320), gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Chat")):
                chat = ChatPanel(actions, shared.turns)
            with gr.Tab(t("Continue")):
                going_on = ContinuePanel(actions)
            with gr.Tab(t("Side by side")):
                pair = PairPanel(actions)
            with gr.Tab(t("Templates")):
                templates = TemplatePanel(actions)
            with gr.Tab(t("Score")):
                score = ScorePanel(actions)
        with gr.Column(scale=3, min_width=300):
            form = text_form("text")
            system = gr.Textbox(
                label=t("System prompt"), info=t("What the model should be; for chats."), lines=2, max_length=4000,
                elem_id="text-system",
            )  # fmt: skip
    learn_panel("text_generation", form)
    for settings in (form, pair.right_form):  # now that the visitor's language is known
        shared.arrived.then(describe_model, settings["model"], settings["model"], **QUICK)
    chat.wire(form, system, shared.arrived)
    going_on.wire(form)
    pair.wire(form)
    templates.wire(form, shared.arrived)
    score.wire(form["model"])
    add_endpoints(actions)


def add_endpoints(actions: TextActions) -> None:
    """What a script can do."""
    writing = {"concurrency_limit": 16, "concurrency_id": "writing"}
    gr.api(actions.api_chat, api_name="text_chat", **writing)
    gr.api(actions.api_continue, api_name="text_continue", **writing)
    gr.api(actions.api_perplexity, api_name="text_perplexity", **writing)
