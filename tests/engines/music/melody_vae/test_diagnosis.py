"""Verdicts from signals."""

import pytest

from engines.music.melody_vae.config import GRU, PRESETS, MelodyConfig
from engines.music.melody_vae.diagnosis import Doctor, Exam

CONFIG = MelodyConfig(steps=1000)


def exam(step=800, training=42.0, kl=30.0, spread=1.1, held_out=44.0, notes=0.7):
    return Exam(step, training, kl, spread, held_out, notes, 0.14)


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        ([], exam(step=50), "early"),
        ([], exam(step=300, notes=0.3), "learning"),
        ([], exam(), "healthy"),
        ([], exam(notes=0.3), "learning"),
        ([], exam(spread=10.0), "holes"),
        ([exam(step=300)], exam(training=90.0), "diverging"),
        ([exam(step=300)], exam(training=20.0, held_out=70.0), "by_heart"),
    ],
)
def test_the_most_serious_is_told(before, now, state):
    doctor = Doctor()
    for one in before:
        doctor.examine(CONFIG, one)
    assert doctor.examine(CONFIG, now).state == state


def test_a_divergence_that_costs_nothing_rises_without_an_overshoot():
    for beta, state in ((0.0, "holes"), (0.2, "diverging")):
        doctor, config = Doctor(), MelodyConfig(steps=1000, beta=beta)
        doctor.examine(config, exam(step=300))
        assert doctor.examine(config, exam(training=200.0, held_out=198.0, kl=180.0, spread=10.0)).state == state


@pytest.mark.parametrize(
    ("settings", "state"),
    [({"decoder": GRU}, "collapse"), ({"beta": 1.0}, "collapse"), ({}, "diverging"), ({"lr": 0.3}, "diverging")],
)
def test_an_encoder_falls_silent_for_what_it_costs_or_for_too_large_steps(settings, state):
    silent = exam(training=68.0, held_out=68.0, kl=0.001, notes=0.0)
    assert Doctor().examine(MelodyConfig(steps=1000, **settings), silent).state == state


@pytest.mark.parametrize("settings", [{"latent": 2}, {"beta": 1.0}])
def test_what_lets_little_through_forgets(settings):
    assert Doctor().examine(MelodyConfig(steps=1000, **settings), exam(notes=0.3)).state == "forgets"


def test_each_preset_is_a_config():
    for preset in PRESETS.values():
        MelodyConfig.from_dict(preset.values)
