"""Which examples of a split are used, and how many of each class."""

import numpy as np

from pipelines.errors import DataError


def class_counts(labels, class_names):
    """{class name: number of examples}, in the order of the names."""
    counts = np.bincount(labels, minlength=len(class_names))
    return dict(zip(class_names, counts.tolist(), strict=True))


def spread_over_classes(labels, count):
    """`count` examples, as many of each class as of any other (+- 1).

    Returns:
        Sorted indices.
    """
    order = np.lexsort((labels, _rank_in_class(labels)))
    return np.sort(order[:count])


def fold(train, val, folds, number, seed):
    """One fold of a stratified cross-validation.

    The images of `val` are cut into `folds` parts of alike classes. One of
    them is judged; out of `train` goes whatever was made from its images.

    Args:
        train, val: Splits with `labels`, `ids` and, where images were made
            out of others, `groups`: the ids of the originals. They are of the
            same originals.
        folds: Number of parts.
        number: Of the part to judge, from 0.
        seed: Of the shuffle before the cut.

    Returns:
        {"train": sorted indices, "val": sorted indices}.

    Raises:
        DataError: if a class has fewer images than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    if folds < 2 or np.bincount(val.labels).min() < folds:
        raise DataError(
            f"data.folds={folds}: expected at least 2, and at most as many as "
            f"the smallest class has images ({np.bincount(val.labels).min()})."
        )
    cutter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    parts = list(cutter.split(val.labels, val.labels))
    judged = np.sort(parts[number][1])
    held_back = {val.ids[index] for index in judged}
    groups = getattr(train, "groups", train.ids)
    unknown = set(groups) - set(val.ids)
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
