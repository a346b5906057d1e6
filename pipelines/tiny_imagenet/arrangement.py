"""Which image is in which split, and in which order the records are written.

All of it follows from the images' classes and ranks (their places among the
images of their class, by number) and `SEED`. It is settled before any image
is looked at: leaving out a bad one moves no other to another split.
"""

import numpy as np

SEED = 0
HELD_OUT = 0.1


def arrange_train(labels):
    """The archive's train images as the splits `train` and `holdout`.

    The held-out images, a tenth of each class, are drawn from the second
    half of each class: they are not among the published study's train
    images, the first half, so one holdout serves both.

    The first halves of all classes come first, then what is left of the
    others. Within both the images go rank by rank over all classes, so that
    who reads without shuffling sees all classes.

    Args:
        labels: int (N,), sorted; each class has at least two.

    Returns:
        {"train": indices, "holdout": indices, "published_train": indices}:
        int (n,) each; the last is the beginning of the first.
    """
    rank, count = _rank_and_count(labels)
    first_half = rank < count // 2
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        second_half = np.flatnonzero((labels == label) & ~first_half)
        wanted = max(1, round(HELD_OUT * np.sum(labels == label)))
        random = np.random.default_rng([SEED, int(label)])
        held_out[random.choice(second_half, wanted, replace=False)] = True
    order = np.lexsort((labels, rank, ~first_half))
    return {
        "train": order[~held_out[order]],
        "holdout": order[held_out[order]],
        "published_train": order[first_half[order]],
    }


def arrange_validation(labels):
    """The validation images, a seeded half of each class first.

    Args:
        labels: int (N,), sorted.

    Returns:
        {"validation": indices, "published_validation": indices}: int (n,)
        each; the second is the beginning of the first.
    """
    rank, count = _rank_and_count(labels)
    shuffled = np.empty_like(rank)
    for label in np.unique(labels):
        own = labels == label
        random = np.random.default_rng([SEED, int(label)])
        shuffled[own] = random.permutation(np.sum(own))
    chosen = shuffled < count // 2
    order = np.lexsort((labels, rank, ~chosen))
    return {
        "validation": order,
        "published_validation": order[chosen[order]],
    }


def _rank_and_count(labels):
    """Of each image: its place in its class, and the size of the class."""
    rank = np.arange(len(labels)) - np.searchsorted(labels, labels)
    return rank, np.bincount(labels)[labels]
