"""What an Evaluation says: confusion matrix, per-class scores, mistakes, and what training changed. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.running.events import Evaluation


@dataclass(frozen=True)
class ClassScores:
    """One class: precision, recall and F1 from 0 to 1 (0 where undefined), support its true rows."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int

    @property
    def tested(self) -> bool:
        """Whether there was a row to test the class by; without one its scores say nothing."""
        return self.support > 0


@dataclass(frozen=True)
class ClassReport:
    """The classification report."""

    rows: tuple[ClassScores, ...]  # a row a class
    accuracy: float
    macro_f1: float  # mean F1 of the classes that were tested

    @property
    def tested(self) -> int:
        """Of how many classes macro_f1 is the mean."""
        return sum(row.tested for row in self.rows)


def confusion(evaluation: Evaluation) -> np.ndarray:
    """Counts int64 [K, K]: row i, column j is how often class i was taken for class j."""
    classes = len(evaluation.label_names)
    cells = evaluation.truth * classes + evaluation.predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def class_report(evaluation: Evaluation) -> ClassReport:
    """Precision, recall and F1 of each class, accuracy and macro F1; as scikit-learn's for the classes tested."""
    matrix = confusion(evaluation)
    right, truth, predicted = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    precision, recall = right / np.maximum(predicted, 1), right / np.maximum(truth, 1)
    f1 = 2 * right / np.maximum(truth + predicted, 1)
    there = truth > 0
    columns = (precision.tolist(), recall.tolist(), f1.tolist(), truth.tolist())
    rows = tuple(ClassScores(*row) for row in zip(evaluation.label_names, *columns, strict=True))
    return ClassReport(rows, evaluation.accuracy, float(f1[there].mean()) if there.any() else 0.0)


def mistakes(evaluation: Evaluation, count: int = 20) -> np.ndarray:
    """Indices int64 of wrong rows, the most confident first."""
    wrong = np.flatnonzero(evaluation.predicted != evaluation.truth)
    confidence = evaluation.probabilities[wrong].max(1, initial=0)
    return wrong[np.argsort(-confidence, kind="stable")][:count]


def flips(before: Evaluation, after: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """(rows that became right, rows that became wrong), indices int64; both evaluations have the same rows.

    Classes are compared by number: a run that adds classes keeps the numbers of the old ones. Raises
    ValueError if the rows differ.
    """
    if before.rows != after.rows:
        raise ValueError("the evaluations have different rows")
    was, now = before.predicted == before.truth, after.predicted == after.truth
    return np.flatnonzero(~was & now), np.flatnonzero(was & ~now)


def cell(evaluation: Evaluation, truth: int, predicted: int) -> np.ndarray:
    """Indices int64 of the rows behind a cell of the confusion matrix."""
    return np.flatnonzero((evaluation.truth == truth) & (evaluation.predicted == predicted))
