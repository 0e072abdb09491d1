"""Many pictures that differ in what one wants to compare: an X/Y grid of two settings, and a walk."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engines.image_generation.catalog import find_image_model
from engines.image_generation.config import MAX_PROMPT, Blend, ImageConfig
from engines.image_generation.drawing import relay
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels
from engines.image_generation.told.axes import Axes, value_text
from engines.knobs import Knob
from engines.messages import ConfigError, Message
from engines.running.events import Event, Events, Note, Pictures, Progress, Samples

if TYPE_CHECKING:
    from engines.image_generation.gans import Gan

MAX_CELLS = 36
MAX_VALUES = 20_000  # characters of a grid's values as they are written
MAX_FRAMES = 60
NOT_VARIED = ("model", "task", "batch", "width", "height", "enlarge")  # a grid's pictures have one size
LEAST_CELL = 96  # pixels a side; smaller pictures are enlarged by a whole factor
LONGEST = 60  # characters of a label
QUOTED = r'(?:"((?:[^"\\]|\\.)*)"|“([^”]*)”)'
NEXT_QUOTE = r'\s*[,，]\s*(?=["“])'
BARS = ("|", "｜")
COMMA_ENDS = r"\s*[,，;；]\s*|\s*[|｜]\s*|\s*\n\s*|\s*\Z"
TEXT_ENDS = r"\s*[|｜]\s*|\s*\n\s*|\s*\Z"
LIST_ENDS = r"\s*[|｜,，、;；\n]\s*|\s*\Z"
# Of numbers whose commas are decimal ones: "1,5; 2,5".
DECIMALS = re.compile(r"\s*[+-]?\d+[,，]\d+\s*(?:[|｜;；\n]\s*[+-]?\d+(?:[.,，]\d+)?\s*)+[|｜;；\n]?\s*")


def varied() -> tuple[str, ...]:
    """The settings that an X/Y grid may vary."""
    return tuple(name for name in ImageConfig.knobs() if name not in NOT_VARIED)


def parse_values(name: str, text: str) -> list[Any]:
    """Values of a setting from what a person wrote: by commas, for texts by | or lines; ConfigError if not allowed.

    Each may stand in quotes, inside which nothing separates. An empty value of a text is one too: "| dog".

    >>> parse_values("steps", "5, 10, 20")
    [5, 10, 20]
    """
    knob, text = _knob(name), Knob("", "Values", max_length=MAX_VALUES).check(text)
    if isinstance(knob.default, float) and DECIMALS.fullmatch(text):
        text = re.sub("[,，]", ".", text)
    values = [
        knob.check(_value(piece, knob)) for piece in split_values(text, is_text(name), name == "negative_prompt")
    ]
    if not values:
        raise ConfigError("Write at least one value for {field}.", field=Message(knob.label))
    return values


def is_text(name: str) -> bool:
    """Whether any text is a value of the setting."""
    knob = _knob(name)
    return isinstance(knob.default, str) and knob.choices is None


def split_values(text: str, free: bool, empty: bool = False) -> list[str]:
    """What stands between the separators; `free` texts may have commas, and `empty` ones count beside a |.

    Commas and semicolons separate free texts too if nothing else does and the first of them stands in quotes, or if
    one needs its quotes: "a | b", c.
    """
    text = text.strip()
    if not free:
        return [piece for piece, _, _ in _pieces(text, LIST_ENDS, empty)]
    by_commas = _pieces(text, COMMA_ENDS, empty)
    others = any(end not in ",，;；" for _, _, end in by_commas)
    needed = any(quoted and (not place or re.search(r"[|｜,，;；\n]", piece))
                 for place, (piece, quoted, _) in enumerate(by_commas))  # fmt: skip
    return [piece for piece, _, _ in (by_commas if needed and not others else _pieces(text, TEXT_ENDS, empty))]


def _pieces(text: str, ends: str, empty: bool) -> list[tuple[str, bool, str]]:
    """(what stands there, whether in quotes, the sign after it) of each piece."""
    quoted, plain = re.compile(rf"\s*{QUOTED}(?P<end>{ends}|{NEXT_QUOTE})"), re.compile(rf"(?s:(.*?))(?P<end>{ends})")
    pieces, at, before = [], 0, ""
    while at < len(text) or before in BARS:
        match = quoted.match(text, at) or plain.match(text, at)
        bare, end = match.re is plain, match["end"].strip() or match["end"]  # of a line end, itself
        piece = match[1].strip() if bare else re.sub(r'\\(["\\])', r"\1", match[1] or match[2] or "")
        if piece or not bare or (empty and {before, end} & set(BARS)):
            pieces.append((piece, not bare, end))
        at, before = match.end(), end
    return pieces


def written_values(name: str, values: Sequence[Any]) -> str:
    """What a person may write for these values: the inverse of parse_values."""
    if not is_text(name):
        return ", ".join(str(value) for value in values)
    plain = all(value == value.strip() != "" and not re.search(r'[|｜\n"“\\]', value) for value in values)
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return " | ".join(values if plain else quoted)


def _value(piece: str, knob: Knob) -> Any:
    """The piece as the knob's type; if it is none, as it is, and the knob says what is allowed."""
    for value, label in (knob.choices or {}).items():
        if piece.lower() in (str(value).lower(), label.lower()):
            return value
    try:
        return type(knob.default)(piece)
    except ValueError:
        return piece


