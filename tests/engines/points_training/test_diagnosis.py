"""Every sentence of the diagnosis, from signals made up for it."""

import numpy as np
import pytest

from engines.live_training.diagnosis import diverged
from engines.points_training.config import PointsConfig
from engines.points_training.coverage import Coverage
from engines.points_training.diagnosis import Doctor, Exam

GAN = {"Loss_D": 1.3, "Loss_G": 0.7, "D(x)": 0.5, "D(G(z))": 0.5, "pair_accuracy": 0.6}
VAE = {"Loss": 1.0, "Reconstruction": -1.0, "KL": 3.0}


def state(config=None, signals=GAN, covered=8, on_data=0.95, spread=1.0, step=2000, slopes=(1.0,)):
    seen = Coverage(np.arange(8) < covered, on_data, spread, 0.1)
    doctor = Doctor()
    for slope in slopes:
        verdict = doctor.examine(config or PointsConfig(), Exam(step, signals, seen, slope))
    return verdict.state


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ("healthy", {}),
        ("early", {"step": 50}),
        ("collapse", {"covered": 3}),
        ("collapse", {"spread": 0.1}),
        ("collapse", {"covered": 6, "on_data": 0.9}),
        ("learning", {"covered": 6, "on_data": 0.5}),
        ("learning", {"on_data": 0.5}),
        ("diverging", {"signals": {**GAN, "Loss_D": 1e5}}),
        ("d_too_strong", {"signals": {**GAN, "pair_accuracy": 0.99}, "on_data": 0.1, "slopes": (1.0, 0.01)}),
        ("posterior_collapse", {"config": PointsConfig(family="vae"), "signals": {**VAE, "KL": 0.001}, "on_data": 0}),
        ("blurry", {"config": PointsConfig(family="vae", beta=8), "signals": VAE, "on_data": 0.4}),
        ("holes", {"config": PointsConfig(family="vae"), "signals": VAE, "on_data": 0.6}),
        ("healthy", {"config": PointsConfig(family="vae"), "signals": VAE}),
        ("few_steps", {"config": PointsConfig(family="diffusion", sampling=1), "signals": {"Loss": 1}, "on_data": 0}),
        ("healthy", {"config": PointsConfig(family="diffusion"), "signals": {"Loss": 1.0}}),
    ],
)
def test_the_signals_of_a_trouble_name_it(expected, values):
    assert state(**values) == expected


def test_mode_collapse_says_how_many_are_left_out():
    seen = Coverage(np.arange(8) < 3, 0.9, 1.0, 1.0)
    verdict = Doctor().examine(PointsConfig(), Exam(2000, GAN, seen, 1.0))
    assert verdict.title == "Mode collapse: G leaves out 5 of 8 parts"
    assert verdict.reason == "3 of 8 parts are reached, and 90 % of the points lie on the data."


def test_a_run_that_diverged_says_so():
    assert diverged().state == "diverging"
