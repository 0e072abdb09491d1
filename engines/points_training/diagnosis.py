"""What is going wrong on the plane, in plain words, from what was measured. Needs no torch.

Thresholds come from one seed of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engines.live_training.diagnosis import on_its_way, too_early
from engines.messages import Message
from engines.points_training.config import DIFFUSION, GAN, VAE, PointsConfig
from engines.points_training.coverage import Coverage
from engines.running.events import Verdict

EARLY_STEPS = 300  # before that many, every model is only on its way
ALL = 0.9  # of the parts: covers them
FEW = 0.5  # of the parts: less is collapse, wherever the points lie
GOOD = 0.7  # share of the made points that lie on data: less is not there yet
SHRUNK = 0.3  # spread, as a multiple of that of the real points
SURE = 0.95  # share of pairs in which D scores the real point higher
VANISHED = 0.1  # slope that G feels, as a share of its largest
SILENT = 0.05  # nats of KL: the code says nothing
COARSE = 4  # sampling steps: so few cannot follow a flow
BIG_LOSS = 1e3


@dataclass(frozen=True)
class Exam:
    """The signals of one moment."""

    step: int
    signals: Mapping[str, float]
    coverage: Coverage
    gradient: float = 0.0  # the mean slope that G feels; of a GAN


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the extremes."""

    largest_gradient: float = 1e-12
    best_distance: float = math.inf

    def examine(self, config: PointsConfig, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        self.largest_gradient = max(self.largest_gradient, exam.gradient)
        self.best_distance = min(self.best_distance, exam.coverage.distance)
        losses = [abs(exam.signals[name]) for name in exam.signals if name.startswith("Loss")]
        if config.family == GAN and max(losses) > BIG_LOSS:
            return diverging(max(losses))
        if exam.step < min(EARLY_STEPS, config.steps // 2):
            return early(exam)
        found = {GAN: self._gan, VAE: self._vae, DIFFUSION: self._diffusion}[config.family](config, exam)
        return found or (healthy(exam) if exam.coverage.on_data >= GOOD else learning(exam))

    def _gan(self, config: PointsConfig, exam: Exam) -> Verdict | None:
        seen, gradient = exam.coverage, exam.gradient / self.largest_gradient
        if exam.signals["pair_accuracy"] > SURE and gradient < VANISHED and seen.on_data < GOOD:
            return d_too_strong(exam)
        parts = len(seen.covered)
        if seen.count < FEW * parts or (seen.count < ALL * parts and seen.on_data >= GOOD):
            return collapse(exam)
        if seen.on_data >= GOOD and seen.spread < SHRUNK:
            return shrunk(exam)
        return None if seen.count >= ALL * parts else learning(exam)

    def _vae(self, config: PointsConfig, exam: Exam) -> Verdict | None:
        if exam.signals["KL"] < SILENT:
            return posterior_collapse(exam)
        if config.beta > 2 and exam.coverage.on_data < GOOD:
            return blurry(config, exam)
        return holes(exam) if exam.coverage.on_data < GOOD else None

    def _diffusion(self, config: PointsConfig, exam: Exam) -> Verdict | None:
        if config.sampling <= COARSE and exam.coverage.on_data < GOOD:
            return too_few_steps(config, exam)
        return None


def _said(exam: Exam) -> Message:
    """What is seen, which every verdict begins with."""
    seen = exam.coverage
    return Message(
        "{count} of {parts} parts are reached, and {share} % of the points lie on the data.",
        count=seen.count,
        parts=len(seen.covered),
        share=round(100 * seen.on_data),
    )


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        _said(exam),
        Message("Watch the made points leave the middle."),
    )


def learning(exam: Exam) -> Verdict:
    """On its way."""
    return on_its_way(
        _said(exam),
        Message("Let it run: the points should come to lie on the data."),
        Message("It ended on its way. Give the next one more steps, or a larger width."),
    )


def healthy(exam: Exam) -> Verdict:
    """All parts are reached, by points that lie on the data."""
    return Verdict(
        "healthy",
        Message("Healthy: the made points lie where the real ones do"),
        _said(exam),
        Message("Replay it in slow motion to see how it got there."),
        Message("Replay it in slow motion to see how it got there."),
    )


def collapse(exam: Exam) -> Verdict:
    """G makes only some of the modes (Goodfellow 2016, section 5.1.1)."""
    seen = exam.coverage
    return Verdict(
        "collapse",
        Message(
            "Mode collapse: G leaves out {missed} of {parts} parts",
            missed=len(seen.covered) - seen.count,
            parts=len(seen.covered),
        ),
        _said(exam),
        Message(
            "G has found places where D believes it, and makes nothing else; the parts it leaves out are marked. Try"
            " WGAN-GP, a lower learning rate for G, or a higher one for D."
        ),
    )


def shrunk(exam: Exam) -> Verdict:
    """Each mode is reached in one point."""
    return Verdict(
        "collapse",
        Message("Collapse inside the parts"),
        Message(
            "{said} But within them they spread only {spread} % as far as the real ones.",
            said=_said(exam),
            spread=round(100 * exam.coverage.spread),
        ),
        Message("G makes the same point again and again at each place. Try WGAN-GP, or a larger noise size."),
    )


def d_too_strong(exam: Exam) -> Verdict:
    """D is sure of everything and G gets no gradient (Arjovsky & Bottou 2017, arXiv 1701.04862)."""
    return Verdict(
        "d_too_strong",
        Message("The discriminator is too strong"),
        Message(
            "{said} D is right in {sure} % of pairs, and the arrows, the slopes that G feels, have nearly vanished.",
            said=_said(exam),
            sure=round(100 * exam.signals["pair_accuracy"]),
        ),
        Message("Try an objective whose slope does not vanish, such as non-saturating or WGAN-GP, or fewer D steps."),
    )


def posterior_collapse(exam: Exam) -> Verdict:
    """The encoder tells nothing (Bowman et al. 2016, arXiv 1511.06349)."""
    return Verdict(
        "posterior_collapse",
        Message("Posterior collapse: the codes say nothing"),
        Message(
            "The codes carry {nats} nats about the points: every point is encoded alike, and decoded to one place.",
            nats=f"{exam.signals['KL']:.2g}",
        ),
        Message("A lower beta makes it worth while to tell the points apart."),
    )


def blurry(config: PointsConfig, exam: Exam) -> Verdict:
    """Beta costs detail (Higgins et al. 2017)."""
    return Verdict(
        "blurry",
        Message("Blurred: beta is high"),
        Message(
            "{said} With a beta of {beta} the codes tell only roughly where a point lies.",
            said=_said(exam),
            beta=f"{config.beta:g}",
        ),
        Message("Try a beta of 1."),
    )


def holes(exam: Exam) -> Verdict:
    """Codes from the prior fall between those of the data (Dai and Wipf 2019, arXiv 1903.05789)."""
    return Verdict(
        "holes",
        Message("Holes: many codes fall between the parts"),
        _said(exam),
        Message(
            "The decoder is smooth, so on the way from one part to the next it crosses empty land; the net of lines"
            " shows where. More steps make the crossings narrower."
        ),
    )


def too_few_steps(config: PointsConfig, exam: Exam) -> Verdict:
    """Euler's steps are too long for a bent flow."""
    return Verdict(
        "few_steps",
        Message("Too few sampling steps"),
        Message(
            "{said} The flow is bent, and in so few straight steps ({steps}) the points miss it.",
            said=_said(exam),
            steps=config.sampling,
        ),
        Message("Set Sampling steps to 20: the model itself may be good already."),
    )


def diverging(loss: float) -> Verdict:
    """The losses run away."""
    return Verdict(
        "diverging",
        Message("Diverging: the learning rates are too high"),
        Message("A loss has grown to {loss}: each step overshoots.", loss=f"{loss:.3g}"),
        Message("Try learning rates ten times lower, for both networks."),
    )
