"""Settings that programs really write, in the places where they write them: what is read, and who made it."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from engines.image_generation.told.reading import read_settings
from engines.messages import ConfigError

LONG = (
    "a cat, (red:1.2)\nNegative prompt: dog, [blurry]\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 123,"
    " Size: 512x768, Model hash: abc, Model: v1-5, "
)
HIRES = 'Denoising strength: 0.4, Hires upscale: 2, Hires steps: 10, Lora hashes: "a: 12, b: 34", Version: v1.10.0'
REGIONS = (
    "sky BREAK\ngrass AND tree\nNegative prompt: x\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, RP Active: True,"
    ' RP Ratios: "1,1;2", ADetailer prompt: "a, b\\nSteps: 3, Seed: 9"'
)
INVOKE = {
    "app_version": "4.2", "positive_prompt": "a fox", "negative_prompt": "bad", "seed": 735928559, "cfg_scale": 7.5,
    "steps": 30, "scheduler": "euler", "model": {"key": "k", "name": "dreamshaper-8"}, "loras": [{"x": 1}],
}  # fmt: skip
FOOOCUS = {"prompt": "a fox", "negative_prompt": "bad", "seed": "123", "guidance_scale": 4, "steps": 30,
           "resolution": "(896, 1152)", "version": "Fooocus v2.5.0", "styles": "['x']"}  # fmt: skip
SWARM = {"sui_image_params": {"prompt": "a fox", "model": "sdxl", "seed": 5, "steps": 20, "cfgscale": 7.0}}
NOVEL = {"steps": 28, "scale": 5.0, "seed": 40761900, "sampler": "k_euler", "uc": "bad", "prompt": "a fox"}
DRAW = {"c": "a fox", "uc": "bad", "steps": 20, "seed": 77, "scale": 7.5, "model": "sd.ckpt", "size": "512x512"}
FLUX = {
    "1": {"class_type": "KSampler", "inputs": {"seed": 5, "steps": 20, "cfg": 1.0, "sampler_name": "euler",
                                               "positive": ["2", 0], "negative": ["4", 0]}},
    "2": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["3", 0]}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["9", 0]}},
    "4": {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["3", 0]}},
    "9": {"class_type": "PrimitiveString", "inputs": {"value": "deep fox"}},
}  # fmt: skip
CUSTOM = {
    "1": {"class_type": "SamplerCustomAdvanced", "inputs": {"noise": ["2", 0], "guider": ["3", 0],
                                                            "sampler": ["4", 0], "sigmas": ["5", 0]}},
    "2": {"class_type": "RandomNoise", "inputs": {"noise_seed": 5}},
    "3": {"class_type": "BasicGuider", "inputs": {"conditioning": ["7", 0]}},
    "4": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "heun"}},
    "5": {"class_type": "BasicScheduler", "inputs": {"steps": 8}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "custom"}},
}  # fmt: skip
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">'
    + json.dumps(DRAW).replace('"', "&quot;")
    + "</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></x:xmpmeta>"
)
DESCRIBED = (
    '<x:xmpmeta><dc:description> <rdf:Alt><rdf:li xml:lang="x-default">a &lt;fox&gt;\nNegative prompt: bad\nSteps: 4,'
    " Seed: 7</rdf:li></rdf:Alt></dc:description></x:xmpmeta>"
)
SIGNED = '"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia" '
EASY = {"prompt": "a fox", "seed": "5", "num_inference_steps": "20", "guidance_scale": "7.5", "negative_prompt": "bad"}

TENSOR = {"prompt": "a fox", "negativePrompt": "bad", "steps": 20, "seed": "306144", "samplerName": "Euler a",
          "baseModel": {"label": "Dream", "type": "BASE_MODEL"}, "models": [{"label": "m"}]}  # fmt: skip
RUINED = {"Prompt": "a fox", "Negative": "bad", "steps": 30, "cfg": 7, "seed": 9, "software": "RuinedFooocus"}
NOVEL_4 = {
    "steps": 28, "seed": 38, "v4_negative_prompt": {"caption": {"base_caption": "bad"}},
    "v4_prompt": {"caption": {"base_caption": "a fox", "char_captions": [{"char_caption": "a hen"}]}},
}  # fmt: skip
INVOKE_2 = {"image": {"prompt": [{"prompt": "a fox [bad]", "weight": 1}], "steps": 50, "seed": 1}}
SAMPLER = {"seed": 5, "steps": 20, "cfg": 8.0, "positive": ["good", 0], "negative": ["bad", 0]}
LOADED = {"positive": "a fox", "negative": "bad", "empty_latent_width": 64, "empty_latent_height": 64}


def graph(**nodes) -> str:
    """ComfyUI's ordinary graph, with nodes of a name changed: (class, inputs)."""
    made = {
        "sampler": ("KSampler", SAMPLER),
        "good": ("CLIPTextEncode", {"text": "a fox", "clip": ["model", 1]}),
        "bad": ("CLIPTextEncode", {"text": "bad", "clip": ["model", 1]}),
        "model": ("CheckpointLoaderSimple", {"ckpt_name": "sd.safetensors"}),
    } | nodes
    return json.dumps({name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in made.items()})


