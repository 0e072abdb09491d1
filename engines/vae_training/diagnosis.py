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

EARLY_EXAMS = 2  # before that many exams, noise is all there is
EARLY_STEPS = 400  # before that many steps nothing is told by z yet
SILENT = 0.1  # nats of KL divergence: q(z|x) is the prior, whatever the picture
DEAD = 0.02  # nats of one latent number that tells nothing
WIDE = 3.0  # the mean square of a latent number over all pictures, of which the prior has 1
BLURRED = 0.65  # share of the pictures' variation that reconstructions keep
WORSE = 1.5  # the negative ELBO, as a multiple of its best and apart by
APART = 100.0  # nats


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the extremes."""

    exams: int = 0
    best_nats: float = math.inf  # of the loss
    worst_nats: float = -math.inf  # since the last exam

    def watch(self, signals: Mapping[str, float]) -> None:
        """Between exams: an explosion is short."""
        self.best_nats = min(self.best_nats, signals["Reconstruction"])
        self.worst_nats = max(self.worst_nats, signals["Reconstruction"])

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        signals = exam.signals
        self.exams += 1
        self.watch(signals)
        worst, self.worst_nats = self.worst_nats, -math.inf
        if self.exams > 1 and worst > WORSE * abs(self.best_nats) + APART:
            return rate_too_high(worst, self.best_nats)
        if self.exams <= EARLY_EXAMS or exam.step < EARLY_STEPS:
            return early(exam)
        if signals["KL"] < SILENT:
            return collapse(exam)
        if signals["spread"] > WIDE:
            return holes(exam)
        if signals["beta"] > 1 and signals["explained"] < BLURRED:
            return blurry(exam)
        return healthy(exam)


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        Message("At step {step} the networks have only begun.", step=exam.step),
        Message("Watch the reconstructions: one mean picture comes first, then shapes, then detail."),
    )


def healthy(exam: Exam) -> Verdict:
    """The latent numbers tell of the pictures, and lie where the prior draws them."""
    return Verdict(
        "healthy",
        Message("Healthy: it says much in a few numbers"),
        Message(
            "The encoder tells {kl} nats of each picture, in {active} % of the latent numbers, and the"
            " reconstructions keep {explained} % of what the pictures differ in.",
            kl=nats(exam.signals["KL"]),
            active=percent(exam.signals["active"]),
            explained=percent(exam.signals["explained"]),
        ),
        Message("Let it run: the ELBO gets better ever more slowly. Some blur is normal: it draws means of pictures."),
        Message("It ended in good health. Some blur is normal: it draws means of pictures."),
    )


def collapse(exam: Exam) -> Verdict:
    """q(z|x) is the prior (Bowman et al. 2015, arXiv 1511.06349; He et al. 2019, arXiv 1901.05534)."""
    return Verdict(
        "collapse",
        Message("Posterior collapse: the encoder says nothing"),
        Message(
            "q(z|x) is the prior whatever the picture: the KL divergence is {kl} nats, so the decoder draws the same"
            " mean picture for every z.",
            kl=nats(exam.signals["KL"]),
        ),
        Message("Try a lower beta: at 1 telling a nat costs a nat, and saves more than that in the reconstruction."),
    )


def holes(exam: Exam) -> Verdict:
    """The codes of pictures do not lie where the prior draws: an autoencoder."""
    return Verdict(
        "holes",
        Message("Holes in the latent space"),
        Message(
            "Pictures lie {times} times as far out as the prior draws z, with nothing between them: reconstructions"
            " keep {explained} % of what pictures differ in, but new samples come from where there was no picture.",
            times=f"{math.sqrt(exam.signals['spread']):.1f}",
            explained=percent(exam.signals["explained"]),
        ),
        Message("Try a higher beta: the KL divergence is what pulls the pictures together around 0."),
    )


def blurry(exam: Exam) -> Verdict:
    """Beta buys a tidy latent space with detail (Higgins et al. 2017; Burgess et al. 2018, arXiv 1804.03599)."""
    return Verdict(
        "blurry",
        Message("Blurry, since beta is high"),
        Message(
            "At a beta of {beta} a nat must save {beta} to be told: {kl} nats are, in {active} % of the latent"
            " numbers. Reconstructions keep {explained} % of what the pictures differ in.",
            beta=f"{exam.signals['beta']:g}",
            kl=nats(exam.signals["KL"]),
            active=percent(exam.signals["active"]),
            explained=percent(exam.signals["explained"]),
        ),
        Message("Try a beta nearer to 1."),
    )


def rate_too_high(worst: float, best: float) -> Verdict:
    """The loss has jumped."""
    return diverging(
        Message("The reconstruction jumped from {best} to {worst} nats.", best=nats(best), worst=nats(worst)),
        Message("Try a learning rate ten times lower."),
    )


def nats(value: float) -> str:
    """A number of nats as a person would say it: 1,234, 23, 0.4."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}" if abs(value) >= 0.1 else f"{value:.2f}"
