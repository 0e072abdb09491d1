"""Looking inside: the attention of a layer and head over a text as a heat map, and what the model expects next."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.gpt_training.explore import Inside, bundled_config
from tabs.page.component import component
from tabs.page.language import t
from tabs.page.markup import LOOKS
from tabs.page.shared import FOLLOW, after, find_run
from tabs.text_generation.training.actions import GptActions

HERE = Path(__file__).parent
SAMPLE = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
LOOKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore", "show_progress": "hidden",
                           "api_visibility": "private"}  # fmt: skip


def heat_map(elem_id: str) -> gr.HTML:
    """A component whose value is `heat`, or empty."""
    css = LOOKS.read_text("utf-8") + (HERE / "heat.css").read_text("utf-8")
    return component(elem_id, HERE / "heat", value="", css_template=css)


def heat(seen: Sequence[Inside], size: int) -> str:
    """What the map is drawn from: states of a model, and the bytes of those that are kept beside the newest."""
    states = [{"step": one.step, "shares": packed(one.shares), "next": one.likely} for one in seen]
    return json.dumps({"tokens": seen[-1].tokens, "states": states, "bytes": size}, ensure_ascii=False)


def packed(shares: np.ndarray | None) -> str | None:
    """Shares from 0 to 1 as uint16 in Base64."""
    return None if shares is None else b64encode(np.round(shares * 65535).astype("<u2").tobytes()).decode()


class InsidePanel:
    """Its components, and the handlers that update them."""

    def __init__(self, actions: GptActions) -> None:
        self.actions = actions
        self.text = gr.Textbox(SAMPLE, label=t("Text to look at"), max_length=300, elem_id="gpt-sample")
        config = bundled_config()
        with gr.Row():
            numbers: dict[str, Any] = {"minimum": 1, "step": 1, "value": 1}
            self.layer = gr.Slider(maximum=config.layers, label=t("Layer"), elem_id="gpt-layer", **numbers)
            self.head = gr.Slider(maximum=config.heads, label=t("Head"), elem_id="gpt-head", **numbers)
            self.look = gr.Button(t("Look"), elem_id="gpt-look", min_width=90)
        self.map = heat_map("gpt-heat")

    def wire(self, live: gr.HTML, whose: gr.Radio) -> None:
        """Connect events to handlers; `whose` says which model is looked into."""
        asked = [live, whose, self.text, self.layer, self.head]
        self.look.click(self.show, asked, self.map, **LOOKING)
        moved = after(self.layer.input, self.head.input)
        moved.then(self.show, asked, self.map, **LOOKING, trigger_mode="always_last")
        after(live.change, whose.change).then(self.fit, [live, whose], [self.layer, self.head], **FOLLOW)

    def show(self, run_id: str, whose: str, text: str, layer: int, head: int, request: gr.Request) -> str:
        """The map and the likeliest characters after the text, of all states that are kept."""
        with self.actions.gate.computing(request):
            run = self.actions.chosen(run_id, whose)
            seen = self.actions.look(run, text, layer, head)
            return heat(seen, sum(moment.size for moment in self.actions.earlier(run)))

    def fit(self, run_id: str, whose: str) -> tuple[dict[str, Any], ...]:
        """As many layers and heads to choose from as the model has."""
        run = find_run(self.actions.runs, self.actions.chosen(run_id, whose))
        config = run.config if run else bundled_config()
        return tuple(gr.update(maximum=max(2, count), value=1) for count in (config.layers, config.heads))
