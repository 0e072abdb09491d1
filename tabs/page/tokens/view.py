"""The token view: a text tinted by how sure the model was, with the alternatives of each token."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from engines.messages import Message
from engines.running.events import Token
from tabs.page.component import component

HERE = Path(__file__).parent
END_LINE = '{"end":true}\n'


def token_view(elem_id: str, controls: dict[str, str], folded: Message | None = None) -> gr.HTML:
    """A component whose value is lines made by `token_line` and `note_line`, and END_LINE when nothing more comes.

    `controls` gives the element ids of the buttons "start" (Ctrl+Enter) and "stop" (Esc) of its panel; views
    that write at once share them. Where the text stands on the page already, the view is `folded` under these words.
    """
    words = folded.to_json() if folded else None
    return component(elem_id, HERE / "view", value="", controls=controls, folded=words)


def token_line(token: Token) -> str:
    """One token as a line of the view's value."""
    alternatives = [[text, round(p, 4)] for text, p in token.alternatives]
    share = None if token.probability is None else round(token.probability, 4)
    return _line([token.text, share, alternatives, token.shown or token.text, token.taken])


def note_line(message: Message | None, share: float | None = None) -> str:
    """What is happening now, with a bar if the share from 0 to 1 that is done is known."""
    return _line({"note": message.to_json() if message else "", "share": share})


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
