"""Links that carry a tab's settings, such as ?tab=gan_training&dataset=mnist&steps=500.

Only what differs from the defaults stands in a link, or the first setting of a form that stands on them all: a link
that names a tab alone has no settings, and opens it as a press on it does. What comes back is text from a stranger:
each value is read by the type of its knob's default and checked by that knob, and then the config as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from engines.knobs import Config, Knob
from engines.messages import ConfigError, Message, listed

Query = Mapping[str, "str | None"]  # of an address: name -> value, None for a name that is there more than once

TAB, RUN = "tab", "run"  # the engine whose settings these are; the run of a watch link
LANGUAGE = "lang"  # that the page speaks
MAX_LENGTH = 4000  # characters of a query
MAX_NAME = 40  # characters of an unknown name that are shown
OTHERS = ("_", "utm_")  # begin the names that belong to Gradio, to Spaces or to those who count visits
WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,4})?", re.I)


@dataclass(frozen=True)
class LinkFormat:
    """What the links of one tab may say.

    `knobs` are some of the config's and those of texts beside it; whatever else a config has keeps its default.
    `suited` gives the defaults that suit some settings, such as the steps that a model draws best with; the settings
    that it looks at must not be among them. It may raise ConfigError.
    """

    engine: str
    config_class: type[Config]
    knobs: Mapping[str, Knob]
    suited: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda settings: {}

    def defaults(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a link need not say beside these settings."""
        plain = {name: knob.default for name, knob in self.knobs.items()}
        return {**plain, **self.suited({**plain, **settings})}

    def write(self, settings: Mapping[str, Any]) -> tuple[str, list[str]]:
        """The query for checked settings, and the names of those that are too long for a link.

        Raises ConfigError for a choice that not everybody has, such as a visitor's own generator.
        """
        defaults = self.defaults(settings)
        changed = {name: settings[name] for name in self.knobs if settings[name] != defaults[name]}
        for name, value in changed.items():
            if self.knobs[name].choices and value not in self.knobs[name].choices:
                raise ConfigError(
                    "{field} is something that only you have here, so no link can carry it; choose another.",
                    field=Message(self.knobs[name].label),
                )
        texts, too_long = {name: _to_text(value) for name, value in changed.items()}, []
        while len(query := _encode({TAB: self.engine, **texts})) > MAX_LENGTH:
            too_long.append(max(texts, key=lambda name: len(texts[name])))
            del texts[too_long[-1]]
        if not texts:  # else it would be a link without settings
            first = next(name for name in self.knobs if name not in too_long)
            query = _encode({TAB: self.engine, first: _to_text(settings[first])})
        return query, too_long

    def read(self, query: Query) -> tuple[dict[str, Any] | None, list[Message]]:
        """Every setting that a link says or implies, and what was ignored and why; None in place of the settings if it
        says none, or they make no config.
        """
        found, notes = read_query(self.knobs, query)
        if not found:
            return None, notes
        try:
            settings = {**self.defaults(found), **found}
            own = self.config_class.knobs()
            self.config_class.from_dict({name: value for name, value in settings.items() if name in own})
        except ConfigError as problem:
            return None, [*notes, Message("The link's settings were ignored: {reason}", reason=problem.message)]
        return settings, notes


def read_query(knobs: Mapping[str, Knob], query: Query) -> tuple[dict[str, Any], list[Message]]:
    """What an address says that passes its knob's check, and a sentence about each thing that was ignored."""
    if sum(len(name) + len(query[name] or "") for name in ours(query)) > MAX_LENGTH:
        return {}, [Message("The link's settings were ignored: it is longer than {most} characters.", most=MAX_LENGTH)]
    found, notes = {}, []
    for name in ours(query):
        ignored = "The link's {field} was ignored: {reason}"
        try:
            found[name] = _read(knobs.get(name), query[name])
        except ConfigError as problem:
            field = Message(knobs[name].label) if name in knobs else repr(name[:MAX_NAME])
            notes.append(Message(ignored, field=field, reason=problem.message))
    return found, notes


def read_visit(pairs: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """The query of an address from its names and values."""
    visit: dict[str, str | None] = {}
    for name, value in pairs:
        visit[name] = None if name in visit else value
    return visit


def lost(query: Query) -> list[Message]:
    """What to tell of a query that names none of the tabs; nothing if it has no settings."""
    if TAB in query:
        return [Message("The link's settings were ignored: there is no such tab here.")]
    names = [repr(name[:MAX_NAME]) for name in ours(query)][:5]
    sentence = "The link does not say which tab it is for, so this was ignored: {names}"
    return [Message(sentence, names=listed(names))] if names else []


def ours(query: Query) -> list[str]:
    """The names that should be settings."""
    return [name for name in query if name not in (TAB, RUN, LANGUAGE) and not name.startswith(OTHERS)]


def _read(knob: Knob | None, text: str | None) -> Any:
    """The value that the text stands for; ConfigError if it is none that is allowed."""
    if knob is None:
        raise ConfigError("there is no such setting.")
    if text is None:
        raise ConfigError("it is there more than once.")
    return knob.check(_from_text(knob, text))


def _from_text(knob: Knob, text: str) -> Any:
    """`text` as a value of the knob's type; as it is where it cannot be one, for the knob to refuse."""
    if knob.choices is not None:
        return next((choice for choice in knob.choices if _to_text(choice) == text), text)
    if isinstance(knob.default, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(knob.default, int):
        return int(text) if WHOLE.fullmatch(text) else text
    if isinstance(knob.default, float):
        return float(text) if NUMBER.fullmatch(text) else text
    return text


def _to_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encode(texts: Mapping[str, str]) -> str:
    return urlencode(texts, safe="/:,", errors="replace")
