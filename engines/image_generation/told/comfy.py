"""ComfyUI's graph of nodes, read from its sampler back to the texts and numbers that went into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.image_generation.told.taking import Told

MAX_NODES = 500
SAMPLERS = ("KSampler", "SamplerCustom")  # how the names of the nodes that draw begin
NAMES = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "guidance": ("cfg", "guidance"),
    "sampler": ("sampler_name",),
    "width": ("width",),
    "height": ("height",),
}
MODELS = ("ckpt_name", "unet_name", "model_name")
TEXT = ("text", "text_g", "clip_l", "t5xxl", "string", "value", "prompt")
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


def _text(nodes: Nodes, before: list[str], inputs: tuple[str, ...]) -> str:
    """The nearest text that leads to one of these inputs of the nodes."""
    links = [_linked(nodes, nodes[node]["inputs"].get(name)) for name in inputs for node in before]
    for link in filter(None, links):
        if "ZeroOut" in str(nodes[link]["class_type"]):  # a text as if there were none
            return ""
        for node in _before(nodes, link):
            texts = [nodes[node]["inputs"].get(name) for name in TEXT]
            found = [text for text in texts if isinstance(text, str) and text.strip()]
            if found:
                return found[0]
    return ""
