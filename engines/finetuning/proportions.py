"""Shares of counted rows and what they allow one to say. Needs no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.96  # standard errors: intervals that hold the truth 19 times of 20


@dataclass(frozen=True)
class Proportion:
    """`right` of `rows`, and Wilson's interval for the share behind them (Wilson 1927); all from 0 to 1."""

    right: int
    rows: int

    @classmethod
    def of(cls, share: float, rows: int) -> Proportion:
        """From a share of that many rows."""
        return cls(round(min(1.0, max(0.0, share)) * rows), rows)

    @property
    def share(self) -> float:
        """The share that was counted; 0 without rows."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def low(self) -> float:
        """The least that the true share may be."""
        return max(0.0, self._middle - self._half) if self.rows else 0.0

    @property
    def high(self) -> float:
        """The most that the true share may be."""
        return min(1.0, self._middle + self._half) if self.rows else 1.0

    @property
    def _middle(self) -> float:
        return (self.right + Z * Z / 2) / (self.rows + Z * Z)

    @property
    def _half(self) -> float:
        spread = self.share * (1 - self.share) * self.rows + Z * Z / 4
        return Z * math.sqrt(spread) / (self.rows + Z * Z)


def difference(one: Proportion, other: Proportion) -> tuple[float, float]:
    """(least, most) by which the true share of `one` is above that of `other` (Newcombe 1998, method 10)."""
    between = one.share - other.share
    below = math.hypot(one.share - one.low, other.high - other.share)
    above = math.hypot(one.high - one.share, other.share - other.low)
    return between - below, between + above
