"""What a link says comes back as it was, and what a stranger made of it comes to nothing but a sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from urllib.parse import parse_qsl

import gradio as gr
import pytest

from engines.finetuning.config import RECIPES, FinetuningConfig
from engines.gan_training.config import PRESETS, GanConfig
from engines.image_generation.catalog import IMAGE_MODELS, OWN
from engines.image_generation.config import ImageConfig
from engines.knobs import Knob
from engines.messages import ConfigError
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from engines.text_generation.config import TextConfig
from engines.text_generation.models import Models
from tabs.finetuning.data import COLUMNS, DataPanel, suited_model
from tabs.image_generation.desk import Desk
from tabs.image_generation.own_gans import OwnGenerators
from tabs.page.forms import Form
from tabs.page.language import translate
from tabs.page.link_button import LinkButton
from tabs.page.links import MAX_LENGTH, LinkFormat, lost, read_query, read_visit
from tabs.text_generation.offer import Offer, suited
from tabs.text_generation.own_runs import OwnRuns
from tabs.text_generation.settings import text_form
from tests.fakes import FakeConfig

FAKE = LinkFormat("fake", FakeConfig, FakeConfig.knobs())
SCRIPT = "<img src=x onerror=alert(1)>"
TEXTS = ["a & b = c + d # 100%?", "红苹果，很大", "🦊\n\ttail", SCRIPT, "'; DROP TABLE runs; --", "{0.__class__}", ""]


@pytest.fixture(scope="module")
def formats():
    """The link format of each tab, as the tab makes it."""
    with gr.Blocks():
        gan = Form(GanConfig, "gan")
        gan.add_rest()
        finetuning = Form(FinetuningConfig, "finetuning")
        DataPanel(finetuning)
        finetuning.add([name for name in FinetuningConfig.knobs() if name not in (*finetuning.names, "replay")])
        prompt, system = gr.Textbox(), gr.Textbox()
        desk = Desk(OwnGenerators(Runs(), Here()), gr.Radio(), prompt)
        form = text_form("text", Offer(Models(), OwnRuns()))
        text = LinkButton("text_generation", form, {"system": (Knob("", "System prompt"), system)}, suited=suited)
        return {
            GanConfig: LinkButton("gan_training", gan).format,
            FinetuningConfig: LinkButton("finetuning", finetuning, without=COLUMNS, suited=suited_model).format,
            ImageConfig: desk.link.format,
            TextConfig: text.format,
        }


def query(text):
    return read_visit(parse_qsl(text, keep_blank_values=True, strict_parsing=True))


def candidates(knob):
    """Values that the knob takes."""
    if knob.choices is not None:
        return list(knob.choices)
    if isinstance(knob.default, bool):
        return [True, False]
    if isinstance(knob.default, str):
        return TEXTS
    if isinstance(knob.default, int):
        return [int(knob.low), int(knob.high), int(knob.low + knob.high) // 2]
    return [knob.low, knob.high, (knob.low + knob.high) / 3, max(knob.low, 1.5e-7)]


def configs(config_class, link):
    """Configs that differ from the defaults in one thing, as far as there are such."""
    for name, knob in link.knobs.items():
        for value in candidates(knob) if name in config_class.knobs() else []:
            settings = {name: value}
            try:
                yield {name}, config_class.from_dict({**link.defaults(settings), **settings})
            except ConfigError:
                continue


@pytest.mark.parametrize("config_class", [GanConfig, FinetuningConfig, ImageConfig, TextConfig])
def test_every_setting_makes_the_journey_and_says_no_more_than_it_must(formats, config_class):
    link, seen = formats[config_class], set()
    if config_class is TextConfig:
        link = replace(link, knobs={name: knob for name, knob in link.knobs.items() if name != "system"})
    for names, config in configs(config_class, link):
        settings = {name: value for name, value in config.to_dict().items() if name in link.knobs}
        text, too_long = link.write(config.to_dict())
        said = set(query(text)) - {"tab"}
        assert said <= names or (said == {next(iter(link.knobs))} and settings == link.defaults(settings))
        assert text.startswith(f"tab={link.engine}")
        assert text.isascii()
        assert not too_long
        back, notes = link.read(query(text))
        assert (back, notes) == (settings, [])
        assert {name: type(value) for name, value in back.items()} == {
            name: type(value) for name, value in settings.items()
        }
        seen |= said
    only_with_others = {"label", "width", "height", "negative_prompt"}  # a generator's class; sizes of other models
    assert set(link.knobs) - seen <= only_with_others


def test_a_link_of_defaults_says_one_of_them_and_a_bare_one_has_no_settings(formats):
    """A tab may open on other settings than the defaults: whoever copies a form of defaults means these."""
    for config_class, link in formats.items():
        config = ImageConfig.for_model("emoji") if config_class is ImageConfig else config_class()
        settings = {name: {**config.to_dict(), "system": ""}[name] for name in link.knobs}
        text, _ = link.write(settings)
        assert len(query(text)) == 2
        assert link.read(query(text)) == (settings, [])
        assert link.read({"tab": link.engine, "lang": "zh", "utm_source": "mail"}) == (None, [])
    assert formats[FinetuningConfig].write(FinetuningConfig().to_dict())[0] == "tab=finetuning&dataset=movie_reviews"


def test_recipes_and_models_make_the_journey(formats):
    gan, finetuning, image = (formats[one] for one in (GanConfig, FinetuningConfig, ImageConfig))
    for recipe in PRESETS.values():
        config = GanConfig(**recipe.values)
        text, _ = gan.write(config.to_dict())
        assert set(query(text)) == {"tab", *(recipe.values or ("dataset",))}
        assert gan.read(query(text)) == (config.to_dict(), [])
    for recipe in RECIPES.values():
        config = FinetuningConfig(**recipe.values)
        back, notes = finetuning.read(query(finetuning.write(config.to_dict())[0]))
        assert FinetuningConfig(**back) == config
        assert not notes
    for model in IMAGE_MODELS:
        config = ImageConfig.for_model(model, prompt="a fox")
        text, _ = image.write(config.to_dict())
        assert set(query(text)) <= {"tab", "model", "prompt"}, "what suits the model need not be said"
        assert image.read(query(text)) == (config.to_dict(), [])


def test_pictures_bring_their_model(formats):
    settings, notes = formats[FinetuningConfig].read({"tab": "finetuning", "dataset": "fashion_mnist"})
    assert settings["model"] == "small_cnn"
    assert not notes


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("steps", "abc", "Steps must be a whole number from 1 to 1000000; it is 'abc'."),
        ("steps", "", "Steps must be a whole number"),
        ("steps", "2.5", "Steps must be a whole number"),
        ("steps", "0", "it is 0."),
        ("steps", "1_000", "it is '1_000'."),
        ("steps", "５", "it is '５'."),
        ("steps", "9" * 3000, "Steps must be a whole number"),
        ("steps", "true", "it is 'true'."),
        ("steps", "__import__('os')", "Steps must be a whole number"),
        ("rate", "NaN", "Learning rate must be a number"),
        ("rate", "nan", "Learning rate must be a number"),
        ("rate", "1e999", "it is inf."),
        ("rate", "-Infinity", "Learning rate must be a number"),
        ("rate", "0x1p-3", "Learning rate must be a number"),
        ("rate", "1e99999999999", "Learning rate must be a number"),
        ("mode", "c", "Objective must be one of a, b"),
        ("size", "64.0", "Image size must be one of 28, 64"),
        ("loud", "1", "EMA must be true or false"),
        ("name", "x" * 21, "Prompt must be a text of at most 20 characters"),
        ("name", "🦊" * 3900, "Prompt must be a text of at most 20 characters"),
        ("nonsense", "1", "there is no such setting"),
        ("owner", "key", "there is no such setting"),
        ("__class__", "x", None),  # like all that begins with _: it belongs to others
        ("to_dict", "x", "there is no such setting"),
        (SCRIPT, SCRIPT, "there is no such setting"),
        ("名字", "x", "there is no such setting"),
        ("{0.__class__}", "{x}", "there is no such setting"),
        ("", "", "there is no such setting"),
        ("steps", None, "it is there more than once"),
        ("nonsense", None, "there is no such setting"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_else(name, value, says):
    settings, notes = FAKE.read({"tab": "fake", "seed": "3", name: value})
    assert settings == FakeConfig(seed=3).to_dict(), "the rest of the link counts"
    assert len(notes) == (says is not None)
    for note in notes:
        assert note.startswith("The link's ")
        assert says in note
        assert len(note) < 250, "a huge text is not repeated"
        assert "链接中的" in translate(note, "zh")


def test_names_of_others_are_no_business_of_ours():
    visit = {"__theme": "dark", "_": "", "utm_source": "x", "run": "abc", "tab": "fake", "steps": "5"}
    assert FAKE.read(visit) == (FakeConfig(steps=5).to_dict(), [])
    assert lost({"__theme": "dark", "run": "abc", "utm_medium": "mail", "lang": "zh"}) == []


def test_a_query_without_a_tab_is_told_about():
    assert "there is no such tab" in lost({"tab": "<script>", "steps": "5"})[0]
    (note,) = lost({"steps": "5", "x" * 99: ""})
    assert note.startswith("The link does not say which tab it is for")
    assert "'steps'" in note
    assert len(note) < 150


def test_a_name_that_is_there_twice_has_no_value():
    visit = read_visit([("steps", "5"), ("mode", "b"), ("steps", "6"), ("steps", "7")])
    assert visit == {"steps": None, "mode": "b"}


def test_a_long_query_is_ignored_as_a_whole():
    visit = {"steps": "5", **{f"name{i}": "x" * 100 for i in range(50)}}
    found, notes = read_query(FAKE.knobs, visit)
    assert not found
    assert [str(note) for note in notes] == ["The link's settings were ignored: it is longer than 4000 characters."]


def test_settings_that_do_not_go_together_are_ignored_together(formats):
    large = {"tab": "gan_training", "batch": "512", "features": "128", "size": "64", "d_steps": "10"}
    settings, (note,) = formats[GanConfig].read(large)
    assert settings is None
    assert note.startswith("The link's settings were ignored: Batch size, Features, Image size")
    settings, (note,) = formats[ImageConfig].read({"sampler": "ddim"})
    assert settings is None
    assert "does not offer Sampler" in note


def test_a_model_is_one_of_the_list(formats):
    for config_class in (TextConfig, ImageConfig):
        settings, (note,) = formats[config_class].read({"model": "../../etc/passwd", "seed": "5"})
        assert settings["model"] == config_class.model
        assert settings["seed"] == 5
        assert note.startswith("The link's Model was ignored: Model must be one of")


def test_what_only_one_visitor_has_stays_out(formats):
    own = ImageConfig(model=f"{OWN}mine", width=32, height=32)
    with pytest.raises(ConfigError, match="Model is something that only you have here"):
        formats[ImageConfig].write(own.to_dict())
    columns = FinetuningConfig(dataset="own_texts", text_column="secret", label_column="secret too")
    text, _ = formats[FinetuningConfig].write(columns.to_dict())
    assert text == "tab=finetuning&dataset=own_texts"


def test_texts_that_are_too_long_are_left_out_and_named(formats):
    settings = {**TextConfig(temperature=0.5).to_dict(), "system": "长" * MAX_LENGTH}
    text, too_long = formats[TextConfig].write(settings)
    assert text == "tab=text_generation&temperature=0.5"
    assert too_long == ["system"]


def test_what_is_written_is_never_too_long_to_be_read():
    link = replace(FAKE, knobs={**FAKE.knobs, "name": Knob("", "Prompt", max_length=MAX_LENGTH)})
    for character in "x&汉🦊":
        for count in (0, 100, 300, 440, 1000, 1320, 3980, 4000):
            text, too_long = link.write({**FakeConfig().to_dict(), "name": character * count})
            assert len(text) <= MAX_LENGTH
            found, notes = read_query(link.knobs, query(text))
            assert found.get("name", "") == ("" if too_long else character * count)
            assert not notes


def test_numbers_are_exact(formats):
    for value in (1e-6, 0.1 + 0.2, math.nextafter(0.5, 0), 1 / 3):
        text, _ = formats[GanConfig].write(GanConfig(lr_g=value).to_dict())
        assert formats[GanConfig].read(query(text))[0]["lr_g"] == value
