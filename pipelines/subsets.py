"""Which examples of a split are used. All return sorted indices."""

import numpy as np


def first_per_class(labels, count):
    """The first `count` examples of each class, in the order of the split."""
    return np.flatnonzero(_rank_in_class(labels) < count)


def half_per_class(labels, seed):
    """A random half of each class's examples, the same for the same seed."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    rank = np.empty(len(labels), int)
    rank[shuffled] = _rank_in_class(labels[shuffled])
    return np.flatnonzero(rank < np.bincount(labels)[labels] // 2)


def spread_over_classes(labels, count):
    """`count` examples, as many of each class as of any other (+- 1)."""
    order = np.lexsort((labels, _rank_in_class(labels)))
    return np.sort(order[:count])


def _rank_in_class(labels):
    """0 for the first example of its class, 1 for the second, and so on."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], labels[order])
    rank = np.empty(len(labels), int)
    rank[order] = np.arange(len(labels)) - starts
    return rank
