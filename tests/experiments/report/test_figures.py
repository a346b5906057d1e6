"""Numbers of images that the runs of a report had."""

from types import SimpleNamespace

from experiments.records import Data
from experiments.report.figures import merge_counts


def run(train, splits):
    """As much of a `runs.Run` as is needed."""
    return SimpleNamespace(
        data=Data(
            name="catsdogs",
            class_names=["cats", "dogs"],
            train=train,
            splits=splits,
        )
    )


TRAIN, TEST = {"cats": 56, "dogs": 56}, {"cats": 14}


def test_arms_are_put_together_and_what_is_trained_on_comes_first():
    varied = {"cats": 224, "dogs": 224}
    arms = {
        "a": [run("train", {"test": TEST, "train": TRAIN})],
        "b": [run("train_aug", {"test": TEST, "train_aug": varied})],
    }
    merged = merge_counts(arms)
    assert merged == {
        "catsdogs": {"train": TRAIN, "train_aug": varied, "test": TEST}
    }
    assert list(merged["catsdogs"]) == ["train", "train_aug", "test"]


def test_parts_of_a_split_that_differ_stand_side_by_side():
    part = {"cats": 5, "dogs": 5}
    arms = {
        "a": [run("train", {"test": TEST, "train": TRAIN})],
        "b": [run("train", {"test": TEST, "train": part})],
    }
    (splits,) = merge_counts(arms).values()
    assert splits == {"train": TRAIN, "train (b)": part, "test": TEST}
    assert list(splits)[-1] == "test"


def test_splits_without_counts_are_passed_over():
    silent = run("train", {"train": None})
    told = run("train", {"train": TRAIN})
    assert merge_counts({"a": [silent]}) == {}
    assert merge_counts({"a": [silent], "b": [told]}) == {
        "catsdogs": {"train": TRAIN}
    }