GRAPHS = {
    "a number of a node": (graph(sampler=("KSampler", {**SAMPLER, "seed": ["n", 0]}),
                                 n=("PrimitiveInt", {"value": 777})), "a fox", 777),
    "a seed of a node": (graph(sampler=("KSampler", {**SAMPLER, "seed": ["n", 0]}),
                               n=("Seed (rgthree)", {"seed": 778})), "a fox", 778),
    "texts put together": (graph(good=("CLIPTextEncode", {"text": ["n", 0]}), n=("StringConcatenate", {
        "string_a": "a fox", "string_b": ["m", 0], "delimiter": ", "}), m=("PrimitiveString", {"value": "in snow"})),
        "a fox, in snow", 5),
    "two prompts": (graph(sampler=("KSampler", {**SAMPLER, "positive": ["n", 0]}),
                          second=("CLIPTextEncode", {"text": "in snow"}), n=("ConditioningCombine", {
        "conditioning_1": ["good", 0], "conditioning_2": ["second", 0]})), "a fox in snow", 5),
    "texts of a loader": (graph(model=("Efficient Loader", LOADED), sampler=("KSampler (Efficient)", {
        **SAMPLER, "positive": ["model", 1], "negative": ["model", 2]})), "a fox", 5),
    "wildcards": (graph(good=("CLIPTextEncode", {"text": ["n", 0]}), n=("ImpactWildcardProcessor", {
        "wildcard_text": "a {fox|cat}", "populated_text": "a fox"})), "a fox", 5),
    "a circle": (graph(good=("Text Concatenate", {"text_a": ["good", 0], "text_b": "a fox"})), "a fox", 5),
}  # fmt: skip


