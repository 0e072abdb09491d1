"""What other programs write into pictures: ComfyUI, InvokeAI, Fooocus, SwarmUI, NovelAI, Easy Diffusion, Midjourney.

Each reader gets a file's texts and returns what they tell, or None if they are not that program's. What is read is
hostile until shown otherwise: parsed with limits, never evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from engines.image_generation.parameters import told_by_parameters
from engines.image_generation.told.comfy import read_graph
from engines.image_generation.told.taking import TEXTS, Told, letters

Texts = Mapping[str, str]
MAX_JSON = 2_000_000  # characters
NAMES = {
    "prompt": ("prompt", "positiveprompt", "c"),
    "negative_prompt": ("negativeprompt", "uc", "negative"),
    "steps": ("steps", "numinferencesteps"),
    "guidance": ("cfgscale", "guidancescale", "scale", "cfg"),
    "seed": ("seed", "noiseseed"),
    "sampler": ("sampler", "samplername", "scheduler"),
    "width": ("width",),
    "height": ("height",),
}
MODELS = ("model", "basemodel", "modelname", "basemodelname", "modelweights", "usestablediffusionmodel")
NOT_SETTINGS = ("version", "metadataversion", "appversion", "signedhash", "createdby", "appid", "resolution", "size",
                "basemodelhash", "modelhash", "generationmode", "requesttype", "software", "v4prompt",
                "v4negativeprompt")  # fmt: skip
JOB = re.compile(r"\s*Job ID: [\w-]+\s*$")
DREAM = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "guidance", "A": "sampler"}


def told_by_others(texts: Texts) -> Told | None:
    """What a picture's texts tell: the first reader that finds a setting, else one that at least knows the maker."""
    found = [told for read in READERS if (told := read(texts))]
    return next((told for told in found if told.values), found[0] if found else None)


def as_json(text: str | None) -> Any:
    """The text as JSON, None if it is none."""
    text = (text or "").strip("\0 \t\r\n")
    if len(text) > MAX_JSON or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def told_by_names(data: Mapping[str, Any], maker: str) -> Told:
    """Settings from a table of names and values, however the program spells the names."""
    table = {letters(str(name)): value for name, value in data.items()}
    values = {}
    for field, names in NAMES.items():
        found = [table[name] for name in names if isinstance(table.get(name), str | int | float)]
        if found and found[0] != "":
            values[field] = found[0]
    if size := re.fullmatch(
        r"\(?(\d{1,5})\s*[,x×]\s*(\d{1,5})\)?", str(table.get("resolution") or table.get("size", "")), re.ASCII
    ):
        values |= {"width": size[1], "height": size[2]}
    model = next((table[name] for name in MODELS if table.get(name)), "")
    if isinstance(model, Mapping):
        model = next((model[name] for name in ("name", "model_name", "label", "key") if model.get(name)), "")
    read = {name for names in NAMES.values() for name in names}
    known = {*read, *MODELS, *NOT_SETTINGS}
    rest = [
        str(name)
        for name, value in data.items()
        if value not in (None, "", False, [], {})
        and (letters(str(name)) not in known or (letters(str(name)) in read and isinstance(value, list | dict)))
    ]
    return Told(values, maker, str(model), tuple(rest))


def _invoke(texts: Texts) -> Told | None:
    data = as_json(texts.get("invokeai_metadata"))
    if isinstance(data, Mapping):
        return told_by_names(data, "InvokeAI")
    data = as_json(texts.get("sd-metadata"))
    if isinstance(data, Mapping):
        image = data.get("image") if isinstance(data.get("image"), Mapping) else {}
        prompt = image.get("prompt")
        if isinstance(prompt, list) and prompt and isinstance(prompt[0], Mapping):
            prompt = prompt[0].get("prompt")
        positive, negative = _with_brackets(str(prompt or ""))
        told = {"negative_prompt": negative, **image, "prompt": positive, "model": data.get("model_weights")}
        return told_by_names(told, "InvokeAI")
    if texts.get("Dream"):
        return _dream(texts["Dream"][:20_000])
    return Told({}, "InvokeAI") if "invokeai_graph" in texts or "invokeai_workflow" in texts else None


