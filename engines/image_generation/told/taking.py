"""What a picture tells of its settings, taken over as far as this program knows them: nothing invented, all said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from engines.image_generation.catalog import DEFAULT_IMAGE_MODEL, IMAGE_MODELS, SAMPLERS
from engines.image_generation.config import Draft, ImageConfig
from engines.knobs import MAX_SEED, Knob
from engines.messages import ConfigError, Message, listed

PROGRAM = "AIGC Playground"
# Other programs' names of these samplers, in lower case without signs.
ALIASES = {
    "euler": "euler",
    "eulera": "euler_a",
    "eulerancestral": "euler_a",
    "heun": "heun",
    "dpm2m": "dpmpp_2m",
    "dpm2mkarras": "dpmpp_2m",
    "dpmpp2m": "dpmpp_2m",
    "dpmpp2mk": "dpmpp_2m",
    "ddim": "ddim",
    "unipc": "unipc",
    "lcm": "lcm",
}
TEXTS = ("prompt", "negative_prompt")
NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
NAMED = 12  # settings that are named among those left out
UNKNOWN = ConfigError("The picture's settings are not in a form that this program knows.")


@dataclass(frozen=True)
class Told:
    """Settings as they stand in a file."""

    values: Mapping[str, Any]  # field of ImageConfig -> text or number
    maker: str = ""  # the program, "" if it does not say
    model: str = ""
    rest: tuple[str, ...] = ()  # names of settings that this program does not have


@dataclass
class _Taking:
    """A config as far as it is taken over, and what was not."""

    config: Draft
    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # the model cannot do it
    notes: list[Message] = field(default_factory=list)

    def take(self, values: Mapping[str, Any]) -> None:
        """Take these values, which belong together, if the model can do them."""
        try:
            self.config = Draft.from_dict(self.config.to_dict() | values)
            self.taken += values
        except ConfigError:
            self.refused += values

    def label(self, name: str) -> Message:
        """The setting's name on the page."""
        return Message(ImageConfig.knobs()[name].label)


def take(told: Told) -> tuple[ImageConfig, list[Message]]:
    """The settings that are known here, and sentences on what was taken and what was not.

    What is not told stays as the model draws best; a prompt that is not told stays empty. ConfigError if nothing is
    known.
    """
    model = known_model(told.model)
    card = IMAGE_MODELS[model or DEFAULT_IMAGE_MODEL]
    taking = _Taking(Draft.for_model(card.id, batch=1, prompt=""))
    read = dict(_readable(told.values, taking))
    for group in (("task",), ("width", "height"), *((name,) for name in read)):
        values = {name: read.pop(name) for name in group if name in read}
        if values:
            taking.take(values)
    if not taking.taken:
        raise UNKNOWN
    notes = [*_about_model(told, model, card.title), *_about_taken(told, taking), *taking.notes]
    notes += _about_left_out(told, taking, card.title)
    notes += _about_untold(told, taking, card.title)
    return taking.config.complete(), notes


def known_model(name: str) -> str:
    """The catalog's id for another program's name of a model, "" if it is not known."""
    wanted = letters(re.sub(r"\.(safetensors|ckpt|gguf|pt)$", "", re.split(r"[\\/]", name)[-1]))
    for card in IMAGE_MODELS.values():
        names = (card.id, card.title, *card.formerly, card.repo, card.repo.rpartition("/")[2])
        if wanted and wanted in map(letters, names):
            return card.id
    return ""


