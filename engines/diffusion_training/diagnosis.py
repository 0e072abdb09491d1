"""What is going wrong, in plain words, from signals that were measured. Needs no torch.

Calibrated on three seeds of each preset (tests/benchmarks/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engines.live_training.diagnosis import Exam, diverging, percent, too_early
from engines.messages import Message
from engines.running.events import Verdict

EARLY_STEPS = 300  # before that many steps samples are blobs whatever one does
NOTHING = 0.9  # of the loss of a network that gives nothing: it learned nothing, or forgot it
MANY_COPIES = 0.5  # share of the samples that are near-copies of training pictures
GAP = 1.5  # held-out loss, as a multiple of the loss on learned pictures
LITTLE = 0.3  # likewise: it learned little
BEYOND = 0.1  # share of the values that are too bright or too dark to be shown
LITTLE_DETAIL = 0.7  # of what 50 steps give
MUCH_DETAIL = 1.35  # likewise: noise that was left over
WORSE = 3.0  # the Fréchet distance, as a multiple of its best


@dataclass
class Doctor:
    """Looks at one exam after another and remembers the extremes."""

    best_frechet: float = math.inf

    def watch(self, signals: Mapping[str, float]) -> None:
        """Between exams: nothing here is short."""

    def examine(self, exam: Exam) -> Verdict:
        """The most serious thing that the signals show."""
        signals = exam.signals
        self.best_frechet = min(self.best_frechet, exam.frechet)
        if exam.step < EARLY_STEPS:
            return early(exam)
        nothing = signals.get("Loss of nothing", math.inf)
        if signals["Loss"] > NOTHING * nothing:
            return rate_too_high(signals)
        if signals.get("beyond", 0.0) > BEYOND:
            if signals.get("guidance", 1.0) > 1:
                return guided_too_far(signals["beyond"])
            if signals["Loss"] > LITTLE * nothing:
                return out_of_range(signals)
        if signals.get("copies", 0.0) > MANY_COPIES:
            return memorising(signals)
        if not LITTLE_DETAIL < signals.get("detail", 1.0) < MUCH_DETAIL:
            return too_few_steps(signals["detail"])
        if signals.get("Loss on held-out", 0.0) > GAP * signals.get("Loss on learned", math.inf):
            return memorising(signals)
        if exam.frechet > WORSE * max(self.best_frechet, 1e-12):
            return diverging(
                Message(
                    "The Fréchet distance is {worse} times its best.", worse=f"{exam.frechet / self.best_frechet:.1f}"
                )
            )
        return healthy(exam)


def early(exam: Exam) -> Verdict:
    """Nothing can be said yet."""
    return too_early(
        Message("At step {step} the network has only begun.", step=exam.step),
        Message("Watch the grid: gray fog comes first, then blobs, then shapes, then detail."),
    )


def healthy(exam: Exam) -> Verdict:
    """It learns what pictures are like, not the pictures themselves."""
    reason = Message(
        "The pictures have {diversity} % of the variety of the real ones.", diversity=percent(exam.diversity)
    )
    if "Loss on held-out" in exam.signals:
        reason = Message(
            "On pictures that it never saw, its loss is {held_out}, on those it learned from {learned}: it has learned"
            " what such pictures are like. The samples have {diversity} % of the variety of the real ones.",
            held_out=f"{exam.signals['Loss on held-out']:.3f}",
            learned=f"{exam.signals['Loss on learned']:.3f}",
            diversity=percent(exam.diversity),
        )
    return Verdict(
        "healthy",
        Message("Healthy: the network is learning"),
        reason,
        Message("Let it run: the loss hardly moves any more, and yet the pictures go on getting better."),
        Message("It ended in good health. More steps would still make the pictures better, ever more slowly."),
    )


def too_few_steps(detail: float) -> Verdict:
    """The steps of the sampler are so long that it misses the way."""
    if detail < 1:
        reason = Message(
            "Samples have {detail} % of the detail that 50 steps give: each step goes to an average of many pictures.",
            detail=percent(detail),
        )
    else:
        reason = Message(
            "Samples are {times} times as rough as with 50 steps: noise is left over.", times=f"{detail:.1f}"
        )
    return Verdict(
        "too_few_steps",
        Message("Too few steps of sampling"),
        reason,
        Message(
            "The network is not to blame, and needs no new training: draw with more steps, or with Heun or"
            " DPM-Solver++, which need fewer."
        ),
    )


def guided_too_far(beyond: float) -> Verdict:
    """Guidance beyond what pictures are like (Saharia et al. 2022, section 2.3, call it saturation)."""
    return Verdict(
        "guided_too_far",
        Message("The guidance is too high: saturated pictures"),
        Message(
            "{beyond} % of all values are brighter than white or darker than black, and are cut off.",
            beyond=percent(beyond),
        ),
        Message(
            "Each sample is pushed so far towards its class that it leaves what pictures are like, and all of a class"
            " look alike. A guidance scale of 1 to 3 is plenty, and it can be changed without a new training."
        ),
    )


def out_of_range(signals: Mapping[str, float]) -> Verdict:
    """What guidance does, without any, and a loss that stays high: the network itself is off."""
    return diverging(
        Message(
            "The loss stays at {loss}, and {beyond} % of all values are brighter than white or darker than black,"
            " although nothing pushes the samples towards their class.",
            loss=f"{signals['Loss']:.3g}",
            beyond=percent(signals["beyond"]),
        ),
        Message("Try a learning rate ten times lower."),
    )


def memorising(signals: Mapping[str, float]) -> Verdict:
    """It learns the pictures themselves (Somepalli et al. 2023, arXiv:2212.03860; Yoon et al. 2023)."""
    reason = Message(
        "{copies} % of the samples are nearly copies of training pictures.", copies=percent(signals.get("copies", 0.0))
    )
    if "Loss on held-out" in signals:
        reason = Message(
            "{copies} On pictures that it never saw the loss is {held_out}, on those it learned from {learned}.",
            copies=reason,
            held_out=f"{signals['Loss on held-out']:.3f}",
            learned=f"{signals['Loss on learned']:.3f}",
        )
    return Verdict(
        "memorising",
        Message("Memorising: it learns the pictures by heart"),
        reason,
        Message("There are too few pictures for so many steps. Take more pictures, fewer features, or stop earlier."),
    )


def rate_too_high(signals: Mapping[str, float]) -> Verdict:
    """The network has lost what it knew."""
    return diverging(
        Message(
            "The loss is {loss}, and without any network, by a guess from each pixel alone, it would be {nothing}.",
            loss=f"{signals['Loss']:.3g}",
            nothing=f"{signals['Loss of nothing']:.3g}",
        ),
        Message("Try a learning rate ten times lower."),
    )
