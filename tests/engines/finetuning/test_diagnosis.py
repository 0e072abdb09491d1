"""The diagnosis of a fine-tuning, from made-up numbers."""

import pytest

from engines.finetuning.diagnosis import Doctor, Exam


def last_state(*exams, classes=2, majority=0.5):
    doctor = Doctor(classes, majority)
    return [doctor.examine(exam) for exam in exams][-1].state


@pytest.mark.parametrize(
    ("state", "exams"),
    [
        ("early", [Exam(0.1, 0.69, 0.5, 0.69, 0.5)]),
        ("healthy", [Exam(0.5, 0.4, 0.8, 0.4, 0.8)]),
        ("healthy", [Exam(0.4, 0.4, 0.8, 0.4, 0.8), Exam(0.9, 0.1, 0.97, 0.44, 0.86)]),
        ("overfitting", [Exam(0.4, 0.4, 0.8, 0.4, 0.8), Exam(0.9, 0.1, 0.97, 0.5, 0.81)]),
        ("not_learning", [Exam(0.5, 0.69, 0.52, 0.69, 0.51)]),
        ("rate_too_high", [Exam(0.1, 3.0, 0.5, 2.0, 0.5)]),
    ],
)
def test_the_numbers_are_told_apart(state, exams):
    assert last_state(*exams) == state


def test_many_classes_start_with_a_larger_loss():
    exam = Exam(0.5, 2.9, 0.3, 2.8, 0.3)
    assert last_state(exam, classes=20, majority=0.05) == "healthy"
    assert last_state(exam, classes=2) == "rate_too_high"


def test_every_verdict_says_what_was_measured_and_what_to_try():
    doctor = Doctor(2, 0.5)
    for exam in (Exam(0.1, 0.7, 0.5, 0.7, 0.5), Exam(0.5, 0.7, 0.5, 0.7, 0.5), Exam(0.5, 9, 0.5, 0.7, 0.5)):
        verdict = doctor.examine(exam)
        assert verdict.title
        assert any(character.isdigit() for character in verdict.reason)
        assert verdict.advice.endswith(".")
