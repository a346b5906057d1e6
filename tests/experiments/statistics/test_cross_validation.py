"""Comparisons in cross-validation: known answers, and what images repeat."""

import doctest
import json

import numpy as np
import pytest
from scipy import stats

from experiments.statistics import cross_validation as statistics
from experiments.statistics.cross_validation import (
    OVERLAP,
    compare_all_fold_pairs,
    compare_folds,
)
from experiments.statistics.quantiles import reach_reference


def cross_validation(seeds, arms=2, images=100, parts=5, gain=0.1, seed=0):
    """({arm: {seed: predictions}}, {seed: ids})."""
    generator = np.random.default_rng(seed)
    easy = generator.random(images)
    cut = []
    while len(cut) < seeds:
        cut += np.array_split(generator.permutation(images), parts)
    images = numbered(cut[:seeds])
    correct = {
        f"arm {arm}": {
            seed: generator.random(len(ids)) < easy[ids] + gain * arm
            for seed, ids in images.items()
        }
        for arm in range(arms)
    }
    return correct, images


def numbered(seeds):
    return dict(enumerate(seeds))


def accuracies(correct):
    return np.array(
        [[r.mean() for r in seeds.values()] for seeds in correct.values()]
    )


def width(found):
    return found.high - found.low


def test_paired_t_over_seeds_but_for_overlap_with_two_arms():
    correct, ids = cross_validation(5)
    (found,) = compare_folds(correct, ids, 5)
    first, other = accuracies(correct)
    low, high = stats.ttest_rel(other, first).confidence_interval()
    assert found.difference == pytest.approx(100 * (other - first).mean())
    # 1/5 + 0.25/4 of the variance over seeds, in place of 1/5.
    wider = np.sqrt((0.2 + OVERLAP / 4) / 0.2)
    assert width(found) == pytest.approx(100 * (high - low) * wider)
    assert found.covers == "seeds and images"
    assert found.seeds == found.reference_seeds == 5


def test_residual_of_arms_and_seeds_where_it_is_the_larger():
    """Three arms, of which the third is noisy: worked by hand."""
    rows = {"a": [3, 5, 7], "b": [4, 6, 8], "c": [9, 5, 1]}
    correct = {
        name: numbered([np.arange(100) < right for right in counts])
        for name, counts in rows.items()
    }
    ids = numbered(np.arange(300).reshape(3, 100))
    found, _ = compare_folds(correct, ids, 3)
    # b - a is 1 point in all seeds. Without the means of rows and columns,
    # residuals are -+2 twice and +-4 in the outer columns; their squares sum
    # to 48, on 2 * 2 degrees of freedom. Its own gains do not vary, so
    # nothing is added for overlap.
    error = np.sqrt(2 * 48 / 4 / 3)
    # Dunnett's quantile for 2 arms and 2 degrees of freedom.
    reach = reach_reference(2, 0.95)(2) * error
    assert found.difference == pytest.approx(1)
    assert found.low == pytest.approx(1 - reach)
    assert found.high == pytest.approx(1 + reach)


def test_what_all_arms_have_in_common_cancels():
    """One seed's images are easy: for all arms, so it does not matter."""
    ids = numbered(np.arange(40).reshape(2, 20))

    def right(*counts):
        return numbered([np.arange(20) < count for count in counts])

    (even,) = compare_folds({"a": right(8, 9), "b": right(10, 12)}, ids, 2)
    (easy,) = compare_folds({"a": right(8, 17), "b": right(10, 20)}, ids, 2)
    assert easy.difference == pytest.approx(even.difference)
    assert (easy.low, easy.high) == pytest.approx((even.low, even.high))


def test_images_evaluated_again_are_no_new_images():
    """Trainings that all agree: repeating them adds nothing."""
    generator = np.random.default_rng(0)
    first = generator.random(100) < 0.6
    other = np.where(generator.random(100) < 0.3, ~first, first)
    ids = cross_validation(25)[1]

    def compare(named):
        correct = {
            name: {seed: right[i] for seed, i in ids.items()}
            for name, right in (("a", first), ("b", other))
        }
        return compare_folds(correct, named, 5)[0].variance

    again = compare(ids)
    of_images = (1.0 * other - first).var(ddof=1) / 100
    # Not quite: a fifth of it comes from how folds happen to differ.
    total = again.over_images + again.over_seeds * 0.04 / (0.04 + OVERLAP / 4)
    assert total == pytest.approx(of_images, rel=0.2)
    new = compare(numbered(np.arange(500).reshape(25, 20)))
    assert new.over_images < 0.1 * again.over_images


def test_one_seed_allows_no_verdict():
    correct, ids = cross_validation(1, gain=0.5)
    (found,) = compare_folds(correct, ids, 5)
    first, other = (seeds[0].astype(float) for seeds in correct.values())
    low, high = stats.ttest_rel(other, first).confidence_interval()
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert found.low > 0
    assert found.verdict == "trained_once"
    assert found.covers == "images alone"
    assert found.detectable is None


