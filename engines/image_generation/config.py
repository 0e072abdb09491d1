"""What a person may set about a generated picture, and the limits on what may be asked. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engines.image_generation.catalog import DEFAULT_IMAGE_MODEL, SAMPLERS, TASKS, ImageCard, find_image_model
from engines.knobs import MAX_SEED, Config, knob, seed_knob
from engines.messages import ConfigError, Message, listed

MAX_PROMPT = 1000  # characters
MAX_PIXELS = 2**24  # of a batch together: 16 pictures of 1024 x 1024
MAX_WORK = 2**30  # pixels x steps: the same in 64 steps


@dataclass(frozen=True)
class ImageConfig(Config):
    """Settings of a batch of pictures. The defaults suit the bundled model, its pictures as drawn; see `for_model`.

    Settings that tell no size, such as a script's for an earlier version, mean 64 pixels, words as they stand,
    and several things: in one go.
    """

    needs_prompt: ClassVar[bool] = True
    model: str = knob(DEFAULT_IMAGE_MODEL, "Model", "Which model draws.", max_length=100)
    task: str = knob("text_to_image", "Task", "What the picture starts from.", choices=dict(TASKS))
    prompt: str = knob("smiling cat", "Prompt", "What the picture should show.", max_length=MAX_PROMPT)
    negative_prompt: str = knob(
        "", "Negative prompt", "What the picture should not show.", max_length=MAX_PROMPT, more=True
    )
    style: str = knob(
        "noto",
        "Style",
        "Whose emoji the bundled model draws like.",
        choices={"noto": "Noto", "twemoji": "Twemoji"},
    )
    wording: str = knob(
        "plain",
        "Wording",
        "How words that name no emoji are drawn: as the emoji nearest in meaning, or as they stand.",
        choices={"nearest": "Nearest emoji", "plain": "As it stands"},
        more=True,
    )
    steps: int = knob(
        12, "Steps", "How many steps lead from noise to the picture; more take longer.", low=1, high=150, step=1
    )
    guidance: float = knob(
        2.0,
        "Guidance scale",
        "How closely the picture follows the prompt; 1 is without guidance.",
        low=0.0,
        high=30.0,
        step=0.5,
    )
    batch: int = knob(4, "Batch size", "How many pictures, each from the next seed.", low=1, high=64, step=1)
    strength: float = knob(
        0.7,
        "Strength",
        "How far the uploaded picture may change: a little near 0, entirely at 1.",
        low=0.05,
        high=1.0,
        step=0.05,
    )
    sampler: str = knob("auto", "Sampler", "How the steps are taken.", choices=dict(SAMPLERS), more=True)
    width: int = knob(64, "Width", "In pixels.", low=8, high=2048, step=8, more=True)
    height: int = knob(64, "Height", "In pixels.", low=8, high=2048, step=8, more=True)
    enlarge: str = knob(
        "1",
        "Enlarge",
        "How many times wider and higher the finished picture becomes, sharp, by Real-ESRGAN.",
        choices={"1": "As drawn", "2": "x2", "4": "x4"},
    )
    together: str = knob(
        "no",
        "Several things",
        "How the bundled model, which alone draws one thing, draws a prompt of several: alone, or each by itself.",
        choices={"yes": "Put together", "no": "In one go"},
        more=True,
    )
    label: int = knob(-1, "Class", "Of a generator trained with classes; -1 is all in turn.", low=-1, high=999, step=1,
                      more=True)  # fmt: skip
    seed: int = seed_knob()

    @classmethod
    def for_model(cls, model: str, **values: Any) -> ImageConfig:
        """A checked config with the steps, guidance and size that this model draws best with, and `values`."""
        return cls.from_dict({**find_image_model(model).defaults(), **values})

    @property
    def times(self) -> int:
        """How many times larger the finished picture becomes."""
        return int(self.enlarge)

    @property
    def card(self) -> ImageCard:
        """The card of the model."""
        return find_image_model(self.model)

    def seed_of(self, index: int) -> int:
        """The seed of picture `index` of the batch, which makes the same picture alone."""
        return (self.seed + index) % (MAX_SEED + 1)

    def check(self) -> None:
        """What the model can do, and bounds on memory and time."""
        card = self.card
        for field, value, known in (("task", self.task, card.tasks), ("sampler", self.sampler, card.samplers)):
            if value not in known:
                choices = self.knobs()[field].choices
                raise ConfigError(
                    "{model} does not offer {field} = {value}; it offers {known}.",
                    model=card.title,
                    field=Message(self.knobs()[field].label),
                    value=Message(choices[value]),
                    known=listed([choices[name] for name in known]),
                )
        if card.steered and self.needs_prompt and not self.prompt.strip():
            raise ConfigError("Write a prompt first: a few words that say what the picture should show.")
        if card.kind != "gan":
            self._check_size(card)

    def _check_size(self, card: ImageCard) -> None:
        low, high = card.sizes
        for field in ("width", "height"):
            value = getattr(self, field)
            if not low <= value <= high or value % card.multiple:
                raise ConfigError(
                    "{field} must be from {low} to {high} and a multiple of {multiple} for {model}; it is {value}.",
                    field=Message(self.knobs()[field].label),
                    low=low,
                    high=high,
                    multiple=card.multiple,
                    model=card.title,
                    value=value,
                )
        if card.kind == "emoji" and self.width != self.height:
            raise ConfigError("Width and Height must be the same for {model}.", model=card.title)
        pixels = self.width * self.height * self.batch
        if pixels * self.times**2 > MAX_PIXELS or pixels * self.steps > MAX_WORK:
            raise ConfigError("Width, Height, Enlarge, Batch size and Steps are too large together; lower one.")


@dataclass(frozen=True)
class Draft(ImageConfig):
    """Settings that may lack a prompt, which a person has to write before a picture can be made."""

    needs_prompt: ClassVar[bool] = False

    def complete(self) -> ImageConfig:
        """The same as an ImageConfig if nothing is missing."""
        missing = self.card.steered and not self.prompt.strip()
        return self if missing else ImageConfig.from_dict(self.to_dict())


@dataclass(frozen=True)
class Blend:
    """A picture on the way from the config's prompt and seed to others; None stays as it is."""

    share: float  # of the way, from 0 to 1
    prompt: str | None = None
    seed: int | None = None


def shown_settings(config: ImageConfig) -> Mapping[str, Any]:
    """The settings that had an effect, for people to read: what the model or the task ignores is left out."""
    card, values = config.card, config.to_dict()
    ignored = set() if card.kind == "emoji" else {"style"}
    if config.task == "text_to_image":
        ignored.add("strength")
    if config.times == 1:
        ignored.add("enlarge")
    if card.kind != "emoji" or config.wording == "plain":
        ignored.add("wording")
    if config.together == "no" or config.task != "text_to_image" or not card.combines:
        ignored.add("together")
    if not card.guided:
        ignored.add("guidance")
    if not card.negative:
        ignored.add("negative_prompt")
    if card.kind == "gan":
        ignored |= {"task", "prompt", "steps", "sampler", "width", "height"}
    else:
        ignored.add("label")
    return {name: value for name, value in values.items() if name not in ignored}
