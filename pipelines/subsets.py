"""Subsets of a split: classes, limits and folds."""

from typing import NamedTuple

import numpy as np

from augment_tf.ops.sampling import to_32_bits
from pipelines.errors import DataError


def count_per_class(labels, class_names):
    """Counts {class name: number of examples}, in the order of the names."""
    counts = np.bincount(labels, minlength=len(class_names))
    return dict(zip(class_names, counts.tolist(), strict=True))


def choose_classes(class_names, count):
    """Selects the labels of `count` classes, spread evenly; None: of all.

    Raises:
        DataError: if there are fewer classes.
    """
    if count is None:
        return np.arange(len(class_names))
    if count > len(class_names):
        raise DataError(
            f"data.classes={count}: there are {len(class_names)} classes."
        )
    return np.arange(count) * len(class_names) // count


def spread_over_classes(labels, count):
    """Selects `count` examples, as many of each class as of any other (+- 1).

    Returns:
        Sorted indices.
    """
    order = np.lexsort((labels, _rank_in_class(labels)))
    return np.sort(order[:count])


class Fold(NamedTuple):
    """One fold of a stratified cross-validation.

    Attributes:
        folds: Number of parts.
        number: Of the part for evaluation, from 0.
        shuffle: Seed of the shuffle before the images are divided.
    """

    folds: int
    number: int
    shuffle: int


def select_fold(train, val, fold):
    """Selects the images of one fold.

    The images of `val` are divided into parts of alike classes. One part is
    for evaluation; `train` loses every image that was made from it.

    Args:
        train, val: Splits of the same originals, with `labels`, `ids` and, if
            images were made from others or are the same, `groups`: the ids of
            the originals.
        fold: A `Fold`.

    Returns:
        {"train": sorted indices, "val": sorted indices}.

    Raises:
        DataError: if a class has fewer images than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    smallest = np.bincount(val.labels).min()
    if fold.folds < 2 or smallest < fold.folds:
        raise DataError(
            f"data.folds={fold.folds}: expected at least 2, and at most as "
            f"many as the smallest class has images ({smallest})."
        )
    cutter = StratifiedKFold(
        fold.folds, shuffle=True, random_state=to_32_bits(fold.shuffle)
    )
    parts = list(cutter.split(val.labels, val.labels))
    chosen = np.sort(parts[fold.number][1])
    groups, val_groups = (
        getattr(split, "groups", split.ids) for split in (train, val)
    )
    held_back = {val_groups[index] for index in chosen}
    unknown = set(groups) - set(val_groups)
    if unknown:
        raise DataError(
            "cross-validation: expected train and val of the same originals. "
            f"Received: {min(unknown)} in train alone. Set both to the same "
            "split, such as --set data.train=all --set data.val=all."
        )
    kept = [i for i, group in enumerate(groups) if group not in held_back]
    return {"train": np.array(kept), "val": chosen}


def _rank_in_class(labels):
    """Ranks examples: 0 for the first of its class, 1 for the second, ..."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], labels[order])
    rank = np.empty(len(labels), int)
    rank[order] = np.arange(len(labels)) - starts
    return rank
