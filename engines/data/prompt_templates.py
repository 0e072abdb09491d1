"""Prompts with gaps to fill: one small file each in assets/prompt_templates.

A file is JSON: order, mode ("chat" or "continue"), title, help, fields (name, label, example, lines) and prompt;
every text is there in the same languages, {"en": …, "zh": …}, English among them, and the prompt's gaps are {name}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engines.data.cards import ASSETS
from engines.messages import ConfigError, Message

FOLDER = ASSETS / "prompt_templates"
ENGLISH = "en"
MAX_LENGTH = 20_000  # characters of a filled-in value
GAP = re.compile(r"\{(\w+)\}")

Texts = Mapping[str, str]  # language -> text


@dataclass(frozen=True)
class TemplateField:
    """A gap, and a value that shows what belongs there."""

    name: str
    label: Texts
    example: Texts
    lines: int = 1  # height of its box


@dataclass(frozen=True)
class PromptTemplate:
    """A prompt with gaps."""

    id: str
    order: int
    mode: str  # "chat" or "continue"
    title: Texts
    help: Texts
    fields: tuple[TemplateField, ...]
    prompt: Texts

    def render(self, values: Mapping[str, Any] | None = None, language: str = ENGLISH) -> str:
        """The full prompt, in English where there is none in that language; gaps without a value get their example.

        Values are put in as they are, braces included. ConfigError for an unknown field, a value
        that is no text, empty or too long.
        """
        values = values or {}
        language = language if language in self.prompt else ENGLISH
        known = {field.name: field for field in self.fields}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(
                    "The template has no field {name}; it has {known}.", name=repr(name)[:40], known=", ".join(known)
                )
            label = Message(known[name].label["en"])
            if not isinstance(value, str) or not value.strip():
                raise ConfigError("Fill in {field}.", field=label)
            if len(value) > MAX_LENGTH:
                raise ConfigError("{field} may have at most {most} characters.", field=label, most=MAX_LENGTH)
        filled = {name: values.get(name, field.example[language]) for name, field in known.items()}
        return GAP.sub(lambda gap: filled[gap[1]], self.prompt[language])


def load_templates(folder: Path = FOLDER) -> Mapping[str, PromptTemplate]:
    """All templates by id, in their order; ValueError, naming the file, if one is not as it should be."""
    templates = [_read(path) for path in folder.glob("*.json") if path.name != "card.json"]
    return MappingProxyType({template.id: template for template in sorted(templates, key=lambda t: t.order)})


def _read(path: Path) -> PromptTemplate:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fields = tuple(TemplateField(**field) for field in data.pop("fields"))
        template = PromptTemplate(id=path.stem, fields=fields, **data)
    except (TypeError, KeyError, ValueError) as problem:
        raise ValueError(f"{path.name} is not a prompt template: {problem}") from problem
    names = {field.name for field in fields}
    texts = [template.title, template.help, template.prompt]
    texts += [text for field in fields for text in (field.label, field.example)]
    if ENGLISH not in template.prompt or any(set(text) != set(template.prompt) for text in texts):
        raise ValueError(f"{path.name} must have every text in English and in the same other languages")
    if any(set(GAP.findall(prompt)) != names for prompt in template.prompt.values()):
        raise ValueError(f"{path.name}: gaps and fields differ")
    if template.mode not in ("chat", "continue"):
        raise ValueError(f"{path.name}: mode must be chat or continue")
    return template
