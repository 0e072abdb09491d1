"""Settings as the text `parameters` that most image generators write into their PNGs, and back.

a cat
Negative prompt: dog
Steps: 20, Sampler: Euler, CFG scale: 4, Seed: 1, Size: 64x64, Model: emoji
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engines.image_generation.catalog import SAMPLERS
from engines.image_generation.config import ImageConfig, shown_settings
from engines.image_generation.told.axes import Axes, legend_of
from engines.image_generation.told.taking import PROGRAM, UNKNOWN, Told, exact_number, take
from engines.messages import Message

NEGATIVE = "Negative prompt: "
MAX_SETTINGS = 20_000  # characters of the settings
KEY = re.compile(r"([A-Za-z][^:,\"{}\[\]\n]{0,60}): ?")
FIRST = re.compile(r"^(?:Steps|Seed|Sampler|CFG scale|Size|Model|Batch size): ", re.MULTILINE)
NAMES = {
    "steps": "Steps",
    "sampler": "Sampler",
    "guidance": "CFG scale",
    "seed": "Seed",
    "strength": "Denoising strength",
    "enlarge": "Enlarge",
    "batch": "Batch size",
    "style": "Style",
    "wording": "Wording",
    "together": "Several things",
    "label": "Class",
    "task": "Task",
}
OURS = (
    "strength",
    "enlarge",
    "batch",
    "style",
    "wording",
    "together",
    "label",
    "task",
)  # of another program's pictures they say something else
NOT_SETTINGS = ("Size", "Model", "Base model", "Model hash", "Version", "App", "Created Date", "User", "Script")
MAKERS = {"f": "Forge", "v1": "Stable Diffusion web UI", "neo": "Forge", "ComfyUI": "ComfyUI", "Fooocus": "Fooocus"}
LORA = re.compile(r"<(lora|lyco|hypernet):", re.IGNORECASE)
OPENING, CLOSING = "[{", "]}"


def to_parameters(config: ImageConfig, model: str, axes: Axes | None = None) -> str:
    """The config as such a text; `model` is its title. What the model or the task ignores is left out.

    Of a grid the settings that it varies are told as its axes, in the form that other programs use.
    """
    shown = dict(shown_settings(config))
    for name in (axes.x, axes.y) if axes else ():
        shown.pop(name, None)
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
    pairs += _axes_pairs(axes) if axes else []
    pairs += [f"Model: {_quoted(model)}", f"Version: {PROGRAM}"]
    lines = [shown.get("prompt", "")]
    if shown.get("negative_prompt"):
        lines.append(NEGATIVE + config.negative_prompt)
    return "\n".join([*lines, ", ".join(pairs)])


def from_parameters(text: str) -> tuple[ImageConfig, list[Message]]:
    """The settings of such a text, and sentences on what was taken; ConfigError if nothing is known."""
    told = told_by_parameters(text)
    if told is None:
        raise UNKNOWN
    return take(told)


def told_by_parameters(text: str) -> Told | None:
    """What such a text tells, None if it is none: it has settings in its last lines, or a negative prompt."""
    text = text.replace("\r\n", "\n")
    head, pairs = _split(text)
    ours = pairs.get("Version") == PROGRAM
    prompt, negative_found, negative = ("\n" + head).partition("\n" + NEGATIVE)
    if not pairs and not negative_found:
        return None
    texts = {"prompt": prompt[1:], "negative_prompt": negative}
    values: dict[str, Any] = {name: text if ours else text.strip() for name, text in texts.items() if text.strip()}
    values |= {field: pairs[name] for field, name in NAMES.items() if name in pairs and (ours or field not in OURS)}
    if size := re.fullmatch(r"(\d{1,5}) ?[xX×] ?(\d{1,5})", pairs.get("Size", ""), re.ASCII):
        values |= {"width": size[1], "height": size[2]}
    if ours:
        values = {"enlarge": "1", "wording": ImageConfig.wording, "together": "no"} | values  # which are not written
    known = [*NOT_SETTINGS, *(name for field, name in NAMES.items() if ours or field not in OURS)]
    rest = [name for name in pairs if name not in known or (name == "Size" and not size)]
    if LORA.search(head):
        rest.insert(0, "LoRA")
    return Told(
        values, PROGRAM if ours else _maker(pairs), pairs.get("Model") or pairs.get("Base model", ""), tuple(rest)
    )


def _split(text: str) -> tuple[str, dict[str, str]]:
    """(prompts, settings), which begin with the first line from which all that follows is settings."""
    text = text.rstrip()
    for start in [match.start() for match in FIRST.finditer(text)][:50]:
        if len(text) - start > MAX_SETTINGS:
            continue
        pairs: dict[str, str] = {}
        for name, value in _pairs(text[start:]):
            pairs.setdefault(name, value)  # the first: later ones may belong to a hash or an upscaler
        if exact_number(pairs.get("Steps", pairs.get("Seed", "")), whole=False) is not None:
            return text[: max(0, start - 1)], pairs
    return text, {}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """(name, value) of "name: value, name: value"; commas and names in quotes and brackets belong to the value."""
    pieces = _pieces(text)
    name, value = "", ""
    for piece in pieces:
        match = KEY.match(piece.strip())
        if match:
            if name:
                yield name, _unquoted(value)
            name, value = match[1].strip(), piece.strip()[match.end() :]
        else:
            value += "," + piece
    if name:
        yield name, _unquoted(value.rstrip().removesuffix(",") if not value.strip().endswith('"') else value)


def _pieces(text: str) -> list[str]:
    """The text at its commas and line ends outside quotes and brackets; at all of them if those do not close."""
    pieces, depth, quoted, start, before = [], 0, False, 0, ","
    escaped = False
    for place, sign in enumerate(text):
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"' and before in ' :,[{("':
            quoted, escaped = True, False
        elif sign in OPENING:
            depth += 1
        elif sign in CLOSING:
            depth = max(0, depth - 1)
        elif sign in ",\n" and not depth:
            pieces.append(text[start:place])
            start = place + 1
        before = sign
    return re.split(r"[,\n]", text) if quoted or depth else [*pieces, text[start:]]


def _maker(pairs: Mapping[str, str]) -> str:
    told = pairs.get("App") or pairs.get("Version", "")
    return next((maker for prefix, maker in MAKERS.items() if told.startswith(prefix)), told if "App" in pairs else "")


def _axes_pairs(axes: Axes) -> list[str]:
    knobs = ImageConfig.knobs()
    sides = (("X", axes.x, axes.values_x), ("Y", axes.y, axes.values_y))
    pairs = [(f"{side} {what}", text) for side, name, values in sides
             for what, text in (("Type", knobs[name].label), ("Values", legend_of(name, values)))]  # fmt: skip
    return ["Script: X/Y grid", *(f"{name}: {_quoted(text)}" for name, text in pairs)]


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r'[,"\n\\{}\[\]]', value) else value


def _unquoted(value: str) -> str:
    value = value.strip()
    if not (len(value) > 1 and value.startswith('"') and value.endswith('"')):
        return value
    try:
        return json.loads(value, strict=False)
    except ValueError:
        return re.sub(r"\\(.)", r"\1", value[1:-1])
