"""A finished classifier as its own page; see engines/running/take_home/space.py."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.export import export_zip
from engines.running.take_home.space import Space, space_files

TRANSFORMERS = '''\
"""The classifier beside this file, as plain transformers loads it."""

from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = str(Path(__file__).parent)
tokenizer = AutoTokenizer.from_pretrained(HERE)
model = AutoModelForSequenceClassification.from_pretrained(HERE).eval()
about = {"label_names": [model.config.id2label[i] for i in range(model.config.num_labels)]}


@torch.inference_mode()
def predict(texts):
    """Probabilities, a row a text."""
    return model(**tokenizer(texts, padding=True, truncation=True, return_tensors="pt")).logits.softmax(-1)
'''
TEXT_APP = '''\
"""{title}: a classifier of texts from the AIGC Playground."""

import gradio as gr

from load import about, predict

LONGEST = 5000  # characters


def classify(text: str) -> dict[str, float]:
    """The probability of each class."""
    if not text.strip() or len(text) > LONGEST:
        raise gr.Error(f"Type a text of at most {{LONGEST}} characters.")
    return dict(zip(about["label_names"], predict([text])[0].tolist()))


with gr.Blocks(title={title!r}) as demo:
    gr.Markdown("# " + {title!r} + "\\n\\nIt knows only these classes, and puts anything into one of them.")
    text = gr.Textbox(label="Text", lines=4, max_length=LONGEST)
    button = gr.Button("Classify", variant="primary")
    label = gr.Label(label="Probabilities", num_top_classes=10)
    gr.on([button.click, text.submit], classify, text, label, api_name="classify")

if __name__ == "__main__":
    demo.launch()
'''
PICTURE_APP = '''\
"""{title}: a classifier of pictures from the AIGC Playground."""

import gradio as gr
import numpy as np
from PIL import Image

from load import about, channels, predict, size


def classify(picture: Image.Image | None) -> dict[str, float]:
    """The probability of each class."""
    if picture is None:
        raise gr.Error("Choose a picture first.")
    small = picture.convert("L" if channels == 1 else "RGB").resize((size, size))
    pixels = np.asarray(small).reshape(1, size, size, channels)
    return dict(zip(about["label_names"], predict(pixels)[0].tolist()))


with gr.Blocks(title={title!r}) as demo:
    gr.Markdown("# " + {title!r} + "\\n\\nIt knows only these classes, and puts anything into one of them.")
    with gr.Row():
        picture = gr.Image(type="pil", label="Picture", height=320)
        label = gr.Label(label="Probabilities", num_top_classes=10)
    button = gr.Button("Classify", variant="primary")
    button.click(classify, picture, label, api_name="classify")

if __name__ == "__main__":
    demo.launch()
'''
LEFT_OUT = ("README.md", "train.py")


def classifier_space(folder: Path, config: FinetuningConfig, scores: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the Space by name: app.py, requirements, README with the model card, the best model of a run.

    `folder` is the run's own, `scores` as in `export.model_card`. EngineError if there is no model yet.
    """
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "classifier.zip"
        export_zip(folder, config, scores, path)
        with zipfile.ZipFile(path) as archive:
            card = archive.read("README.md").decode()
            files = {each: archive.read(each) for each in archive.namelist() if each not in LEFT_OUT}
    files.setdefault("load.py", TRANSFORMERS.encode())
    knobs = config.knobs()
    title = f"{knobs['model'].choices[config.model]}: {knobs['dataset'].choices[config.dataset]}"[:60]
    app = (PICTURE_APP if config.pictures else TEXT_APP).format(title=title)
    needs = {True: ("torchvision", "pillow"), False: ("transformers",)}[config.pictures]
    needs = ("numpy", "safetensors", "torch", *(() if config.from_characters else needs))
    description = "A small classifier trained in the AIGC Playground"
    _, _, body = card.partition("\n---\n")  # a Space has front matter of its own
    return space_files(Space(title, "🏷️", description, app, needs, files, body))
