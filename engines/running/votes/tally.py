"""How many answers of a blind test were right, and between which shares the truth lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.messages import Message

ENOUGH = 30  # answers after which something can be said
SURE = 1.96  # standard deviations of a normal distribution within which 95 % lie


@dataclass(frozen=True)
class Tally:
    """So many answers, and how many of them were right."""

    right: int = 0
    answers: int = 0

    def plus(self, right: bool) -> Tally:
        """With one answer more."""
        return Tally(self.right + bool(right), self.answers + 1)

    def told(self) -> Message:
        """What is said of it, once there are enough with an interval."""
        if self.answers < ENOUGH:
            return Message("{right} of {answers} right so far.", right=self.right, answers=self.answers)
        low, high = (f"{100 * share:.0f}" for share in interval(self.right, self.answers))
        return Message(
            "{right} of {answers} right: the true share lies between {low} and {high} % with 95 % confidence; 50 % is"
            " chance.",
            right=self.right, answers=self.answers, low=low, high=high,
        )  # fmt: skip


def interval(right: int, answers: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 % confidence (Wilson 1927); (0, 1) without answers."""
    if not answers:
        return 0.0, 1.0
    share, square = right / answers, SURE**2
    middle = (share + square / (2 * answers)) / (1 + square / answers)
    half = SURE / (1 + square / answers) * math.sqrt(share * (1 - share) / answers + square / (4 * answers**2))
    return max(0.0, middle - half), min(1.0, middle + half)