def _knob(name: str) -> Knob:
    if name not in varied():
        raise ConfigError("A grid can vary only these: {known}.", known=", ".join(varied()))
    return ImageConfig.knobs()[name]


def xy_grid(
    config: ImageConfig,
    knob_x: str,
    values_x: Sequence[Any],
    knob_y: str,
    values_y: Sequence[Any],
    models: ImageModels,
    image: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    gans: Sequence[Gan] = (),
) -> Events:
    """One picture for each pair of values, all from one seed unless that is varied; at most MAX_CELLS.

    Yields what `generate` yields while a model is loaded, Progress over the cells, after each cell Samples with one
    picture: the sheet so far with its labelled axes; at the end Pictures with the sheet, uint8 [1, H, W, 3], and the
    config of the first cell. Told to stop, it yields the Pictures of what there is. Errors as in `generate`.
    """
    config = dataclasses.replace(config.with_seed(), batch=1)
    cells = grid_cells(config, knob_x, values_x, knob_y, values_y)
    made: list[Pictures] = []
    for cell in cells:
        here = Progress(len(made), len(cells))
        finished = yield from relay(
            generate(cell, models, image, mask, gans), lambda event, here=here: _told(event, here)
        )
        if finished is None:
            break
        made.append(finished)
        sheet = draw_sheet([one.images[0] for one in made], knob_x, values_x, knob_y, values_y)
        if (yield Samples(len(made), sheet[None])):
            break
    if made:
        yield Progress(len(made), len(cells))
        seconds, axes = sum(one.seconds for one in made), Axes(knob_x, tuple(values_x), knob_y, tuple(values_y))
        yield Pictures(sheet[None], cells[0], made[0].model, seconds, axes)


def grid_cells(
    config: ImageConfig, knob_x: str, values_x: Sequence[Any], knob_y: str, values_y: Sequence[Any]
) -> list[ImageConfig]:
    """The config of each cell, row by row, all checked before any is drawn; ConfigError if they are not allowed."""
    count = len(values_x) * len(values_y)
    for name in (knob_x, knob_y):
        _knob(name)
    if knob_x == knob_y:
        raise ConfigError("Choose two different settings for the two axes.")
    if not 1 <= count <= MAX_CELLS:
        raise ConfigError("A grid may have 1 to {most} pictures.", most=MAX_CELLS)
    dataclasses.replace(config, batch=count)  # refused if they are too large together
    changes = [{knob_x: x, knob_y: y} for y in values_y for x in values_x]
    return [ImageConfig.from_dict(config.to_dict() | change).with_seed() for change in changes]


