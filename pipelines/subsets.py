"""Which examples of a split are used, and how many of each class."""

from typing import NamedTuple

import numpy as np

from augment_tf.ops.sampling import to_32_bits
from pipelines.errors import DataError


def count_per_class(labels, class_names):
    """{class name: number of examples}, in the order of the names."""
    counts = np.bincount(labels, minlength=len(class_names))
    return dict(zip(class_names, counts.tolist(), strict=True))


def choose_classes(class_names, count):
    """The labels of `count` classes, spread evenly; None: of all.

    Raises:
        DataError: if there are not so many.
    """
    if count is None:
        return np.arange(len(class_names))
    if count > len(class_names):
        raise DataError(
            f"data.classes={count}: there are {len(class_names)} classes."
        )
    return np.arange(count) * len(class_names) // count


def spread_over_classes(labels, count):
    """`count` examples, as many of each class as of any other (+- 1).

    Returns:
        Sorted indices.
    """
    order = np.lexsort((labels, _rank_in_class(labels)))
    return np.sort(order[:count])


class Fold(NamedTuple):
    """One fold of a stratified cross-validation.

    Attributes:
        folds: Number of parts that the images are cut into.
        number: Of the part that is judged, from 0.
        shuffle: Seed of the shuffle before the cut.
    """

    folds: int
    number: int
    shuffle: int


def select_fold(train, val, fold):
    """The images of one fold.

    The images of `val` are cut into parts of alike classes. One of them is
    judged; out of `train` goes whatever was made from its images.

    Args:
        train, val: Splits with `labels`, `ids` and, where images were made
            out of others or are the same, `groups`: the ids of the originals.
            They are of the same originals.
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
    judged = np.sort(parts[fold.number][1])
    groups, judged_groups = (
        getattr(split, "groups", split.ids) for split in (train, val)
    )
    held_back = {judged_groups[index] for index in judged}
    unknown = set(groups) - set(judged_groups)
    if unknown:
        raise DataError(
            "cross-validation: expected train and val of the same originals. "
            f"Received: {min(unknown)} in train alone."
        )
    kept = [i for i, group in enumerate(groups) if group not in held_back]
    return {"train": np.array(kept), "val": judged}


def _rank_in_class(labels):
    """0 for the first example of its class, 1 for the second, and so on."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], labels[order])
    rank = np.empty(len(labels), int)
    rank[order] = np.arange(len(labels)) - starts
    return rank
