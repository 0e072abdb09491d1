"""What the diagnoses of all families share. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engines.messages import Message
from engines.running.events import Verdict

MISSING_SHARE = 0.1  # of its share among the real pictures; a class below it counts as missing


@dataclass(frozen=True)
class Exam:
    """The signals of one moment."""

    step: int
    signals: Mapping[str, float]  # as Trainer.signals gives them
    frechet: float
    diversity: float
    shares: tuple[float, ...]  # by class, among the generated pictures; empty without classes
    real_shares: tuple[float, ...]  # the same among the real ones
    copies: float | None = None  # the share of near-copies of training pictures, from 0 to 1; see memory.py

    @property
    def missing(self) -> int:
        """How many classes hardly appear."""
        pairs = zip(self.shares, self.real_shares, strict=True)
        return sum(share < MISSING_SHARE * real for share, real in pairs)


def too_early(reason: Message, advice: Message) -> Verdict:
    """Nothing can be said yet."""
    return Verdict(
        "early",
        Message("Too early to tell"),
        reason,
        advice,
        Message("It ended before there was anything to tell. Let the next one run for longer."),
    )


def on_its_way(reason: Message, advice: Message, afterwards: Message) -> Verdict:
    """It learns, and has not learnt enough."""
    return Verdict("learning", Message("On its way"), reason, advice, afterwards)


def overshooting(reason: Message) -> Verdict:
    """The loss rises, or never falls, since each step goes too far."""
    advice = Message("Each step overshoots. Try a learning rate ten times lower.")
    return Verdict("diverging", Message("The learning rate is too high"), reason, advice)


def diverging(reason: Message, advice: Message | None = None) -> Verdict:
    """The losses or the pictures run away."""
    return Verdict(
        "diverging",
        Message("Diverging: the training runs away"),
        reason,
        advice or Message("Try a learning rate ten times lower, or a larger batch."),
    )


def diverged() -> Verdict:
    """A loss is NaN or infinite."""
    return diverging(Message("A loss is not a number any more."))


def percent(share: float) -> str:
    """A share from 0 to 1 as a person would say it: 87, 0.4, less than 0.1."""
    value = 100 * share
    if value < 0.1:
        return "< 0.1"
    return f"{value:.1f}" if value < 2 else f"{value:.0f}"