def png(folder: Path, texts: dict[str, str], encoding: str = "utf-8") -> Path:
    """A picture with texts in its chunks, in that encoding whatever PNG says."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))]
    parts += [(b"tEXt", f"{keyword}\0{text}".encode(encoding)) for keyword, text in texts.items()]
    parts += [(b"IDAT", zlib.compress((b"\0" + b"\x80" * 8) * 8)), (b"IEND", b"")]
    data = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    path = folder / "t.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


@pytest.mark.parametrize(
    ("texts", "maker", "prompt", "negative", "seed"),
    [
        ({"parameters": LONG + HIRES}, "Stable Diffusion web UI", "a cat, (red:1.2)", "dog, [blurry]", 123),
        ({"parameters": REGIONS}, "another program", "sky BREAK\ngrass AND tree", "x", 5),
        ({"parameters": LONG + "App: SD.Next, Version: 1"}, "SD.Next", "a cat, (red:1.2)", "dog, [blurry]", 123),
        ({"parameters": LONG + "Version: f2.0.1"}, "Forge", "a cat, (red:1.2)", "dog, [blurry]", 123),
        ({"Parameters": "a\r\nNegative prompt: b\r\nSteps: 4, Seed: 7"}, "another program", "a", "b", 7),
        ({"parameters": "Steps: to heaven\nNegative prompt: b\nSteps: 4, Seed: 7"}, "", "Steps: to heaven", "b", 7),
        ({"parameters": "a\0b\nSteps: 4, Seed: 7"}, "", "ab", "", 7),
        ({"invokeai_metadata": json.dumps(INVOKE)}, "InvokeAI", "a fox", "bad", 735928559),
        ({"Dream": '"a fox [bad]" -s 50 -S 42 -W 512 -H 512 -C 7.5 -A k_lms'}, "InvokeAI", "a fox", "bad", 42),
        ({"parameters": json.dumps(FOOOCUS), "fooocus_scheme": "fooocus"}, "Fooocus", "a fox", "bad", 123),
        ({"parameters": json.dumps(SWARM)}, "SwarmUI", "a fox", "", 5),
        ({"Software": "NovelAI", "Comment": json.dumps(NOVEL)}, "NovelAI", "a fox", "bad", 40761900),
        ({"prompt": json.dumps(FLUX)}, "ComfyUI", "deep fox", "", 5),
        ({"prompt": json.dumps(CUSTOM)}, "ComfyUI", "custom", "", 5),
        ({"XML:com.adobe.xmp": XMP}, "Draw Things", "a fox", "bad", 77),
        (EASY, "Easy Diffusion", "a fox", "bad", 5),
        (
            {"prompt": "a fox", "seed": "5", "steps": "20", "negative-prompt": "bad"},
            "another program",
            "a fox",
            "bad",
            5,
        ),
        ({"generation_data": json.dumps(TENSOR) + "\0"}, "Tensor.Art", "a fox", "bad", 306144),
        ({"parameters": json.dumps(RUINED)}, "RuinedFooocus", "a fox", "bad", 9),
        ({"Software": "NovelAI", "Comment": json.dumps(NOVEL_4)}, "NovelAI", "a fox", "bad", 38),
        ({"sd-metadata": json.dumps(INVOKE_2)}, "InvokeAI", "a fox", "bad", 1),
        ({"Description": "a fox --ar 3:2 --no bad --seed 12 Job ID: 4f2a-81"}, "Midjourney", "a fox", "bad", 12),
        ({"XML:com.adobe.xmp": DESCRIBED}, "another program", "a <fox>", "bad", 7),
        ({"PARAMETERS": "\ufeffa fox\nNegative prompt: bad\nSteps: 4, Seed: 7, Size: 64×64"}, "", "a fox", "bad", 7),
    ],
)
def test_what_programs_write_is_read_and_they_are_named(tmp_path, texts, maker, prompt, negative, seed) -> None:
    config, notes = read_settings(png(tmp_path, texts))
    assert (config.prompt, config.negative_prompt, config.seed) == (prompt, negative, seed)
    assert f"made by {maker}" in " ".join(map(str, notes))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_followed_to_what_went_into_the_sampler(tmp_path, name: str) -> None:
    text, prompt, seed = GRAPHS[name]
    config, notes = read_settings(png(tmp_path, {"prompt": text}))
    assert (config.prompt, config.negative_prompt, config.seed) == (prompt, "bad", seed)
    assert "no prompt" not in " ".join(notes)


def test_a_graph_that_branches_without_end_is_read_at_once(tmp_path) -> None:
    links = [{f"t{j}": [f"n{(i * 7 + j) % 400}", 0] for j in range(20)} for i in range(400)]
    nodes = {f"n{i}": ("Text Concatenate", inputs) for i, inputs in enumerate(links)}
    text = graph(good=("CLIPTextEncode", {"text": ["n1", 0]}), **nodes)
    assert read_settings(png(tmp_path, {"prompt": text}))[0].seed == 5


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    "comment",
    [
        *(b"UNICODE\0" + "猫\nNegative prompt: 狗\nSteps: 4, Seed: 7".encode(e) for e in ("utf-16-be", "utf-16-le")),
        b"UNICODE\0" + "\ufeff猫\nNegative prompt: 狗\nSteps: 4, Seed: 7".encode("utf-16-le"),
        *(start + "猫\nNegative prompt: 狗\nSteps: 4, Seed: 7".encode() for start in (b"UNICODE\0", b"\0" * 8, b"")),
        b"UNICODE\0" + json.dumps({"c": "猫", "uc": "狗", "steps": 4, "seed": 7}).encode("utf-16-be"),
    ],
)
def test_a_users_comment_is_read_in_every_encoding(tmp_path, kind: str, comment: bytes) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    path = tmp_path / f"t.{kind.lower()}"
    Image.new("RGB", (8, 8)).save(path, kind, exif=exif.tobytes())
    config, _ = read_settings(path)
    assert (config.prompt, config.negative_prompt, config.seed) == ("猫", "狗", 7)


@pytest.mark.parametrize(
    ("kind", "place"), [("GIF", "comment"), ("JPEG", "comment"), ("JPEG", "xmp"), ("WEBP", "xmp")]
)
def test_what_stands_beside_the_exif_of_any_picture_is_read(tmp_path, kind: str, place: str) -> None:
    path = tmp_path / f"t.{kind.lower()}"
    text = DESCRIBED if place == "xmp" else "a <fox>\nNegative prompt: bad\nSteps: 4, Seed: 7"
    Image.new("RGB", (8, 8)).save(path, kind, **{place: text.encode()})
    config, _ = read_settings(path)
    assert (config.prompt, config.negative_prompt, config.seed) == ("a <fox>", "bad", 7)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"Software": "Adobe Photoshop"}, "its program wrote none, or they were removed"),
        ({"workflow": '{"nodes": []}'}, "made by ComfyUI"),
        ({"invokeai_graph": "{}"}, "made by InvokeAI"),
        (
            {"XML:com.adobe.xmp": SIGNED + 'photoshop:Credit="Made with Google AI"'},
            "made by Google AI, which wrote no",
        ),
        ({"jumb": f"c2pa claim_generator ChatGPT {SIGNED}"}, "made by ChatGPT, which wrote no settings"),
        ({"XML:com.adobe.xmp": SIGNED}, "made by another program, which wrote no settings"),
        ({"parameters": "just words"}, "not in a form that this program knows"),
        ({"parameters": "a\nSteps: ４, Seed: ７"}, "not in a form that this program knows"),
    ],
)
def test_what_tells_nothing_is_said_without_a_false_word(tmp_path, texts, said) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(png(tmp_path, texts))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "prompts"),
    [
        ("gb18030", ("红苹果", "一个女孩站在海边，夕阳，高清", "masterpiece, 水墨山水画, best quality")),
        ("big5", ("一個女孩站在海邊，夕陽，高清", "貓在屋頂上睡覺")),
        ("shift_jis", ("海辺に立つ女の子、夕焼け", "赤いりんご")),
        ("cp949", ("바닷가에 서 있는 소녀", "빨간 사과 그림")),
        ("cp1251", ("красное яблоко на столе", "Девушка у моря, закат")),
        ("latin-1", ("une pomme à côté du café", "Äpfel für Köln, schöne Größe", "naïve fiancée", "jalapeño", "5° C",
                     "© Müller", "un été à la plage", "«déjà vu»", "señorita en el balcón, ¿qué pasa?")),
        ("utf-8", ("红苹果", "café", "🍎")),
    ],
)  # fmt: skip
def test_a_prompt_is_read_in_the_encoding_that_it_is_in(tmp_path, encoding: str, prompts: tuple[str, ...]) -> None:
    for prompt in prompts:
        text = f"{prompt}\nNegative prompt: {prompt}\nSteps: 4, Sampler: Euler a, Seed: 7, Size: 64x64"
        config, _ = read_settings(png(tmp_path, {"parameters": text}, encoding))
        assert (config.prompt, config.negative_prompt, config.seed) == (prompt, prompt, 7)


def test_what_cannot_be_read_is_named_and_not_said_to_be_missing(tmp_path) -> None:
    for texts, named in (
        ({"parameters": json.dumps({"prompt": ["a", "b"], "seed": 1})}, "prompt"),
        ({"parameters": "a\nSteps: 4, Seed: 1, Size: large"}, "Size"),
        ({"Software": "NovelAI", "Comment": json.dumps(NOVEL_4)}, "char_captions"),
    ):
        said = " ".join(read_settings(png(tmp_path, texts))[1])
        assert f"Left out, since this program does not have it: {named}." in said
        assert "no prompt" not in said


def test_a_prompt_whose_last_character_was_cut_stays_what_it_is(tmp_path) -> None:
    path = png(tmp_path, {"parameters": "很红的红苹果果\nSteps: 4, Seed: 7"})
    path.write_bytes(path.read_bytes().replace("果\n".encode(), "果".encode()[:2] + b" \n"))
    assert read_settings(path)[0].prompt == "很红的红苹果\ufffd"
