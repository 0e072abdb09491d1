"""The diagnosis names what the signals show, and says what was measured."""

import pytest

from engines.live_training.diagnosis import Exam
from engines.vae_training.diagnosis import EARLY_EXAMS, Doctor, nats

FAIR = (0.1,) * 10


def exam(step=1000, **signals):
    usual = {"Reconstruction": 1500.0, "KL": 25.0, "explained": 0.85, "active": 1.0, "spread": 1.0, "beta": 1.0}
    return Exam(step, {**usual, **signals}, 50.0, 0.9, FAIR, FAIR)


def diagnose(*exams):
    """The last verdict after a healthy beginning."""
    doctor = Doctor()
    for healthy in [exam()] * EARLY_EXAMS:
        doctor.examine(healthy)
    return [doctor.examine(each) for each in exams][-1]


def test_at_first_nothing_is_said():
    verdict = Doctor().examine(exam(step=12, KL=0.0))
    assert verdict.state == "early"
    assert "step 12" in verdict.reason


def test_a_run_that_tells_much_is_healthy():
    verdict = diagnose(exam())
    assert verdict.state == "healthy"
    assert "25 nats" in verdict.reason


def test_a_silent_encoder_is_a_collapse():
    verdict = diagnose(exam(KL=0.003, active=0.0, explained=0.0, beta=1000.0))
    assert verdict.state == "collapse"
    assert "0.00 nats" in verdict.reason


def test_codes_far_outside_of_the_prior_leave_holes():
    verdict = diagnose(exam(spread=400.0, beta=0.0, KL=900.0))
    assert verdict.state == "holes"
    assert "20.0 times" in verdict.reason


def test_a_high_beta_that_leaves_little_is_blurry():
    verdict = diagnose(exam(beta=20.0, KL=4.0, explained=0.5, active=0.25))
    assert verdict.state == "blurry"
    assert "beta of 20" in verdict.reason
    assert "25 % of the latent numbers" in verdict.reason


def test_without_a_high_beta_little_is_no_fault_of_it():
    assert diagnose(exam(explained=0.5)).state == "healthy"


def test_a_jump_of_the_loss_is_divergence():
    verdict = diagnose(exam(Reconstruction=9000.0))
    assert verdict.state == "diverging"
    assert "1,500 to 9,000" in verdict.reason


def test_a_jump_between_two_exams_is_remembered_until_the_next():
    doctor = Doctor()
    for healthy in [exam()] * EARLY_EXAMS:
        doctor.examine(healthy)
    doctor.watch(exam(Reconstruction=9000.0).signals)
    assert [doctor.examine(exam()).state for _ in range(2)] == ["diverging", "healthy"]


def test_an_ended_run_is_not_told_to_run_on():
    for verdict in (diagnose(exam()), Doctor().examine(exam(step=12))):
        assert "Let it run" not in verdict.ended().advice
        assert "Watch" not in verdict.ended().advice


@pytest.mark.parametrize(("value", "said"), [(1234.5, "1,234"), (23.4, "23"), (0.42, "0.4"), (0.003, "0.00")])
def test_nats_are_said_as_a_person_would(value, said):
    assert nats(value) == said
