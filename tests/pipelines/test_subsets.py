"""Subsets keep the classes in balance and never depend on chance."""

import numpy as np

from pipelines import subsets

LABELS = np.random.default_rng(0).integers(0, 7, 500)


def test_first_per_class_takes_the_first_of_each():
    chosen = subsets.first_per_class(LABELS, 20)
    for label in range(7):
        expected = np.flatnonzero(LABELS == label)[:20]
        np.testing.assert_array_equal(chosen[LABELS[chosen] == label], expected)


def test_half_per_class_takes_half_of_each_and_repeats():
    chosen = subsets.half_per_class(LABELS, seed=3)
    np.testing.assert_array_equal(
        np.bincount(LABELS[chosen]), np.bincount(LABELS) // 2
    )
    np.testing.assert_array_equal(chosen, subsets.half_per_class(LABELS, 3))
    assert not np.array_equal(chosen, subsets.half_per_class(LABELS, 4))
    assert len(np.unique(chosen)) == len(chosen)


def test_half_per_class_is_a_fair_draw():
    """Over many seeds each example is taken about half of the time."""
    labels = np.repeat([0, 1], 20)
    taken = np.zeros(40)
    for seed in range(400):
        taken[subsets.half_per_class(labels, seed)] += 1
    # 200 expected, standard deviation 10; five of them either way.
    assert taken.min() > 150
    assert taken.max() < 250


def test_spread_over_classes_gives_all_classes_their_share():
    chosen = subsets.spread_over_classes(LABELS, 100)
    counts = np.bincount(LABELS[chosen], minlength=7)
    assert counts.sum() == 100
    assert counts.max() - counts.min() <= 1
