import math
import random

import pytest

from engines.running.comparison.measures import MEASURES, Level, level, measure_of, order_of, repeated


def noisy(trend, sigma=1.0, count=60, seed=1):
    draw = random.Random(seed)
    return [trend(i) + draw.gauss(0, sigma) for i in range(count)]


@pytest.mark.parametrize("trend", [lambda i: 40, lambda i: 100 - i, lambda i: 300 * math.exp(-i / 15) + 20])
def test_the_noise_of_measuring_is_told_apart_from_what_is_learned(trend):
    found = [level(noisy(trend, 2.0, seed=seed)) for seed in range(20)]
    one = [each.error * math.sqrt(3) for each in found]  # of one measurement: the latest three of sixty are the level
    assert 1.5 < sum(one) / len(one) < 2.5


def test_a_level_is_that_of_the_latest_measurements():
    assert level([100, 50, 40, 30, 20]).value == 20
    assert level([*range(100)]).value == pytest.approx(97)
    assert level([1.0, math.nan, 3.0]).value == 3.0
    assert level([math.nan]) is None
    assert level([]) is None


def test_of_few_measurements_the_noise_is_not_known():
    few, many = level([9.0, 8.0, 7.0]), level([1.0, 1.1, 1.0, 1.1, 1.0])
    assert few.error is None
    assert not many.beats(few, lambda value: value), "nobody leads against what is not known"


def test_what_is_told_again_unchanged_is_not_measured_again():
    told = [5.0, 5.0, 5.0, 4.0, 4.0, 4.0, 5.0, 5.0, 5.0, 4.0, 4.0, 4.0]
    assert level(told).error > 0


def test_one_beats_another_by_more_than_the_noise_of_both():
    def less(value):
        return value

    assert Level(10, 1).beats(Level(14, 1), less)
    assert not Level(10, 1).beats(Level(12, 1), less)
    assert not Level(14, 1).beats(Level(10, 1), less)


def test_repeated_measurements_have_their_mean_and_its_standard_error():
    found = repeated([10.0, 12.0, 14.0, math.inf])
    assert (found.value, found.error) == (12.0, pytest.approx(2.78 / 2 * 2 / math.sqrt(3)))
    assert repeated([10.0]).error is None
    assert repeated([]) is None


def test_variety_is_best_as_in_the_real_pictures():
    loss = MEASURES["scores", "Diversity"].loss
    assert loss(0.98) < loss(0.8)
    assert loss(1.02) < loss(1.3)


def test_what_is_not_known_has_no_better_way_and_comes_last():
    unknown = measure_of("losses", "Temperature")
    assert unknown.loss is None
    assert unknown.own
    assert order_of("losses", "Temperature") > order_of("losses", "Loss")
