"""The Learn fold-outs: whole in both languages, right for every setting, and every citation well-formed."""

from __future__ import annotations

import re

import gradio as gr
import pytest

from engines.catalog import MODELS
from engines.clip_training.config import ClipConfig
from engines.finetuning.config import FinetuningConfig
from engines.gan_training.config import PRESETS, GanConfig
from engines.gpt_training.config import PRESETS as GPT_PRESETS
from engines.gpt_training.config import GptConfig
from engines.image_generation.catalog import IMAGE_MODELS, OWN
from engines.image_generation.config import ImageConfig
from engines.knobs import Config
from engines.music.config import MusicConfig
from engines.music.melody_vae.config import MelodyConfig
from engines.points_training.config import PRESETS as POINTS_PRESETS
from engines.points_training.config import PointsConfig
from engines.text_generation.config import TextConfig
from tabs.live_training.tab import FAMILIES
from tabs.page.forms import Form
from tabs.page.language import LANGUAGES as TABLES
from tabs.page.learn import ARXIV, CONDITION, FOLDER, GAP, HEADING, LABEL, has_page, learn_panel, load_page
from tests.tabs.page.test_language import UNTRANSLATED

LANGUAGES = ("en", "zh")
CHINESE = TABLES["zh"]
CONFIGS = {
    **{page.family.engine: page.family.config for page in FAMILIES if has_page(page.family.engine)},
    "points_training": PointsConfig,
    "gpt_training": GptConfig,
    "music": MusicConfig,
    "clip_training": ClipConfig,
    "melodies": MelodyConfig,
    "image_generation": ImageConfig,
    "text_generation": TextConfig,
    "finetuning": FinetuningConfig,
    "comparison": Config,
}
PAGES = {(topic, language): load_page(topic, language) for topic in CONFIGS for language in LANGUAGES}
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.S)
INLINE = re.compile(r"(?<!\$)\$([^$\n]+)\$(?!\$)")
LINK = re.compile(r"\]\(([^)]*)\)")
each_page = pytest.mark.parametrize(("topic", "language"), list(PAGES))
each_topic = pytest.mark.parametrize("topic", list(CONFIGS))


def raw(topic, language):
    return (FOLDER / f"{topic}.{language}.md").read_text("utf-8")


def defaults(topic, **values):
    return {name: knob.default for name, knob in CONFIGS[topic].knobs().items()} | values


def shown(topic, language="en", **values):
    return PAGES[topic, language].render(defaults(topic, **values), language)


def names(topic, **values):
    settings = defaults(topic, **values)
    return [section.name for section in PAGES[topic, "en"].sections if section.suits(settings)]


def test_every_file_belongs_to_a_topic_and_a_language():
    assert {path.name for path in FOLDER.glob("*.md")} == {f"{topic}.{language}.md" for topic, language in PAGES}


@each_topic
def test_both_languages_have_the_same_sections_formulas_and_papers(topic):
    english, chinese = (raw(topic, language) for language in LANGUAGES)
    sections = [[section.name for section in PAGES[topic, language].sections] for language in LANGUAGES]
    assert sections[0] == sections[1]
    assert len(set(sections[0])) == len(sections[0])
    assert FORMULA.findall(english) == FORMULA.findall(chinese)
    for one, other in zip(*(PAGES[topic, language].sections for language in LANGUAGES), strict=True):
        assert set(GAP.findall(one.text)) == set(GAP.findall(other.text)), one.name
        assert set(LABEL.findall(one.text)) == set(LABEL.findall(other.text)), one.name
        if one.name != "resources":
            assert ARXIV.findall(one.text) == ARXIV.findall(other.text), one.name
            assert sorted(INLINE.findall(one.text)) == sorted(INLINE.findall(other.text)), one.name


@each_page
def test_every_link_is_https_and_every_paper_is_cited_in_full(topic, language):
    text = raw(topic, language)
    assert all(re.fullmatch(r"https://[\w.-]+/[\w./?=~-]*", link) for link in LINK.findall(text))
    assert "http://" not in text
    assert "![" not in text  # nothing is fetched
    assert "<img" not in text
    assert len(re.findall("arxiv", text, re.I)) == len(ARXIV.findall(text)) > 10  # all of them well-formed
    assert all(1 <= int(number[2:4]) <= 12 for number in ARXIV.findall(text))
    for section in PAGES[topic, language].sections:
        if section.name != "resources":
            for title in re.findall("“([A-Z][^”]{15,})”", section.text):  # title, then its number or where it stands
                after = section.text.split(f"“{title}”", 1)[1][:110]
                assert re.search(
                    r"arXiv:|Journal|Science|OpenAI|Proceedings|Psychology|Neural|Speech|Transactions", after
                ), title
    resources = PAGES[topic, language].sections[-1]
    assert resources.name == "resources"
    assert 4 <= len(LINK.findall(resources.text)) <= 7


