"""What is going well or wrong with a language model, in plain words, from what was measured. Needs no torch.

Thresholds come from short runs of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.gpt_training.config import MASKED, GptConfig
from engines.live_training.diagnosis import on_its_way, overshooting, too_early
from engines.messages import Message
from engines.running.events import Verdict

EARLY_STEPS = 30
EARLY_SHARE = 0.02  # of the run
WORSE = 0.1  # nats by which the held-out loss must have risen: less may be chance
APART = 0.3  # nats between training and held-out loss that learning by heart makes
JUMP = 0.7  # nats by which the training loss rises when steps overshoot
STALLED = 0.1  # nats at least by which the training loss falls while the steps double, as long as it is high
HIGH = 0.5  # of the way from the 2-gram to the 1-gram line: above, no more than frequencies and signs are learnt
FALLEN = 1.0  # nats that a loss falls by at once where steps are large enough; where they are too small it does not
LATE = 0.5  # share of a run after which a model that is no better than pairs is too small
FORMED, HALF_FORMED = 0.9, 0.2  # share of poems with form
RHYMED = 0.6
WORDS = 0.7  # share of known words
CLEAR = 1.0  # nats below the 1-gram line that a masked model must be, which sees more than any n-gram
GUESSED = 0.05  # share of gaps that are filled right
MOST_SEEN = 2000  # exams that are remembered
NEW = 0.3  # share of names that are in no list: fewer are written by heart
RECITED, RECITED_IN_WORDS = 16, 60  # characters copied in a row, of quatrains and of other texts


@dataclass(frozen=True)
class Exam:
    """The signals of one moment; losses in nats a character."""

    step: int
    training: float
    held_out: float
    lines: Mapping[int, float]  # what n-grams of this order reach; of a masked model only that of 1
    scores: Mapping[str, float] = field(default_factory=dict)
    copied: str = ""  # the longest run from the text learnt from
    of: int = 0  # steps that there will be; 0: those of the config


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the best of each loss."""

    best_training: float = math.inf
    best_held_out: float = math.inf
    longest: str = ""
    seen: list[list[float]] = field(default_factory=list)  # step and training loss of each exam
    overshot: bool = False  # steps once overshot, and since then it was never better than pairs

    def watch(self, training: float) -> None:
        """Between exams: a loss may rise again soon."""
        self.best_training = min(self.best_training, training)

    def examine(self, config: GptConfig, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        self.watch(exam.training)
        self.best_held_out = min(self.best_held_out, exam.held_out)
        self.longest = max(self.longest, exam.copied, key=len)
        self.seen = [*self.seen[-MOST_SEEN:], [exam.step, exam.training]]
        done = exam.step / (exam.of or config.steps)
        if exam.step < EARLY_STEPS or done < EARLY_SHARE:
            return early(exam)
        overshoots = exam.training > self.best_training + JUMP or self._stalled(exam)
        no_better = exam.held_out > exam.lines.get(2, math.inf)
        self.overshot = (self.overshot or overshoots) and no_better
        if overshoots or self.overshot:
            return rate_too_high(exam, self.best_training)
        if exam.held_out > self.best_held_out + WORSE and exam.training < exam.held_out - APART:
            return by_heart(exam, self.best_held_out, self.longest)
        if done > LATE and no_better:
            return too_small(exam)
        better = min(exam.lines.values()) - (CLEAR if config.model == MASKED else 0.0)
        return healthy(exam) if exam.held_out < better else learning(exam)

    def _stalled(self, exam: Exam) -> bool:
        """Whether the loss fell at first and then stayed high while the steps doubled."""
        before = [loss for step, loss in self.seen if EARLY_STEPS < step <= exam.step / 2]
        line = exam.lines[1]
        high = exam.lines.get(2, line) + HIGH * (line - exam.lines.get(2, line))
        fallen = self.seen[0][1] - exam.training
        return bool(before) and exam.training > high and before[-1] - exam.training < STALLED and fallen > FALLEN


def phase(exam: Exam) -> Message:
    """How far it is, in words; each is reached after the one before."""
    scores = exam.scores
    if len(exam.copied) >= (RECITED if "Form" in scores else RECITED_IN_WORDS) or scores.get("New names", 1.0) < NEW:
        return Message("Phase: copies by heart.")
    if "Form" in scores:
        if scores["Form"] < HALF_FORMED:
            return Message("Phase: characters.")
        if scores["Form"] < FORMED:
            return Message("Phase: line lengths.")
        return Message("Phase: rhymes.") if scores["Rhyme"] < RHYMED else Message("Phase: poems that rhyme.")
    if "Bars add up" in scores:
        if scores["Bars add up"] < HALF_FORMED:
            return Message("Phase: letters.")
        if scores["Bars add up"] < FORMED:
            return Message("Phase: bars.")
        return Message("Phase: tunes.") if scores["Ends on tonic"] < RHYMED else Message("Phase: tunes that close.")
    if "Plausible" in scores:
        return Message("Phase: letters.") if scores["Plausible"] < WORDS else Message("Phase: names.")
    if "Words known" in scores:
        return Message("Phase: letters.") if scores["Words known"] < WORDS else Message("Phase: words.")
    known = scores.get("Gaps filled right", 0.0) > GUESSED or exam.held_out < exam.lines.get(2, -math.inf)
    return Message("Phase: words.") if known else Message("Phase: characters.")


def _said(exam: Exam) -> Message:
    """What is seen, which most verdicts begin with."""
    best = min(exam.lines, key=exam.lines.get)
    return Message(
        "{phase} Text that it has not seen costs it {nats} nats a character; counting {order}-grams reaches {line}.",
        phase=phase(exam),
        nats=f"{exam.held_out:.2f}",
        order=best,
        line=f"{exam.lines[best]:.2f}",
    )


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        _said(exam),
        Message("Watch how the most frequent characters come first, then the shape of lines."),
    )


