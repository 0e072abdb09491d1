"""Each trouble is told by its own words, from signals as they were measured (tests/benchmarks/LOG.md)."""

import pytest

from engines.diffusion_training.diagnosis import Doctor
from engines.live_training.diagnosis import Exam

GOOD = {
    "Loss": 0.2,
    "Loss of nothing": 0.6,
    "Loss on learned": 0.2,
    "Loss on held-out": 0.21,
    "copies": 0.0,
    "beyond": 0.001,
    "detail": 1.0,
}


def exam(step=5000, frechet=10.0, **signals):
    return Exam(step, GOOD | signals, frechet, 0.9, (0.1,) * 10, (0.1,) * 10)


@pytest.mark.parametrize(
    ("signals", "state"),
    [
        ({}, "healthy"),
        ({"Loss": 1.9}, "diverging"),
        ({"beyond": 0.2, "guidance": 15.0}, "guided_too_far"),
        ({"beyond": 0.2, "guidance": 1.0, "Loss": 0.27}, "diverging"),  # as with a rate too high
        ({"beyond": 0.12, "guidance": 1.0, "Loss": 0.07}, "healthy"),  # as with digits after 300 steps
        ({"copies": 0.9, "Loss on held-out": 0.6}, "memorising"),
        ({"copies": 0.9}, "memorising"),
        ({"Loss on held-out": 0.4}, "memorising"),
        ({"detail": 0.3}, "too_few_steps"),
        ({"detail": 2.0}, "too_few_steps"),
    ],
)
def test_each_trouble_has_its_name(signals, state):
    verdict = Doctor().examine(exam(**signals))
    assert verdict.state == state
    assert verdict.title
    assert verdict.reason
    assert verdict.advice


def test_at_first_nothing_can_be_said():
    assert Doctor().examine(exam(step=50, Loss=1.9, detail=0.2)).state == "early"


def test_a_distance_far_above_its_best_is_a_training_that_runs_away():
    doctor = Doctor()
    assert doctor.examine(exam(frechet=10)).state == "healthy"
    assert doctor.examine(exam(frechet=40)).state == "diverging"


def test_few_pictures_have_no_held_out_ones_and_are_told_of_all_the_same():
    signals = {"Loss": 0.05, "Loss of nothing": 0.6, "copies": 1.0, "beyond": 0.0, "detail": 1.0}
    verdict = Doctor().examine(Exam(5000, signals, 10.0, 0.9, (), ()))
    assert verdict.state == "memorising"
    assert "100 %" in verdict.reason


def test_before_the_first_look_only_the_loss_is_known():
    assert Doctor().examine(Exam(500, {"Loss": 0.3}, 10.0, 0.9, (), ())).state == "healthy"
