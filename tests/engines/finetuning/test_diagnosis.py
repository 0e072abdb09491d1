"""The diagnosis of a fine-tuning, from numbers: made up, seen by a newcomer, and of real runs."""

import json

import pytest

from engines.finetuning.diagnosis import Doctor, Exam


def doctor_of(classes=2, majority=0.5, training=2000, validation=1000):
    return Doctor(classes, majority, training, validation)


def last_state(*exams, **about):
    doctor = doctor_of(**about)
    return [doctor.examine(exam) for exam in exams][-1].state


@pytest.mark.parametrize(
    ("state", "exams"),
    [
        ("early", [Exam(0.1, 0.69, 0.5, 0.69, 0.5)]),
        ("healthy", [Exam(0.5, 0.4, 0.8, 0.4, 0.8)]),
        ("healthy", [Exam(0.4, 0.4, 0.8, 0.4, 0.8), Exam(0.9, 0.1, 0.93, 0.44, 0.86)]),
        ("overfitting", [Exam(0.4, 0.4, 0.8, 0.4, 0.8), Exam(0.9, 0.1, 0.97, 0.5, 0.81)]),
        ("overfitting", [Exam(0.4, 0.4, 0.8, 0.5, 0.8), Exam(0.9, 0.1, 1.0, 0.5, 0.81)]),  # no loss has risen
        ("not_learning", [Exam(0.5, 0.69, 0.52, 0.69, 0.51)]),
        ("rate_too_high", [Exam(0.1, 3.0, 0.5, 2.0, 0.5)]),
        ("learning", [Exam(0.4, 0.6, 0.6, 0.6, 0.6), Exam(0.5, 0.5, 0.7, 0.5, 0.7), Exam(0.6, 0.4, 0.8, 0.4, 0.8)]),
        (
            "healthy",
            [Exam(0.4, 0.4, 0.91, 0.5, 0.86), Exam(0.5, 0.3, 0.93, 0.45, 0.87), Exam(1, 0.2, 0.95, 0.4, 0.89)],
        ),
        ("healthy", [Exam(0.4, 0.6, 0.8, 0.41, 0.8), Exam(0.5, 0.5, 0.8, 0.4, 0.8), Exam(0.6, 0.4, 0.8, 0.4, 0.8)]),
    ],
)
def test_the_numbers_are_told_apart(state, exams):
    assert last_state(*exams) == state


# classes, training rows, validation rows, accuracy in training, in validation
SEEN = [
    (12, 104, 24, 0.55, 4 / 24, "overfitting"),  # called healthy, test 22 %
    (12, 104, 24, 1.00, 17 / 24, "overfitting"),  # called healthy at 100 % / 71 %
    (12, 104, 24, 0.10, 3 / 24, "not_learning"),
    (12, 104, 24, 0.90, 19 / 24, "few_rows"),  # 60 to 91 %
    (12, 104, 24, 0.97, 23 / 24, "healthy"),  # 80 % at least
    (2, 8, 2, 1.0, 1.0, "few_rows"),  # two of two say nothing
    (2, 14, 4, 1.0, 1.0, "few_rows"),
    (2, 70, 20, 0.9, 0.65, "few_rows"),  # 43 to 82 %: perhaps guessing
    (2, 7000, 1000, 0.9, 0.53, "overfitting"),
    (10, 7000, 1000, 0.952, 0.894, "healthy"),  # a real Fashion-MNIST run: a gap of six points
    (10, 7000, 1000, 0.16, 0.16, "not_learning"),  # surely better than guessing, and hardly
    (2, 7000, 0, 0.9, 0.9, "few_rows"),  # no validation rows at all
]


@pytest.mark.parametrize(("classes", "training", "validation", "accuracy", "held_out", "state"), SEEN)
def test_a_statistician_would_sign_it(classes, training, validation, accuracy, held_out, state):
    exam = Exam(0.6, 0.5, accuracy, 0.9, held_out)
    about = {"classes": classes, "majority": 1 / classes, "training": training, "validation": validation}
    assert last_state(exam, **about) == state