def test_orders_do_not_matter():
    correct, ids = cross_validation(7, arms=3)
    expected = compare_folds(correct, ids, 5)
    names = np.random.default_rng(1).permutation(100)

    def turn(seeds):
        return {f"seed {s}": seeds[s][::-1] for s in reversed(seeds)}

    turned = compare_folds(
        {name: turn(seeds) for name, seeds in reversed(correct.items())},
        {
            seed: [f"image {names[i]}" for i in images]
            for seed, images in turn(ids).items()
        },
        5,
        "arm 0",
    )
    for one, other in zip(turned[::-1], expected, strict=True):
        assert one.arm == other.arm
        assert one[2:5] == pytest.approx(other[2:5])


def test_each_arm_is_compared_on_the_seeds_that_it_shares():
    correct, ids = cross_validation(6, arms=3)
    missing = correct | {
        "arm 2": {s: r for s, r in correct["arm 2"].items() if s not in (1, 4)}
    }
    whole, part = compare_folds(missing, ids, 5)
    expected = compare_folds(correct, ids, 5)[0]
    assert whole.difference == pytest.approx(expected.difference)
    assert (whole.seeds, part.seeds) == (6, 4)
    kept = {
        name: {s: r for s, r in seeds.items() if s not in (1, 4)}
        for name, seeds in correct.items()
    }
    assert part.difference == pytest.approx(
        compare_folds(kept, ids, 5)[1].difference
    )
    assert part.variance.degrees == 3


def test_arms_without_a_seed_in_common_are_not_compared():
    correct, ids = cross_validation(6, arms=3)
    apart = correct | {
        "arm 0": {s: r for s, r in correct["arm 0"].items() if s < 3},
        "arm 1": {s: r for s, r in correct["arm 1"].items() if s >= 3},
    }
    (found,) = compare_folds(apart, ids, 5)
    assert (found.arm, found.seeds) == ("arm 2", 3)
    pairs = compare_all_fold_pairs(apart, ids, 5)
    assert [(d.reference, d.arm) for d in pairs] == [
        ("arm 0", "arm 2"),
        ("arm 1", "arm 2"),
    ]


def test_all_pairs_reach_as_far_as_the_studentized_range():
    correct, ids = cross_validation(5, arms=4)
    pairs = compare_all_fold_pairs(correct, ids, 5)
    assert len(pairs) == 6
    reach = stats.studentized_range.ppf(0.95, 4, 4) / np.sqrt(2)
    for pair, found in zip(pairs, compare_folds(correct, ids, 5), strict=False):
        assert pair.variance == found.variance
        low = pair.difference - reach * pair.variance.error
        assert pair.low == pytest.approx(max(-100, low))


@pytest.mark.parametrize("arms", [2, 3, 12])
@pytest.mark.parametrize("seeds", [1, 2, 7])
@pytest.mark.parametrize("images", [2, 30])
@pytest.mark.parametrize("gain", [-1, 0, 1])
def test_every_number_is_finite_or_none(arms, seeds, images, gain):
    correct, ids = cross_validation(seeds, arms, images, 2, gain)
    everything = [
        *compare_folds(correct, ids, 2),
        *compare_all_fold_pairs(correct, ids, 2),
    ]
    assert len(everything) == arms - 1 + arms * (arms - 1) // 2
    for found in everything:
        assert -100 <= found.low <= found.difference <= found.high <= 100
        assert (found.verdict == "trained_once") == (seeds == 1)
        assert json.dumps(found.as_json(), allow_nan=False)


def test_folds_without_any_deviation_are_no_proof():
    """Every fold gains one image of three."""
    plain = numbered([np.array([True, False, False])] * 2)
    mixed = numbered([np.array([True, True, False])] * 2)
    (found,) = compare_folds({"a": plain, "b": mixed}, IDS, 2)
    assert found.difference == pytest.approx(100 / 3)
    assert found.verdict == "not_told_apart"


RIGHT = np.ones(3, bool)
IDS = {0: [0, 1, 2], 1: [3, 4, 5]}


@pytest.mark.parametrize(
    ("correct", "images", "folds", "message"),
    [
        ({}, IDS, 2, "at least one arm"),
        ({"a": {2: RIGHT}}, IDS, 2, r"{0: 3, 1: 3}. Received for a: {2: 3}"),
        ({"a": {1: RIGHT[1:]}}, IDS, 2, r"{0: 3, 1: 3}. Received .*{1: 2}"),
        ({"a": {0: RIGHT}}, {0: [3, 4, 4]}, 2, "once in a seed.*in seed 0"),
        ({"a": {0: RIGHT * 1.0}}, IDS, 2, "for a a boolean.*float64"),
        ({"a": {0: RIGHT[:0]}}, IDS, 2, "not empty"),
        ({"a": {0: RIGHT}}, IDS, 1, "at least 2 folds.*folds=1"),
    ],
)
def test_wrong_input(correct, images, folds, message):
    with pytest.raises(ValueError, match=message):
        compare_folds(correct, images, folds)


def test_examples_run():
    result = doctest.testmod(statistics)
    assert result.attempted > 0
    assert result.failed == 0
