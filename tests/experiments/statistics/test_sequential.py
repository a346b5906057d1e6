"""Levels of looks, and decisions after them."""

import doctest

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import sequential
from experiments.statistics.comparison import compare_arms, compare_separately
from experiments.statistics.cross_validation import (
    compare_folds,
    compare_folds_separately,
)
from experiments.statistics.sequential import LOOKS, Looks, compute_levels
from experiments.statistics.variance import combine_variance


@pytest.mark.parametrize(
    ("comparisons", "levels"),
    [
        (1, [0.003125, 0.006742, 0.017179, 0.038815]),
        (2, [0.001562, 0.003301, 0.008358, 0.018709]),
        (4, [0.000781, 0.001621, 0.004081, 0.009061]),
        (6, [0.000521, 0.001070, 0.002687, 0.005940]),
        (10, [0.000312, 0.000635, 0.001589, 0.003496]),
    ],
)
def test_levels_are_those_of_the_table(comparisons, levels):
    found = compute_levels(LOOKS, comparisons)
    # The table cuts .0003125 off.
    assert found == pytest.approx(levels, abs=6e-7)


def test_one_look_is_a_study_of_fixed_seeds():
    assert compute_levels((5,), 4) == pytest.approx([0.05 / 4], rel=1e-9)


def test_a_walk_leaves_the_limits_as_often_as_is_spent():
    """Drawn: in 5 % of walks, and by each look its share."""
    steps = np.diff(LOOKS, prepend=0)
    walks = np.random.default_rng(0).normal(size=(100_000, 4)) * np.sqrt(steps)
    heights = np.abs(walks.cumsum(1)) / np.sqrt(LOOKS)
    limits = stats.norm.isf(np.array(compute_levels(LOOKS, 1)) / 2)
    left = (heights >= limits).cumsum(1) > 0
    spent = 0.05 * (np.array(LOOKS) / 12) ** 2
    assert left.mean(0) == pytest.approx(spent, abs=0.003)


@pytest.mark.parametrize("seeds", [(), (1, 3), (3, 3), (5, 3)])
def test_looks_that_do_not_ascend_are_refused(seeds):
    with pytest.raises(ValueError, match="ascending numbers of seeds from 2"):
        compute_levels(seeds, 1)


def right_of(difference, seeds=5, images=1000):
    """An arm and its reference; seeds differ by 2 images."""
    base = np.arange(images) < 600 + 2 * np.arange(seeds)[:, None]
    arm = np.arange(images) < 600 + difference + 2 * np.arange(seeds)[:, None]
    return {"plain": base, "arm": arm}


def decide(difference, look, margin=None, seeds=LOOKS, **options):
    looks = Looks(seeds, 1, margin)
    right = right_of(difference, seeds[look], **options)
    (found,) = compare_separately(right, None, 1 - looks.levels[look])
    return sequential.decide(found, look, looks)


@pytest.mark.parametrize(
    ("difference", "look", "margin", "expected"),
    [
        (100, 0, None, "better"),
        (-100, 0, None, "worse"),
        # A claim comes first, even if it is a small one.
        (100, 0, 99, "better"),
        (0, 0, 20, "no_relevant_difference"),
        (6, 0, None, "runs_on"),
        (0, 0, None, "cannot_be_told"),
        # Alike within the margin, perhaps, with more seeds.
        (2, 2, 0.5, "runs_on"),
        (2, 2, None, "cannot_be_told"),
        (6, 3, None, "cannot_be_told"),
    ],
)
def test_decisions_have_an_order(difference, look, margin, expected):
    assert decide(difference, look, margin) == expected


def test_an_arm_trained_once_cannot_be_told():
    looks = Looks((2, 3), 1)
    assert sequential.decide(None, 0, looks) == "cannot_be_told"
    (once,) = compare_separately(right_of(100, 1), None, 0.99)
    assert once.verdict == "trained_once"
    assert sequential.decide(once, 0, looks) == "cannot_be_told"


def test_predictions_without_variance_are_decided_on():
    right = np.ones((3, 40), bool)
    looks = Looks(LOOKS, 1)
    (found,) = compare_separately({"a": right, "b": right}, None, 0.99)
    assert sequential.decide(found, 0, looks) == "cannot_be_told"


def test_chances_are_those_of_a_study_that_goes_on():
    """Drawn: D_L given D, with the variance that is left."""
    looks = Looks(LOOKS, 1, margin=3.0)
    variance = combine_variance(1000, 2e-5, 6e-5, 8)
    (found,) = compare_arms(right_of(10))
    found = found._replace(difference=1.0, variance=variance)
    told, alike = sequential._claim_later(found, 1, looks)
    later = 6e-5 * 5 / 12 + 2e-5
    reach = stats.t.isf(looks.levels[-1] / 2, 8 * 12 / 5) * 100 * later**0.5
    normal = np.random.default_rng(0).normal(size=200_000)
    left = 100 * (8e-5 - later) ** 0.5
    by_information = 1.0 + left * (later / 8e-5) ** 0.5 * normal
    assert told == pytest.approx((by_information > reach).mean(), abs=0.005)
    inside = np.abs(1.0 + left * normal) < 3.0 - reach
    assert alike == pytest.approx(inside.mean(), abs=0.005)
    assert told > 0.05
    assert alike > 0.01


def test_intervals_of_two_arms_are_the_usual_ones_at_another_level():
    right = right_of(10)
    (usual,) = compare_arms(right, confidence=0.99)
    (found,) = compare_separately(right, None, 0.99)
    assert found == usual
    more = right | {"other": right_of(20)["arm"]}
    for each in compare_separately(more, None, 0.99):
        width = stats.t.isf(0.005, each.variance.degrees) * each.variance.error
        assert each.high - each.low == pytest.approx(2 * width)


def test_intervals_of_folds_are_students():
    right = {
        arm: dict(enumerate(rows[:, :10] ^ (np.arange(10) == 3)))
        for arm, rows in right_of(3, 4, images=10).items()
    }
    right["arm"][0] = ~right["arm"][0]
    images = {seed: [f"{seed % 2} {i}" for i in range(10)] for seed in range(4)}
    (found,) = compare_folds_separately(right, images, 2, None, 0.99)
    (usual,) = compare_folds(right, images, 2, None, 0.99)
    assert found.high == pytest.approx(usual.high, rel=1e-3)
    assert found.variance == usual.variance


def test_the_example_holds():
    assert doctest.testmod(sequential).attempted > 0
    assert doctest.testmod(sequential).failed == 0
