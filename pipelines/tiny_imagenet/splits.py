"""Splits of Tiny ImageNet, and the order of its records.

Both follow from the classes of the images, their order and two seeds. They
are settled before any image is read: a bad image that is left out moves no
other image to another split.
"""

import random

import numpy as np

SEED = 0
PUBLISHED_SEED = 42
HELD_OUT = 0.1


def arrange_train(labels):
    """Arranges the archive's train images in `train` and `holdout`.

    The published study trained on the first half of each class, in text
    order of the names. The held-out images, a tenth of each class, are drawn
    from the second half, so one holdout serves both.

    The first halves of all classes come first, then the rest. In both the
    classes take turns, so that a reader who does not shuffle sees all of
    them.

    Args:
        labels: int (N,), of `Contents.train`; each class has at least two.

    Returns:
        {"train": indices, "holdout": indices, "published_train": indices}:
        int (n,) each; the last is the beginning of the first.
    """
    first_half, held_out, rest = [], [], []
    for label, own in _group_by_class(labels):
        middle = len(own) // 2
        wanted = max(1, round(HELD_OUT * len(own)))
        generator = np.random.default_rng([SEED, label])
        drawn = generator.choice(own[middle:], wanted, replace=False)
        first_half.append(own[:middle])
        held_out.append(np.sort(drawn))
        rest.append(np.setdiff1d(own[middle:], drawn))
    published = _take_turns(first_half)
    return {
        "train": np.concatenate([published, _take_turns(rest)]),
        "holdout": _take_turns(held_out),
        "published_train": published,
    }


def arrange_validation(labels):
    """Arranges the validation images, the published half of each class first.

    The study seeded Python's generator once and shuffled one class after the
    other, in the order of their first lines in val_annotations.txt. It
    validated on the first half of each, and called the other half test.

    Args:
        labels: int (N,), of `Contents.validation`.

    Returns:
        {"validation": indices, "published_validation": indices}: int (n,)
        each; the second is the beginning of the first.
    """
    generator = random.Random(PUBLISHED_SEED)
    half, rest = [], []
    for _, own in _group_by_class(labels):
        shuffled = own.tolist()
        generator.shuffle(shuffled)
        middle = len(shuffled) // 2
        half.append(shuffled[:middle])
        rest.append(shuffled[middle:])
    published = _take_turns(half)
    return {
        "validation": np.concatenate([published, _take_turns(rest)]),
        "published_validation": published,
    }


def _group_by_class(labels):
    """Yields (label, indices) of each class, in order of appearance."""
    for label in dict.fromkeys(labels.tolist()):
        yield label, np.flatnonzero(labels == label)


def _take_turns(groups):
    """Joins the first of each group, the second of each, and so on."""
    turn = np.concatenate([np.arange(len(group)) for group in groups])
    return np.concatenate(groups)[np.argsort(turn, kind="stable")]
