"""The Text generation tab: chat, continue, side by side, templates, scores and training; layout and wiring."""

from __future__ import annotations

from typing import Any

import gradio as gr

from engines.catalog import MODELS, POEM_MODEL
from engines.knobs import Knob
from engines.messages import Message
from tabs.page.component import script_of
from tabs.page.language import language_of, t, translate
from tabs.page.learn import LABELS, learn_panel
from tabs.page.link_button import LinkButton
from tabs.page.links import MAX_LENGTH, Query, ours
from tabs.page.opening.once import opens
from tabs.page.shared import QUICK, Shared
from tabs.text_generation.actions import TextActions
from tabs.text_generation.chat import ChatPanel, Turns, turns_of
from tabs.text_generation.continuation import EXAMPLE, POEM, ContinuePanel
from tabs.text_generation.offer import suited
from tabs.text_generation.scoring import CHINESE, ScorePanel
from tabs.text_generation.server_field import ServerField
from tabs.text_generation.settings import text_form
from tabs.text_generation.side_by_side import PairPanel
from tabs.text_generation.templates import TemplatePanel
from tabs.text_generation.training import panel as training

ENGINES = ("text_generation", training.ENGINE)  # whose links and runs this tab opens
# What stands above each panel, in their order.
INTROS = (
    Message(
        "Type something and press **Send**: a language model on this machine answers word by word. The first time its"
        " files (about 93 MB) are fetched and prepared, once; the page shows how far that is."
    ),
    Message(
        "Press **Continue**: the model writes on from your text, word by word. Or have it measured how likely it finds"
        " the text."
    ),
    Message("Press **Write both**: one prompt is answered under two settings at once, to see what a setting does."),
    Message(
        "Choose a template, fill in its fields and press **Write**: the whole prompt stands below, and may be edited."
    ),
    Message("Press **Score**: each output is compared with its reference, by measures that papers use."),
    training.INTRO,
)
# The chat that this tab of the browser keeps, in place of what the page shows.
KEPT_CHAT = "() => [null, null, sessionStorage.getItem('aigc-playground-chat') ?? '']"
# What has a "?", and the section of Learn that it opens.
ASKED = {
    f"#text-system {LABELS}": "system",
    f"#text-pairs {LABELS}": "scores",
    "#text-score-perplexity label > span": "perplexity",
    ".tokens .legend": "softmax",
}


def build(shared: Shared) -> None:
    """Lay the tab out and wire it; without the finished models only the panel that trains one's own."""
    if "text_generation" not in shared.openings:
        gr.Markdown(t(training.INTRO), elem_id="text-intro")
        training.TrainingPanel(shared)
        return
    actions = TextActions(shared.models, shared.gate, shared.computer, shared.runs)
    offer = actions.offer
    intro = gr.Markdown(t(INTROS[0]), elem_id="text-intro")
    with gr.Row():
        with gr.Column(scale=7, min_width=320), gr.Tabs(overflow_behavior="wrap") as panels:
            with gr.Tab(t("Chat"), id="chat", elem_id="text-chatting"):
                chat = ChatPanel(actions)
            with gr.Tab(t("Continue"), id="continue"):
                going_on = ContinuePanel(actions)
            with gr.Tab(t("Side by side"), elem_id="text-pair"):
                pair = PairPanel(actions)
            with gr.Tab(t("Templates")):
                templates = TemplatePanel(actions)
            with gr.Tab(t("Score"), elem_id="text-scoring"):
                score = ScorePanel(actions)
            if training.ENGINE in shared.openings:
                with gr.Tab(t("Train your own"), id=training.ENGINE, elem_id="text-training"):
                    training.TrainingPanel(shared)
        with gr.Column(scale=3, min_width=300, elem_id="text-settings"):
            form = text_form("text", offer)
            system = gr.Textbox(
                label=t("System prompt"), info=t("What the model should be; for chats."), lines=2, max_length=4000,
                elem_id="text-system",
            )  # fmt: skip
            named = ServerField(shared.models, shared.server_key) if shared.server_key is not None else None
            link = LinkButton("text_generation", form, texts_of(system, chat, going_on), suited=suited)
    learn_panel("text_generation", form, ASKED, also=("left", "right"))

    def restore(visit: Query, elsewhere: bool, chat: str, request: gr.Request) -> list[Any]:
        to_continue, *values = show_link(link, visit, turns_of(chat), request)
        return [gr.skip() if elsewhere else to_continue, *values, *examples_for(visit, turns_of(chat), request)]

    models = [form["model"], pair.right_form["model"]]

    def offered(owner: str, request: gr.Request) -> list[Any]:
        return [gr.update(choices=offer.choices(owner, request))] * len(models)

    for place in panels.children:
        engine = training.ENGINE if place.id == training.ENGINE else "text_generation"
        opens(place, shared.visit, [shared.openings[engine]])
    elsewhere = gr.State(False)  # whether the address asks for a training
    if training.ENGINE in shared.openings:
        own = shared.openings[training.ENGINE]
        elsewhere = own.asked
        own.selects(panels, training.ENGINE)
        own.asked.change(introduce_training, None, intro, **QUICK)
    panels.select(introduce, None, intro, **QUICK)
    panels.select(offered, shared.owner, models, **QUICK)  # a training may have ended since
    shared.page.select(actions.prepare, None, None, **QUICK)  # while the visitor reads and types
    to_continue = gr.State(False)
    to_continue.change(None, None, panels, js=script_of(selected="continue"))
    to_continue.change(introduce_continue, None, intro, **QUICK)  # a script's choice is no select event
    arrived = shared.openings["text_generation"].then(
        restore,
        [shared.visit, elsewhere, chat.chatbot],
        [to_continue, *link.widgets, pair.prompt, pair.right_form["model"], score.pasted],
        js=KEPT_CHAT,
        **QUICK,
    )
    for model in models:  # now that the visitor's language is known
        arrived.then(offer.describe, model, model, **QUICK)
    arrived.then(offered, shared.owner, models, **QUICK)
    if named:
        named.wire(shared.owner, models, offered)
    chat.wire(form, system, arrived)
    going_on.wire(form)
    pair.wire(form)
    templates.wire(form, arrived)
    score.wire(form["model"])
    add_endpoints(actions)


