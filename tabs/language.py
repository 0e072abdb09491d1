"""English and 简体中文. English stands in the code and is the key; the Chinese is in tabs/chinese.py.

What Gradio shows is translated in the browser by gr.I18n; what the live view shows, by its own script;
an error's toast, here, by the language that the request asks for.
"""

from __future__ import annotations

import gradio as gr

from engines.messages import Message
from engines.prompt_templates import load_templates
from tabs.chinese import CHINESE


def _page_words() -> dict[str, str]:
    """The table, and the texts of the prompt templates, which bring their own Chinese."""
    words = dict(CHINESE)
    for template in load_templates().values():
        for text in (template.title, template.help, *(field.label for field in template.fields)):
            words[text["en"]] = text["zh"]
    return words


_WORDS = _page_words()
# Gradio looks up "zh-CN" and "zh-TW" as they are and falls back from those to "zh".
I18N = gr.I18n(en={key: key for key in _WORDS}, zh=_WORDS, **{"zh-CN": _WORDS})


def t(english: str):
    """The text as Gradio shows it in the visitor's language."""
    return I18N(english)


def is_chinese(request: gr.Request | None) -> bool:
    """Whether the visitor's browser asks for Chinese first."""
    accepted = (request.headers.get("accept-language") or "") if request else ""
    return accepted.strip().lower().startswith("zh")


def translate(text: str, chinese: bool) -> str:
    """A text or Message in English or Chinese."""
    if not chinese:
        return str(text)
    if not isinstance(text, Message):
        return CHINESE.get(text, text)
    values = {
        name: translate(value, chinese) if isinstance(value, str) else value for name, value in text.values.items()
    }
    template = CHINESE.get(text.template, text.template)
    return template.format(**values) if values else template
