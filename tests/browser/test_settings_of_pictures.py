"""A dropped picture fills the form, whoever made it; the note speaks of that picture and goes with it."""

import json

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect

from engines.image_generation.config import ImageConfig
from engines.image_generation.picture_files import to_png
from engines.image_generation.told.axes import Axes
from tabs.page.language import translate
from tests.browser.test_image_generation import tiny_model  # noqa: F401

GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 77, "steps": 9, "cfg": 3.5, "sampler_name": "heun",
                                               "positive": ["6", 0], "negative": ["7", 0], "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dreamshaper.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox 🦊"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry"}},
}  # fmt: skip
A1111 = "a cat <lora:x:1>\nNegative prompt: dog\nSteps: 4, Sampler: Euler, CFG scale: 4, Seed: 12345, Version: v1.9"
CLEAR = {"en-US": "Clear", "zh-CN": "清除"}  # Gradio's own word


@pytest.fixture
def pictures(tmp_path):
    """A PNG of each kind, by name."""
    config, pixels = ImageConfig(prompt="红苹果, ours", seed=99), np.zeros((64, 64, 3), np.uint8)
    axes = Axes("guidance", (1.0, 4.0), "prompt", ("first row", "second row"))
    (tmp_path / "ours.png").write_bytes(to_png(pixels, config, "Emoji"))
    (tmp_path / "grid.png").write_bytes(to_png(pixels, config, "Emoji", axes))
    for name, texts in (("a1111", {"parameters": A1111}), ("comfy", {"prompt": json.dumps(GRAPH)}), ("plain", {})):
        info = PngInfo()
        for keyword, text in texts.items():
            info.add_text(keyword, text)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png", pnginfo=info)
    return lambda name: str(tmp_path / f"{name}.png")


@pytest.mark.only("image_generation")
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_dropped_picture_fills_the_form_and_its_note_goes_with_it(visit, pictures, language):
    said_in = language.partition("-")[0]

    def word(sentence):
        return translate(sentence, said_in).partition("{")[0]

    page = visit(locale=language).arrive()
    for tab in ("Image generation", "Settings from a picture"):
        page.get_by_role("tab", name=word(tab), exact=True).click()
    note, prompt = page.locator("#image-file-note"), page.locator("#image-prompt textarea")
    seed, file = page.locator("#image-seed input"), page.locator("#image-file")

    def drop(name):
        if not file.locator("input[type=file]").count():
            file.get_by_label(CLEAR[language]).click()
        file.locator("input[type=file]").set_input_files(pictures(name))

    for name, said, prompted, seeded in (
        (
            "a1111",
            (word("It was made by {maker}, so the picture will not come out the same. Taken over: {taken}."), "LoRA"),
            "a cat <lora:x:1>",
            "12345",
        ),
        ("comfy", ("ComfyUI",), "a red fox 🦊", "77"),
        ("ours", (word("The settings are in the form; press Generate."),), "红苹果, ours", "99"),
        (
            "grid",
            (
                word("It is an X/Y grid; the form has the settings of its first picture. {axes}"),
                "first row | second row",
            ),
            "红苹果, ours",
            "99",
        ),
    ):
        drop(name)
        for words in said:
            expect(note).to_contain_text(words)
        expect(prompt).to_have_value(prompted)
        expect(seed).to_have_value(seeded)
    drop("plain")
    expect(page.get_by_role("alert").or_(page.locator(".toast-body")).first).to_contain_text(
        translate("{file} tells no settings: its program wrote none, or they were removed.", said_in)[8:20]
    )
    expect(note.locator("p")).to_have_count(0)
    expect(prompt).to_have_value("红苹果, ours")  # the form stays
