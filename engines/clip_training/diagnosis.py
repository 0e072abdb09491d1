"""What is going well or wrong where words and pictures are brought together, in plain words. Needs no torch.

Thresholds come from short runs of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.clip_training.config import ClipConfig
from engines.live_training.diagnosis import on_its_way, too_early
from engines.messages import Message
from engines.running.events import Verdict

EARLY_STEPS = 30
LATE = 0.15  # share of a run after which one that guesses is ill
GUESSES = 0.93  # share of the loss of guessing; below it something was learnt
JUMP = 1.0  # nats by which the loss rises when steps overshoot
FLAT, SHARP = 0.5, 0.0102  # temperatures: from here on similarities are all alike; up to here it is at its limit
KNOWN, HEART = 0.5, 0.9  # shares of the names learnt from that are found at once
OTHERS = 0.12  # share of held-out names found at once below which only those learnt from are known


@dataclass(frozen=True)
class Exam:
    """The signals of one moment."""

    step: int
    training: float  # nats
    guessing: float  # nats of who guesses
    temperature: float
    known: float = 0.0  # shares of names that are found at once: of emoji learnt from
    held_1: float = 0.0  # of those held out, at once
    held_5: float = 0.0  # and among the first five


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the best loss."""

    best: float = math.inf

    def watch(self, training: float) -> None:
        """Between exams: a loss may rise again soon."""
        self.best = min(self.best, training)

    def examine(self, config: ClipConfig, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        self.watch(exam.training)
        done = exam.step / config.steps
        if exam.step < EARLY_STEPS:
            return early(exam)
        guesses = exam.training > GUESSES * exam.guessing and done > LATE
        if guesses and min(exam.temperature, config.temperature) >= FLAT:
            return too_flat(exam)
        if exam.temperature <= SHARP and exam.training > exam.guessing:
            return too_sharp(exam)
        if guesses or exam.training > self.best + JUMP:
            return rate_too_high(exam)
        if exam.known >= HEART and exam.held_1 < OTHERS:
            return by_heart(exam)
        return healthy(exam) if exam.known >= KNOWN else learning(exam)


def percent(share: float) -> str:
    """A share from 0 to 1 in whole percent."""
    return f"{100 * share:.0f}%"


def _said(exam: Exam) -> Message:
    """What is seen, which most verdicts begin with."""
    return Message(
        "Of a picture that it has learnt from it finds the right name at once in {known} of all cases; among 100 emoji"
        " that it has never seen, in {held}, and among its first five in {five}. Who guesses: 1% and 5%.",
        known=percent(exam.known),
        held=percent(exam.held_1),
        five=percent(exam.held_5),
    )


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        _said(exam),
        Message("Watch the matrix: its diagonal should come out of the dark."),
    )


def learning(exam: Exam) -> Verdict:
    """On its way."""
    return on_its_way(
        _said(exam),
        Message("Let it run: the loss should fall further below the line of guessing."),
        Message("It ended on its way. Give the next one more steps."),
    )


def healthy(exam: Exam) -> Verdict:
    """It knows names, also of what it has not seen."""
    return Verdict(
        "healthy",
        Message("Healthy: pictures find their names"),
        _said(exam),
        Message("Let it run as long as more held-out names are found."),
        Message("Search with it, or let it sort pictures of your own."),
    )


def by_heart(exam: Exam) -> Verdict:
    """Nothing of what is known helps with others."""
    return Verdict(
        "by_heart",
        Message("Learning by heart"),
        _said(exam),
        Message("More emoji, varied pictures and dropout help: so few can be told apart by any detail."),
    )


def rate_too_high(exam: Exam) -> Verdict:
    """Steps overshoot, so that all lands in one place."""
    return Verdict(
        "diverging",
        Message("It guesses: the learning rate is too high, or far too low"),
        _loss(exam),
        Message("Try a learning rate of about 0.003, where more is lost than learnt at each step."),
    )


def too_flat(exam: Exam) -> Verdict:
    """The softmax cannot tell the right one from the others."""
    return Verdict(
        "flat",
        Message("The temperature is too high"),
        _loss(exam),
        Message("Similarities lie between -1 and 1; divided by so much all names seem alike. Start at 0.07."),
    )


def too_sharp(exam: Exam) -> Verdict:
    """The softmax is sure of all that it says, also where it is wrong."""
    return Verdict(
        "sharp",
        Message("The temperature has collapsed"),
        _loss(exam),
        Message("It is sure of all that it says, and pays for each mistake. Start at 0.07, and learn more slowly."),
    )


def _loss(exam: Exam) -> Message:
    return Message(
        "The loss is {loss} nats, and who guesses has {guessing}; the temperature is {temperature}.",
        loss=f"{exam.training:.2f}",
        guessing=f"{exam.guessing:.2f}",
        temperature=f"{exam.temperature:.3g}",
    )