def test_the_interval_is_told_in_words():
    doctor = doctor_of(classes=12, majority=1 / 12, training=104, validation=24)
    reason = doctor.examine(Exam(0.6, 0.5, 0.55, 0.9, 4 / 24)).reason
    assert "55 % of the training rows" in reason
    assert "4 of 24 validation rows, 17 %" in reason
    assert "between 7 and 36 %" in reason
    assert "hardly better than guessing" in reason


# classes, test rows, accuracy in training and of the test, what was said before
ENDED = [
    (12, 41, 0.55, 9, Exam(1, 0.9, 0.55, 2.2, 4 / 24), "overfitting"),
    (12, 48, 1.0, 34, Exam(1, 0.1, 1.0, 1.0, 17 / 24), "overfitting"),
    (10, 2000, 0.95, 1770, Exam(1, 0.1, 0.95, 0.3, 0.89), "healthy"),
    (2, 2000, 0.52, 1010, Exam(1, 0.7, 0.52, 0.7, 0.52), "not_learning"),
    (2, 6, 1.0, 5, Exam(1, 0.1, 1.0, 0.4, 0.9), "few_rows"),
]


@pytest.mark.parametrize(("classes", "rows", "accuracy", "right", "exam", "state"), ENDED)
def test_an_ended_run_is_judged_by_its_test_and_not_told_to_run(classes, rows, accuracy, right, exam, state):
    doctor = doctor_of(classes, 1 / classes, training=104, validation=24)
    doctor.examine(exam)
    verdict = doctor.conclude(right, rows)
    assert verdict.state == state
    assert f"{right:,} of {rows:,} test rows" in verdict.reason
    assert "Let it run" not in verdict.advice


def test_the_last_true_verdict_stays():
    doctor = doctor_of()
    assert doctor.examine(Exam(0.9, 9.0, 0.5, 4.0, 0.5)).state == "rate_too_high"
    assert doctor.conclude(500, 1000) is None
    doctor = doctor_of()
    exams = (Exam(0.5, 9.0, 0.5, 4.0, 0.5), Exam(0.9, 0.7, 0.5, 0.7, 0.5))
    assert [doctor.examine(exam).state for exam in exams] == ["rate_too_high"] * 2, "calm again, with nothing learnt"
    doctor = doctor_of(classes=10, majority=0.1, training=40, validation=10)
    assert doctor.examine(Exam(1, 0.0, 1.0, 2.2, 0.5)).state == "overfitting"
    assert doctor.conclude(9, 10) is None  # too few to say otherwise
    assert doctor_of().conclude(5, 10) is None  # nothing was examined


def test_it_goes_on_from_what_it_remembers():
    one, other = doctor_of(), doctor_of()
    exams = [Exam(0.4, 0.4, 0.8, 0.4, 0.8), Exam(0.9, 0.1, 0.9, 0.6, 0.81)]
    one.examine(exams[0])
    other.recall(json.loads(json.dumps(one.memory())))
    assert other.examine(exams[1]) == one.examine(exams[1])
    other.recall({})  # of a checkpoint from before there was one
    assert other.last is None


def test_many_classes_start_with_a_larger_loss():
    exam = Exam(0.5, 2.9, 0.3, 2.8, 0.3)
    assert last_state(exam, classes=20, majority=0.05) == "healthy"
    assert last_state(exam, classes=2) == "rate_too_high"


def test_every_verdict_says_what_was_measured_and_what_to_try():
    doctor = doctor_of()
    for exam in (Exam(0.1, 0.7, 0.5, 0.7, 0.5), Exam(0.5, 0.7, 0.5, 0.7, 0.5), Exam(0.5, 9, 0.5, 0.7, 0.5)):
        verdict = doctor.examine(exam)
        assert verdict.title
        assert any(character.isdigit() for character in verdict.reason)
        assert verdict.advice.endswith(".")
        assert verdict.ended().advice.endswith(".")
