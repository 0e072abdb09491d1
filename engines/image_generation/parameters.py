"""Settings as the text `parameters` that most image generators write into their PNGs, and back.

a cat
Negative prompt: dog
Steps: 20, Sampler: Euler, CFG scale: 4, Seed: 1, Size: 64x64, Model: emoji
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engines.image_generation.catalog import DEFAULT_IMAGE_MODEL, IMAGE_MODELS, SAMPLERS
from engines.image_generation.config import ImageConfig, shown_settings
from engines.knobs import MAX_SEED
from engines.messages import ConfigError, Message, listed

NEGATIVE = "Negative prompt: "
MAX_LINE = 4000  # characters of the line with the settings
# name: value, the value in quotes if it has a comma; neither part can match in two ways, so no input is slow
PAIR = re.compile(r'([A-Z][\w /-]{0,40}): ("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |,?$)')
NAMES = {
    "steps": "Steps",
    "sampler": "Sampler",
    "guidance": "CFG scale",
    "seed": "Seed",
    "strength": "Denoising strength",
    "batch": "Batch size",
    "style": "Style",
    "label": "Class",
    "task": "Task",
}
# Other programs' names of these samplers.
ALIASES = {
    "euler": "euler",
    "euler a": "euler_a",
    "euler ancestral": "euler_a",
    "heun": "heun",
    "dpm++ 2m": "dpmpp_2m",
    "dpm++ 2m karras": "dpmpp_2m",
    "ddim": "ddim",
    "unipc": "unipc",
    "lcm": "lcm",
}


def to_parameters(config: ImageConfig, model: str) -> str:
    """The config as such a text; `model` is its title. What the model or the task ignores is left out."""
    shown = dict(shown_settings(config))
    if shown.get("sampler") == "auto":
        del shown["sampler"]
    if "sampler" in shown:
        shown["sampler"] = SAMPLERS[shown["sampler"]]
    if shown.get("batch") == 1:
        del shown["batch"]
    if config.task == "text_to_image":
        shown.pop("task", None)
    pairs = [f"{name}: {shown[field]}" for field, name in NAMES.items() if field in shown]
    if "width" in shown:
        pairs.append(f"Size: {config.width}x{config.height}")
    pairs += [f"Model: {_quoted(model)}", "Version: AIGC Playground"]
    lines = [shown.get("prompt", "")]
    if shown.get("negative_prompt"):
        lines.append(NEGATIVE + config.negative_prompt)
    return "\n".join([*lines, ", ".join(pairs)])


def from_parameters(text: str) -> tuple[ImageConfig, list[Message]]:
    """The settings of another program's text, and sentences on what was taken; ConfigError if nothing is known."""
    prompt, negative, pairs = _split(text)
    if not pairs:
        raise ConfigError("The picture's settings are not in a form that this program knows.")
    model = _known_model(pairs.get("Model", ""))
    texts = {"prompt": prompt, "negative_prompt": negative}
    values = {field: text for field, text in texts.items() if text} | _read(pairs)
    notes = [] if model else [
        Message("Its model {name} is not offered here; another one is chosen.", name=pairs.get("Model", "?")[:60])
    ]  # fmt: skip
    model = model or DEFAULT_IMAGE_MODEL
    config, refused = ImageConfig.for_model(model, batch=1), []
    for group in (("width", "height"), *((field,) for field in values if field not in ("width", "height"))):
        some = {field: values[field] for field in group if field in values}
        try:
            config = ImageConfig.from_dict(config.to_dict() | some)
        except ConfigError:
            refused += some
    taken, knobs = [field for field in values if field not in refused], ImageConfig.knobs()
    if not taken:
        raise ConfigError("The picture's settings are not in a form that this program knows.")
    notes.append(
        Message(
            "The picture is another program's, so it will not come out the same. Taken over: {taken}.",
            taken=listed([knobs[field].label for field in taken]),
        )
    )
    if refused:
        notes.append(
            Message(
                "Left out, since {model} cannot do it: {refused}.",
                model=IMAGE_MODELS[model].title,
                refused=listed([knobs[field].label for field in refused]),
            )
        )
    return config, notes


def _split(text: str) -> tuple[str, str, dict[str, str]]:
    """(prompt, negative prompt, settings)."""
    head, _, last = text.strip().rpartition("\n")
    pairs = {name: _unquoted(value) for name, value in PAIR.findall(last[:MAX_LINE])}
    if "Steps" not in pairs and "Seed" not in pairs:
        return "", "", {}
    prompt, _, negative = ("\n" + head).partition("\n" + NEGATIVE)
    return prompt.strip(), negative.strip(), pairs


def _read(pairs: Mapping[str, str]) -> dict[str, Any]:
    """The values that can be read as their field's type; whether they are allowed is checked later."""
    knobs, values = ImageConfig.knobs(), {}
    for field, name in NAMES.items():
        if name not in pairs or field in ("sampler", "task", "style", "batch"):
            continue
        try:
            number = float(pairs[name])
            values[field] = int(number) if isinstance(knobs[field].default, int) and number.is_integer() else number
        except (ValueError, OverflowError):
            continue
    if values.get("seed", 0) > MAX_SEED:
        values["seed"] %= MAX_SEED + 1
    sampler = ALIASES.get(pairs.get("Sampler", "").lower())
    if sampler:
        values["sampler"] = sampler
    size = re.fullmatch(r"(\d{1,5})x(\d{1,5})", pairs.get("Size", ""))
    if size:
        values |= {"width": int(size[1]), "height": int(size[2])}
    return values


def _known_model(name: str) -> str:
    """The catalog's id for another program's name of a model, "" if it is not known."""

    def letters(text: str) -> str:
        return re.sub(r"[^a-z0-9]", "", text.lower())

    wanted = letters(name)
    for card in IMAGE_MODELS.values():
        if wanted and wanted in map(letters, (card.id, card.title, card.repo, card.repo.rpartition("/")[2])):
            return card.id
    return ""


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if re.search(r'[,"\n]', value) else value


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value.strip()