def introduce(event: gr.SelectData, request: gr.Request) -> str:
    """What stands above the panel that was opened."""
    return translate(INTROS[event.index], language_of(request))


def introduce_continue(request: gr.Request) -> str:
    """What stands above the panel Continue."""
    return translate(INTROS[1], language_of(request))


def introduce_training(request: gr.Request) -> str:
    """What stands above the panel to which a link leads."""
    return translate(training.INTRO, language_of(request))


def texts_of(system: gr.Textbox, chat: ChatPanel, going_on: ContinuePanel) -> dict[str, tuple[Knob, gr.Textbox]]:
    """The texts that a link carries beside the settings."""
    return {
        "system": (Knob("", "System prompt", max_length=MAX_LENGTH), system),
        "message": (Knob("", "Your message", max_length=MAX_LENGTH), chat.message),
        "text": (Knob(EXAMPLE, "Text to continue or to measure", max_length=MAX_LENGTH), going_on.text),
    }


def show_link(link: LinkButton, visit: Query, turns: Turns, request: gr.Request) -> list[Any]:
    """Whether to open the panel Continue, and the values of the widgets: of a link.

    Without one all is as it is; but who reads Chinese, and has no chat here, begins where Chinese is written at once.
    """
    settings = link.take(visit, request)
    if settings is None and (language_of(request) != "zh" or turns):
        return [gr.skip()] * (1 + len(link.widgets))
    settings = settings or {**link.format.defaults({"model": POEM_MODEL}), "model": POEM_MODEL, "text": POEM}
    continues = MODELS[settings["model"]].kind == "base" or settings["text"] != EXAMPLE
    return [
        continues and not settings["message"],
        *link.form.show(settings),
        *(settings[name] for name in link.texts),
    ]


def examples_for(visit: Query, turns: Turns, request: gr.Request) -> list[Any]:
    """The prompt and the second model of Side by side, and the pairs of Score, for who begins with Chinese poems."""
    if language_of(request) != "zh" or turns or ours(visit):
        return [gr.skip()] * 3
    return [POEM, POEM_MODEL, CHINESE]


def add_endpoints(actions: TextActions) -> None:
    """What a script can do."""
    writing = {"concurrency_limit": 16, "concurrency_id": "writing"}
    gr.api(actions.text_chat, api_name="text_chat", **writing)
    gr.api(actions.text_continue, api_name="text_continue", **writing)
    gr.api(actions.text_perplexity, api_name="text_perplexity", **writing)