@each_page
def test_every_gap_and_condition_is_a_setting_and_every_label_is_on_the_page(topic, language):
    page, knobs = PAGES[topic, language], CONFIGS[topic].knobs()
    assert page.settings <= set(knobs)
    labels = {label for section in page.sections for label in LABEL.findall(section.text)}
    own = {knob.label for knob in knobs.values()}
    assert labels <= set(CHINESE) | UNTRANSLATED | own
    text = raw(topic, language)
    assert text.count("[[") == len(LABEL.findall(text))
    gaps = {name for section in page.sections for name in GAP.findall(section.text)}
    assert all(isinstance(knobs[name].default, (int, float)) for name in gaps)
    for section in page.sections:
        for name, _, value in section.conditions:
            choices = knobs[name].choices
            assert choices is None or set(value.split("|")) <= set(map(str, choices)), section.name
        leftover = CONDITION.sub("", section.name)
        assert not re.search("[=<>!|]", leftover), section.name


@each_page
def test_formulas_are_closed(topic, language):
    text = FORMULA.sub("", raw(topic, language))
    assert "$$" not in text
    assert INLINE.sub("", text).count("$") == 0
    for formula in FORMULA.findall(raw(topic, language)):
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\begin") == formula.count(r"\end")
        assert formula.count(r"\big(") <= formula.count(r"\big)")


def test_every_objective_and_network_has_its_section():
    for name in ("objective", "architecture"):
        for choice in GanConfig.knobs()[name].choices:
            assert f"{name}={choice}" in names("gan_training", **{name: choice})
            assert sum(section.startswith(f"{name}=") for section in names("gan_training", **{name: choice})) == 1


def test_each_recipe_that_breaks_the_training_is_explained():
    text = shown("gan_training")
    for preset in PRESETS.values():
        if preset.title.startswith("Break it"):
            assert f"<b>{preset.title}</b>" in text
            assert f"<b>{CHINESE[preset.title]}</b>" in shown("gan_training", "zh")


def test_points_have_a_section_for_each_family_and_recipe_that_breaks():
    for family in PointsConfig.knobs()["family"].choices:
        found = names("points_training", family=family, objective="wgan_gp", beta=4)
        assert next(name for name in found if "family=" in name) == f"family={family}"
        assert ("beta>1, family=vae" in found) is (family == "vae")
        assert ("objective=wgan_gp, family=gan" in found) is (family == "gan")
    text = shown("points_training")
    for preset in POINTS_PRESETS.values():
        assert not preset.title.startswith(("Break it", "Mended")) or f"<b>{preset.title}</b>" in text


def test_each_kind_of_language_model_has_its_section():
    for model in GptConfig.knobs()["model"].choices:
        found = names("gpt_training", model=model)
        assert ("gaps, model=masked" in found) is (model == "masked")
        assert ("attention, model=gpt|masked" in found) is (model in ("gpt", "masked"))
        assert ("bptt, model=lstm|rnn" in found) is (model in ("lstm", "rnn"))
    text = shown("gpt_training")
    for preset in GPT_PRESETS.values():
        assert not preset.title.startswith("Break it") or f"<b>{preset.title}</b>" in text


def test_every_image_task_sampler_and_kind_of_model_has_its_section():
    for task in ImageConfig.knobs()["task"].choices:
        assert any(f"task={task}" in name for name in names("image_generation", task=task))
    for sampler in set(ImageConfig.knobs()["sampler"].choices) - {"auto", "euler", "heun"}:  # these have one together
        assert f"sampler={sampler}" in names("image_generation", sampler=sampler)
    for card in IMAGE_MODELS.values():
        found = " ".join(names("image_generation", model=card.id))
        assert ("path, model=emoji" in found) is (card.kind == "emoji")
        assert ("diffusion, " in found) is (card.kind == "diffusers")
        assert ("few-steps, " in found) is (card.kind == "diffusers" and card.steps < 10)
        assert ("guidance, " in found) is card.guided or card.id.startswith("LCM")  # where it is built in
    own = names("image_generation", model=f"{OWN}abc")
    assert own == ["batch", "enlarge", "style", f"model={OWN}*", "resources"]


def test_every_method_and_model_of_fine_tuning_has_its_section():
    for method in FinetuningConfig.knobs()["method"].choices:
        assert any(f"method={method}" in name for name in names("finetuning", method=method))
    for model in FinetuningConfig.knobs()["model"].choices:
        assert any("model=" in name and model in name for name in names("finetuning", model=model))
    assert not any("method=" in name for name in names("finetuning", model="small_cnn"))  # nothing to tune finely
    assert {"adversarial=false", "mlm=false"} <= set(names("finetuning"))
    assert {"adversarial=true", "mlm=true"} <= set(names("finetuning", adversarial=True, mlm=True))


