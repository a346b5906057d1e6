"""Intervals against references, and whether they cover what they promise."""

import tracemalloc

import numpy as np
import pytest
import scipy.stats

from experiments.report import intervals
from experiments.report.intervals import (
    bootstrap_intervals,
    wilson_interval,
)


@pytest.mark.parametrize("images", [1, 28, 10_000])
def test_wilson_is_scipys_for_whole_counts(images):
    for count in {0, 1, images // 2, images}:
        expected = scipy.stats.binomtest(count, images).proportion_ci(
            method="wilson"
        )
        found = wilson_interval(count / images, images)
        assert found == pytest.approx(tuple(expected), abs=1e-12)


def test_wilson_of_a_published_example():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    assert wilson_interval(81 / 263, 263) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )
    assert wilson_interval(15 / 148, 148) == pytest.approx(
        (0.0624, 0.1605), abs=5e-5
    )
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def difference(mean):
    return mean[1:] - mean[:1]


def two_arms(generator, images, repetitions=1):
    """Shares of right predictions of two arms that have much in common.

    An image is easy or hard for both; the second arm is right more often by
    10 points.
    """
    easy = generator.random((images, 1)) < 0.5
    chance = np.where(easy, 0.8, 0.3) + np.array([0.0, 0.1])
    right = generator.random((repetitions, images, 2)) < chance
    return right.mean(0)


@pytest.mark.parametrize(("images", "repetitions"), [(28, 1), (140, 3)])
def test_difference_covers_the_truth(monkeypatch, images, repetitions):
    monkeypatch.setattr(intervals, "_RESAMPLES", 499)
    generator = np.random.default_rng(1)
    studies = 300
    covered = 0
    for _ in range(studies):
        values = two_arms(generator, images, repetitions)
        ((low, high),) = bootstrap_intervals(difference, values, (-1, 1))
        covered += low <= 0.1 <= high
    # Four standard errors of 300 studies are 5 points.
    assert 0.90 <= covered / studies <= 0.985


def test_repetitions_as_if_they_were_images_would_not_cover(monkeypatch):
    """What the rule of whole images is for: the test above can fail."""
    monkeypatch.setattr(intervals, "_RESAMPLES", 499)
    generator = np.random.default_rng(1)
    covered = 0
    for _ in range(100):
        one = two_arms(generator, 28)
        ((low, high),) = bootstrap_intervals(
            difference, np.concatenate([one] * 3), (-1, 1)
        )
        covered += low <= 0.1 <= high
    assert covered / 100 < 0.85


def test_pairing_narrows_what_arms_have_in_common():
    generator = np.random.default_rng(0)
    right = (generator.random(200) < 0.6).astype(float)
    other = np.where(np.arange(200) < 4, 1 - right, right)
    paired = bootstrap_intervals(
        difference, np.stack([right, other], 1), (-1, 1)
    )
    apart = bootstrap_intervals(
        difference, np.stack([right, np.roll(other, 7)], 1), (-1, 1)
    )
    assert np.ptp(paired) < 0.5 * np.ptp(apart)


def test_few_images_have_students_interval():
    """The plain percentile interval of 12 values is a sixth narrower."""
    values = np.random.default_rng(0).normal(size=(12, 1))
    ((low, high),) = bootstrap_intervals(lambda mean: mean, values, (-9, 9))
    expected = scipy.stats.ttest_1samp(values[:, 0], 0).confidence_interval()
    assert high - low == pytest.approx(np.diff(expected)[0], rel=0.06)


def test_several_statistics_at_once_are_the_same():
    values = np.random.default_rng(0).random((50, 2))
    both = bootstrap_intervals(
        lambda mean: np.stack([mean[0], mean[0] * mean[1]]), values, (0, 1)
    )
    one = bootstrap_intervals(lambda mean: mean[:1], values, (0, 1))
    assert both.shape == (2, 2)
    np.testing.assert_array_equal(both[:1], one)


def test_same_seed_same_interval():
    values = np.random.default_rng(0).random((100, 2))

    def found(seed):
        return bootstrap_intervals(difference, values, (-1, 1), seed).tolist()

    assert found(0) == found(0)
    assert found(0) != found(1)


def test_one_image_tells_nothing():
    found = bootstrap_intervals(difference, [[0.0, 1.0]], (-1, 1))
    assert found.tolist() == [[-1, 1]]


def test_ten_thousand_images_need_little_memory(monkeypatch):
    monkeypatch.setattr(intervals, "_RESAMPLES", 999)
    values = two_arms(np.random.default_rng(0), 10_000)
    tracemalloc.start()
    bootstrap_intervals(difference, values, (-1, 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