def letters(text: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def known_sampler(name: str) -> str:
    """The id of a sampler by our title or another program's name, "" if it is not known."""
    titles = {letters(title): sampler for sampler, title in SAMPLERS.items()}
    wanted = letters(name.removeprefix("k_").removeprefix("sample_"))
    return titles.get(wanted) or ALIASES.get(wanted, "")


def exact_number(value: Any, whole: bool) -> int | float | None:
    """A number from a file, None unless every digit of it can be kept."""
    text = str(value).strip()
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
        return None
    try:
        exact = Decimal(text)
        if whole or (exact == exact.to_integral_value() and abs(exact) > 2**53):
            return int(exact) if exact == exact.to_integral_value() and abs(exact) < 10**40 else None
        number = float(exact)
        return number if Decimal(repr(number)) == exact else None
    except (InvalidOperation, OverflowError, ValueError):
        return None


def _readable(values: Mapping[str, Any], taking: _Taking) -> Iterator[tuple[str, Any]]:
    """(field, value) of those that can be read as what they are; what cannot gets a sentence."""
    knobs, unread = ImageConfig.knobs(), []
    for name, raw in values.items():
        value = _value(name, raw, knobs[name])
        if value is None:
            unread.append(name)
        elif name == "seed" and value > MAX_SEED:
            taking.notes.append(
                Message(
                    "Its seed {seed} is larger than any here (at most {most}), and is left out.",
                    seed=str(value),
                    most=str(MAX_SEED),
                )
            )
        elif name in TEXTS and len(value) > knobs[name].max_length:
            note = "Its {field} has {count} characters, more than {most}, and is left out."
            taking.notes.append(Message(note, field=taking.label(name), count=len(value), most=knobs[name].max_length))
        elif not (name == "seed" and value < 0) and value != "":
            yield name, value
    if unread:
        fields = listed([knobs[name].label for name in unread])
        taking.notes.append(Message("Left out, since this program cannot read it: {fields}.", fields=fields))


def _value(name: str, raw: Any, knob: Knob) -> Any:
    """The raw value in the knob's type, None if it cannot be read."""
    if name == "sampler":
        return known_sampler(str(raw)) or None
    if isinstance(knob.default, str):
        return str(raw).replace("\0", "")
    return exact_number(raw, isinstance(knob.default, int))


def about_version(title: str) -> list[Message]:
    """What to know of a picture whose model had this title when it was drawn."""
    if any(letters(title) in map(letters, card.formerly) for card in IMAGE_MODELS.values()):
        return [Message("An earlier version of the model drew it; the same settings give another picture now.")]
    return []


def _about_model(told: Told, model: str, title: str) -> list[Message]:
    if model:
        return about_version(told.model)
    if not told.model:
        return [Message("It tells no model; {model} is chosen.", model=title)]
    return [Message("Its model {name} is not offered here; another one is chosen.", name=told.model[:60])]


def _about_taken(told: Told, taking: _Taking) -> list[Message]:
    if told.maker == PROGRAM:
        return []
    return [
        Message(
            "It was made by {maker}, so the picture will not come out the same. Taken over: {taken}.",
            maker=told.maker or Message("another program"),
            taken=listed([taking.label(name) for name in taking.taken]),
        )
    ]


def _about_left_out(told: Told, taking: _Taking, title: str) -> list[Message]:
    notes = []
    if taking.refused:
        refused = listed([taking.label(name) for name in taking.refused])
        notes.append(Message("Left out, since {model} cannot do it: {refused}.", model=title, refused=refused))
    if told.rest:
        names = ", ".join(name[:40] for name in told.rest[:NAMED]) + (" …" if len(told.rest) > NAMED else "")
        notes.append(Message("Left out, since this program does not have it: {names}.", names=names))
    return notes


def _about_untold(told: Told, taking: _Taking, title: str) -> list[Message]:
    notes, shown = [], [name for name in ("steps", "guidance") if name not in told.values]
    named = {"prompt"} & {*told.values, *map(letters, told.rest)}
    if taking.config.card.steered and not taking.config.prompt.strip() and not named:
        notes.append(Message("It tells no prompt: write one."))
    if shown:
        names = listed([taking.label(name) for name in shown])
        notes.append(Message("Not told, and set as {model} draws best: {names}.", model=title, names=names))
    if str(told.values.get("seed", "-")).startswith("-"):  # -1 is what many programs write for any
        notes.append(Message("It tells no seed; one is drawn at random."))
    return notes
