"""Sentences meant for a person, and the two kinds of error that carry them.

A Message is its English text and remembers the template and values it came from, so that each viewer's
page can say it in its own language.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from string import Formatter
from typing import Any

MAX_LENGTH = 1000  # characters of a template read from a file


class Message(str):
    """English text made from `template` and `values`, kept apart for translation.

    >>> Message("{count} pictures", count=3)
    '3 pictures'
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> Message:
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template = template
        self.values = values
        return self

    def to_json(self) -> dict[str, Any]:
        """{"template", "values"}; nested messages are turned likewise."""
        values = {k: v.to_json() if isinstance(v, Message) else v for k, v in self.values.items()}
        return {"template": self.template, "values": values}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Message:
        """The inverse of to_json; ValueError if `data`, which may come from an upload, is not such a message.

        Only plain `{name}` fields are let through: a format string can otherwise read attributes or ask
        for gigabytes of padding.
        """
        try:
            template, values = data["template"], data["values"]
            fields = [f[1:] for f in Formatter().parse(template) if f[1] is not None]
            plain = all(name.isidentifier() and not spec and not conv for name, spec, conv in fields)
            if not plain or len(template) > MAX_LENGTH or len(values) > 20:
                raise ValueError("not a plain template")
            return cls(template, **{k: cls._value_from_json(v) for k, v in values.items()})
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError("not a message") from problem

    @classmethod
    def _value_from_json(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return cls.from_json(value)
        return value if isinstance(value, (int, float)) else str(value)[:MAX_LENGTH]


def listed(parts: Sequence[str]) -> Message:
    """The parts one after the other with commas, each to be translated by itself."""
    messages = [part if isinstance(part, Message) else Message(part) for part in parts] or [Message("")]
    return reduce(lambda before, part: Message("{before}, {next}", before=before, next=part), messages)


class PlaygroundError(Exception):
    """An error whose sentence is shown to the person as it is."""

    def __init__(self, template: str, **values: Any) -> None:
        self.message = Message(template, **values)
        super().__init__(str(self.message))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as it is, without its kind's own __init__."""
        return type(self).__new__, (type(self), *self.args), self.__dict__


class ConfigError(PlaygroundError):
    """A setting is wrong; the sentence names the field and says what is allowed."""


class EngineError(PlaygroundError):
    """Something failed while running; the sentence says what happened and what to do."""