def _told(event: Event, here: Progress) -> Event | None:
    """What the grid tells of an event of a cell; its steps become the grid's own progress."""
    return here if isinstance(event, Progress) else None if isinstance(event, Samples) else event


def draw_sheet(
    images: Sequence[np.ndarray], knob_x: str, values_x: Sequence[Any], knob_y: str, values_y: Sequence[Any]
) -> np.ndarray:
    """The cells made so far, row by row, with the axes' values drawn beside them; uint8 [H, W, 3]."""
    height, width = images[0].shape[:2]
    scale = max(1, -(-LEAST_CELL // min(height, width)))
    height, width = height * scale, width * scale
    font = ImageFont.load_default(size=max(12, width // 16))
    columns, rows = _labels(knob_x, values_x), _labels(knob_y, values_y)
    line = round(font.size * 1.6)
    left = line + round(max(font.getlength(text) for text in rows))
    left = min(left, 2 * width)
    sheet = Image.new("RGB", (left + width * len(columns), line + height * len(rows)), "white")
    pen = ImageDraw.Draw(sheet)
    for i, text in enumerate(columns):
        pen.text((left + width * i + width // 2, line // 2), _short(text, font, width), "black", font, anchor="mm")
    for i, text in enumerate(rows):
        pen.text((line // 2, line + height * i + height // 2), _short(text, font, left - line), "black", font, "lm")
    for i, image in enumerate(images):
        picture = Image.fromarray(image).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(picture, (left + width * (i % len(columns)), line + height * (i // len(columns))))
    return np.array(sheet)


def _labels(name: str, values: Sequence[Any]) -> list[str]:
    """A value's text; its number for texts that the built-in font cannot draw, such as Chinese (see Axes.legend)."""
    label, texts = ImageConfig.knobs()[name].label, [value_text(name, value) for value in values]
    return [f"{label} {text if text.isascii() else f'#{number}'}"[:LONGEST] for number, text in enumerate(texts, 1)]


def _short(text: str, font: Any, width: float) -> str:
    """The text cut to fit into so many pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def walk(
    config: ImageConfig,
    models: ImageModels,
    to_prompt: str = "",
    to_seed: int = -1,
    frames: int = 24,
    image: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    gans: Sequence[Gan] = (),
) -> Events:
    """Frames on the way to another prompt, another seed or both; "" and -1 leave prompt and seed as they are.

    The first frame is the config's own picture, the last the one of the new prompt and seed. Yields what `generate`
    yields; the Pictures at the end are the frames, for picture_files.animation, with the config of the first. Errors
    as in `generate`.
    """
    card = find_image_model(config.model)
    to_prompt = Knob("", "Walk to prompt", max_length=MAX_PROMPT).check(to_prompt)
    if not 2 <= frames <= MAX_FRAMES:
        raise ConfigError("A walk may have {least} to {most} frames.", least=2, most=MAX_FRAMES)
    frames = int(frames)  # JavaScript has only one kind of number
    if not to_prompt.strip() and to_seed < 0:
        raise ConfigError("Choose where to walk to: another prompt, another seed, or both.")
    if not card.walks or (card.kind == "diffusers" and config.task != "text_to_image"):
        raise ConfigError(
            "{model} cannot walk; the bundled model can, and so can your own generators.", model=card.title
        )
    if to_prompt.strip() and not card.steered:
        raise ConfigError("{model} knows no words: choose another seed to walk to.", model=card.title)
    goal = ImageConfig.from_dict(config.to_dict() | {"prompt": to_prompt or config.prompt, "seed": to_seed})
    whole = ImageConfig.from_dict(config.with_seed().to_dict() | {"batch": frames})
    blends = [
        Blend(i / (frames - 1), goal.prompt if to_prompt.strip() else None, None if to_seed < 0 else goal.seed)
        for i in range(frames)
    ]
    yield Note(Message("Walking in {frames} steps", frames=frames))
    finished = yield from relay(generate(whole, models, image, mask, gans, blends), lambda event: event)
    if finished:
        yield dataclasses.replace(finished, config=dataclasses.replace(whole, batch=1))
