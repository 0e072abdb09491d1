"""Settings with their limits, labels and help in one place.

A Config is a frozen dataclass whose fields are knobs. The knob that makes the slider is the knob that
checks the value, whether it came from a widget, a file or a call over the API.
"""

from __future__ import annotations

import dataclasses
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from engines.messages import ConfigError, Message

C = TypeVar("C", bound="Config")

MAX_SEED = 2**31 - 1
HALF = re.compile("[\ud800-\udfff]")  # a surrogate: no character by itself


@dataclass(frozen=True)
class Knob:
    """One setting: its default (which gives its type), limits, and what the page says about it."""

    default: bool | int | float | str
    label: str
    help: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None  # of the slider; not enforced
    choices: Mapping[Any, str] | None = None  # value -> label
    max_length: int = 200  # of a text
    more: bool = False  # belongs under "More"

    def check(self, value: Any) -> Any:
        """`value` in this knob's type, or ConfigError naming the field and what is allowed."""
        if self.choices is not None:
            return self._check_choice(value)
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise self._error("true or false", value)
        if isinstance(self.default, str):
            if isinstance(value, str) and len(value) <= self.max_length:
                return check_whole(value)
            raise self._error("a text of at most {length} characters", value, length=self.max_length)
        return self._check_number(value)

    def _check_choice(self, value: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JavaScript has only one kind of number
        if isinstance(value, type(self.default)) and not isinstance(value, bool) and value in self.choices:
            return value
        raise self._error("one of {choices}", value, choices=", ".join(map(str, self.choices)))

    def _check_number(self, value: Any) -> int | float:
        whole = isinstance(self.default, int)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and self.low <= value <= self.high and not (whole and value != math.floor(value)):  # NaN fails
            return int(value) if whole else float(value)
        raise self._error(
            "a whole number from {low} to {high}" if whole else "a number from {low} to {high}",
            value,
            low=self.low,
            high=self.high,
        )

    def _error(self, allowed: str, value: Any, **limits: Any) -> ConfigError:
        got = repr(value)
        got = got if len(got) <= 40 else got[:37] + "…"
        return ConfigError(
            "{field} must be {allowed}; it is {got}.",
            field=Message(self.label),
            allowed=Message(allowed, **limits),
            got=got,
        )


def check_whole(text: str) -> str:
    """`text`, or ConfigError if it has halves of characters, which no file and no model can take."""
    if half := HALF.search(text):
        place, code = half.start() + 1, f"U+{ord(half[0]):04X}"
        raise ConfigError(
            "Character {place} of the text is only a half of one ({code}); remove it.", place=place, code=code
        )
    return text


def knob(default: Any, label: str, help: str = "", **limits: Any) -> Any:
    """A dataclass field that carries a Knob; `limits` are the Knob's other fields."""
    return dataclasses.field(default=default, metadata={"knob": Knob(default, label, help, **limits)})


def seed_knob(label: str = "Seed", help: str = "-1 picks one at random; the one used is shown.") -> Any:
    """The seed every engine has, under the same name and limits."""
    return knob(-1, label, help, low=-1, high=MAX_SEED, step=1, more=True)


@dataclass(frozen=True)
class Config:
    """Base of every engine's settings: each field is checked, then `check` looks across fields.

    `time_of` names the knobs that a run's time depends on: it grows with the first. Runs can be compared in what
    they make if they agree in the knobs of `data_of`, and in their losses if they agree in those of `loss_of` too. A
    fork may change those of `free_in_a_fork`; with none, runs can't be forked.
    """

    time_of: ClassVar[tuple[str, ...]] = ()
    data_of: ClassVar[tuple[str, ...]] = ()
    loss_of: ClassVar[tuple[str, ...]] = ()
    free_in_a_fork: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name, a_knob in self.knobs().items():
            object.__setattr__(self, name, a_knob.check(getattr(self, name)))
        self.check()

    def check(self) -> None:
        """Limits on combinations of fields; raises ConfigError. The base has none."""

    def paced_like(self, other: Config) -> bool:
        """Whether a step takes as long as with the other's settings, on the same machine."""
        return bool(self.time_of) and all(getattr(self, name) == getattr(other, name) for name in self.time_of[1:])

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """Field name -> Knob, in order."""
        return {f.name: f.metadata["knob"] for f in dataclasses.fields(cls)}

    @classmethod
    def from_dict(cls: type[C], values: Mapping[str, Any]) -> C:
        """A checked config; fields left out keep their defaults, unknown ones raise ConfigError."""
        if not isinstance(values, Mapping):
            raise ConfigError("The settings must be a JSON object of names and values.")
        for name in values:
            if name not in cls.knobs():
                raise ConfigError(
                    "There is no setting called {name}; there are {known}.",
                    name=repr(name)[:40],
                    known=", ".join(cls.knobs()),
                )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self)

    def with_seed(self: C) -> C:
        """This config with a random seed in place of -1, so that what ran can be repeated."""
        if getattr(self, "seed", 0) != -1:
            return self
        return dataclasses.replace(self, seed=secrets.randbelow(MAX_SEED))


@dataclass(frozen=True)
class Preset:
    """A named set of values; fields not named keep their defaults."""

    title: str
    help: str
    values: Mapping[str, Any] = field(default_factory=dict)
