"""What the columns of metrics are worth: which way is better, and whose losses mean the same. Needs no torch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

FEWEST = 4  # measurements that tell their noise
SHARE = 0.05  # of all measurements, the latest, tell where a run stands; at least the last one does
SEEN = 24  # measurements behind an estimate of the noise
NORMAL = 0.6745  # the median of |x| for a normal x of variance 1
SURE = 2.0  # standard errors by which two means must differ: about 95 % sure


# The same of few repetitions, whose own spread says little: Student's t, two-sided 95 %, of both samples together.
STUDENT: Mapping[int, float] = MappingProxyType({2: 4.30, 3: 2.78, 4: 2.45, 5: 2.31, 6: 2.23, 7: 2.18, 8: 2.14})


@dataclass(frozen=True)
class Measure:
    """`loss(value)` is the smaller the better, None where neither way is better; `percent` writes 0.5 as 50 %.

    `own` ones mean the same only for runs of one engine with one kind of loss, the others for all that learn from the
    same data. `fold` puts its chart behind the others.
    """

    loss: Callable[[float], float] | None = None
    percent: bool = False
    own: bool = False
    from_zero: bool = False


def _less(value: float) -> float:
    return value


def _more(value: float) -> float:
    return -value


def _as_real(value: float) -> float:
    """Of what is 1 for the real data."""
    return abs(value - 1)


MEASURES: Mapping[tuple[str, str], Measure] = MappingProxyType(  # (group, column) of Metrics, in the charts' order
    {
        ("final", "Fréchet distance"): Measure(_less, from_zero=True),
        ("final", "Diversity"): Measure(_as_real, percent=True, from_zero=True),
        ("final", "Sharpness"): Measure(_as_real, percent=True, from_zero=True),
        ("final", "Held-out"): Measure(_less, own=True),
        ("final", "Form"): Measure(_more, percent=True, from_zero=True),
        ("final", "Rhyme"): Measure(_more, percent=True, from_zero=True),
        ("final", "Tones"): Measure(_more, percent=True, from_zero=True),
        ("final", "Words known"): Measure(_more, percent=True, from_zero=True),
        ("final", "Bars add up"): Measure(_more, percent=True, from_zero=True),
        ("final", "Plausible"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Fréchet distance"): Measure(_less, from_zero=True),
        ("scores", "Diversity"): Measure(_as_real, percent=True, from_zero=True),
        ("copies", "Near-copies"): Measure(_less, percent=True, from_zero=True),
        ("elbo", "−ELBO, held out"): Measure(_less, own=True),
        ("elbo", "−ELBO, held-out melodies"): Measure(_less, own=True),
        ("notes", "Notes that come back"): Measure(_more, percent=True, from_zero=True),
        ("notes", "Sixteenths that come back"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Reached"): Measure(_more, percent=True, from_zero=True),
        ("scores", "On the data"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Distance"): Measure(_less, from_zero=True),
        ("losses", "Held-out"): Measure(_less, own=True),
        ("losses", "Training"): Measure(own=True),
        ("scores", "Form"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Rhyme"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Tones"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Words known"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Gaps filled right"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Bars add up"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Notes in key"): Measure(_more, percent=True, from_zero=True),
        ("scores", "Ends on tonic"): Measure(_more, percent=True, from_zero=True),
        ("scores", "As long as said"): Measure(_more, percent=True, from_zero=True),
        ("copies", "Longest copied run"): Measure(_less, from_zero=True),
        ("losses", "Pitch alone"): Measure(_less, own=True),
        ("scores", "Chords"): Measure(percent=True, own=True, from_zero=True),
        ("scores", "In one scale"): Measure(percent=True, own=True, from_zero=True),
        ("rules", "Parallels"): Measure(_less, own=True, from_zero=True),
        ("rules", "Crossings"): Measure(_less, own=True, from_zero=True),
        ("validation", "Accuracy"): Measure(percent=True),  # the test rows decide
        ("validation", "Loss"): Measure(own=True),
        ("training", "Accuracy"): Measure(percent=True),
        ("training", "Loss"): Measure(own=True),
        ("losses", "Loss"): Measure(_less, own=True),
    }
)
# Lines to compare with, not measures.
HIDDEN = (
    *("1-gram", "2-gram", "5-gram", "Hold the last note"),
    *("Bach's chords", "Bach's parallels", "Bach's crossings"),
)


def measure_of(group: str, column: str) -> Measure:
    """The measure; of an unknown column one that has no better way and means something to its own kind only."""
    return MEASURES.get((group, column), Measure(own=True))


def order_of(group: str, column: str) -> int:
    """Its place among the charts."""
    return next((i for i, key in enumerate(MEASURES) if key == (group, column)), len(MEASURES))


@dataclass(frozen=True)
class Level:
    """Where a run stands in a measure, and the standard error that measuring alone gives it."""

    value: float
    error: float | None  # None of too few measurements

    def beats(self, other: Level, loss: Callable[[float], float]) -> bool:
        """Whether it is better by more than the noise of both."""
        return loss(self.value) + self.noise(other) < loss(other.value)

    def noise(self, other: Level) -> float:
        """What the difference to another may come from: SURE standard errors; infinite of too few measurements."""
        if self.error is None or other.error is None:
            return math.inf
        return SURE * math.hypot(self.error, other.error)


def level(values: Sequence[float]) -> Level | None:
    """The level of measurements in their order, None without any that is finite: the mean of the latest ones.

    Its noise is what is left of neighbouring measurements when a line through three of them is taken away: second
    differences have six times the variance of one measurement, whatever the trend (Gasser et al. 1986). The median of
    them is taken, since a curve that bends has a few large ones.
    """
    found = [value for value in values if math.isfinite(value)]
    if not found:
        return None
    latest = found[-max(1, round(SHARE * len(found))) :]
    value = sum(latest) / len(latest)
    told = [value for i, value in enumerate(found) if i == 0 or value != found[i - 1]][-SEEN:]
    if len(found) < FEWEST:
        return Level(value, None)
    bends = [abs(a - 2 * b + c) for a, b, c in zip(told, told[1:], told[2:], strict=False)]
    spread = statistics.median(bends) / (NORMAL * math.sqrt(6)) if bends else 0.0
    return Level(value, spread / math.sqrt(min(len(latest), len(told))))


def repeated(values: Sequence[float]) -> Level | None:
    """The level of one and the same thing measured several times, None without any measurement that is finite."""
    found = [value for value in values if math.isfinite(value)]
    if not found:
        return None
    mean = sum(found) / len(found)
    if len(found) < 2:
        return Level(mean, None)
    spread = math.sqrt(sum((value - mean) ** 2 for value in found) / (len(found) - 1))
    few = STUDENT.get(len(found), SURE) / SURE
    return Level(mean, few * spread / math.sqrt(len(found)))
