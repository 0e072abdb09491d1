"""The two axes of an X/Y grid: in words, in the grid's file, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.image_generation.config import ImageConfig
from engines.messages import Message

MOST = 100  # values of an axis that are read


@dataclass(frozen=True)
class Axes:
    """What an X/Y grid varies: a field of ImageConfig across and another down, and their values."""

    x: str
    values_x: tuple[Any, ...]
    y: str
    values_y: tuple[Any, ...]

    @property
    def sides(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """(field, values) across and down."""
        return (self.x, self.values_x), (self.y, self.values_y)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"x": self.x, "values_x": list(self.values_x), "y": self.y, "values_y": list(self.values_y)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Axes:
        """The inverse of to_json; ConfigError, ValueError, TypeError or KeyError if `data` is not such a table."""
        knobs = ImageConfig.knobs()
        axes = []
        for name, values in ((data["x"], data["values_x"]), (data["y"], data["values_y"])):
            if not isinstance(values, list) or not 1 <= len(values) <= MOST:
                raise ValueError("not the values of an axis")
            axes += [name, tuple(knobs[name].check(value) for value in values)]
        return cls(*axes)

    def note(self) -> Message:
        """What to know of settings that come from a grid."""
        return Message("It is an X/Y grid; the form has the settings of its first picture. {axes}", axes=self.legend())

    def legend(self) -> Message:
        """Both axes with their values in full."""
        return Message(
            "Across: {label_x}: {x}. Down: {label_y}: {y}.",
            label_x=Message(ImageConfig.knobs()[self.x].label),
            x=legend_of(self.x, self.values_x),
            label_y=Message(ImageConfig.knobs()[self.y].label),
            y=legend_of(self.y, self.values_y),
        )


def legend_of(name: str, values: Sequence[Any]) -> str:
    """The values in full, with the numbers that stand in the picture for those that its font cannot draw."""
    texts = [value_text(name, value) for value in values]
    if all(map(str.isascii, texts)):
        return " | ".join(texts)
    return " | ".join(text if text.isascii() else f"#{number} {text}" for number, text in enumerate(texts, 1))


def value_text(name: str, value: Any) -> str:
    """A value as a person reads it."""
    knob = ImageConfig.knobs()[name]
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return str(knob.choices[value]) if knob.choices and value in knob.choices else text