def learning(exam: Exam) -> Verdict:
    """On its way."""
    return on_its_way(
        _said(exam),
        Message("Let it run: its loss should come to lie below the lines of counting."),
        Message("It ended on its way. Give the next one more steps, or a larger width."),
    )


def healthy(exam: Exam) -> Verdict:
    """It knows more than the best n-gram model."""
    return Verdict(
        "healthy",
        Message("Healthy: it knows more than counting can tell"),
        _said(exam),
        Message("Let it run as long as the held-out loss falls."),
        Message("Let it write for you, look at its attention, or take it home."),
    )


def rate_too_high(exam: Exam, best: float) -> Verdict:
    """Steps overshoot, so that only the frequencies of characters are learnt, or what was learnt is lost again."""
    return overshooting(
        Message(
            "The training loss is {loss} nats a character; it was {best} at best, and who only counts how often"
            " each character comes needs {line}.",
            loss=f"{exam.training:.2f}",
            best=f"{best:.2f}",
            line=f"{exam.lines[1]:.2f}",
        ),
    )


def by_heart(exam: Exam, best: float, copied: str) -> Verdict:
    """The held-out loss rises while that of training falls."""
    reason = Message(
        "The training loss is {training}, but on text that it has not seen it is {held}, after {best} at best.",
        training=f"{exam.training:.2f}",
        held=f"{exam.held_out:.2f}",
        best=f"{best:.2f}",
    )
    if copied:
        reason = Message(
            "{reason} The longest run that it copied has {count} characters: “{run}”.",
            reason=reason,
            count=len(copied),
            run=copied if len(copied) <= 40 else f"{copied[:38]}…",
        )
    return Verdict(
        "by_heart",
        Message("Learning by heart"),
        reason,
        Message("Stop it where the held-out loss was lowest. More text, more dropout or a smaller model help."),
    )


def too_small(exam: Exam) -> Verdict:
    """It is no better than counting pairs although half of the run is over."""
    return Verdict(
        "too_small",
        Message("Too small, or too slow: pairs of characters tell as much"),
        _said(exam),
        Message("Try a larger width, more layers, more context, or a higher learning rate."),
    )
