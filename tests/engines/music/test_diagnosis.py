"""Verdicts from signals."""

import pytest

from engines.music.config import PRESETS, MusicConfig
from engines.music.diagnosis import Doctor, Exam, phase

LINES = {"1-gram": 3.2, "2-gram": 1.0, "5-gram": 0.8}
CONFIG = MusicConfig(steps=1000)


def exam(step=600, training=0.7, held_out=0.7, **more):
    return Exam(step, training, held_out, LINES, **more)


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        ([], exam(step=10, training=4.0, held_out=4.0), "early"),
        ([], exam(step=300, training=1.5, held_out=1.5), "learning"),
        ([], exam(), "healthy"),
        ([], exam(training=3.3, held_out=3.3), "diverging"),
        ([exam(step=300)], exam(training=2.0, held_out=2.0), "diverging"),
        ([exam(step=300)], exam(training=0.2, held_out=0.9), "by_heart"),
    ],
)
def test_the_most_serious_is_told(before, now, state):
    doctor = Doctor()
    for one in before:
        doctor.examine(CONFIG, one)
    verdict = doctor.examine(CONFIG, now)
    assert verdict.state == state
    assert verdict.reason
    assert verdict.advice


def test_phases_follow_one_another():
    said = [
        phase(exam(held_out=2.0)),
        phase(exam(chords=0.3)),
        phase(exam(chords=0.7)),
        phase(exam(chords=0.9)),
        phase(exam(copied=40)),
    ]
    assert len(set(said)) == 5


def test_every_preset_is_allowed():
    assert all(MusicConfig(**preset.values) for preset in PRESETS.values())