def test_a_language_model_is_called_what_it_is():
    for card in MODELS.values():
        found = names("text_generation", model=card.id)
        assert ("model=GPT-2" in found) is (card.id == "GPT-2")
        assert ("model=Quatrains|run:*" in found) is (card.beginning is not None)
        assert ("model!=GPT-2|Quatrains|run:*" in found) is (card.kind == "chat")


def test_formulas_hold_the_numbers_of_the_screen():
    text = shown("text_generation", temperature=1.5, top_p=0.85)
    assert r"\frac{e^{z_i/1.5}}{\sum_j e^{z_j/1.5}}" in text
    assert r"p_i \ge 0.85" in text
    assert "arg" not in text
    greedy = shown("text_generation", greedy=True)
    assert r"\arg\max" in greedy
    assert "## Top-p" not in greedy
    assert r"\gamma=0.00001" in shown("gan_training", objective="wgan_gp", gamma=1e-5)
    assert r"\gamma=2$" in shown("gan_training", objective="wgan_gp", gamma=2.0)


def test_settings_switch_sections_on_and_off():
    assert not {"conditional=true", "d_steps>1"} & set(names("gan_training", conditional=False))
    assert {"conditional=true", "d_steps>1"} <= set(names("gan_training", d_steps=3))
    assert "ema>0" in names("gan_training")
    assert "ema>0" not in names("gan_training", ema=0)


@pytest.mark.parametrize("odd", [None, "", "x", float("nan"), float("inf"), [], "{{steps}}", "[[Steps]]"])
def test_odd_values_leave_a_page(odd):
    for topic, config in CONFIGS.items():
        text = PAGES[topic, "en"].render(dict.fromkeys(config.knobs(), odd), "en")
        assert "## Where to read on" in text
        assert "{{" not in text


def test_labels_and_papers_read_as_on_the_page():
    text = shown("gan_training", "zh")
    assert "<b>潜变量维数</b>" in text
    assert "[arXiv:1406.2661](https://arxiv.org/abs/1406.2661)" in text
    assert "[[" not in text
    assert not HEADING.search(text)  # conditions are not for people


class Request:
    """What the handler reads of a visitor's request."""

    def __init__(self, language):
        self.headers = {"accept-language": language}


def test_the_panel_follows_what_its_texts_mention():
    with gr.Blocks() as demo:
        form = Form(GanConfig, "gan")
        form.add_rest()
        learn_panel("gan_training", form)
    (show,) = (handler for handler in demo.fns.values() if handler.inputs)  # the dice of the seed takes nothing
    watched = {name: i for i, name in enumerate(form.names) if form[name] in show.inputs}
    assert {"objective", "ema", "gamma", "conditional"} <= set(watched)
    assert "dataset" not in watched
    most = max(len(handler.targets) for handler in demo.fns.values())
    assert most == len(watched) + 1, "it follows each of them, and the unfolding"
    values = [getattr(widget, "value", None) for widget in show.inputs]
    assert "Two networks play" in show.fn(Request("en-GB,en"), *values)
    assert "两个网络互相对抗" in show.fn(Request("zh-CN,zh;q=0.9"), *values)


# Settings that are on the page only beside these.
BESIDE = {
    ("image_generation", "strength"): {"task": "image_to_image"},
    ("image_generation", "label"): {"model": f"{OWN}abc"},
    ("vae_training", "sigma"): {"likelihood": "gaussian"},
    **{("points_training", name): {"family": "vae"} for name in ("beta", "sigma")},
    ("points_training", "sampling"): {"family": "diffusion"},
    ("gpt_training", "vocabulary"): {"tokens": "pairs"},
    ("gpt_training", "bars"): {"data": "tunes"},
}


@pytest.mark.parametrize("topic", sorted(CONFIGS))
def test_every_setting_has_a_paragraph_whatever_it_is_set_to(topic):
    """So that each has a "?" that opens it; a paragraph that hides while its setting is off would leave it without."""
    for name, knob in CONFIGS[topic].knobs().items():
        values = knob.choices or ([False, True] if isinstance(knob.default, bool) else [knob.default])
        values = [*values, 0.0] if name == "ema" else values
        for value in values:
            settings = defaults(topic, **{name: value}) | BESIDE.get((topic, name), {})
            suiting = [one for one in PAGES[topic, "en"].sections if one.suits(settings)]
            assert any(one.explains(name, knob.label) for one in suiting), (name, value)
