"""Looking inside: the attention of a layer and head over a text as a heat map, and what the model expects next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from engines.gpt_training.explore import Inside, bundled_config
from tabs.page.component import component
from tabs.page.language import t
from tabs.page.markup import Say, bars, panel, percent, section, speaker
from tabs.page.shared import FOLLOW, after, find_run
from tabs.text_generation.training.actions import GptActions

HERE = Path(__file__).parent
SAMPLE = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
LOOKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore", "show_progress": "hidden",
                           "api_visibility": "private"}  # fmt: skip


def heat_map(elem_id: str) -> gr.HTML:
    """A component whose value is `heat`, or empty."""
    return component(elem_id, HERE / "heat", value="")


def heat(seen: Inside) -> str:
    """What the map is drawn from: tokens, and a row for each that looks; no rows of a recurrent network."""
    rows = [] if seen.shares is None else [",".join(f"{share:.3g}" for share in row) for row in seen.shares]
    return json.dumps({"tokens": list(seen.tokens), "rows": rows}, ensure_ascii=False)


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
        self.next = panel("gpt-next")

    def wire(self, live: gr.HTML, whose: gr.Radio) -> None:
        """Connect events to handlers; `whose` says which model is looked into."""
        asked = [live, whose, self.text, self.layer, self.head]
        self.look.click(self.show, asked, [self.map, self.next], **LOOKING)
        moved = after(self.layer.input, self.head.input)
        moved.then(self.show, asked, [self.map, self.next], **LOOKING, trigger_mode="always_last")
        after(live.change, whose.change).then(self.fit, [live, whose], [self.layer, self.head], **FOLLOW)

    def show(self, run_id: str, whose: str, text: str, layer: int, head: int, request: gr.Request) -> tuple[str, str]:
        """The map, and the likeliest characters after the text."""
        with self.actions.gate.computing(request):
            seen = self.actions.look(self.actions.chosen(run_id, whose), text, layer, head)
            return heat(seen), next_bars(seen.likely, speaker(request))

    def fit(self, run_id: str, whose: str) -> tuple[dict[str, Any], ...]:
        """As many layers and heads to choose from as the model has."""
        run = find_run(self.actions.runs, self.actions.chosen(run_id, whose))
        config = run.config if run else bundled_config()
        return tuple(gr.update(maximum=max(2, count), value=1) for count in (config.layers, config.heads))


def next_bars(likely: Sequence[tuple[str, float]], say: Say) -> str:
    """What the model expects after a text, as bars; nothing if it does not tell."""
    if not likely:
        return ""
    rows = [(escape(shown(token)), share, percent(share)) for token, share in likely]
    return section("next", say("What it expects next"), bars(rows, likely[0][1]))


def shown(token: str) -> str:
    """A token with its blanks to be seen."""
    return token.replace("\n", "↵").replace(" ", "␣")
