"""Pictures as files: what they tell, that it brings the same picture back, and hostile files."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import struct
import time
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.image_generation import models as models_module
from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels
from engines.image_generation.parameters import from_parameters, to_parameters
from engines.image_generation.picture_files import (
    SOURCE_TYPE,
    animation,
    png_files,
    read_picture,
    read_settings,
    sheet_png,
    to_png,
    to_zip,
)
from engines.messages import ConfigError
from engines.running.events import Pictures
from tests.tiny_image_models import save_emoji_model

CONFIG = ImageConfig(prompt="pizza", negative_prompt="a, b: c", steps=3, seed=11, batch=3, style="twemoji")
IMAGE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
FOREIGN = """\
masterpiece, a castle at dawn
by the sea
Negative prompt: ugly, "bad"
Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 4000000000, Size: 512x768, Model hash: 6ce0161689, \
Model: stable-diffusion-v1-5, Lora hashes: "a: 1, b: 2", Clip skip: 2, Version: v1.9.4"""


def png(texts: dict[str, str], size=(8, 8)) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(side: int, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + pixels + chunk(b"IEND", b"")


def put(folder: Path, data: bytes, name: str = "picture.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def refused(path: Path, read=read_settings) -> str:
    began = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        read(path)
    sentence = str(caught.value)
    assert time.monotonic() - began < 5
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 400
    return sentence


# --- our own ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_dropped_png_brings_back_the_settings_and_the_identical_picture(tmp_path, monkeypatch):
    save_emoji_model(tmp_path / "model")
    monkeypatch.setattr(models_module, "EMOJI_FOLDER", tmp_path / "model")
    models = ImageModels()
    *_, pictures = generate(CONFIG, models)
    for i, (name, data) in enumerate(png_files(pictures)):
        path = put(tmp_path, data, name)
        assert np.array_equal(read_picture(path), pictures.images[i])
        config, notes = read_settings(path)
        assert notes == []
        assert config == dataclasses.replace(CONFIG, batch=1, seed=CONFIG.seed_of(i))
        *_, again = generate(config, models)
        assert np.array_equal(again.images[0], pictures.images[i])
    models.close()


def test_words_are_taken_as_they_stand_in_pictures_of_before_there_was_a_choice():
    settings = "Steps: 20, Seed: 1, Style: noto, Size: 128x128, Model: Emoji 2 (bundled), Version: AIGC Playground"
    told = f"a bird that says who\n{settings}"
    assert from_parameters(told)[0].wording == "plain"
    config = ImageConfig.for_model("emoji", prompt="a bird that says who", seed=1)
    assert "Wording: nearest" in to_parameters(config, "Emoji 2 (bundled)")
    assert from_parameters(to_parameters(config, "Emoji 2 (bundled)"))[0] == config
    as_it_stands = dataclasses.replace(config, wording="plain")
    assert "Wording" not in to_parameters(as_it_stands, "Emoji 2 (bundled)")
    assert from_parameters(to_parameters(as_it_stands, "Emoji 2 (bundled)"))[0] == as_it_stands


def test_a_png_tells_what_made_it(tmp_path):
    path = put(tmp_path, to_png(IMAGE, dataclasses.replace(CONFIG, prompt="猫, a cat"), 'The "best", model'))
    with Image.open(path) as picture:
        texts = picture.info
    assert texts["parameters"] == (
        "猫, a cat\nNegative prompt: a, b: c\nSteps: 3, CFG scale: 2.0, Seed: 11, Batch size: 3, Style: twemoji,"
        ' Size: 64x64, Model: "The \\"best\\", model", Version: AIGC Playground'
    )
    assert json.loads(texts["aigc_playground"])["config"]["prompt"] == "猫, a cat"
    assert SOURCE_TYPE in texts["XML:com.adobe.xmp"]
    assert "trainedAlgorithmicMedia" in texts["XML:com.adobe.xmp"]
    packet = ElementTree.fromstring(texts["XML:com.adobe.xmp"])
    about = packet.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert about.find("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType").text == SOURCE_TYPE
    assert about.get("{http://ns.adobe.com/xap/1.0/}CreatorTool") == 'AIGC Playground: The "best", model'


def test_the_parameters_text_can_be_read_by_itself():
    config = dataclasses.replace(CONFIG, batch=1)
    again, notes = from_parameters(to_parameters(config, "Emoji 2 (bundled)"))
    assert again == config
    assert notes == []


@pytest.mark.parametrize("title", ["Emoji (bundled)", "Emoji, 64 px (bundled)"])
def test_of_a_picture_by_an_earlier_version_of_the_model_it_is_said_that_it_comes_out_otherwise(tmp_path, title):
    config = dataclasses.replace(CONFIG, batch=1)
    (tmp_path / "old.png").write_bytes(to_png(np.zeros((64, 64, 3), np.uint8), config, title))
    for again, notes in (from_parameters(to_parameters(config, title)), read_settings(tmp_path / "old.png")):
        assert again == config
        assert notes == ["An earlier version of the model drew it; the same settings give another picture now."]


def test_an_animation_says_what_made_it():
    frames = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (0, 100, 200)])
    webp = animation(frames, "Emoji")
    assert webp.suffix == ".webp"
    with webp.open() as picture:
        assert picture.n_frames == 4  # there and back
        assert picture.size == (256, 256)
        assert SOURCE_TYPE.encode() in picture.info["xmp"]
    assert animation(frames[:2], "Emoji").open().n_frames == 2


def test_a_zip_holds_every_file_under_its_own_name():
    archive = zipfile.ZipFile(io.BytesIO(to_zip([("1.png", b"a"), ("1.png", b"b"), ("2.png", b"c"), ("1.png", b"d")])))
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "1.png": b"a", "1-2.png": b"b", "2.png": b"c", "1-3.png": b"d",
    }  # fmt: skip


def test_a_sheet_has_the_settings_that_its_cells_share(tmp_path):
    path = put(tmp_path, sheet_png(Pictures(IMAGE[None], CONFIG, "Emoji", 1.0)))
    assert read_settings(path)[0] == CONFIG


# --- other programs' --------------------------------------------------------------------------------------------


def test_of_another_programs_picture_what_is_known_is_taken(tmp_path):
    config, notes = read_settings(put(tmp_path, png({"parameters": FOREIGN})))
    assert config.model == "SD-1.5"
    assert config.prompt == "masterpiece, a castle at dawn\nby the sea"
    assert config.negative_prompt == 'ugly, "bad"'
    assert (config.steps, config.guidance, config.sampler) == (30, 6.5, "dpmpp_2m")
    assert (config.width, config.height, config.batch) == (512, 768, 1)
    assert config.seed == -1
    assert "Its seed 4000000000 is larger" in notes[1]
    assert "Lora hashes, Clip skip" in notes[2]
    assert "Prompt, Negative prompt, Steps" in notes[0]


def test_what_the_model_cannot_do_is_left_out_and_said(tmp_path):
    foreign = FOREIGN.replace("stable-diffusion-v1-5", "dreamMachine_v9").replace("Steps: 30", "Steps: 3000")
    config, notes = read_settings(put(tmp_path, png({"parameters": foreign})))
    assert config.model == "emoji"
    assert (config.width, config.height, config.steps) == (128, 128, 12)
    assert "dreamMachine_v9 is not offered" in notes[0]
    assert "cannot do it: Width, Height, Steps" in notes[3]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "a cat\nno settings here",
        "",
        "Steps",
        "Steps:\nSeed:",
        "Steps: x, Seed: y",
        "\n" * 50_000,
        'A: "' * 20_000,
        "Aa " * 30_000,
    ],
)
def test_a_text_that_is_no_settings_is_said(tmp_path, text):
    assert "settings" in refused(put(tmp_path, png({"parameters": text})))


@pytest.mark.parametrize("value", ["nan", "inf", "-1e999", "1e400", "__import__('os')", "{0.__class__}", "٣"])
def test_foreign_values_are_parsed_and_never_evaluated(tmp_path, value):
    text = f"{{model}} %s\nSteps: 5, Seed: {value}, CFG scale: {value}, Size: {value}x{value}, Model: {value}"
    config, notes = read_settings(put(tmp_path, png({"parameters": text})))
    assert config.prompt == "{model} %s"
    assert config.steps == 5
    assert all(str(note) for note in notes)


# --- hostile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "own",
    [
        "no json", "[]", "{}", '{"config": []}', '{"config": {"steps": "x"}}', '{"config": {"evil": 1}}',
        '{"config": {"seed": NaN}}', '{"config": {"prompt": ""}}', "[" * 50_000, '{"config": {"model": "../../etc"}}',
        '{"config": {"steps": 1e400}}', '{"config": {"prompt": {"a": 1}}}',
    ],
)  # fmt: skip
def test_damaged_settings_of_our_own_are_said(tmp_path, own):
    assert "cannot be used" in refused(put(tmp_path, png({"aigc_playground": own})))


def test_settings_that_are_too_long_are_said(tmp_path):
    assert "too long" in refused(put(tmp_path, png({"parameters": "x" * 200_000})))
    bomb = chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(10**8)))
    assert "too long" in refused(put(tmp_path, huge_png(8, bomb)))


def test_a_file_without_settings_or_of_another_kind_is_said(tmp_path):
    assert "tells no settings" in refused(put(tmp_path, png({})))
    assert "no picture" in refused(put(tmp_path, b"GIF89a"))
    assert "no picture" in refused(put(tmp_path, b""))
    assert "damaged" in refused(put(tmp_path, png({"parameters": FOREIGN})[:40]))


def test_a_picture_of_30000_by_30000_is_refused_without_decoding_it(tmp_path):
    for read in (read_settings, read_picture):
        assert "too large; at most 50 million pixels" in refused(put(tmp_path, huge_png(30_000)), read)
        assert "too large; at most 50 million pixels" in refused(put(tmp_path, huge_png(8_000)), read)


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    assert "no PNG, JPEG" in refused(put(tmp_path, b"a text"), read_picture)
    assert "is SVG; save it as" in refused(put(tmp_path, b"<svg/>"), read_picture)
    assert "is AVIF; settings can be read from" in refused(put(tmp_path, b"\0\0\0\x1cftypavif" + bytes(90)))
    assert "damaged" in refused(put(tmp_path, huge_png(100)), read_picture)  # its pixels end early


@pytest.mark.parametrize(
    ("text", "prompt", "negative", "seed"),
    [
        ('a cat\nSteps: 4, Seed: 12345, Civitai resources: [{"modelName":"A, Seed: 5, b"}]', "a cat", "", 12345),
        ('a cat\nSteps: 4, Seed: 7, Template: "a\nSteps: 9, b", Version: 1', "a cat", "", 7),
        ("a cat\nNegative prompt: dog", "a cat", "dog", -1),
        ("Steps: 4, Seed: 5", "", "", 5),
        ("x" * 1200 + "\nSteps: 4, Seed: 5", "", "", 5),
        ('{"prompt": "a cat",\n"x": "y, Steps: 3, Seed: 9, "}', "a cat", "", -1),
        ("红苹果\nSteps: 4, Seed: 1798406481619217041", "红苹果", "", -1),
    ],
)
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
@pytest.mark.parametrize("after", [False, True])
def test_settings_are_read_wherever_they_stand_and_nothing_is_invented(
    tmp_path, text, prompt, negative, seed, kind, after
):
    raw = text.encode()
    body = {"tEXt": b"\0" + raw, "zTXt": b"\0\0" + zlib.compress(raw), "iTXt": b"\0\0\0\0\0" + raw}[kind]
    told, data = chunk(kind.encode(), b"parameters" + body), png({})
    at = len(data) - 12 if after else 33
    config, notes = read_settings(put(tmp_path, data[:at] + told + data[at:]))
    assert (config.prompt, config.negative_prompt, config.seed) == (prompt, negative, seed)
    assert ("1798406481619217041" in " ".join(notes)) == ("1798406481619217041" in text)


def test_what_we_write_we_read():
    chance = random.Random(0)
    for _ in range(300):
        words = ["".join(chance.choices('ab ,:"{}[]\\红é|<>', k=chance.randint(1, 20))) for _ in range(2)]
        config = ImageConfig(
            prompt="p" + words[0],
            negative_prompt=words[1].strip(),
            steps=chance.randint(1, 150),
            guidance=chance.randint(0, 60) / 2,
            seed=chance.randint(0, 2**31 - 1),
            batch=chance.randint(1, 9),
            style=chance.choice(["noto", "twemoji"]),
            sampler=chance.choice(["auto", "heun"]),
        )
        assert from_parameters(to_parameters(config, "Emoji 2 (bundled)"))[0] == config


def test_an_upload_is_upright_on_white_and_rgb(tmp_path):
    clear = Image.new("RGBA", (6, 4), (255, 0, 0, 0))
    clear.putpixel((0, 0), (255, 0, 0, 255))
    clear.save(tmp_path / "clear.png")
    image = read_picture(tmp_path / "clear.png")
    assert image.shape == (4, 6, 3)
    assert image[0, 0].tolist() == [255, 0, 0]
    assert image[1:].min() == 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (6, 4), 100).save(tmp_path / "turned.jpg", exif=exif.tobytes())
    assert read_picture(tmp_path / "turned.jpg").shape == (6, 4, 3)
