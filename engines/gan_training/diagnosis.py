"""What is going wrong, in plain words, from signals that were measured. Needs no torch.

Thresholds come from the table of signals in tests/benchmarks/LOG.md: three seeds of each preset.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engines.live_training.diagnosis import Exam, diverging, percent, too_early
from engines.messages import Message
from engines.running.events import Verdict

EARLY_EXAMS = 3  # before that many exams, noise is all there is
EARLY_STEPS = 300  # before that many steps every generator repeats itself
LOW_DIVERSITY = 0.35  # mean pairwise distance, as a share of that of the real pictures
MANY_MISSING = 0.4  # share of the classes
SURE = 0.98  # share of pairs in which D scores the real picture higher
VANISHED = 0.05  # G's gradient, as a share of its largest so far
BIG_LOSS = 100.0
WORSE = 3.0  # the Fréchet distance, as a multiple of its best
RUNS_AWAY = Message("Try learning rates ten times lower, a lower Beta1 (0 to 0.5), or a larger batch.")


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the extremes."""

    exams: int = 0
    largest_gradient: float = 1e-12
    best_frechet: float = math.inf
    worst_loss: float = 0.0  # since the pictures were last varied

    def watch(self, signals: Mapping[str, float]) -> None:
        """Between exams: an explosion is short."""
        self.worst_loss = max(self.worst_loss, abs(signals["Loss_D"]), abs(signals["Loss_G"]))

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that the signals show.

        After losses have exploded the networks stand still anywhere: without variety, or D sure of all. That is no
        collapse of its own, so the learning rates stay the verdict until the pictures are varied again.
        """
        self.exams += 1
        self.largest_gradient = max(self.largest_gradient, exam.signals["grad_norm_g"])
        self.best_frechet = min(self.best_frechet, exam.frechet)
        gradient = exam.signals["grad_norm_g"] / self.largest_gradient
        worse = exam.frechet / max(self.best_frechet, 1e-12)
        loss = max(abs(exam.signals["Loss_D"]), abs(exam.signals["Loss_G"]))
        few = exam.diversity < LOW_DIVERSITY or exam.missing > MANY_MISSING * len(exam.shares) > 0
        self.watch(exam.signals)
        if not few:
            self.worst_loss = loss
        if self.worst_loss > BIG_LOSS:
            return rate_too_high(self.worst_loss)
        if self.exams <= EARLY_EXAMS:
            return early(exam)
        if exam.signals["pair_accuracy"] > SURE and gradient < VANISHED:
            return d_too_strong(exam, gradient)
        if few:
            return collapse(exam) if exam.step >= EARLY_STEPS else early(exam)
        if worse > WORSE:
            reason = Message("The Fréchet distance is {worse} times its best.", worse=f"{worse:.1f}")
            return diverging(reason, RUNS_AWAY)
        return healthy(exam)


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        Message("At step {step} the networks have only begun.", step=exam.step),
        Message("Watch the grid: blobs come first, then shapes, then detail."),
    )


def healthy(exam: Exam) -> Verdict:
    """D and G keep each other busy and the pictures are varied."""
    return Verdict(
        "healthy",
        Message("Healthy: both networks are learning"),
        Message(
            "D tells real from generated in {sure} % of pairs, and the pictures have {diversity} % of the"
            " variety of the real ones.",
            sure=percent(exam.signals["pair_accuracy"]),
            diversity=percent(exam.diversity),
        ),
        Message("Let it run: the Fréchet distance should go on falling, ever more slowly."),
        Message("It ended in good health. More steps would still make the pictures better, ever more slowly."),
    )


def collapse(exam: Exam) -> Verdict:
    """G repeats itself (Goodfellow 2016, section 5.1.1)."""
    variety = Message(
        "The pictures have only {diversity} % of the variety of the real ones.", diversity=percent(exam.diversity)
    )
    if exam.missing:
        variety = Message(
            "{variety} {missing} of {classes} classes hardly appear.",
            variety=variety,
            missing=exam.missing,
            classes=len(exam.shares),
        )
    return Verdict(
        "collapse",
        Message("Mode collapse: G repeats itself"),
        variety,
        Message(
            "G found a few pictures that fool D and draws little else. Try a lower learning rate for G, more"
            " D steps per G step, a larger latent size, or the relativistic objective."
        ),
    )


def d_too_strong(exam: Exam, gradient: float) -> Verdict:
    """D is sure of everything and G gets no gradient (Arjovsky & Bottou 2017, arXiv 1701.04862)."""
    return Verdict(
        "d_too_strong",
        Message("The discriminator is too strong"),
        Message(
            "D is right in {sure} % of pairs (D(x) = {real}, D(G(z)) = {fake}), and G's gradient has shrunk to"
            " {gradient} % of its largest: G is told that it is wrong, not how to do better.",
            sure=percent(exam.signals["pair_accuracy"]),
            real=f"{exam.signals['D(x)']:.2f}",
            fake=f"{exam.signals['D(G(z))']:.2g}",
            gradient=percent(gradient),
        ),
        Message(
            "Try a lower learning rate for D, fewer D steps per G step, or an objective whose gradient does"
            " not vanish: non-saturating, or WGAN-GP."
        ),
    )


def rate_too_high(loss: float) -> Verdict:
    """The losses have exploded."""
    return Verdict(
        "diverging",
        Message("Diverging: the learning rates are too high"),
        Message("A loss has grown to {loss}: each step overshoots.", loss=f"{loss:.3g}"),
        Message("Try learning rates ten times lower, for both networks."),
    )
