"""What is going well or wrong with a chorale network, in plain words, from what was measured. Needs no torch.

Thresholds come from short runs of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.live_training.diagnosis import on_its_way, overshooting, too_early
from engines.messages import Message
from engines.music.config import MusicConfig
from engines.running.events import Verdict

EARLY_STEPS = 30
EARLY_SHARE = 0.02  # of the run
WORSE = 0.05  # nats by which the held-out loss must have risen: less may be chance
APART = 0.15  # nats between training and held-out loss that learning by heart makes
JUMP = 0.7  # nats by which the training loss rises when steps overshoot
LATE = 0.5  # share of a run after which a network that only knows frequencies learns too fast, or too slowly
CHORDS, VOICED = 0.6, 0.8  # shares of quarters with a chord that a teacher knows
RECITED = 24  # notes of a voice copied in a row; of Bach's held-out chorales half share fewer than 12


@dataclass(frozen=True)
class Exam:
    """The signals of one moment; losses in nats a note."""

    step: int
    training: float
    held_out: float
    lines: Mapping[str, float]  # what counting reaches
    chords: float = 0.0  # share of quarters with a known chord in what it writes
    fifths: float = 0.0  # parallel fifths and octaves in 100 chords of it
    real_fifths: float = 0.0  # Bach's own
    copied: int = 0  # notes of the longest copied run


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the best of each loss."""

    best_training: float = math.inf
    best_held_out: float = math.inf
    longest: int = 0
    seen: list[float] = field(default_factory=list)

    def watch(self, training: float) -> None:
        """Between exams: a loss may rise again soon."""
        self.best_training = min(self.best_training, training)

    def examine(self, config: MusicConfig, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        self.watch(exam.training)
        self.best_held_out = min(self.best_held_out, exam.held_out)
        self.longest = max(self.longest, exam.copied)
        done = exam.step / config.steps
        if exam.step < EARLY_STEPS or done < EARLY_SHARE:
            return early(exam)
        no_better = exam.held_out > 0.9 * exam.lines["1-gram"]
        if exam.training > self.best_training + JUMP or (done > LATE and no_better):
            return rate_too_high(exam, self.best_training)
        if exam.held_out > self.best_held_out + WORSE and exam.training < exam.held_out - APART:
            return by_heart(exam, self.best_held_out, self.longest)
        return healthy(exam) if exam.held_out < min(exam.lines.values()) else learning(exam)


def phase(exam: Exam) -> Message:
    """How far it is, in words; each is reached after the one before."""
    if exam.copied >= RECITED:
        return Message("Phase: copies by heart.")
    if exam.held_out > exam.lines["2-gram"]:
        return Message("Phase: single notes.")
    if exam.chords < CHORDS:
        return Message("Phase: notes that go on.")
    return Message("Phase: chords.") if exam.chords < VOICED else Message("Phase: chords in four voices.")


def _said(exam: Exam) -> Message:
    """What is seen, which most verdicts begin with."""
    best = min(exam.lines, key=exam.lines.get)
    return Message(
        "{phase} Chorales that it has not seen cost it {nats} nats a note; the best of counting, {line}, needs"
        " {counted}. In 100 chords it writes {fifths} parallel fifths and octaves; Bach writes {real}.",
        phase=phase(exam),
        nats=f"{exam.held_out:.2f}",
        line=Message(best),
        counted=f"{exam.lines[best]:.2f}",
        fifths=f"{exam.fifths:.1f}",
        real=f"{exam.real_fifths:.1f}",
    )


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        _said(exam),
        Message("Watch how single notes join to held ones first, and these to chords."),
    )


def learning(exam: Exam) -> Verdict:
    """On its way."""
    return on_its_way(
        _said(exam),
        Message("Let it run: its loss should come to lie below the lines of counting."),
        Message("It ended on its way. Give the next one more steps, or a larger width."),
    )


def healthy(exam: Exam) -> Verdict:
    """It knows more than counting can tell."""
    return Verdict(
        "healthy",
        Message("Healthy: it hears more than counting can tell"),
        _said(exam),
        Message("Let it run as long as the held-out loss falls, and listen to what it writes."),
        Message("Let it compose or harmonise with this run's model, or take it home."),
    )


def rate_too_high(exam: Exam, best: float) -> Verdict:
    """Steps overshoot, so that only the frequencies of notes are learnt, or what was learnt is lost again."""
    return overshooting(
        Message(
            "The training loss is {loss} nats a note; it was {best} at best, and who only counts how often each note"
            " comes needs {line}.",
            loss=f"{exam.training:.2f}",
            best=f"{best:.2f}",
            line=f"{exam.lines['1-gram']:.2f}",
        ),
    )


def by_heart(exam: Exam, best: float, copied: int) -> Verdict:
    """The held-out loss rises while that of training falls."""
    return Verdict(
        "by_heart",
        Message("Learning by heart"),
        Message(
            "The training loss is {training}, but on chorales that it has not seen it is {held}, after {best} at best."
            " The longest run of a voice that it copied has {count} notes.",
            training=f"{exam.training:.2f}",
            held=f"{exam.held_out:.2f}",
            best=f"{best:.2f}",
            count=copied,
        ),
        Message("Stop it where the held-out loss was lowest. More chorales, all keys or more dropout help."),
    )
