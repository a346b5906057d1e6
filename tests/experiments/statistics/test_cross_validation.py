"""Comparisons in cross-validation: known answers, and what images repeat."""

import doctest

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import cross_validation as folds
from experiments.statistics.cross_validation import compare_folds


def cross_validation(seeds, arms=2, images=100, parts=5, gain=0.1, seed=0):
    """({arm: predictions of each seed}, ids of each seed)."""
    generator = np.random.default_rng(seed)
    easy = generator.random(images)
    cut = []
    while len(cut) < seeds:
        cut += np.array_split(generator.permutation(images), parts)
    cut = cut[:seeds]
    correct = {
        f"arm {arm}": [
            generator.random(len(ids)) < easy[ids] + gain * arm for ids in cut
        ]
        for arm in range(arms)
    }
    return correct, cut


def accuracies(correct):
    return np.array([[r.mean() for r in seeds] for seeds in correct.values()])


def test_paired_t_over_seeds_with_two_arms():
    correct, ids = cross_validation(5)
    (found,) = compare_folds(correct, ids)
    first, other = accuracies(correct)
    test = stats.ttest_rel(other, first)
    low, high = test.confidence_interval()
    assert found.difference == pytest.approx(100 * (other - first).mean())
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert found.covers == "seeds and images"


def test_residual_of_arms_and_seeds_where_it_is_the_larger():
    """Three arms, of which the third is noisy: worked by hand."""
    rows = {"a": [3, 5, 7], "b": [4, 6, 8], "c": [9, 5, 1]}
    correct = {
        name: [np.arange(10) < right for right in counts]
        for name, counts in rows.items()
    }
    ids = np.arange(30).reshape(3, 10)
    found, _ = compare_folds(correct, ids)
    # b - a is 0.1 in all seeds. Without the means of rows and columns,
    # residuals are -+0.2 twice and +-0.4 in the outer columns; their squares
    # sum to 0.48, on 2 * 2 degrees of freedom.
    error = np.sqrt(2 * 0.48 / 4 / 3)
    reach = stats.t.ppf(1 - 0.05 / 4, 4) * error
    assert found.difference == pytest.approx(10)
    assert found.low == pytest.approx(10 - 100 * reach)
    assert found.high == pytest.approx(min(100, 10 + 100 * reach))


def test_what_all_arms_have_in_common_cancels():
    """One seed's images are easy: for all arms, so it does not matter."""
    ids = np.arange(40).reshape(2, 20)

    def right(*counts):
        return [np.arange(20) < count for count in counts]

    (even,) = compare_folds({"a": right(8, 9), "b": right(10, 12)}, ids)
    (easy,) = compare_folds({"a": right(8, 17), "b": right(10, 20)}, ids)
    assert easy.difference == pytest.approx(even.difference)
    assert (easy.low, easy.high) == pytest.approx((even.low, even.high))


def test_images_judged_again_are_no_new_images():
    """Trainings that all agree: repeating them adds nothing."""
    generator = np.random.default_rng(0)
    first = generator.random(100) < 0.6
    other = np.where(generator.random(100) < 0.3, ~first, first)
    ids = cross_validation(25)[1]

    def compared(ids, named):
        correct = {"a": [first[i] for i in ids], "b": [other[i] for i in ids]}
        return compare_folds(correct, named)[0]

    again = compared(ids, ids)
    test = stats.ttest_rel(other.astype(float), first.astype(float))
    low, high = test.confidence_interval()
    # Not quite: a fifth of it comes from how folds happen to differ.
    assert again.high - again.low == pytest.approx(100 * (high - low), rel=0.1)
    new = compared(ids, np.arange(500).reshape(25, 20))
    assert new.high - new.low < 0.6 * (again.high - again.low)


def test_one_seed_allows_no_verdict():
    correct, ids = cross_validation(1, gain=0.5)
    (found,) = compare_folds(correct, ids)
    first, other = (seeds[0].astype(float) for seeds in correct.values())
    low, high = stats.ttest_rel(other, first).confidence_interval()
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert found.low > 0
    assert found.verdict == "trained_once"
    assert found.covers == "images alone"
    assert found.detectable is None


def test_orders_do_not_matter():
    correct, ids = cross_validation(7, arms=3)
    expected = compare_folds(correct, ids)
    names = np.random.default_rng(1).permutation(100)
    turned = compare_folds(
        {k: [r[::-1] for r in v[::-1]] for k, v in reversed(correct.items())},
        [[f"image {names[i]}" for i in i_s[::-1]] for i_s in ids[::-1]],
        "arm 0",
    )
    for one, other in zip(turned[::-1], expected, strict=True):
        assert one.arm == other.arm
        assert one[2:5] == pytest.approx(other[2:5])


def test_folds_without_any_deviation_are_no_proof():
    """Every fold gains one image of three."""
    plain = [np.array([True, False, False])] * 2
    mixed = [np.array([True, True, False])] * 2
    ids = [[0, 1, 2], [3, 4, 5]]
    (found,) = compare_folds({"a": plain, "b": mixed}, ids)
    assert found.difference == pytest.approx(100 / 3)
    assert found.verdict == "not_told_apart"


RIGHT = np.ones(3, bool)
IDS = [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("correct", "images", "message"),
    [
        ({}, IDS, "at least one arm"),
        ({"a": [RIGHT, RIGHT], "b": [RIGHT]}, IDS, r"'b': \[3\]"),
        ({"a": [RIGHT, RIGHT[1:]]}, IDS, r"\[3, 3\]. Received: .*\[3, 2\]"),
        ({"a": []}, [], "same seeds"),
        ({"a": [RIGHT, RIGHT]}, [[0, 1, 2], [3, 4, 4]], "once in a seed"),
        ({"a": [RIGHT, RIGHT * 1.0]}, IDS, "for a a boolean.*float64"),
        ({"a": [RIGHT, RIGHT[:0]]}, IDS, "not empty"),
    ],
)
def test_wrong_input(correct, images, message):
    with pytest.raises(ValueError, match=message):
        compare_folds(correct, images)


def test_examples_run():
    result = doctest.testmod(folds)
    assert result.attempted > 0
    assert result.failed == 0
