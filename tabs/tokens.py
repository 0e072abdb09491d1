"""The token view: a text tinted by how sure the model was, with the alternatives of each token."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from engines.events import Token
from engines.messages import Message
from tabs.chinese import CHINESE

HERE = Path(__file__).parent
END_LINE = '{"end":true}\n'


def token_view(elem_id: str, controls: dict[str, str]) -> gr.HTML:
    """A component whose value is lines made by `token_line` and `note_line`, and END_LINE when nothing more comes.

    `controls` gives the element ids of the buttons "start" (Ctrl+Enter) and "stop" (Esc) of its panel; views
    that write at once share them.
    """
    return gr.HTML(
        value="",
        html_template=(HERE / "tokens.html").read_text("utf-8"),
        css_template=(HERE / "tokens.css").read_text("utf-8"),
        js_on_load=(HERE / "tokens.js").read_text("utf-8"),
        elem_id=elem_id,
        apply_default_css=False,
        words=CHINESE,
        controls=controls,
    )


def token_line(token: Token) -> str:
    """One token as a line of the view's value."""
    alternatives = [[text, round(p, 4)] for text, p in token.alternatives]
    return _line([token.text, round(token.probability, 4), alternatives])


def note_line(message: Message | None, share: float | None = None) -> str:
    """What is happening now, with a bar if the share from 0 to 1 that is done is known."""
    return _line({"note": message.to_json() if message else "", "share": share})


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
