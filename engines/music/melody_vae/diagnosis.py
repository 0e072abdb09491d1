"""What is going well or wrong with a VAE of melodies, in plain words, from what was measured. Needs no torch.

Thresholds come from short runs of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.live_training.diagnosis import on_its_way, overshooting, too_early
from engines.messages import Message
from engines.music.melody_vae.config import GRU, MelodyConfig
from engines.running.events import Verdict

EARLY_STEPS = 100
EARLY_SHARE = 0.02  # of the run
SILENT = 0.5  # nats of KL divergence: q(z|x) is the prior, whatever the melody
WIDE = 3.0  # the mean square of a latent number over all melodies, of which the prior has 1
FREE = 0.01  # beta, below which the KL divergence hardly weighs
KNOWN = 0.5  # share of the held-out melodies' notes that come back
LATE = 0.5  # share of a run after which it is no more on its way
DEAR = 0.5  # beta from which a nat costs too much for all of a melody to be told
FEW = 4  # latent numbers, in which no more fits
WORSE = 0.15  # share by which the held-out loss must have risen above its best
APART = 0.6  # share of the held-out loss that the training loss is below, when it is learnt by heart
JUMP = 1.5  # times its best, and
FAR = 15.0  # nats above it, that the training loss is when steps overshoot


@dataclass(frozen=True)
class Exam:
    """The signals of one moment; losses in nats a melody."""

    step: int
    training: float  # negative ELBO
    kl: float
    spread: float  # mean square of a latent number
    held_out: float  # negative ELBO
    notes: float  # share of the held-out melodies' notes that come back
    usual: float  # the same if the commonest note of each place is written


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the best of each loss."""

    best_training: float = math.inf
    best_held_out: float = math.inf

    def watch(self, training: float) -> None:
        """Between exams: a loss may rise again soon."""
        self.best_training = min(self.best_training, training)

    def examine(self, config: MelodyConfig, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        self.watch(exam.training)
        self.best_held_out = min(self.best_held_out, exam.held_out)
        done = exam.step / config.steps
        if exam.step < EARLY_STEPS or done < EARLY_SHARE:
            return early(exam)
        if exam.spread > WIDE and config.beta < FREE:  # what KL costs is not paid, and rises without an overshoot
            return holes(exam)
        if exam.training > JUMP * self.best_training + FAR:
            return rate_too_high(exam, self.best_training)
        if (
            exam.kl < SILENT
        ):  # an encoder that alone knows the melody, and speaks cheaply, falls silent by overshooting
            return silenced(exam) if config.decoder != GRU and config.beta < DEAR else collapse(exam)
        if exam.spread > WIDE:
            return holes(exam)
        if exam.held_out > (1 + WORSE) * self.best_held_out and exam.training < APART * exam.held_out:
            return by_heart(exam, self.best_held_out)
        if exam.notes >= KNOWN:
            return healthy(exam)
        costly = config.beta >= DEAR or config.latent <= FEW
        return forgets(exam, config) if costly and done > LATE else learning(exam)


def percent(share: float) -> int:
    """A share as a whole number of hundredths."""
    return round(100 * share)


def _said(exam: Exam) -> Message:
    """What is seen, which most verdicts begin with."""
    return Message(
        "The encoder tells {kl} nats of each melody. Of melodies that it has not seen {notes} % of the notes come"
        " back; who writes the commonest note at each place has {usual} %.",
        kl=f"{exam.kl:.1f}",
        notes=percent(exam.notes),
        usual=percent(exam.usual),
    )


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        Message("At step {step} the networks have only begun.", step=exam.step),
        Message("Listen to what comes back: first the beat, then high and low, then the notes."),
    )


def learning(exam: Exam) -> Verdict:
    """On its way."""
    return on_its_way(
        _said(exam),
        Message("Let it run: more and more notes come back."),
        Message("It ended on its way. Give the next one more steps."),
    )


def healthy(exam: Exam) -> Verdict:
    """Melodies come back, and lie where the prior draws."""
    return Verdict(
        "healthy",
        Message("Healthy: melodies come back from a few numbers"),
        _said(exam),
        Message("Let it run, and listen to new melodies; the map shows where each lies."),
        Message("It ended in good health. Walk on its map, and go from one melody to another."),
    )


def collapse(exam: Exam) -> Verdict:
    """q(z|x) is the prior (Bowman et al. 2015, arXiv 1511.06349)."""
    return Verdict(
        "collapse",
        Message("Posterior collapse: the encoder says nothing"),
        Message(
            "q(z|x) is the prior whatever the melody: the KL divergence is {kl} nats, and {notes} % of the notes come"
            " back, as many as chance gives.",
            kl=f"{exam.kl:.2f}",
            notes=percent(exam.notes),
        ),
        Message("Try a lower beta or some free nats; a decoder that is told no notes has to ask the encoder."),
    )


def silenced(exam: Exam) -> Verdict:
    """q(z|x) is the prior, although the decoder knows nothing but z, and beta is low."""
    return overshooting(
        Message(
            "The encoder has fallen silent, with a KL divergence of {kl} nats, although nothing else tells the decoder"
            " of the melody, and a nat costs little.",
            kl=f"{exam.kl:.2f}",
        )
    )


def holes(exam: Exam) -> Verdict:
    """The codes of melodies do not lie where the prior draws: an autoencoder."""
    return Verdict(
        "holes",
        Message("Holes in the latent space"),
        Message(
            "Melodies lie {times} times as far out as the prior draws z: {notes} % of the notes come back, but new"
            " melodies come from where there was none.",
            times=f"{math.sqrt(exam.spread):.1f}",
            notes=percent(exam.notes),
        ),
        Message("Try a higher beta: the KL divergence is what pulls the melodies together around 0."),
    )


def by_heart(exam: Exam, best: float) -> Verdict:
    """The held-out loss rises while that of training falls."""
    return Verdict(
        "by_heart",
        Message("Learning by heart"),
        Message(
            "A melody that it learns from costs {training} nats, one that it has not seen {held}, after {best} at"
            " best.",
            training=f"{exam.training:.1f}",
            held=f"{exam.held_out:.1f}",
            best=f"{best:.1f}",
        ),
        Message("Stop it where the held-out loss was lowest. More melodies, a smaller width or dropout help."),
    )


def forgets(exam: Exam, config: MelodyConfig) -> Verdict:
    """Too little of a melody passes through z."""
    if config.latent <= FEW:
        advice = Message("All of a melody does not fit in so few numbers: that is the price of a map that shows all.")
    else:
        advice = Message("Try a lower beta: at 1 telling a nat costs a nat, and a melody needs about 40.")
    return Verdict("forgets", Message("It forgets notes"), _said(exam), advice)


def rate_too_high(exam: Exam, best: float) -> Verdict:
    """The loss has jumped."""
    return overshooting(
        Message(
            "The training loss is {loss} nats a melody; it was {best} at best.",
            loss=f"{exam.training:.1f}",
            best=f"{best:.1f}",
        ),
    )
