"""What a plan promises: more costs more, and limits are limits.

That studies find what is planned is in tests/benchmarks/test_false_claims.py.
"""

import doctest

import numpy as np
import pytest

from experiments.statistics import planning
from experiments.statistics.comparison import compare_arms
from experiments.statistics.planning import (
    MOST_SEEDS,
    detectable_difference,
    seeds_needed,
)

STUDY = {"arms": 2, "seeds": 5, "images": 10_000, "accuracy": 0.62}


@pytest.mark.parametrize(
    ("name", "more", "sign"),
    [
        ("arms", 11, 1),
        ("seeds", 6, -1),
        ("images", 20_000, -1),
        ("accuracy", 0.8, -1),
        ("agreement", 0.9, -1),
        ("seed_deviation", 0.5, 1),
        ("arm_share", 0.2, 1),
        ("confidence", 0.99, 1),
    ],
)
def test_what_makes_it_harder(name, more, sign):
    changed = detectable_difference(**STUDY | {name: more})
    assert sign * (changed - detectable_difference(**STUDY)) > 0


def test_folds_need_more_seeds_than_whole_sets():
    """Each seed judges a part: five of them, all images once."""
    folds = {"arms": 2, "images": 1000, "accuracy": 0.62, "folds": 5}
    whole = {"arms": 2, "images": 1000, "accuracy": 0.62}
    noisy = {"seed_deviation": 0}
    once, twice = (
        detectable_difference(seeds=seeds, **folds, **noisy)
        for seeds in (50, 100)
    )
    # Ten and twenty times each image: as much luck as ten and twenty seeds.
    for found, seeds in ((once, 10), (twice, 20)):
        expected = detectable_difference(seeds=seeds, **whole, **noisy)
        assert found == pytest.approx(expected, rel=0.1)
    assert twice < once
    seeds = seeds_needed(5, **folds)
    assert detectable_difference(seeds=seeds, **folds) <= 5


def test_plan_is_what_a_study_of_these_numbers_reports():
    """Twelve seeds whose errors are independent, and nothing else varies."""
    generator = np.random.default_rng(0)
    right = generator.random((2, 12, 10_000)) < 0.62
    (found,) = compare_arms(dict(enumerate(right)))
    assumed = {"agreement": 1 - 2 * 0.62 * 0.38, "seed_deviation": 0}
    plan = detectable_difference(2, 12, 10_000, 0.62, **assumed)
    assert found.detectable == pytest.approx(plan, rel=0.25)


@pytest.mark.parametrize("arms", [2, 11])
@pytest.mark.parametrize("difference", [0.7, 1, 3])
def test_seeds_needed_are_the_fewest(arms, difference):
    seeds = seeds_needed(difference, arms, 10_000, 0.62)
    study = STUDY | {"arms": arms}
    enough = detectable_difference(**study | {"seeds": seeds})
    assert enough <= difference
    if seeds > 2:
        fewer = detectable_difference(**study | {"seeds": seeds - 1})
        assert fewer > difference


def test_trainings_do_not_make_up_for_images():
    assert seeds_needed(6, 2, 140, 0.62) < 10
    assert seeds_needed(2, 2, 140, 0.62) is None
    at_most = detectable_difference(2, MOST_SEEDS, 140, 0.62)
    assert seeds_needed(at_most, 2, 140, 0.62) == MOST_SEEDS
    # Not even if arms were better by the same on all images: one is 0.7.
    assert seeds_needed(0.7, 2, 140, 0.62, arm_share=0) is None


def test_too_few_images_find_nothing_at_all():
    assert detectable_difference(2, 5, 1, 0.5) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"arms": 1}, "arms of at least 2. Received: arms=1"),
        ({"seeds": 1}, "seeds of at least 2. Received: seeds=1"),
        ({"images": 0}, "images of at least 1"),
        ({"accuracy": 62}, "accuracy of at least 0 and at most 1.*62"),
        ({"accuracy": float("nan")}, "accuracy.*nan"),
        ({"agreement": 0.5}, "agreement of at least 0.5288.*0.5"),
        ({"agreement": 75}, "agreement.*75"),
        ({"seed_deviation": -1}, "seed_deviation.*-1"),
        ({"arm_share": 10}, "arm_share.*10"),
        ({"folds": 1}, "folds of at least 2"),
        ({"confidence": 95}, "confidence.*95"),
    ],
)
def test_wrong_input(changed, message):
    with pytest.raises(ValueError, match=message):
        detectable_difference(**STUDY | changed)


@pytest.mark.parametrize("difference", [0, -1, float("nan")])
def test_no_difference_needs_no_seeds(difference):
    with pytest.raises(ValueError, match=f"more than 0.*{difference}"):
        seeds_needed(difference, 2, 10_000, 0.62)


def test_examples_run():
    result = doctest.testmod(planning)
    assert result.attempted > 0
    assert result.failed == 0
