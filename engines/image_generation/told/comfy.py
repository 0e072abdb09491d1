"""ComfyUI's graph of nodes, read from its sampler back to the texts and numbers that went into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.image_generation.told.taking import Told

MAX_NODES = 500
DEEPEST = 30  # nodes from a text to where it is wanted
SAMPLERS = ("KSampler", "SamplerCustom")  # how the names of the nodes that draw begin
NAMES = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "guidance": ("cfg", "guidance"),
    "sampler": ("sampler_name",),
    "width": ("width", "empty_latent_width"),
    "height": ("height", "empty_latent_height"),
}
NUMBER = ("value", "int", "number", "float", "seed", "Number", "Value")  # of a node that only gives one
MODELS = ("ckpt_name", "unet_name", "model_name")
TEXT = ("text", "text_g", "clip_l", "t5xxl", "string", "value", "prompt", "populated_text", "wildcard_text")
JOINING = ("concat", "join", "combine")  # in the names of nodes that put texts together
SIGNS = ("delimiter", "separator")
NO_TEXTS = (*SIGNS, "clean_whitespace", "linebreak_addition", "clip", "model", "vae")  # of such nodes
MAKER = "ComfyUI"

Nodes = Mapping[str, Mapping[str, Any]]


def read_graph(graph: Mapping[str, Any]) -> Told | None:
    """What a graph tells that draws a picture; of one that this cannot follow only the maker; None if it is none."""
    nodes = {
        str(name): node
        for name, node in graph.items()
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping) and "class_type" in node
    }
    if not nodes:
        return None
    kinds = {name: str(node["class_type"]) for name, node in nodes.items()}
    drawing = [name for name, kind in kinds.items() if kind.startswith(SAMPLERS) and kind != "KSamplerSelect"]
    if not drawing:
        return Told({}, MAKER)
    before = list(_before(nodes, drawing[0]))
    values = {}
    for field, names in NAMES.items():
        found = [nodes[node]["inputs"][name] for node in before for name in names if name in nodes[node]["inputs"]]
        found = [_number(nodes, value) for value in found]
        found = [value for value in found if isinstance(value, int | float | str)]
        if found:
            values[field] = found[0]
    texts = {
        "prompt": _text(nodes, before, ("positive", "conditioning")),
        "negative_prompt": _text(nodes, before, ("negative",)),
    }
    values |= {field: text for field, text in texts.items() if text}
    models = [nodes[node]["inputs"][name] for node in before for name in MODELS if name in nodes[node]["inputs"]]
    extra = {"LoRA": "lora", "ControlNet": "controlnet", "IP-Adapter": "ipadapter"}
    extra["ConditioningCombine"] = "conditioningcombine"
    extra["ConditioningConcat"] = "conditioningconcat"
    rest = [name for name, word in extra.items() if any(word in kinds[node].lower() for node in before)]
    return Told(values, MAKER, str(models[0]) if models else "", tuple(rest))


def _before(nodes: Nodes, start: str) -> Iterator[str]:
    """The node and all that lead to it, the nearest first."""
    seen, line = {start}, [start]
    while line and len(seen) <= MAX_NODES:
        name = line.pop(0)
        yield name
        for value in nodes[name]["inputs"].values():
            linked = _linked(nodes, value)
            if linked and linked not in seen:
                seen.add(linked)
                line.append(linked)


def _linked(nodes: Nodes, value: Any) -> str:
    """The node that an input comes from, "" if it is a value of its own."""
    is_link = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int)
    return str(value[0]) if is_link and str(value[0]) in nodes else ""


def _number(nodes: Nodes, value: Any) -> Any:
    """The value, or that of the node that it comes from."""
    inputs = nodes[linked]["inputs"] if (linked := _linked(nodes, value)) else {}
    return next((inputs[name] for name in NUMBER if isinstance(inputs.get(name), int | float)), value)


def _text(nodes: Nodes, before: list[str], inputs: tuple[str, ...]) -> str:
    """The nearest text that leads to one of these inputs of the nodes, or stands in it."""
    given = [nodes[node]["inputs"].get(name) for name in inputs for node in before]
    for value in given:
        if isinstance(value, str) and value.strip():
            return value
        link = _linked(nodes, value)
        if not link:
            continue
        if "ZeroOut" in str(nodes[link]["class_type"]):  # a text as if there were none
            return ""
        seen: set[str] = set()
        for node in _before(nodes, link):
            if text := _text_in(nodes, node, inputs, seen):
                return text
    return ""


def _text_in(nodes: Nodes, node: str, inputs: tuple[str, ...], seen: set[str], deep: int = 0) -> str:
    """The text that a node has, gets or puts together; each node is asked once."""
    if node in seen or deep > DEEPEST:
        return ""
    seen.add(node)
    values = nodes[node]["inputs"]
    if not any(word in str(nodes[node]["class_type"]).lower() for word in JOINING):
        named = (values.get(name) for name in (*inputs, *TEXT))
        return next((text for value in named if (text := _given(nodes, value, inputs, seen, deep)).strip()), "")
    sign = next((values[name] for name in SIGNS if isinstance(values.get(name), str)), " ")
    texts = [_given(nodes, value, inputs, seen, deep) for name, value in values.items() if name not in NO_TEXTS]
    return sign.join(filter(None, texts))


def _given(nodes: Nodes, value: Any, inputs: tuple[str, ...], seen: set[str], deep: int) -> str:
    """The text that an input is, or comes from."""
    if isinstance(value, str):
        return value
    link = _linked(nodes, value)
    return _text_in(nodes, link, inputs, seen, deep + 1) if link else ""
