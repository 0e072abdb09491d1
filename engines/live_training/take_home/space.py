"""A finished generator of any family as its own page; see engines/running/take_home/space.py."""

from __future__ import annotations

import json

from engines.data.cards import ASSETS, DATASETS
from engines.knobs import Config
from engines.live_training.family import Family
from engines.running.events import Weights
from engines.running.take_home.space import Space, sources, space_files
from engines.running.tensors import tensors_to_bytes

APP = '''\
"""Pictures by a {title} that was trained in the AIGC Playground. Every picture it makes is machine-made."""

import json
from pathlib import Path

import gradio as gr
import numpy as np
from safetensors.numpy import load_file

from engines.{engine}.family import FAMILY
from engines.running.events import Weights

HERE = Path(__file__).parent
MOST = 64
about = json.loads((HERE / "config.json").read_text("utf-8"))
config = FAMILY.config.from_dict(about["config"])
weights = Weights(about["step"], load_file(HERE / "generator.safetensors"), about["facts"])
model = FAMILY.load(config, weights)
classes = about["facts"]["class_names"] if config.conditional else []


def draw(seed: float, count: float, label: int) -> list[np.ndarray]:
    """Pictures from the noise that the seed fixes; label -1 takes all classes in turn."""
    if not (0 <= seed < 2**31 and 1 <= count <= MOST and -1 <= label < max(1, len(classes))):
        raise gr.Error("Seed, number or class is out of range.")
    numbers = np.arange(int(count)) % max(1, len(about["facts"]["class_names"]))
    labels = numbers if label < 0 else np.full(int(count), int(label))
    pictures = model.sample(model.noise(int(count), int(seed)), labels)
    return [picture.repeat(3, -1) if picture.shape[-1] == 1 else picture for picture in pictures]


with gr.Blocks(title={page!r}) as demo:
    gr.Markdown("# " + {page!r} + "\\n\\nEvery picture here is machine-made.")
    with gr.Row():
        seed = gr.Number(1, label="Seed", precision=0, minimum=0, maximum=2**31 - 1)
        count = gr.Slider(1, MOST, value=16, step=1, label="Pictures")
        label = gr.Dropdown([("All", -1), *((name, i) for i, name in enumerate(classes))], value=-1, label="Class")
    button = gr.Button("Draw", variant="primary")
    gallery = gr.Gallery(label="Made by the model", columns=8, height=480, format="png")
    button.click(draw, [seed, count, label], gallery, api_name="draw")
    demo.load(draw, [seed, count, label], gallery, api_visibility="private")

if __name__ == "__main__":
    demo.launch()
'''
CARD = """\
# {page}

Every picture that it makes is machine-made. Trained in the AIGC Playground, from nothing, in {steps:,} steps.

- Learnt from: {data}
- Pictures: {size} x {size} px, {channels}
- Fréchet distance at the end: {distance}

## Settings

{settings}

`engines/` is the part of the AIGC Playground that draws with it.
"""
EMOJI = "🎨"


def generator_space(
    family: Family, config: Config, weights: Weights, distance: float | None = None
) -> dict[str, bytes]:
    """The files of the Space by name: app.py, requirements, README with its card, the generator, the code that draws.

    `distance` is what was measured last, None if nothing was.
    """
    data = DATASETS.get(config.dataset)
    title = data.title if data else "own pictures"
    page = f"{family.title} · {title}"
    about = {"config": config.to_dict(), "step": weights.step, "facts": dict(weights.facts)}
    code = sources([family.home, "engines.running.events", *family.drawn_by])
    cards = {f"assets/{name}/card.json": (ASSETS / name / "card.json").read_bytes() for name in DATASETS}
    card = CARD.format(
        page=page,
        steps=weights.step,
        data=f"{data.title}: {data.source} ({data.licence})" if data else "pictures of the person who trained it",
        size=config.size,
        channels="gray" if weights.facts["channels"] == 1 else "colour",
        distance="not measured" if distance is None else f"{distance:.4g} (in the Playground's features)",
        settings="\n".join(f"- {name}: {value}" for name, value in config.to_dict().items()),
    )
    space = Space(
        title=page[:60],
        emoji=EMOJI,
        description="Pictures by a small model trained in the AIGC Playground",
        app=APP.format(title=family.title, engine=family.engine, page=page),
        needs=("numpy", "safetensors", "torch"),
        files={
            **code,
            **cards,
            "config.json": json.dumps(about, ensure_ascii=False, indent=1).encode(),
            "generator.safetensors": tensors_to_bytes(weights.tensors),
        },
        card=card,
    )
    return space_files(space)
