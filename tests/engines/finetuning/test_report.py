"""Confusion matrix, scores, mistakes and flips, against scikit-learn's."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from engines.finetuning.report import cell, class_report, confusion, flips, mistakes
from engines.running.events import Evaluation

NAMES = ("apple", "pear", "plum", "nothing")


def evaluation(seed=0, count=50, classes=3, name="test"):
    draw = np.random.default_rng(seed)
    powers = draw.random((count, 4)).astype(np.float32)
    powers[:, classes:] = 0
    truth = np.random.default_rng(7).integers(0, classes, count)
    rows = tuple(f"row {i}" for i in range(count))
    return Evaluation(name, NAMES, rows, truth, powers / powers.sum(1, keepdims=True))


def test_the_matrix_and_the_scores_are_scikit_learns():
    found = evaluation()
    assert np.array_equal(confusion(found), confusion_matrix(found.truth, found.predicted, labels=range(4)))
    report = class_report(found)
    expected = precision_recall_fscore_support(found.truth, found.predicted, labels=range(4), zero_division=0)
    for row, *numbers in zip(report.rows, *expected, strict=True):
        assert (row.precision, row.recall, row.f1, row.support) == pytest.approx(tuple(numbers))
    assert [row.label for row in report.rows] == list(NAMES)
    assert report.accuracy == accuracy_score(found.truth, found.predicted)
    there = precision_recall_fscore_support(found.truth, found.predicted, average="macro", zero_division=0)
    assert report.macro_f1 == pytest.approx(there[2]), "a class that never occurs does not count"


def test_mistakes_come_with_the_most_confident_first():
    found = evaluation()
    worst = mistakes(found, 5)
    assert (found.predicted[worst] != found.truth[worst]).all()
    confidence = found.probabilities[worst].max(1)
    assert list(confidence) == sorted(confidence, reverse=True)
    wrong = found.predicted != found.truth
    assert confidence[0] == found.probabilities[wrong].max()
    assert len(mistakes(found, 1000)) == wrong.sum()


def test_flips_are_what_training_mended_and_broke():
    before, after = evaluation(1, name="before"), evaluation(2)
    mended, broken = flips(before, after)
    assert set(mended) == set(np.flatnonzero((before.predicted != before.truth) & (after.predicted == after.truth)))
    assert set(broken) == set(np.flatnonzero((before.predicted == before.truth) & (after.predicted != after.truth)))
    with pytest.raises(ValueError, match="different rows"):
        flips(before, evaluation(count=49))


def test_a_cell_has_the_rows_that_it_counts():
    found = evaluation()
    for truth in range(4):
        for predicted in range(4):
            assert len(cell(found, truth, predicted)) == confusion(found)[truth, predicted]


def test_nothing_to_report_is_no_error():
    empty = evaluation(count=0)
    assert confusion(empty).sum() == 0
    assert class_report(empty).accuracy == class_report(empty).macro_f1 == 0
    assert len(mistakes(empty)) == 0


def test_reading_settings_and_reports_loads_no_torch():
    modules = ("config", "report", "engine", "classifier", "export", "diagnosis", "data.examples")
    heavy = {"torch", "transformers", "peft", "torchvision", "sklearn"}
    code = "\n".join(f"import engines.finetuning.{name}" for name in modules)
    code += f"\nimport sys\nsys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
