"""How a fine-tuning is going, in plain words, from numbers that were counted. Needs no torch.

Nothing is said that the rows do not allow: shares come with their intervals (proportions.py), and the bounds below
come from the table of real runs in tests/benchmarks/LOG.md.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from engines.finetuning.proportions import Proportion, difference
from engines.messages import Message
from engines.running.events import Verdict

EARLY = 0.25  # share of the run before which little can be said
GAP = 0.08  # accuracy in training above that on held-out rows: a larger one, beyond doubt, is learning by heart
WIDE = 0.2  # a gap that may be this large, and may be none, is not known
LITTLE = 0.1  # of the way from guessing to perfect (Cohen 1960, kappa): hardly better, however sure
CLOSE = 0.1  # accuracy above guessing, below which "hardly better" is fair even where the rows are few
WORSE = 1.15  # the validation loss as a multiple of its best
FALLING = 0.93  # the validation loss as a multiple of that two validations before: it still falls
FULL = 0.9  # accuracy in training above which there is little left to be learnt
BLOWN_UP = 1.5  # the training loss as a multiple of that of guessing blindly
RECENT = 1000  # training examples behind a training accuracy, at most


@dataclass(frozen=True)
class Exam:
    """The numbers of one validation; accuracies and shares are from 0 to 1."""

    share: float  # of the run that is done
    loss: float  # on the training examples since the last validation
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass
class Doctor:
    """Looks at one validation after another, and at the test in the end, and remembers what it needs."""

    classes: int
    majority: float  # the accuracy of always guessing the commonest class
    training_rows: int
    validation_rows: int
    losses: list[float] = field(default_factory=list)  # of the validations so far
    last: Exam | None = None
    verdict: str = ""  # the state of its last one
    worst_loss: float = 0.0  # of those that ran away

    def memory(self) -> dict[str, Any]:
        """What `recall` takes, ready for JSON."""
        return {
            "losses": self.losses,
            "last": self.last and asdict(self.last),
            "verdict": self.verdict,
            "worst_loss": self.worst_loss,
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Go on from what another one remembered."""
        self.losses = list(memory.get("losses", ()))
        self.last = Exam(**memory["last"]) if memory.get("last") else None
        self.verdict, self.worst_loss = memory.get("verdict", ""), memory.get("worst_loss", 0.0)

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that a validation shows."""
        self.losses.append(exam.validation_loss)
        self.last = exam
        verdict = self._of_validation(exam)
        self.verdict = verdict.state
        return verdict

    def _of_validation(self, exam: Exam) -> Verdict:
        if exam.loss > BLOWN_UP * math.log(max(2, self.classes)):
            self.worst_loss = max(exam.loss, self.worst_loss)
            return self._ran_away()
        if exam.share < EARLY:
            return early(exam)
        return self._judge(Proportion.of(exam.validation_accuracy, self.validation_rows), VALIDATION, ended=False)

    def conclude(self, right: int, rows: int) -> Verdict | None:
        """What an ended run has come to, from its test rows, which are more and were never looked at before.

        None if nothing was examined, or if what was said last is to stay.
        """
        if self.last is None or self.verdict == "rate_too_high" or not rows:
            return None
        verdict = self._judge(Proportion(right, rows), TEST, ended=True)
        sure = self.verdict in ("overfitting", "not_learning")
        return None if verdict.state == "few_rows" and sure else verdict

    def _ran_away(self) -> Verdict:
        return rate_too_high(Message("The training loss has grown to {loss}.", loss=f"{self.worst_loss:.2f}"))

    def _judge(self, held_out: Proportion, part: Message, ended: bool) -> Verdict:
        """From the last exam and the rows of one part."""
        exam, guess = self.last, max(self.majority, 1 / max(1, self.classes))
        learnt = Proportion.of(exam.accuracy, min(self.training_rows, RECENT))
        least, most = difference(learnt, held_out)
        findings = Findings(learnt, held_out, part, guess, ended)
        if not held_out.rows:
            return few_rows(findings)
        risen = exam.validation_loss > WORSE * min(self.losses) and exam.accuracy - held_out.share > GAP
        if least > GAP or (risen and least > 0):
            return overfitting(findings)
        if held_out.low <= guess or held_out.share < guess + LITTLE * (1 - guess):
            if self.worst_loss:  # it ran away once and has learnt nothing since
                return self._ran_away()
            unsure = held_out.share > guess + CLOSE
            return few_rows(findings) if unsure else not_learning(findings)
        if most > WIDE and held_out.high - held_out.low > WIDE:
            return few_rows(findings)
        return still_learning(findings) if self._falling() else healthy(findings)

    def _falling(self) -> bool:
        """Whether the validation loss is at its best and falls fast, with more to be learnt."""
        losses = self.losses[-3:]
        room = self.last.accuracy < FULL
        return room and len(losses) == 3 and losses[2] == min(self.losses) and losses[2] < FALLING * losses[0]


VALIDATION, TEST = Message("validation"), Message("test")


@dataclass(frozen=True)
class Findings:
    """What was counted, for the sentences below."""

    learnt: Proportion  # of the training rows
    held_out: Proportion
    part: Message  # whose rows were held out
    guess: float  # the accuracy of guessing without looking
    ended: bool

    @property
    def numbers(self) -> Message:
        """Both accuracies, and what that of the held-out rows is worth."""
        if not self.held_out.rows:
            return Message("There are no {part} rows to tell what it is worth.", part=self.part)
        return Message(
            "It is right in {train} % of the training rows and in {right} of {rows} {part} rows, {share} %: with so"
            " many rows the true figure lies between {low} and {high} %, 19 times of 20.",
            train=percent(self.learnt.share),
            right=f"{self.held_out.right:,}",
            rows=f"{self.held_out.rows:,}",
            part=self.part,
            share=percent(self.held_out.share),
            low=percent(self.held_out.low),
            high=percent(self.held_out.high),
        )

    @property
    def with_guess(self) -> Message:
        """The same, beside what a guess is worth."""
        return Message(
            "{numbers} Always guessing the commonest class is right in {guess} %.",
            numbers=self.numbers,
            guess=percent(self.guess),
        )

    def verdict(self, state: str, title: Message, reason: Message, advice: Message, afterwards: Message) -> Verdict:
        """A verdict whose advice suits a run that goes on, or has ended."""
        return Verdict(state, title, reason, afterwards if self.ended else advice, afterwards)


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return Verdict(
        "early",
        Message("Too early to tell"),
        Message("{share} % of the run is done.", share=percent(exam.share)),
        Message("Watch both accuracies: they should rise together."),
        Message("It ended before there was anything to tell. Let the next one learn for longer."),
    )


def healthy(found: Findings) -> Verdict:
    """It holds on rows that it has not seen."""
    return found.verdict(
        "healthy",
        Message("Healthy: it learns what also holds for new examples"),
        found.numbers,
        Message("Let it run: the best model so far is kept whatever comes."),
        Message("Try it on examples of your own: they may differ from these rows."),
    )


def still_learning(found: Findings) -> Verdict:
    """It holds, and could hold better."""
    return found.verdict(
        "learning",
        Message("Still learning: the validation loss is falling fast"),
        found.numbers,
        Message("Let it run: there is more to be had."),
        Message("It ended before it had learnt all it could. Try more epochs or a higher learning rate."),
    )


def overfitting(found: Findings) -> Verdict:
    """It knows the training rows by heart."""
    reason = found.numbers
    if found.held_out.low <= found.guess:
        reason = Message("{numbers} That is hardly better than guessing.", numbers=found.with_guess)
    advice = Message("The best model so far is kept. Try more examples, fewer epochs, or a lower learning rate.")
    return found.verdict(
        "overfitting",
        Message("Overfitting: it learns the examples by heart"),
        reason,
        advice,
        advice,
    )


def not_learning(found: Findings) -> Verdict:
    """Nothing shows that it does better than a constant guess."""
    advice = Message(
        "Try more epochs, a learning rate three times higher or lower, and look whether the labels can be told"
        " from the examples at all."
    )
    title = Message("Hardly better than guessing")
    return found.verdict("not_learning", title, found.with_guess, advice, advice)


def few_rows(found: Findings) -> Verdict:
    """The rows allow no judgement."""
    return found.verdict(
        "few_rows",
        Message("Too few rows to tell"),
        found.with_guess,
        Message("Let it run, and trust the test in the end more than these few rows."),
        Message("More examples would tell: a few hundred for the test make the figure good to a few points."),
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
