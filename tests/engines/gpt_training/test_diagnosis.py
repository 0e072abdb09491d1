import json
import math
from dataclasses import asdict

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.diagnosis import Doctor, Exam
from engines.live_training.diagnosis import diverged

CONFIG = GptConfig(steps=1000)
LINES = {1: 6.5, 2: 5.4, 5: 5.2}


def exam(step=500, training=4.8, held_out=5.0, lines=LINES, **more):
    return Exam(step, training, held_out, lines, more.pop("scores", {}), **more)


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("early", exam(step=20, training=8.0, held_out=8.0)),
        ("learning", exam(held_out=5.3)),
        ("healthy", exam()),
        ("too_small", exam(step=600, training=5.6, held_out=5.5)),
        ("learning", exam(step=400, training=5.6, held_out=5.5)),
    ],
)
def test_each_trouble_has_its_name(state, found):
    verdict = Doctor().examine(CONFIG, found)
    assert verdict.state == state
    assert all((verdict.title, verdict.reason, verdict.advice))


def test_a_masked_model_must_be_clearly_better_than_frequencies():
    masked = GptConfig(steps=1000, model="masked")
    found = [Doctor().examine(masked, exam(training=loss, held_out=loss, lines={1: 6.5})).state for loss in (6.1, 5.0)]
    assert found == ["learning", "healthy"]


def test_what_was_learnt_and_is_lost_again_is_too_high_a_rate():
    doctor = Doctor()
    assert doctor.examine(CONFIG, exam()).state == "healthy"
    verdict = doctor.examine(CONFIG, exam(training=5.9, held_out=5.9))
    assert verdict.state == "diverging"
    assert "4.80 at best" in verdict.reason


@pytest.mark.parametrize(("first", "state"), [(8.4, "diverging"), (6.5, "learning")])
def test_one_that_fell_and_then_stays_high_overshoots_and_one_that_never_fell_does_not(first, state):
    doctor = Doctor()
    doctor.examine(CONFIG, exam(step=1, training=first, held_out=first))
    for step, loss in ((60, 6.4), (100, 6.3), (120, 6.35)):
        verdict = doctor.examine(CONFIG, exam(step=step, training=loss, held_out=6.3))
    assert verdict.state == state


def test_one_that_overshot_is_not_said_to_be_too_small_until_it_is_better_than_pairs():
    doctor = Doctor()
    doctor.examine(CONFIG, exam(step=1, training=8.4, held_out=8.4))
    for step, loss in ((60, 6.4), (100, 6.3), (120, 6.35)):
        assert doctor.examine(CONFIG, exam(step=step, training=loss, held_out=6.3)).state in ("learning", "diverging")
    late = exam(step=600, training=5.7, held_out=5.6)
    assert doctor.examine(CONFIG, late).state == "diverging", "its rate has fallen, and so its loss"
    assert Doctor().examine(CONFIG, late).state == "too_small"
    assert doctor.examine(CONFIG, exam(step=900, training=5.2, held_out=5.3)).state == "learning"
    assert doctor.examine(CONFIG, exam(step=950, training=5.5, held_out=5.5)).state == "too_small"


def test_a_held_out_loss_that_rises_is_learning_by_heart_and_says_what_was_copied():
    doctor = Doctor()
    doctor.examine(CONFIG, exam(copied="白日依山尽黄河入海流"))
    verdict = doctor.examine(CONFIG, exam(training=2.0, held_out=5.2))
    assert verdict.state == "by_heart"
    assert "10 characters: “白日依山尽黄河入海流”" in verdict.reason


@pytest.mark.parametrize(
    ("said", "scores", "copied"),
    [
        ("characters", {"Form": 0.1, "Rhyme": 0.0}, ""),
        ("line lengths", {"Form": 0.5, "Rhyme": 0.0}, ""),
        ("rhymes", {"Form": 0.95, "Rhyme": 0.3}, ""),
        ("poems that rhyme", {"Form": 0.95, "Rhyme": 0.7}, ""),
        ("copies by heart", {"Form": 0.95, "Rhyme": 0.7}, "x" * 16),
        ("letters", {"Words known": 0.3}, "x" * 16),
        ("copies by heart", {"Words known": 0.9}, "x" * 60),
        ("words", {"Words known": 0.8}, ""),
        ("characters", {"Gaps filled right": 0.01}, ""),
        ("words", {"Gaps filled right": 0.2}, ""),
    ],
)
def test_the_phase_is_said_in_words(said, scores, copied):
    lines = {1: 6.5} if "Gaps filled right" in scores else LINES
    verdict = Doctor().examine(CONFIG, exam(scores=scores, copied=copied, lines=lines))
    assert verdict.reason.startswith(f"Phase: {said}.")


def test_a_doctor_is_kept_with_a_checkpoint():
    doctor = Doctor()
    assert Doctor(**json.loads(json.dumps(asdict(doctor)))).best_held_out == math.inf
    doctor.examine(CONFIG, exam(copied="x" * 9))
    assert Doctor(**json.loads(json.dumps(asdict(doctor)))) == doctor
    assert diverged().state == "diverging"
