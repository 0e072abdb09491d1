"""The plan of a quatrain: what its beginning settles is so, the rest is chance."""

import re

import pytest

from engines.gpt_training.text.plans import plan_for

SEEDS = range(40)


@pytest.mark.parametrize(
    ("start", "pattern"),
    [
        ("春", "[五七][平仄].："),
        ("春风", "[五七]平.："),
        ("白日", "[五七]仄.："),
        ("白日依山尽", "五仄.："),
        ("白日依山尽，黄", "五仄.："),
        ("白日依山尽，黄河入海流。", "五仄尤："),
        ("朝辞白帝彩", "五平.："),
        ("朝辞白帝彩云", "七平.："),
        ("朝辞白帝彩云间，", "七平删："),
        ("朝辞白帝彩云间，千里江陵一日还。两岸", "七平删："),
        ("", "[五七][平仄].："),
        ("，。，。", "五[平仄].："),
        ("abc", "[五七][平仄].："),
    ],
)
def test_what_a_beginning_settles(start, pattern):
    plans = {plan_for(start, seed) for seed in SEEDS}
    assert all(re.fullmatch(pattern, plan) for plan in plans), plans
    assert (len(plans) == 1) == ("[" not in pattern and "." not in pattern)


@pytest.mark.slow
def test_every_plan_is_one_that_the_model_learnt():
    from engines.gpt_training.text.poems import planned_poems

    known = {poem[:4] for poem in planned_poems()}
    assert {plan_for("春", seed) for seed in range(300)} <= known
