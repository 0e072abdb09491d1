import json
import math
from dataclasses import asdict

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.diagnosis import Doctor, Exam, diverged

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
        ("diverging", exam(training=6.6, held_out=6.6)),
        ("too_small", exam(step=600, training=5.6, held_out=5.5)),
        ("learning", exam(step=400, training=5.6, held_out=5.5)),
        ("healthy", exam(lines={1: 6.5})),  # a masked model
    ],
)
def test_each_trouble_has_its_name(state, found):
    verdict = Doctor().examine(CONFIG, found)
    assert verdict.state == state
    assert all((verdict.title, verdict.reason, verdict.advice))


def test_what_was_learnt_and_is_lost_again_is_too_high_a_rate():
    doctor = Doctor()
    assert doctor.examine(CONFIG, exam()).state == "healthy"
    verdict = doctor.examine(CONFIG, exam(training=5.9, held_out=5.9))
    assert verdict.state == "diverging"
    assert "4.80 at best" in verdict.reason


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
        ("letters", {"Words known": 0.3}, ""),
        ("words", {"Words known": 0.8}, ""),
    ],
)
def test_the_phase_is_said_in_words(said, scores, copied):
    verdict = Doctor().examine(CONFIG, exam(scores=scores, copied=copied))
    assert verdict.reason.startswith(f"Phase: {said}.")


def test_a_doctor_is_kept_with_a_checkpoint():
    doctor = Doctor()
    assert Doctor(**json.loads(json.dumps(asdict(doctor)))).best_held_out == math.inf
    doctor.examine(CONFIG, exam(copied="x" * 9))
    assert Doctor(**json.loads(json.dumps(asdict(doctor)))) == doctor
    assert diverged().state == "diverging"