def _dream(text: str) -> Told:
    """The line of a command, such as "a cat" -s 50 -S 42."""
    prompt, *options = re.split(r"\s-(?=[A-Za-z]\s?[\w.])", text)
    values = {DREAM[one[0]]: one[1:].strip() for one in options if one[0] in DREAM}
    texts = dict(zip(TEXTS, _with_brackets(prompt.strip().strip('"')), strict=True))
    return Told({name: text for name, text in texts.items() if text} | values, "InvokeAI")


def _with_brackets(prompt: str) -> tuple[str, str]:
    """(prompt, negative prompt), which older InvokeAI writes as one: a cat [dog]."""
    positive, opened, negative = prompt.strip().partition(" [")
    if not opened or not negative.endswith("]"):
        return prompt.strip(), ""
    return positive.strip(), negative.removesuffix("]").strip()


def _parameters(texts: Texts) -> Told | None:
    """`parameters`: JSON of SwarmUI or Fooocus, or the lines that most programs write."""
    text = texts.get("parameters") or ""
    data = as_json(text)
    if not isinstance(data, Mapping):
        told = told_by_parameters(text)
        return told and (Told(told.values, "Fooocus", told.model, told.rest) if "fooocus_scheme" in texts else told)
    if isinstance(data.get("sui_image_params"), Mapping):
        return told_by_names(data["sui_image_params"], "SwarmUI")
    fooocus = "fooocus_scheme" in texts or str(data.get("version", data.get("Version", ""))).startswith("Fooocus")
    software = data.get("software") if isinstance(data.get("software"), str) else ""
    maker = "Fooocus" if fooocus else "Draw Things" if {"c", "uc"} <= data.keys() else software[:40]
    return told_by_names(data, maker)


def _novel(texts: Texts) -> Told | None:
    data = as_json(texts.get("Comment"))
    named = "NovelAI" in texts.get("Software", "") + texts.get("Source", "")
    if not named and not (isinstance(data, Mapping) and "uc" in data):
        return None
    told = data if isinstance(data, Mapping) else {}
    captions = {"prompt": _caption(told, "v4_prompt"), "uc": _caption(told, "v4_negative_prompt")}
    if not captions["prompt"]:
        captions["prompt"] = texts.get("Description", "")
    figures = {"char_captions": _caption(told, "v4_prompt", "char_captions")}
    return told_by_names({**captions, **told, **figures}, "NovelAI")


def _caption(data: Mapping[str, Any], name: str, part: str = "base_caption") -> Any:
    """A part of such a prompt in the form of NovelAI 4."""
    try:
        return data[name]["caption"][part]
    except (KeyError, TypeError):
        return ""


def _comfy(texts: Texts) -> Told | None:
    graph = as_json(texts.get("prompt"))
    if isinstance(graph, Mapping) and graph:
        return read_graph(graph)
    return Told({}, "ComfyUI") if "workflow" in texts else None


def _easy(texts: Texts) -> Told | None:
    if "prompt" not in texts or not texts.keys() & {"seed", "num_inference_steps"}:
        return None
    theirs = texts.keys() & {"num_inference_steps", "use_stable_diffusion_model"}
    return told_by_names(texts, "Easy Diffusion" if theirs else "")  # scripts name theirs much the same


def _midjourney(texts: Texts) -> Told | None:
    """A prompt with its options, and the number of the job: a cat --ar 16:9 --v 6.1 Job ID: 4f2a…"""
    text = texts.get("Description", "")[:20_000]
    if not JOB.search(text):
        return None
    prompt, *options = re.split(r"\s--(?=[a-z])", JOB.sub("", text))
    named = dict(option.partition(" ")[::2] for option in options)
    told = {"prompt": prompt.strip(), "negative_prompt": named.pop("no", ""), "seed": named.pop("seed", "")}
    return Told({name: text for name, text in told.items() if text}, "Midjourney", "", tuple(named))


def _any(texts: Texts) -> Told | None:
    """A text of another name that reads like `parameters`, or JSON that has a prompt."""
    for name in ("Comment", "Description", "UserComment", "generation_data", "metadata"):
        data = as_json(texts.get(name))
        maker = "Tensor.Art" if name == "generation_data" else ""
        told = told_by_names(data, maker) if isinstance(data, Mapping) else told_by_parameters(texts.get(name) or "")
        if told and told.values:
            return told
    return None


READERS: tuple[Callable[[Texts], Told | None], ...] = (_invoke, _parameters, _novel, _comfy, _easy, _midjourney, _any)
