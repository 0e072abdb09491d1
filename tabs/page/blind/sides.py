"""A text or a picture of a blind test as it is shown, and as a script is told it."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
import numpy as np

from engines.data.grids import encode_grid
from engines.messages import Message
from tabs.page.markup import LOOKS, Say


def side(elem_id: str) -> gr.HTML:
    """A component for one of the two."""
    return gr.HTML(css_template=LOOKS.read_text("utf-8"), elem_id=elem_id, apply_default_css=False)


def text_side(text: str, about: Message, say: Say) -> str:
    """A text; of a quatrain a line for each of its own."""
    lines = escape(text).replace("，", "，\n").replace("。", "。\n").strip().replace("\n", "<br>")
    return f'<figure class="blind"><figcaption>{say(about)}</figcaption><div class="words">{lines}</div></figure>'


def picture_side(image: np.ndarray, about: Message, say: Say) -> str:
    """A picture uint8 [H, W, C], large enough to be looked at."""
    seen = f'<img src="{picture_uri(image)}" alt="{say(about)}">'
    return f'<figure class="blind"><figcaption>{say(about)}</figcaption>{seen}</figure>'


def picture_uri(image: Any) -> str:
    """The same as an address that has it."""
    return encode_grid(image[None], 1).data_uri()
