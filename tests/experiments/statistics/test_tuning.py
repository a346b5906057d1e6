"""Points of trials, and the expected best of them."""

import doctest
import itertools

import numpy as np
import pytest

from experiments.configs import variants
from experiments.configs.variants import Dimension
from experiments.statistics import tuning
from experiments.statistics.tuning import (
    compute_expected_best,
    draw_points,
    list_leads,
)

RATE = Dimension("optimizer.learning_rate", "log", (0.01, 1.0))
SHARE = Dimension("augment.CutMix.probability", "lin", (0.0, 1.0))
WIDTH = Dimension("model.width", "lin", (8, 16))
STEM = Dimension("model.stem", "choice", ("small", "imagenet", "other"))


def test_points_cover_the_space():
    points = draw_points([RATE, SHARE, WIDTH, STEM], 30)
    rates = np.array([each[RATE.field] for each in points])
    assert rates.min() >= 0.01
    assert rates.max() <= 1
    # Evenly over the logarithm: half of them in each decade.
    assert 13 <= (rates < 0.1).sum() <= 17
    shares = np.array([each[SHARE.field] for each in points])
    assert 13 <= (shares < 0.5).sum() <= 17
    widths = [each[WIDTH.field] for each in points]
    assert all(type(each) is int for each in widths)
    assert set(range(9, 16)) <= set(widths) <= set(range(8, 17))
    stems = [each[STEM.field] for each in points]
    assert all(9 <= stems.count(stem) <= 11 for stem in STEM.values)


def test_more_trials_keep_the_points_of_fewer():
    few, many = draw_points([RATE, SHARE], 5), draw_points([RATE, SHARE], 12)
    assert many[:5] == few


def test_values_have_three_digits():
    for point in draw_points([RATE], 20):
        value = point[RATE.field]
        assert value == float(f"{value:.3g}")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_expected_best_is_the_mean_over_all_sets(count):
    errors = [31.0, 12.0, 55.0, 20.0, 12.0]
    sets = list(itertools.combinations(errors, count))
    found = compute_expected_best(errors)[count - 1]
    assert found == pytest.approx(np.mean([min(each) for each in sets]))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_expected_best_with_replacement_is_the_mean_over_all_draws(count):
    errors = [31.0, 12.0, 55.0]
    draws = list(itertools.product(errors, repeat=count))
    found = compute_expected_best(errors, with_replacement=True)[count - 1]
    assert found == pytest.approx(np.mean([min(each) for each in draws]))


def test_equal_arms_have_one_lead():
    (lead,) = list_leads({"a": [3, 1, 2], "b": [1, 2, 3]})
    assert lead == ("a", 1, 3)


@pytest.mark.parametrize("module", [tuning, variants])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
