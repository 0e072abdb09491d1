"""How a fine-tuning is going, in plain words, from measured numbers. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.messages import Message
from engines.running.events import Verdict

EARLY = 0.25  # share of the run before which little can be said
LITTLE = 0.03  # accuracy above always guessing the commonest class, below which nothing was learnt
WORSE = 1.15  # the validation loss as a multiple of its best
GAP = 0.08  # accuracy in training above that in validation
BLOWN_UP = 1.5  # the training loss as a multiple of that of guessing blindly


@dataclass(frozen=True)
class Exam:
    """The numbers of one validation; accuracies and shares are from 0 to 1."""

    share: float  # of the run that is done
    loss: float  # on the training examples since the last validation
    accuracy: float
    validation_loss: float
    validation_accuracy: float


class Doctor:
    """Looks at one validation after another and remembers the best."""

    def __init__(self, classes: int, majority: float) -> None:
        """`majority` is the validation accuracy of always guessing the commonest class."""
        self.blind_loss, self.majority = math.log(max(2, classes)), majority
        self.best_loss = math.inf

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that the numbers show."""
        self.best_loss = min(self.best_loss, exam.validation_loss)
        if exam.loss > BLOWN_UP * self.blind_loss:
            return rate_too_high(Message("The training loss has grown to {loss}.", loss=f"{exam.loss:.2f}"))
        if exam.share < EARLY:
            return early(exam)
        if exam.validation_accuracy < self.majority + LITTLE:
            return not_learning(exam, self.majority)
        worse = exam.validation_loss > WORSE * self.best_loss
        if worse and exam.accuracy > exam.validation_accuracy + GAP:
            return overfitting(exam, self.best_loss)
        return healthy(exam)


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return Verdict(
        "early",
        Message("Too early to tell"),
        Message("{share} % of the run is done.", share=percent(exam.share)),
        Message("Watch both accuracies: they should rise together."),
    )


def healthy(exam: Exam) -> Verdict:
    """Training and validation go together."""
    return Verdict(
        "healthy",
        Message("Healthy: it learns what also holds for new examples"),
        Message(
            "It is right in {train} % of the training and {validation} % of the validation examples.",
            train=percent(exam.accuracy),
            validation=percent(exam.validation_accuracy),
        ),
        Message("Let it run: the best model so far is kept whatever comes."),
    )


def overfitting(exam: Exam, best: float) -> Verdict:
    """It learns the training examples by heart."""
    return Verdict(
        "overfitting",
        Message("Overfitting: it learns the examples by heart"),
        Message(
            "It is right in {train} % of the training examples, but only in {validation} % of the validation"
            " examples, where the loss has risen from {best} to {loss}.",
            train=percent(exam.accuracy),
            validation=percent(exam.validation_accuracy),
            best=f"{best:.2f}",
            loss=f"{exam.validation_loss:.2f}",
        ),
        Message("The best model so far is kept. Try fewer epochs, more examples, LoRA, or a lower learning rate."),
    )


def not_learning(exam: Exam, majority: float) -> Verdict:
    """No better than a constant guess."""
    return Verdict(
        "not_learning",
        Message("Not learning: no better than always guessing the commonest class"),
        Message(
            "It is right in {validation} % of the validation examples; always guessing the commonest class is right"
            " in {majority} %.",
            validation=percent(exam.validation_accuracy),
            majority=percent(majority),
        ),
        Message(
            "Try more epochs, a learning rate three times higher or lower, and look whether the labels can be told"
            " from the examples at all."
        ),
    )


def rate_too_high(reason: Message) -> Verdict:
    """The loss runs away."""
    return Verdict(
        "rate_too_high",
        Message("The learning rate is too high"),
        reason,
        Message("Try a learning rate ten times lower, or a longer warm-up."),
    )


def percent(share: float) -> str:
    """A share from 0 to 1 as a person would say it."""
    return f"{100 * share:.0f}"
