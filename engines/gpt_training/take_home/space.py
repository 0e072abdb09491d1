"""A finished language model as its own page; see engines/running/take_home/space.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engines.gpt_training.config import ENGLISH, FOLK, GPT, MASKED, NAMES, OWN, OWN_TUNES, POEMS, TUNES, GptConfig
from engines.gpt_training.take_home.export import TITLES, export
from engines.running.events import Weights
from engines.running.take_home.space import Space, space_files

WHAT = {
    **{POEMS: "Tang and Song poems", ENGLISH: "English classics", TUNES: "Irish and Scottish tunes"},
    **{FOLK: "Chinese folk songs", NAMES: "Given names", OWN: "a text of one's own", OWN_TUNES: "tunes of one's own"},
}  # that a model writes
TRANSFORMERS = '''\
"""The model beside this file, as plain transformers loads it."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = str(Path(__file__).parent)
tokenizer = AutoTokenizer.from_pretrained(HERE)
model = AutoModelForCausalLM.from_pretrained(HERE)


@torch.no_grad()
def write(start="", length={length}, temperature=1.0):
    """A text that begins with `start`."""
    ids = tokenizer(start, return_tensors="pt").input_ids[:, -length + 1 :]
    more = {{"do_sample": True, "temperature": temperature, "max_length": length, {end}}}
    written = model.generate(ids, attention_mask=torch.ones_like(ids), **more)
    return tokenizer.decode(written[0])
'''
APP = '''\
"""{title} that was trained in the AIGC Playground. Everything that it writes is machine-made."""

import gradio as gr
import torch

from run import {function}

LONGEST = 400  # characters


def make(text: str, temperature: float, seed: float) -> str:
    """What the model makes of the text; the seed fixes its choices."""
    if len(text) > LONGEST or not (0.1 <= temperature <= 2 and 0 <= seed < 2**31):
        raise gr.Error(f"At most {{LONGEST}} characters, a temperature from 0.1 to 2 and a seed from 0, please.")
    torch.manual_seed(int(seed))
    return {call}.strip("\\n")


with gr.Blocks(title={page!r}) as demo:
    gr.Markdown("# " + {page!r} + "\\n\\nEverything written here is machine-made.")
    text = gr.Textbox({start!r}, label={label!r}, max_length=LONGEST, lines=2)
    with gr.Row():
        temperature = gr.Slider(0.1, 2, value=0.8, step=0.1, label="Temperature", visible={warm})
        seed = gr.Number(1, label="Seed", precision=0, minimum=0, maximum=2**31 - 1)
    button = gr.Button({button!r}, variant="primary")
    written = gr.Textbox(label="Written by the model", lines=6, buttons=["copy"])
    gr.on([button.click, text.submit], make, [text, temperature, seed], written, api_name="make")

if __name__ == "__main__":
    demo.launch()
'''


def model_space(config: GptConfig, weights: Weights, scores: str = "") -> dict[str, bytes]:
    """The files of the Space by name: app.py, requirements, README with the model's card, the model.

    `scores` is a sentence for the card. EngineError if the weights are damaged.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export(config, weights, folder, scores)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    card = files.pop("README.md").decode()
    masked, poems = config.model == MASKED, config.data == POEMS
    if config.model == GPT:
        end = '"eos_token_id": 0, "pad_token_id": 0' if config.whole else '"pad_token_id": 0'
        length = weights.facts["length"] + 1 if config.whole else config.context
        files["run.py"] = TRANSFORMERS.format(length=length, end=end).encode()
    else:  # it is only to be imported: without its last line, which shows what it can do
        files["run.py"] = files["run.py"].decode().rstrip().rpartition("\n")[0].encode() + b"\n"
    what = WHAT[config.data]
    page = f"{TITLES[config.model]} · {what}"
    app = APP.format(
        title=f"A {TITLES[config.model]}",
        page=page,
        function="fill" if masked else "write",
        call="fill(text)" if masked else "write(text, temperature=temperature)",
        start=("春眠不_晓，处处闻_鸟。" if poems else "_") if masked else ("春风" if poems else ""),
        label="Text with gaps, each written as _" if masked else "How it begins",
        button="Fill the gaps" if masked else "Write",
        warm=not masked,
    )
    needs = ("numpy", "safetensors", "torch", "transformers")
    description = "A small language model trained in the AIGC Playground"
    return space_files(Space(page[:60], "🪶", description, app, needs, files, card))
