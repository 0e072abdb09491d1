"""The diagnosis names what the signals show, and says what was measured."""

import pytest

from engines.gan_training.diagnosis import EARLY_EXAMS, Doctor
from engines.live_training.diagnosis import Exam, diverged, percent

FAIR = (0.1,) * 10


def exam(step=1000, shares=FAIR, frechet=50.0, diversity=0.9, **signals):
    usual = {"Loss_D": 1.0, "Loss_G": 1.2, "D(x)": 0.6, "D(G(z))": 0.4, "pair_accuracy": 0.8, "grad_norm_g": 1.0}
    return Exam(step, {**usual, **signals}, frechet, diversity, shares, FAIR if shares else ())


def diagnose(*exams):
    """The last verdict after a healthy beginning."""
    doctor = Doctor()
    for healthy in [exam(frechet=100.0)] * EARLY_EXAMS:
        doctor.examine(healthy)
    return [doctor.examine(each) for each in exams][-1]


def test_at_first_nothing_is_said():
    verdict = Doctor().examine(exam(step=12, diversity=0.0))
    assert verdict.state == "early"
    assert "step 12" in verdict.reason


def test_a_run_in_balance_is_healthy():
    verdict = diagnose(exam())
    assert verdict.state == "healthy"
    assert "80 % of pairs" in verdict.reason


def test_few_different_pictures_are_a_collapse():
    verdict = diagnose(*[exam(diversity=0.12, shares=(0.9, 0.1, *(0.0,) * 8))] * 3)
    assert verdict.state == "collapse"
    assert "12 % of the variety" in verdict.reason
    assert "8 of 10 classes hardly appear" in verdict.reason


def test_a_collapse_is_seen_without_classes_too():
    assert diagnose(*[exam(diversity=0.1, shares=())] * 3).state == "collapse"


def test_a_sure_d_and_a_vanished_gradient_mean_that_d_is_too_strong():
    verdict = diagnose(*[exam(pair_accuracy=1.0, grad_norm_g=0.001, **{"D(x)": 1.0, "D(G(z))": 0.0004})] * 3)
    assert verdict.state == "d_too_strong"
    assert "D(x) = 1.00, D(G(z)) = 0.0004" in verdict.reason


@pytest.mark.parametrize("signals", [{"Loss_G": 900.0}, {"Loss_D": -900.0}])
def test_a_huge_loss_is_divergence(signals):
    verdict = diagnose(*[exam(**signals)] * 3)
    assert verdict.state == "diverging"
    assert "900" in verdict.reason


STANDING_STILL = (
    exam(diversity=0.02),  # reads like a collapse
    exam(diversity=0.02, pair_accuracy=1.0, grad_norm_g=0.0001),  # reads like a D that is too strong
    exam(step=200, diversity=0.02),  # reads like too early
    exam(diversity=0.2, Loss_G=3000.0),
)


@pytest.mark.parametrize("after", STANDING_STILL)
def test_after_an_explosion_the_learning_rate_stays_the_verdict(after):
    doctor, exploded = Doctor(), exam(Loss_G=700.0, diversity=0.1)
    verdicts = [doctor.examine(each) for each in (exam(diversity=0.1), exploded, after, after)]
    assert [verdict.state for verdict in verdicts] == ["early"] + ["diverging"] * 3
    assert all("learning rates are too high" in verdict.title for verdict in verdicts[1:])


def test_an_explosion_between_two_exams_is_remembered():
    doctor = Doctor()
    doctor.watch({"Loss_D": 0.5, "Loss_G": 5000.0})
    assert "5e+03" in doctor.examine(exam(diversity=0.1)).reason


def test_who_has_recovered_from_an_explosion_is_healthy_again():
    assert diagnose(exam(Loss_G=700.0), exam(), exam()).state == "healthy"


def test_an_ended_run_is_not_told_to_run_on():
    for verdict in (diagnose(exam()), Doctor().examine(exam(step=12))):
        assert "Let it run" not in verdict.ended().advice
        assert "Watch" not in verdict.ended().advice


def test_a_loss_that_is_no_number_is_divergence():
    assert diverged().state == "diverging"


def test_shares_are_said_as_a_person_would():
    assert [percent(p) for p in (0.871, 0.0042, 0.0001, 1.0)] == ["87", "0.4", "< 0.1", "100"]
