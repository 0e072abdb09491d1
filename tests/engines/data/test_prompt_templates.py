"""Prompt templates: every file is whole in both languages, and rendering fills the gaps and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.data.prompt_templates import GAP, load_templates
from engines.messages import ConfigError

TEMPLATES = load_templates()
LANGUAGES = ("en", "zh")


def test_the_promised_templates_come_in_order():
    assert list(TEMPLATES) == [
        "news_item",
        "story",
        "advertising_copy",
        "customer_service",
        "market_summary",
        "product_recommendation",
        "zero_shot_classification",
        "few_shot_classification",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_examples_fill_every_gap(template, language):
    prompt = template.render(language=language)
    assert not GAP.search(prompt)
    assert all(field.example[language] in prompt for field in template.fields)


def test_values_are_put_in_as_they_are():
    prompt = TEMPLATES["story"].render({"hero": "{place} {0.__class__} %s"})
    assert "Hero: {place} {0.__class__} %s\n" in prompt
    assert "an old lighthouse" in prompt


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"villain": "x"}, "has no field 'villain'"),
        ({"hero": "  "}, "Fill in Hero."),
        ({"hero": None}, "Fill in Hero."),
        ({"hero": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_wrong_values_get_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TEMPLATES["story"].render(values)


def test_where_a_language_is_missing_the_english_stands():
    assert TEMPLATES["story"].render({}, "fr") == TEMPLATES["story"].render()


def test_a_new_file_is_a_new_template_and_a_wrong_one_is_named(tmp_path: Path):
    both = {"en": "Say {word}", "zh": "说{word}"}
    plain = {"en": "x", "zh": "x"}
    field = {"name": "word", "label": plain, "example": plain}
    data = {"order": 1, "mode": "chat", "title": plain, "help": plain, "fields": [field], "prompt": both}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    assert load_templates(tmp_path)["mine"].render({"word": "hello"}) == "Say hello"
    for wrong in ({"prompt": plain}, {"title": {"en": "x"}}, {"mode": "song"}, {"fields": 3}):
        path.write_text(json.dumps(data | wrong))
        with pytest.raises(ValueError, match=r"mine\.json"):
            load_templates(tmp_path)
