"""The visitor's language. English stands in the code and is the key; each other language is a file of assets/locale.

Such a file, `<code>.json` (of a language that Gradio speaks too: de, fr, ja …), has groups in the order of the page,
each a table from the English sentence to the same in that language; what it lacks stays English. Texts that have files
of their own are told apart by the same code: assets/learn/<topic>.<code>.md, and those of assets/prompt_templates.

What Gradio shows is translated in the browser by gr.I18n; what our components show, by words.js, from the same
tables; an error's toast, here, by the language that the request asks for. A visitor who chose another than the
browser's has it in a cookie or in the address: see tabs/page/opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import gradio as gr

from engines.data.cards import ASSETS
from engines.data.prompt_templates import load_templates
from engines.messages import Message

ENGLISH = "en"
COOKIE, QUERY = "aigc_language", "lang"  # what a visitor chose: kept by the browser, carried by links
FOLDER = ASSETS / "locale"
# Gradio has words of its own for these, and takes theirs alone; for any other region it takes the language's.
REGIONS = ("zh-CN", "pt-BR")


def load_languages(folder: Path = FOLDER) -> Mapping[str, Mapping[str, str]]:
    """Code -> (English sentence -> that language's), for each file in `folder`."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
    found.pop("card", None)  # what the folder itself is
    return MappingProxyType({code: _flat(groups) for code, groups in found.items()})


def _flat(groups: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    return MappingProxyType({english: text for group in groups.values() for english, text in group.items()})


LANGUAGES = load_languages()


def _for_gradio() -> gr.I18n:
    """The tables, whole, and the texts of the prompt templates, which bring their own translations."""
    texts = [
        text for one in load_templates().values() for text in (one.title, one.help, *(f.label for f in one.fields))
    ]
    sentences = {sentence for table in LANGUAGES.values() for sentence in table} | {text[ENGLISH] for text in texts}
    tables = {ENGLISH: {sentence: sentence for sentence in sentences}}
    for code, table in LANGUAGES.items():
        own = {text[ENGLISH]: text[code] for text in texts if code in text}
        words = tables[ENGLISH] | table | own
        tables |= dict.fromkeys((code, *(r for r in REGIONS if r.partition("-")[0] == code)), words)
    return gr.I18n(**tables)


I18N = _for_gradio()


def t(english: str):
    """The text as Gradio shows it in the visitor's language."""
    return I18N(english)


def locales() -> dict[str, str]:
    """Code of each language of the page -> the one by which Gradio knows it, such as zh -> zh-CN."""
    codes = (ENGLISH, *LANGUAGES)
    return {code: next((r for r in REGIONS if r.partition("-")[0] == code), code) for code in codes}


def language_of(request: gr.Request | None) -> str:
    """The code of the language that the visitor chose, else of that which the browser asks for first, else English."""
    if request is None:
        return ENGLISH
    headers = request.headers
    accepted = (headers.get("accept-language") or "").partition(",")[0].partition(";")[0]
    asked = (_queries(request).get(QUERY), _cookie(headers.get("cookie") or ""))
    chosen = next((code for code in asked if code in (ENGLISH, *LANGUAGES)), accepted.strip().lower())
    return next((code for code in LANGUAGES if code.lower() in (chosen, chosen.partition("-")[0])), ENGLISH)


def _queries(request: gr.Request) -> Mapping[str, str]:
    return getattr(request, "query_params", None) or {}


def _cookie(header: str) -> str:
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def translate(text: str, language: str) -> str:
    """A text or Message in a language; in English what that has no word for."""
    table = LANGUAGES.get(language, {})
    if not isinstance(text, Message):
        return table.get(text, text)
    values = {
        name: translate(value, language) if isinstance(value, str) else value for name, value in text.values.items()
    }
    template = table.get(text.template, text.template)
    return template.format(**values) if values else template
