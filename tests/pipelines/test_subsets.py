"""Subsets keep the classes in balance and never depend on chance."""

import numpy as np
import pytest

from pipelines import subsets
from pipelines.errors import DataError
from pipelines.subsets import Fold

LABELS = np.random.default_rng(0).integers(0, 7, 500)


def test_spread_over_classes_gives_all_classes_their_share():
    chosen = subsets.spread_over_classes(LABELS, 100)
    counts = np.bincount(LABELS[chosen], minlength=7)
    assert counts.sum() == 100
    assert counts.max() - counts.min() <= 1


def test_a_smaller_subset_is_part_of_a_larger_one():
    chosen = [
        set(subsets.spread_over_classes(LABELS, count).tolist())
        for count in (3, 40, 300, 499, 500)
    ]
    for smaller, larger in zip(chosen, chosen[1:], strict=False):
        assert smaller < larger


class Images:
    """A split as `subsets.select_fold` needs it."""

    def __init__(self, ids, labels, groups=None):
        self.ids = ids
        self.labels = np.asarray(labels)
        self.groups = groups or ids


ORIGINALS = Images([f"o{n}" for n in range(23)], [0] * 10 + [1] * 13)


def test_folds_judge_every_image_once_and_never_train_on_it():
    judged = []
    for number in range(5):
        chosen = subsets.select_fold(ORIGINALS, ORIGINALS, Fold(5, number, 0))
        assert not set(chosen["train"]) & set(chosen["val"])
        assert len(chosen["train"]) + len(chosen["val"]) == 23
        counts = np.bincount(ORIGINALS.labels[chosen["val"]])
        assert counts[0] == 2
        assert counts[1] in (2, 3)
        judged += chosen["val"].tolist()
    assert sorted(judged) == list(range(23))


def test_other_seeds_cut_other_folds():
    first, again, other, large = (
        subsets.select_fold(ORIGINALS, ORIGINALS, Fold(5, 0, seed))[
            "val"
        ].tolist()
        for seed in (0, 0, 1, 2**63 - 1)
    )
    assert first == again != other
    assert large not in (first, other)


def test_variations_of_a_judged_image_are_not_trained_on():
    groups = [group for group in ORIGINALS.ids for _ in range(4)]
    varied = Images(
        [f"{group}_{n}" for n, group in enumerate(groups)],
        np.repeat(ORIGINALS.labels, 4),
        groups,
    )
    for number in range(5):
        chosen = subsets.select_fold(varied, ORIGINALS, Fold(5, number, 0))
        judged = {ORIGINALS.ids[index] for index in chosen["val"]}
        trained = {groups[index] for index in chosen["train"]}
        assert not judged & trained
        assert judged | trained == set(ORIGINALS.ids)
        assert len(chosen["train"]) == 4 * len(trained)


def test_folds_that_cannot_be_cut_are_refused():
    for folds in (1, 11):
        with pytest.raises(DataError, match=f"data.folds={folds}"):
            subsets.select_fold(ORIGINALS, ORIGINALS, Fold(folds, 0, 0))
    others = Images(["p1", "p2"], [0, 1])
    with pytest.raises(DataError, match="p1 in train alone"):
        subsets.select_fold(others, ORIGINALS, Fold(2, 0, 0))
