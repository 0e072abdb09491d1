"""What a model that was trained from nothing can read, and what it says of the rest."""

import pytest

from engines.catalog import MODELS, POEM_MODEL, Beginning, ModelCard
from engines.messages import ConfigError
from engines.text_generation.beginnings import check, check_beginning, plan_before, tidied

POEMS = MODELS[POEM_MODEL]
LETTERS = ModelCard("run:a", "Mine", "", 1, "base", 64, "", beginning=Beginning())
LINE = "春眠不觉晓，处处闻啼鸟。"


@pytest.mark.parametrize(
    ("typed", "read"),
    [(" 春眠 不觉晓, 处处闻啼鸟.\n", LINE), ("春風", "春风"), ("夜来？", "夜来。"), ("", "")],
)
def test_a_quatrain_is_read_as_it_was_learnt(typed, read):
    assert tidied(POEMS, typed) == read


def test_other_models_read_what_was_typed():
    assert tidied(LETTERS, " a,\n") == " a,\n"
    assert tidied(MODELS["GPT-2"], " 春風,") == " 春風,"
    assert plan_before(MODELS["GPT-2"], "a", 1) == plan_before(LETTERS, "a", 1) == ""


def test_a_plan_stands_before_a_quatrain_and_chance_decides_what_is_open():
    plans = {plan_before(POEMS, "春风", seed) for seed in range(30)}
    assert len(plans) > 5
    assert all(len(plan) == 4 and plan.endswith("：") for plan in plans)
    assert plan_before(POEMS, "春风", 7) == plan_before(POEMS, "春风", 7)


def test_characters_that_it_never_saw_are_named():
    with pytest.raises(ConfigError, match="Poem writer has never seen a b; write without"):
        check(POEMS, "春ab春a", "春".__contains__)
    with pytest.raises(ConfigError, match="1 2 3 4 5 6 7 8 …;"):
        check(LETTERS, "123456789", "".__contains__)
    check(LETTERS, "aba", "ab".__contains__)
    check(MODELS["GPT-2"], "any", "".__contains__)


def test_a_poem_that_is_complete_or_too_long_is_no_beginning():
    check_beginning(POEMS, LINE + "夜来")
    with pytest.raises(ConfigError, match="has its four lines already"):
        check_beginning(POEMS, LINE + LINE)
    with pytest.raises(ConfigError, match="at most 32 characters, marks included; this beginning has 40"):
        check_beginning(POEMS, "春" * 40)
    check_beginning(LETTERS, "a" * 1000)
