"""The Learn fold-out of a tab: the formulas and papers behind what is on the screen now.

The texts are assets/learn/<topic>.<language>.md. A heading names its section in braces: "### The game {game}" is
always shown, "### WGAN-GP {objective=wgan_gp}" while that setting has that value. {{steps}} stands for the setting's
value, [[Steps]] for the label as the page shows it, and arXiv:1406.2661 becomes a link.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

import gradio as gr

from engines.data.cards import ASSETS
from tabs.page.forms import Form
from tabs.page.language import ENGLISH, language_of, t, translate
from tabs.page.questions.marks import asked, question_marks
from tabs.page.shared import FOLLOW, after

FOLDER = ASSETS / "learn"
LATEX = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]
HEADING = re.compile(r"^### (?P<title>.+) \{(?P<name>[^{}]+)\}$", re.M)
CONDITION = re.compile(r"(\w+)(!?=|<|>)([^\s,]+)")  # setting, sign, value; of texts a pattern, or several: a|b*
GAP = re.compile(r"\{\{(\w+)\}\}")
LABEL = re.compile(r"\[\[([^\[\]]+)\]\]")
LABELS = "[data-testid=block-info]"  # where Gradio writes the label of a widget
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; its name says when it is shown."""

    name: str
    text: str
    title: str = ""

    def explains(self, name: str, label: str) -> int:
        """How directly it tells of a setting, 0 not at all: named after it, its value a condition, mentioned."""
        words = self.name.partition(",")[0].split("=")[0]
        if words == name or name in [one for one, sign, _ in self.conditions if sign in ("=", ">")]:
            return 3
        if name in GAP.findall(self.text):
            return 2
        return 1 if label in LABEL.findall(self.text) else 0

    @property
    def conditions(self) -> list[tuple[str, str, str]]:
        """What must hold for it to be shown, as (setting, sign, value); none: always."""
        return CONDITION.findall(self.name)

    @property
    def settings(self) -> set[str]:
        """Names of the settings that it depends on."""
        return {name for name, _, _ in self.conditions} | set(GAP.findall(self.text))

    def suits(self, settings: Mapping[str, Any]) -> bool:
        """Whether these settings show it."""
        return all(_holds(settings.get(name), sign, value) for name, sign, value in self.conditions)


@dataclass(frozen=True)
class Page:
    """All that can be learnt of a topic, in one language."""

    sections: tuple[Section, ...]

    @property
    def settings(self) -> set[str]:
        """Names of the settings that it depends on."""
        return set().union(*(section.settings for section in self.sections))

    def named(self, name: str) -> list[str]:
        """The heading of the section of this name, in a list; none if this language does not have it."""
        return [section.title for section in self.sections if section.name == name]

    def check(self, names: Iterable[str]) -> None:
        """KeyError if a section of one of these names is missing."""
        missing = set(names) - {section.name for section in self.sections}
        if missing:
            raise KeyError(*sorted(missing))

    def titles(self, name: str, label: str) -> list[str]:
        """The headings of the sections that explain a setting, the most direct first."""
        ranked = [(section.explains(name, label), section) for section in self.sections]
        return [one.title for rank, one in sorted(ranked, key=lambda pair: -pair[0]) if rank]

    def render(self, settings: Mapping[str, Any], language: str) -> str:
        """The sections that suit the settings, as Markdown with LaTeX."""
        text = "\n\n".join(section.text for section in self.sections if section.suits(settings))
        text = GAP.sub(lambda gap: _number(settings.get(gap[1])), text)
        # HTML, since ** beside a Chinese bracket is no emphasis in Markdown.
        text = LABEL.sub(lambda label: f"<b>{translate(label[1], language)}</b>", text)
        return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def load_page(topic: str, language: str) -> Page:
    """The page in assets/learn; ValueError if the file does not begin with a section."""
    _, *parts = HEADING.split((FOLDER / f"{topic}.{language}.md").read_text("utf-8"))
    if not parts:
        raise ValueError(f"{topic}.{language}.md has no section")
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return Page(tuple(Section(name, f"## {title}\n\n{text.strip()}", title) for title, name, text in triples))


def load_pages(topic: str) -> dict[str, Page]:
    """Language code -> the topic's page, for each language that has one."""
    files = sorted(FOLDER.glob(f"{topic}.*.md"))
    return {language: load_page(topic, language) for language in (file.suffixes[0][1:] for file in files)}


def has_page(topic: str) -> bool:
    """Whether there is a page of this topic."""
    return (FOLDER / f"{topic}.{ENGLISH}.md").is_file()


def sections(topic: str) -> set[str]:
    """The names of the sections of a topic's page."""
    return {section.name for section in load_page(topic, ENGLISH).sections}


def learn_panel(
    topic: str, form: Form, places: Mapping[str, str] = MappingProxyType({}), also: Iterable[str] = ()
) -> None:
    """Add the fold-out here, closed; it follows those of the form's settings that its texts mention.

    The form must have them all: KeyError if not. Each of its settings that a section explains gets a "?", those of
    forms with the prefixes `also` too, and so does what the CSS selectors of `places` find, each with the name of its
    section.
    """
    pages = load_pages(topic)
    names = sorted(pages[ENGLISH].settings)
    widgets = [form[name] for name in names]
    title = t("Learn: ideas, formulas and papers")
    with gr.Accordion(title, open=False, elem_id=f"{form.prefix}-learn") as fold:
        text = gr.Markdown(latex_delimiters=LATEX, elem_classes="learn")
    knobs = form.config_class.knobs()
    explained = {name: [page.titles(name, knobs[name].label) for page in pages.values()] for name in form.names}
    pages[ENGLISH].check(places.values())
    named = {where: [title for page in pages.values() for title in page.named(name)] for where, name in places.items()}
    marked = asked(form.names, explained)
    named |= {f"#{prefix}-{name} {LABELS}": titles for prefix in also for name, titles in marked.items()}
    question_marks(form.prefix, marked, named)

    def show(request: gr.Request, *values: Any) -> str:
        language = language_of(request)
        return pages.get(language, pages[ENGLISH]).render(dict(zip(names, values, strict=True)), language)

    changes = after(fold.expand, *(widget.change for widget in widgets))
    changes.then(show, widgets, text, **FOLLOW)


def _holds(given: Any, sign: str, value: str) -> bool:
    if sign in ("=", "!="):
        found = any(fnmatchcase(_plain(given), pattern) for pattern in value.split("|"))
        return found is (sign == "=")
    if not _is_number(given):
        return False
    return given > float(value) if sign == ">" else given < float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _plain(value: Any) -> str:
    """A setting as the sections' names write it: wgan_gp, true, 0.5."""
    if isinstance(value, bool):
        return str(value).lower()
    return _number(value) if _is_number(value) else str(value)


def _number(value: Any) -> str:
    """A number in full, since 1e-05 is no formula; … for anything else, such as a box just emptied."""
    return format(Decimal(repr(value)).normalize(), "f") if _is_number(value) else "…"
